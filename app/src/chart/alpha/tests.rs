use proptest::prelude::*;

use super::*;
use crate::{
    chart::{
        ink::Ink,
        palette::Palette,
        scene::Item,
        svg,
        testing::{Runs, assert_finite},
    },
    workspace::view::XAxis,
};

fn figure(options: Options, width: f64) -> String {
    let mut runs = Runs::measured(2, 300);
    for run in &mut runs.arms {
        run.experiment.train.steps = 400;
    }
    // One matrix of B has no tail from the second measurement on.
    for frame in &mut runs.arms[1].record.layers[1..] {
        frame.tails[4] = None;
    }
    runs.crosshair = Some(120);
    runs.with(|input| svg::document(&scene(input, options, width, 200.0), &Palette::variables(), &summary(input), None))
}

#[test]
fn heat_with_the_profile_beside_it() {
    insta::assert_snapshot!(figure(Options::default(), 600.0));
}

#[test]
fn a_figure_that_stands_alone_says_what_its_colours_mean() {
    for (view, words, colours) in [
        (AlphaView::Heat, ["heavy 1.5", "3.75 light"], ALPHA_LEVELS),
        (AlphaView::Difference, ["−0.5", "+0.5"], DELTA_LEVELS),
    ] {
        let mut scene = Scene::new(480.0, 200.0);
        draw_key(&mut scene, view);
        assert_finite(&scene);
        let below = |item: &Item| match item {
            Item::Label { at, .. } | Item::Box { at, .. } => at.1 > 200.0 && at.1 < scene.height,
            _ => false,
        };
        assert!(scene.items.iter().all(below));
        let labels = scene.items.iter().filter_map(|item| match item {
            Item::Label { text, .. } => Some(text.as_str()),
            _ => None,
        });
        assert_eq!(labels.collect::<Vec<_>>(), words);
        assert_eq!(scene.items.len(), 2 + colours);
    }
    let mut scene = Scene::new(480.0, 200.0);
    draw_key(&mut scene, AlphaView::Lines);
    assert_eq!(scene, Scene::new(480.0, 200.0));
}

#[test]
fn lines_of_the_first_arm() {
    insta::assert_snapshot!(figure(Options { view: AlphaView::Lines, arm: Some(0) }, 480.0));
}

#[test]
fn the_difference_to_the_first_arm() {
    insta::assert_snapshot!(figure(Options { view: AlphaView::Difference, arm: None }, 480.0));
}

#[test]
fn the_rows_have_the_edges_of_the_loss() {
    let runs = Runs::measured(2, 300);
    runs.with(|input| {
        let scene = scene(input, Options::default(), 640.0, 200.0);
        let frame = input.frame(640.0, 200.0);
        let is_cell = |item: &&Item| matches!(item, Item::Box { ink: Ink::Alpha(_), .. });
        let mut cells = 0;
        for item in scene.items.iter().filter(is_cell) {
            let Item::Box { at, size, .. } = item else { continue };
            assert!(at.0 >= frame.left && at.0 + size.0 <= frame.right && at.1 >= frame.top, "{item:?}");
            assert!(at.1 + size.1 <= frame.bottom + 1e-9, "{item:?}");
            cells += 1;
        }
        assert!(cells >= 12, "one for each matrix at least: {cells}");
    });
}

#[test]
fn alphas_beyond_the_domain_are_marked() {
    let marks = |alpha: f64| {
        let mut runs = Runs::measured(1, 100);
        for frame in &mut runs.arms[0].record.layers {
            for tail in frame.tails.iter_mut().flatten() {
                tail.alpha = alpha;
            }
        }
        runs.with(|input| {
            let is_mark = |item: &&Item| matches!(item, Item::Path { stroke, .. } if stroke.dash == [1.5, 3.0]);
            scene(input, Options::default(), 640.0, 200.0).items.iter().filter(is_mark).count()
        })
    };
    assert_eq!([1.4, 2.0, 3.75, 4.0].map(marks), [12, 0, 0, 12]);
}

#[test]
fn a_height_finds_its_matrix() {
    let runs = Runs::measured(2, 100);
    runs.with(|input| {
        let size = (640.0, 200.0);
        let rows = Rows::new(&input.arms[1], input.frame(size.0, size.1));
        for (row, (_, index)) in rows.list.iter().enumerate() {
            let y = rows.top(row) + rows.height / 2.0;
            assert_eq!(parameter_at(input, Options::default(), size, y), Some(*index));
        }
        assert_eq!(parameter_at(input, Options::default(), size, 199.0), None, "the axis is no row");
        let lines = Options { view: AlphaView::Lines, arm: None };
        assert_eq!(parameter_at(input, lines, size, 100.0), None);
    });
}

#[test]
fn a_difference_is_never_of_the_first_arm_to_itself() {
    Runs::measured(3, 100).with(|input| {
        let arm = |view, arm| chosen(&input, Options { view, arm }).map(|arm| arm.index);
        assert_eq!(arm(AlphaView::Heat, Some(0)), Some(0));
        assert_eq!(arm(AlphaView::Difference, Some(0)), Some(2));
        assert_eq!(arm(AlphaView::Difference, Some(1)), Some(1));
        assert_eq!(arm(AlphaView::Heat, Some(7)), Some(2), "an arm that is gone");
    });
}

#[test]
fn the_readout_is_of_the_nearest_measurement() {
    let mut runs = Runs::measured(2, 300);
    runs.crosshair = Some(160);
    runs.with(|input| {
        let readout = readout(input).expect("spectra");
        assert_eq!((readout.step, readout.matrix.as_str()), (200, "L0.v"));
        let expected = |arm: usize| (arm, alpha(&input.arms[arm].record.layers[2], 5));
        assert_eq!(readout.alphas, [expected(0), expected(1)]);
    });
}

proptest! {
    #[test]
    fn every_alpha_has_a_finite_place(
        alphas in prop::collection::vec(prop_oneof![
            4 => 1.0..9.0f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(1e300)], 1..30),
        (arms, steps, crosshair) in (1usize..4, 0usize..500, prop::option::of(0usize..600)),
        (view, axis, arm) in (0usize..3, 0usize..3, prop::option::of(0usize..4)),
        (width, height) in (0.0..900.0f64, 0.0..400.0f64),
    ) {
        let mut runs = Runs::measured(arms, steps);
        (runs.x_axis, runs.crosshair) = (XAxis::ALL[axis], crosshair);
        let mut next = alphas.iter().cycle();
        for frame in runs.arms.iter_mut().flat_map(|run| &mut run.record.layers) {
            for tail in frame.tails.iter_mut().flatten() {
                tail.alpha = *next.next().expect("a cycle has no end");
            }
        }
        // A frame that does not fit the layout is drawn as far as it goes.
        if let Some(frame) = runs.arms[0].record.layers.first_mut() {
            frame.tails.truncate(4);
        }
        let view = [AlphaView::Heat, AlphaView::Lines, AlphaView::Difference][view];
        runs.with(|input| {
            assert_finite(&scene(input, Options { view, arm }, width, height));
            let _ = (summary(input), readout(input), parameter_at(input, Options { view, arm }, (width, height), 50.0));
        });
    }
}
