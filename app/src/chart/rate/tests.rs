use proptest::prelude::*;
use tailblazer_core::{
    schedule::{Probe, Shape},
    session::{BranchEnd, MetricsFrame, SearchFrame, StepMetrics},
};

use super::{Shape as Mark, *};
use crate::chart::{
    palette::Palette,
    scene::Item,
    svg,
    testing::{Runs, add_branch, assert_finite},
};

fn experiment() -> Experiment {
    let mut experiment = Experiment::default();
    experiment.train.steps = 40;
    experiment.schedule.warmup = 8;
    experiment
}

fn figure(done: usize, x_axis: XAxis) -> String {
    let mut runs = Runs::new(1, 0);
    runs.x_axis = x_axis;
    runs.arms[0].experiment = experiment();
    let row = |(step, learning_rate)| StepMetrics {
        step,
        learning_rate,
        seconds: 0.1 * step as f64,
        ..StepMetrics::default()
    };
    let steps = rates(&experiment(), 0, 40).take(done).map(row).collect();
    runs.arms[0].record.columns.append(MetricsFrame { steps, ..MetricsFrame::default() });
    let scene = runs.with(|input| scene(input, false, 360.0, 160.0));
    svg::document(&scene, &Palette::variables(), "Learning rate", None)
}

#[test]
fn before_a_run_all_is_dotted() {
    let svg = figure(0, XAxis::Step);
    assert!(!svg.contains("stroke-width=\"2\""));
    insta::assert_snapshot!(svg);
}

#[test]
fn half_way_the_rest_is_dotted() {
    insta::assert_snapshot!(figure(20, XAxis::Step));
}

#[test]
fn seconds_have_no_plan() {
    assert!(!figure(20, XAxis::Seconds).contains("stroke-dasharray=\"1.5 2.5\""));
}

#[test]
fn the_peak_is_never_thinned_away() {
    let mut experiment = experiment();
    experiment.train.steps = 100_000;
    experiment.schedule.warmup = 777;
    let most = rates(&experiment, 0, 100_000).map(|(_, rate)| rate).fold(0.0, f64::max);
    assert!((most - experiment.schedule.peak).abs() < 1e-9);
}

#[test]
fn a_fan_beside_one_rate_for_all() {
    let mut runs = Runs::measured(2, 300);
    for run in &mut runs.arms {
        run.experiment.train.steps = 400;
    }
    runs.crosshair = Some(250);
    runs.with(|input| {
        let scene = scene(input, false, 480.0, 240.0);
        insta::assert_snapshot!(svg::document(&scene, &Palette::variables(), &summary(input), None));
    });
}

#[test]
fn rates_that_were_tried_are_rings_and_those_that_failed_crosses() {
    let mut runs = Runs::new(1, 20);
    runs.arms[0].experiment = experiment();
    runs.arms[0].experiment.schedule.choose(Shape::find("autolrs").expect("a schedule"));
    let probe = |rate, forecast| Probe { rate, forecast };
    let search = |step, rate| SearchFrame {
        step,
        probes: vec![probe(2e-3, Some(2.2)), probe(3e-2, None), probe(5e-3, Some(2.1))],
        rate,
        steps: 25,
        seconds: 0.75,
    };
    runs.arms[0].record.searches = vec![search(8, Some(5e-3)), search(20, None)];
    runs.with(|input| {
        let scene = scene(input, true, 360.0, 160.0);
        let count = |shape| {
            scene.items.iter().filter(|item| matches!(item, Item::Marker { shape: s, .. } if *s == shape)).count()
        };
        assert_eq!((count(Mark::Ring), count(Mark::Cross)), (4, 2));
        assert!(top(&input, &[Fan::new(&input.arms[0], 100)]) > 3e-2, "the scale holds them");
        let summary = summary(input);
        assert!(summary.contains("Rates tried on copies of the run: 6, with 50 steps in 1.5 s."), "{summary}");
        assert!(summary.contains("then AutoLRS, which follows the run, until step 40."), "{summary}");
        insta::assert_snapshot!(svg::document(&scene, &Palette::variables(), &summary, None));
    });
}

#[test]
fn a_branch_falls_from_the_rate_of_the_run_and_the_axis_holds_it() {
    let mut runs = Runs::new(1, 30);
    runs.arms[0].experiment = experiment();
    add_branch(&mut runs.arms[0].record, 28, 14, Some(BranchEnd::Finished));
    runs.with(|input| {
        let frame = input.frame(360.0, 160.0);
        assert_eq!(input.x_scale(frame).domain, (0.0, 42.0), "two steps beyond the plan");
        let scene = scene(input, false, 360.0, 160.0);
        let lines = scene.items.iter().filter_map(|item| match item {
            Item::Path { points, stroke } if stroke.ink == Ink::Arm(0) && stroke.width == 1.0 => Some(points.clone()),
            _ => None,
        });
        let [line] = &lines.collect::<Vec<_>>()[..] else { panic!("one branch") };
        let ends = [28.0, 42.0].map(|step| input.x_scale(frame).map(step));
        assert_eq!([line[0].0, line[line.len() - 1].0], ends, "where it left and its last step");
        assert!(line.windows(2).skip(1).all(|pair| pair[1].1 > pair[0].1), "it falls on the screen: {line:?}");
        let rings = scene.items.iter().filter(|item| matches!(item, Item::Marker { shape: Mark::Ring, .. }));
        assert_eq!(rings.count(), 1);
    });
}

#[test]
fn the_readout_is_of_the_selected_matrix() {
    let mut runs = Runs::measured(2, 300);
    runs.crosshair = Some(250);
    for matrix in [3, 8] {
        runs.matrix = Some(matrix);
        runs.with(|input| {
            let readout = readout(input).expect("a step");
            assert_eq!(
                (readout.step, readout.matrix),
                (250, Some(matrices::name(&input.arms[0].record.layout[matrix])))
            );
            let targets = input.arms[1].record.layers[2].multipliers.as_ref().expect("the last event");
            // The testing runs were made with a base rate of 1e-3 throughout.
            let expected = |arm: usize, multiplier: f64| (arm, format!("{:.2}", multiplier));
            assert_eq!(readout.rates[0], expected(0, 1.0));
            let settled = Fan::at(&input.arms[1], 250).line(matrix).expect("a line").multipliers[0];
            assert_eq!(readout.rates[1], expected(1, settled));
            assert!((settled - targets[matrix]).abs() < 0.2, "{settled} is on its way to {}", targets[matrix]);
        });
    }
}

proptest! {
    #[test]
    fn every_rate_has_a_finite_place(
        peak in prop_oneof![1e-9..1e3f64, Just(0.0), Just(f64::NAN), Just(f64::INFINITY), Just(-1.0)],
        (steps, done, arms) in (0usize..400, 0usize..300, 1usize..4),
        (log, axis) in (any::<bool>(), 0usize..3),
        (warmup, crosshair) in (0usize..500, prop::option::of(0usize..500)),
    ) {
        let mut runs = Runs::measured(arms, done);
        (runs.x_axis, runs.crosshair) = (XAxis::ALL[axis], crosshair);
        for run in &mut runs.arms {
            run.experiment.train.steps = steps;
            run.experiment.schedule.peak = peak;
            run.experiment.schedule.warmup = warmup;
            add_branch(&mut run.record, done / 2, 1 + done % 7, None);
        }
        runs.with(|input| {
            assert_finite(&scene(input, log, 480.0, 240.0));
            let _ = (summary(input), readout(input), unit(input));
        });
    }
}
