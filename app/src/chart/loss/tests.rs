use std::sync::LazyLock;

use proptest::prelude::*;
use tailblazer_core::{experiment::Corpus, lab::annealing::Prediction, schedule, session::BranchEnd};

use super::*;
use crate::{
    chart::{
        forecast::{Candidate, Forecast, Outlook},
        palette::Palette,
        scene::Item,
        svg,
        testing::{Runs, add_branch, assert_finite, falling, lawful, record},
    },
    workspace::view::XAxis,
};

fn figure(mut runs: Runs, x_axis: XAxis, log: bool, crosshair: Option<usize>) -> String {
    for run in &mut runs.arms {
        run.experiment.train.steps = 60;
    }
    (runs.x_axis, runs.crosshair) = (x_axis, crosshair);
    runs.with(|input| {
        let title = summary(input, log, "nats/char");
        svg::document(&scene(input, log, 480.0, 240.0), &Palette::variables(), &title, None)
    })
}

/// One arm, validated before its first step and half way.
fn one(steps: usize, loss: impl Fn(usize) -> f64) -> Runs {
    let mut runs = Runs::new(1, 0);
    runs.arms[0].record = record(steps, loss);
    let validations = &mut runs.arms[0].record.validations;
    validations.truncate(2);
    for (validation, loss) in validations.iter_mut().zip([4.2, 2.9]) {
        validation.loss = loss;
    }
    runs
}

#[test]
fn markers_stand_apart_and_the_last_one_stays() {
    let many: Vec<f64> = (0..1000).map(|i| 0.25 * f64::from(i)).collect();
    let kept = spaced(many.iter(), |x| *x);
    assert!(kept.len() < 86 && kept[..kept.len() - 1].windows(2).all(|pair| pair[1] - pair[0] >= SPACE));
    assert_eq!(kept.last(), Some(&&249.75));
    assert_eq!(spaced([1.0, 9.0].iter(), |x| *x), [&1.0, &9.0]);
    assert!(spaced([0.0; 0].iter(), |x| *x).is_empty());
}

#[test]
fn before_a_run() {
    insta::assert_snapshot!(figure(Runs::new(1, 0), XAxis::Step, true, None));
}

#[test]
fn while_it_runs() {
    insta::assert_snapshot!(figure(one(40, falling), XAxis::Step, true, Some(21)));
}

#[test]
fn by_tokens_on_a_linear_scale() {
    insta::assert_snapshot!(figure(one(60, falling), XAxis::Tokens, false, None));
}

#[test]
fn a_run_that_diverged() {
    let loss = |step| if step < 30 { falling(step) } else { f64::NAN };
    insta::assert_snapshot!(figure(one(30, loss), XAxis::Seconds, true, None));
}

#[test]
fn three_arms_with_three_seeds_one_of_them_broken() {
    let mut runs = Runs::new(3, 40);
    for (arm, run) in runs.arms.iter_mut().enumerate() {
        let seed = |seed: f64| record(60, move |step| falling(step) + 0.02 * seed * (1.0 - 0.3 * arm as f64));
        run.earlier = vec![seed(1.0), seed(-1.0)];
    }
    runs.arms[2].record = record(25, |step| falling(step) - 0.06);
    runs.arms[2].failed = true;
    insta::assert_snapshot!(figure(runs, XAxis::Step, true, Some(30)));
}

#[test]
fn two_texts_and_the_switch_between_them() {
    insta::assert_snapshot!(figure(Runs::of_two_texts(1, 60, 60), XAxis::Step, true, None));
}

#[test]
fn two_arms_of_two_texts_before_their_end() {
    insta::assert_snapshot!(figure(Runs::of_two_texts(2, 60, 50), XAxis::Step, true, Some(40)));
}

#[test]
fn branches_leave_the_curve_and_end_in_a_ring() {
    let mut runs = Runs::new(2, 40);
    add_branch(&mut runs.arms[0].record, 15, 10, Some(BranchEnd::Finished));
    add_branch(&mut runs.arms[0].record, 36, 12, None);
    add_branch(&mut runs.arms[1].record, 20, 6, Some(BranchEnd::Diverged));
    insta::assert_snapshot!(figure(runs, XAxis::Step, true, None));
}

#[test]
fn the_summary_says_what_branches_came_to() {
    let mut runs = one(40, falling);
    add_branch(&mut runs.arms[0].record, 15, 10, Some(BranchEnd::Finished));
    add_branch(&mut runs.arms[0].record, 20, 10, Some(BranchEnd::Diverged));
    let summary = runs.with(|input| summary(input, true, "nats"));
    let words = " Branches, validation: from step 15 1.800 at step 25; from step 20 diverged.";
    assert!(summary.ends_with(words), "{summary}");
}

