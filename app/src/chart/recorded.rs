//! The thumbnail of a recorded study: the mean validation loss of every arm, without axes.

use tailblazer_core::stats::{Arm, Study};

use super::{
    ink::Ink,
    mark::{Shape, Stroke},
    scene::Scene,
    ticks::Scale,
};

/// Guided experiments that are not recorded yet: nobody asks for their files.
pub const NOT_RECORDED: [&str; 6] = ["clipped", "noise", "eraser", "parallel", "draft-verify", "coarse-fine"];

/// Share of a run whose steep fall is left out, so that the arms can be told apart.
const SKIPPED: f64 = 0.2;

/// Draws the curves of the arms.
pub fn scene(study: &Study, width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let arms = (0..study.comparison().arms.len()).filter_map(Arm::new);
    let curves: Vec<Vec<(usize, f64)>> = arms.map(|arm| study.curve(arm)).collect();
    let last = curves.iter().flatten().map(|(step, _)| *step).max().unwrap_or(1) as f64;
    let shown = |point: &&(usize, f64)| point.0 as f64 >= SKIPPED * last;
    let losses = curves.iter().flatten().filter(shown).map(|(_, loss)| *loss);
    let (low, high) = losses.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    if low > high {
        return scene;
    }
    let first = curves.iter().flatten().filter(shown).map(|(step, _)| *step).min().unwrap_or(0) as f64;
    let x = Scale::linear((first, last.max(first + 1.0)), (6.0, width - 10.0));
    let y = Scale::linear((low, high.max(low + 1e-9)), (height - 8.0, 8.0));
    for (arm, curve) in curves.iter().enumerate() {
        let points: Vec<_> =
            curve.iter().filter(shown).map(|(step, loss)| (x.map(*step as f64), y.map(*loss))).collect();
        if let Some(end) = points.last().copied() {
            scene.path(points, Stroke::arm(arm, 1.75));
            scene.marker(Shape::of_arm(arm), end, 3.4, Ink::Arm(arm));
        }
    }
    scene
}

/// The curves in one sentence.
pub fn summary(study: &Study) -> String {
    let arms = (0..study.comparison().arms.len()).filter_map(Arm::new);
    let ends = arms.filter_map(|arm| study.curve(arm).last().map(|(_, loss)| format!("{arm} {loss:.3}")));
    let ends: Vec<_> = ends.collect();
    format!("Recorded: mean validation loss by step, at the end {}.", ends.join(", "))
}

#[cfg(test)]
mod tests {
    use tailblazer_core::experiment::Preset;

    use super::*;
    use crate::chart::testing::assert_finite;

    /// Every guided experiment was recorded with the settings that its preset has now, or is known not to be recorded.
    #[test]
    fn every_guided_experiment_has_a_recording_and_a_thumbnail() {
        for name in NOT_RECORDED {
            assert!(Preset::find(name).is_some_and(|preset| preset.guide.is_some()), "{name}");
        }
        for preset in Preset::all().filter(|preset| preset.guide.is_some()) {
            let path = format!("{}/../public/studies/{}.jsonl", env!("CARGO_MANIFEST_DIR"), preset.name);
            if NOT_RECORDED.contains(&preset.name) {
                assert!(!std::path::Path::new(&path).exists(), "{} is recorded: take it from the list", preset.name);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            let study = &Study::read(&text).expect("a study")[0];
            assert_eq!(study.comparison(), *preset.comparison(), "{}", preset.name);
            let scene = scene(study, 220.0, 84.0);
            assert_finite(&scene);
            assert!(!scene.items.is_empty(), "{}", preset.name);
            assert!(summary(study).contains("at the end A "), "{}", summary(study));
        }
    }
}
