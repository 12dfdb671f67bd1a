//! The present multiplier of every matrix by depth, as bars beside the settings that make them.

use tailblazer_core::layerwise::Parameter;

use super::{
    axis::Frame,
    fan::Fan,
    ink::Ink,
    input::{Arm, Input},
    mark::{Stroke, Weight},
    matrices,
    scene::{Anchor, Scene},
    ticks::Scale,
};
use crate::t;

/// Pixels between the layers.
const GAP: f64 = 5.0;

/// The multipliers of an arm's next update, by depth, as `(layer's place, parameter, multiplier)`, of the layout that
/// comes with them.
pub fn now(arm: &Arm) -> (Vec<(usize, usize, f64)>, Vec<Parameter>) {
    let update = (arm.done() + 1).min(arm.experiment.train.steps).max(1);
    let fan = Fan::at(arm, update);
    let rows = matrices::grouped(&fan.layout, &matrices::all(&fan.layout));
    let multiplier = |index: usize| fan.line(index).and_then(|line| line.multipliers.first().copied()).unwrap_or(1.0);
    let rows = rows.into_iter().map(|(group, index)| (group, index, multiplier(index)));
    (rows.filter(|row| row.2.is_finite()).collect(), fan.layout)
}

/// Draws the bars of one arm; the selected matrix is at full strength.
pub fn scene(input: Input, arm: &Arm, width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let (rows, layout) = now(arm);
    let most = rows.iter().map(|row| row.2).fold(1.0, f64::max);
    let frame = Frame { left: 22.0, right: width.max(60.0), top: 6.0, bottom: (height - 13.0).max(26.0) };
    let y = Scale::linear((0.0, most), (frame.bottom, frame.top));
    let groups = rows.last().map_or(0, |row| row.0);
    let gap = if frame.width() > 3.0 * GAP * groups as f64 { GAP } else { 0.0 };
    let step = (frame.width() - gap * groups as f64) / rows.len().max(1) as f64;
    let selected = matrices::selected_in(&input, arm.record);

    scene.tick("×1", (frame.left - 5.0, y.map(1.0) + 3.5), Anchor::End);
    if y.map(1.0) - frame.top > 11.0 {
        let words = format!("×{}", (10.0 * most).round() / 10.0);
        scene.line((frame.left, frame.top), (frame.right, frame.top), Stroke::solid(Ink::Grid, 1.0));
        scene.tick(words, (frame.left - 5.0, frame.top + 5.0), Anchor::End);
    }
    let mut last = f64::NEG_INFINITY;
    for (place, (group, index, multiplier)) in rows.iter().enumerate() {
        let left = frame.left + step * place as f64 + gap * *group as f64;
        let top = y.map(*multiplier);
        let weight = if Some(*index) == selected { Weight::Full } else { Weight::Half };
        let size = ((step - 1.5).max(0.5 * step), frame.bottom - top);
        scene.cell((left, top), size, Ink::Arm(arm.index), weight);
        let is_first = place == 0 || rows[place - 1].0 != *group;
        if let Some(layer) = layout[*index].layer.filter(|_| is_first) {
            let count = rows.iter().filter(|row| row.0 == *group).count();
            let middle = left + step * count as f64 / 2.0;
            if middle - last > 20.0 {
                scene.tick(format!("L{layer}"), (middle, frame.bottom + 11.0), Anchor::Middle);
                last = middle;
            }
        }
    }
    scene.line((frame.left, y.map(1.0)), (frame.right, y.map(1.0)), Stroke::solid(Ink::Axis, 1.0));
    scene
}

/// The bars in one sentence.
pub fn summary(arm: &Arm) -> String {
    let (rows, layout) = now(arm);
    let least = rows.iter().min_by(|a, b| a.2.total_cmp(&b.2));
    let most = rows.iter().max_by(|a, b| a.2.total_cmp(&b.2));
    match least.zip(most) {
        Some((least, most)) if least.2 < most.2 => t!(
            "Multipliers of the learning rate by depth, from ×{low} ({lowest}) to ×{high} ({highest}).",
            low = format!("{:.2}", least.2),
            lowest = matrices::name(&layout[least.1]),
            high = format!("{:.2}", most.2),
            highest = matrices::name(&layout[most.1]),
        ),
        Some((one, _)) => {
            t!("Multipliers of the learning rate by depth: ×{one} for every matrix.", one = format!("{:.2}", one.2))
        }
        None => t!("Multipliers of the learning rate by depth: the model has no matrix.").into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chart::{
        palette::Palette,
        scene::Item,
        svg,
        testing::{Runs, assert_finite},
    };

    #[test]
    fn bars_by_depth() {
        let runs = Runs::measured(2, 300);
        runs.with(|input| {
            let arm = &input.arms[1];
            let scene = scene(input, arm, 250.0, 64.0);
            insta::assert_snapshot!(svg::document(&scene, &Palette::variables(), &summary(arm), None));
        });
    }

    #[test]
    fn bars_have_the_multipliers_of_the_next_update() {
        let runs = Runs::measured(2, 300);
        runs.with(|input| {
            let (rows, layout) = now(&input.arms[1]);
            let targets = input.arms[1].record.layers[2].multipliers.as_ref().expect("the last event");
            assert_eq!(rows.len(), matrices::all(&layout).len());
            for (_, index, multiplier) in rows {
                // The ramp of the last event, at update 201, is over.
                assert_eq!(multiplier, targets[index], "{}", matrices::name(&layout[index]));
            }
        });
    }

    #[test]
    fn one_bar_is_selected() {
        Runs::measured(2, 100).with(|input| {
            let is_full = |item: &&Item| matches!(item, Item::Box { weight: Weight::Full, .. });
            assert_eq!(scene(input, &input.arms[1], 250.0, 64.0).items.iter().filter(is_full).count(), 1);
        });
    }

    proptest! {
        #[test]
        fn every_multiplier_has_a_finite_place(
            value in prop_oneof![0.0..99.0f64, Just(0.0), Just(f64::NAN), Just(1e300)],
            (width, height) in (0.0..400.0f64, 0.0..200.0f64),
            steps in 0usize..400,
        ) {
            let mut runs = Runs::measured(2, steps);
            for frame in &mut runs.arms[1].record.layers {
                frame.multipliers.iter_mut().flatten().for_each(|multiplier| *multiplier *= value);
            }
            runs.with(|input| {
                assert_finite(&scene(input, &input.arms[1], width, height));
                assert!(summary(&input.arms[1]).ends_with('.'));
            });
        }
    }
}