/// Gives an arm an objective, and its validations an error if they are bounds.
fn choose(run: &mut crate::chart::testing::Run, settings: &[(&str, &str)]) {
    for (path, value) in settings {
        run.experiment.set(path, value).expect("a setting");
    }
    if crate::workspace::quantity::is_bounded(&run.experiment) {
        for (place, validation) in run.record.validations.iter_mut().enumerate() {
            validation.error = Some(0.12 / (1.0 + place as f64));
        }
    }
}

const MASKED: (&str, &str) = ("objective.method", "masked");
const CLIPPED: [(&str, &str); 3] = [MASKED, ("objective.low", "0.45"), ("objective.high", "0.95")];

#[test]
fn a_likelihood_a_bound_and_a_masked_cross_entropy() {
    let mut runs = Runs::new(3, 40);
    choose(&mut runs.arms[1], &[MASKED]);
    choose(&mut runs.arms[2], &CLIPPED);
    insta::assert_snapshot!(figure(runs, XAxis::Step, true, Some(30)));
}

#[test]
fn a_masked_cross_entropy_alone() {
    let mut runs = Runs::new(1, 40);
    choose(&mut runs.arms[0], &CLIPPED);
    add_branch(&mut runs.arms[0].record, 15, 10, Some(BranchEnd::Finished));
    insta::assert_snapshot!(figure(runs, XAxis::Step, false, Some(30)));
}

#[test]
fn no_training_loss_that_is_a_masked_cross_entropy_moves_the_axis() {
    let scale = |loss: f64| {
        let mut runs = Runs::new(2, 40);
        let validations = runs.arms[1].record.validations.clone();
        runs.arms[1].record = record(40, |_| loss);
        runs.arms[1].record.validations = validations;
        choose(&mut runs.arms[1], &CLIPPED);
        runs.with(|input| y_scale(&input, true, input.frame(480.0, 240.0)).domain)
    };
    assert_eq!(scale(2.0), scale(50.0));
    assert_eq!(scale(2.0), scale(0.001));
}

#[test]
fn the_readout_says_what_the_number_is() {
    let mut runs = Runs::new(4, 40);
    choose(&mut runs.arms[1], &[MASKED]);
    choose(&mut runs.arms[2], &CLIPPED);
    runs.with(|input| {
        let words = |arm: usize| readout(&input, &input.arms[arm], 30).expect("a readout").0;
        assert!(words(0).parse::<f64>().is_ok(), "{}", words(0));
        assert!(words(1).starts_with("bound 2."), "{}", words(1));
        // The last validation before step 30, that at step 20, with two standard errors.
        assert!(words(2).starts_with("bound 2.") && words(2).ends_with(" ± 0.120"), "{}", words(2));
        assert!(summary(input, true, "nats").contains("a worse bound does not show a worse model"));
    });
    let mut alone = Runs::new(1, 40);
    choose(&mut alone.arms[0], &CLIPPED);
    alone.with(|input| {
        let (_, pale) = readout(&input, &input.arms[0], 30).expect("a readout");
        assert!(pale.is_some_and(|words| words.starts_with("masked cross-entropy, EMA ")));
    });
}

fn count(scene: &Scene, is: impl Fn(&Item) -> bool) -> usize {
    scene.items.iter().filter(|item| is(item)).count()
}

#[test]
fn a_run_that_broke_off_ends_in_a_cross() {
    let mut runs = one(30, falling);
    let is_cross = |item: &Item| matches!(item, Item::Marker { shape: Shape::Cross, .. });
    let crosses = |runs: &Runs| runs.with(|input| count(&scene(input, true, 480.0, 240.0), is_cross));
    assert_eq!(crosses(&runs), 0);
    runs.arms[0].failed = true;
    assert_eq!(crosses(&runs), 1);
}

#[test]
fn arms_have_a_legend_where_their_ends_have_no_room() {
    let runs = Runs::new(3, 2000);
    let labels = |width: f64| {
        let scene = runs.with(|input| scene(input, true, width, 240.0));
        let place = |item: &Item| match item {
            Item::Label { text, at, .. } if text.starts_with(['A', 'B', 'C']) => Some(at.0),
            _ => None,
        };
        scene.items.iter().filter_map(place).collect::<Vec<_>>()
    };
    assert!(labels(640.0).iter().all(|x| *x > 548.0), "beside the plot");
    assert!(labels(360.0).len() == 3 && labels(360.0).iter().all(|x| *x < 314.0), "inside it");
}

#[test]
fn ten_thousand_steps_become_a_few_points_per_pixel() {
    let mut runs = Runs::new(4, 10_000);
    for run in &mut runs.arms {
        run.experiment.train.steps = 10_000;
    }
    let points = runs.with(|input| {
        let length = |item: &Item| if let Item::Path { points, .. } = item { points.len() } else { 0 };
        scene(input, true, 640.0, 240.0).items.iter().map(length).sum::<usize>()
    });
    // A ghost and a smoothed curve for each arm, at most 4 points in each of 502 columns.
    assert!(points < 4 * 2 * 4 * 503 + 200, "{points}");
}

proptest! {
    #[test]
    fn every_loss_has_a_finite_place(
        losses in prop::collection::vec(prop_oneof![
            8 => 1e-12..1e6f64,
            1 => Just(f64::NAN),
            1 => Just(f64::INFINITY),
            1 => Just(0.0),
            1 => Just(1e300),
        ], 1..40),
        (arms, log, crosshair) in (1usize..4, any::<bool>(), prop::option::of(0usize..50)),
        axis in 0usize..3,
    ) {
        let mut runs = Runs::new(arms, 0);
        for (arm, run) in runs.arms.iter_mut().enumerate() {
            run.record = record(losses.len() / (arm + 1), |step| losses[step - 1]);
            run.earlier = vec![record(losses.len(), |step| losses[losses.len() - step])];
            run.experiment.train.steps = losses.len();
            run.experiment.text.then = Some(Corpus::FirstNames);
            for (validation, loss) in run.record.validations.iter_mut().zip(&losses) {
                validation.other_loss = Some(*loss);
            }
            add_branch(&mut run.record, losses.len() / 2, 1 + arm, Some(BranchEnd::Diverged));
        }
        (runs.x_axis, runs.crosshair) = (XAxis::ALL[axis], crosshair);
        runs.with(|input| {
            assert_finite(&scene(input, log, 480.0, 240.0));
            assert!(summary(input, log, "nats").ends_with('.'));
        });
    }
}

#[test]
fn the_axis_holds_every_loss() {
    for value in [1e-9, 0.02, 0.99, 1.0, 1.7, 4.39, 9.99, 123.0, 1e12] {
        for log in [true, false] {
            let mut runs = Runs::new(1, 0);
            runs.arms[0].record = record(3, |step| value * step as f64);
            runs.with(|input| {
                let frame = input.frame(400.0, 200.0);
                let y = y_scale(&input, log, frame);
                assert!(y.domain.0 > 0.0 && y.domain.0 < y.domain.1, "{value} gives {:?}", y.domain);
                for row in input.arms[0].record.columns.rows() {
                    let pixel = y.map(row.loss.max(FLOOR));
                    assert!(pixel >= frame.top - 1e-6 && pixel <= frame.bottom + 1e-6, "{value} leaves the plot");
                }
            });
        }
    }
}

/// Three arms of 1,000 steps and their forecast: A has made them and is fitted, B is half way, C has not begun.
fn predicted() -> (Runs, Forecast) {
    let mut runs = Runs::new(3, 0);
    for (run, (id, done)) in runs.arms.iter_mut().zip([("cosine", 1000), ("wsd", 500), ("linear", 0)]) {
        run.experiment.schedule.shape = schedule::Shape::find(id).expect(id);
        run.experiment.train.steps = 1000;
        run.record = lawful(&run.experiment, done);
    }
    let candidates: Vec<_> = runs.with(|input| input.arms.iter().map(|arm| Candidate::new(arm, None)).collect());
    (runs, Forecast::new(candidates, &[0], None))
}

/// The labels that contain a word, with their places.
fn labels(scene: &Scene, word: &str) -> Vec<(String, (f64, f64))> {
    let label = |item: &Item| match item {
        Item::Label { text, at, .. } if text.contains(word) => Some((text.clone(), *at)),
        _ => None,
    };
    scene.items.iter().filter_map(label).collect()
}

#[test]
fn a_law_and_what_it_predicts() {
    let (runs, forecast) = predicted();
    insta::assert_snapshot!(runs.with(|input| {
        let input = Input { law: Some(&forecast), ..input };
        let title = summary(input, true, "nats/char");
        svg::document(&scene(input, true, 640.0, 240.0), &Palette::variables(), &title, None)
    }));
}

#[test]
fn predictions_have_their_labels_beside_the_plot_or_inside_it() {
    let (runs, forecast) = predicted();
    let scene = |width: f64, x_axis: XAxis| {
        runs.with(|input| scene(Input { law: Some(&forecast), x_axis, ..input }, true, width, 260.0))
    };
    let wide = scene(640.0, XAxis::Step);
    let words: Vec<String> = labels(&wide, "law").into_iter().map(|(words, _)| words).collect();
    assert_eq!(words, ["A law 1.56", "B law 1.53", "C law 1.57"]);
    assert!(labels(&wide, "law").iter().all(|(_, (x, _))| *x > 640.0 - 92.0), "beside the plot");
    let mut heights: Vec<f64> =
        ["A ", "B ", "C "].iter().flat_map(|letter| labels(&wide, letter)).map(|(_, at)| at.1).collect();
    heights.sort_by(f64::total_cmp);
    assert!(heights.windows(2).all(|pair| pair[1] - pair[0] >= labels::GAP - 1e-9), "{heights:?}");
    let narrow = scene(360.0, XAxis::Tokens);
    let inside = labels(&narrow, "law");
    assert!(inside.len() == 3 && inside.iter().all(|(_, (x, _))| *x < 202.0), "left of the key: {inside:?}");
    let between = labels(&scene(480.0, XAxis::Step), "predicted");
    assert!(between.len() == 2 && between.iter().all(|(_, (x, _))| *x < 264.0), "the same in long: {between:?}");
    // Only A is done, and an axis of seconds has no place for what has not happened.
    assert!(labels(&scene(640.0, XAxis::Seconds), "predicted").is_empty());
}

#[test]
fn one_arm_is_fitted_with_its_letter() {
    let (mut runs, forecast) = predicted();
    runs.arms.truncate(1);
    let scene = runs.with(|input| scene(Input { law: Some(&forecast), ..input }, true, 640.0, 240.0));
    assert_eq!(labels(&scene, "A law 1.56").len(), 1);
    assert_eq!(labels(&scene, "A 1.56").len(), 1);
}

#[test]
fn a_prediction_far_below_does_not_flatten_the_losses() {
    let (runs, mut forecast) = predicted();
    for (_, outlook) in &mut forecast.arms {
        let Outlook::Predicted(prediction) = outlook else { panic!("all are alike") };
        prediction.curve.iter_mut().for_each(|loss| *loss -= 3.0);
    }
    runs.with(|input| {
        let input = Input { law: Some(&forecast), ..input };
        let y = y_scale(&input, true, input.frame(640.0, 240.0));
        assert!(y.domain.0 > 0.9, "{:?}", y.domain);
        assert_finite(&scene(input, true, 640.0, 240.0));
    });
}

static PREDICTED: LazyLock<(Runs, Forecast)> = LazyLock::new(predicted);

proptest! {
    #[test]
    fn every_prediction_has_a_finite_place(
        curve in prop::collection::vec(
            prop_oneof![8 => -10.0..10.0f64, 1 => Just(f64::INFINITY), 1 => Just(f64::NAN)],
            0..1200,
        ),
        (log, axis, width) in (any::<bool>(), 0usize..3, 60.0..900.0f64),
    ) {
        let (runs, mut forecast) = (&PREDICTED.0, PREDICTED.1.clone());
        forecast.arms[1].1 = Outlook::Predicted(Prediction { curve, accuracy: None, done: 0 });
        runs.with(|input| {
            let input = Input { law: Some(&forecast), x_axis: XAxis::ALL[axis], ..input };
            assert_finite(&scene(input, log, width, 240.0));
            assert!(summary(input, log, "nats").ends_with('.'));
        });
    }
}

#[test]
fn a_kept_run_lies_behind_the_arms_with_its_name() {
    use std::sync::Arc;

    use crate::workspace::overlay::Overlay;

    let runs = Runs::new(2, 300);
    let kept = Overlay {
        id: "k".into(),
        name: "Monday's class (A, seed 1337)".into(),
        experiment: Arc::new(runs.arms[0].experiment.clone()),
        record: Arc::new(record(200, |step| 3.0 + 20.0 / step as f64)),
    };
    runs.with(|input| {
        let input = Input { overlays: std::slice::from_ref(&kept), ..input };
        let with = scene(input, true, 640.0, 240.0);
        assert_finite(&with);
        let svg = crate::chart::svg::document(&with, &Palette::variables(), "t", None);
        assert!(svg.contains("Monday&#39;s class") || svg.contains("Monday's class"), "{svg}");
        let words = summary(input, true, "nats/char");
        assert!(
            words.contains("Kept runs behind: Monday's class (A, seed 1337)") && words.contains("at step 200"),
            "{words}"
        );
    });
}
