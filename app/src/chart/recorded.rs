//! The thumbnail of a recorded study: the mean validation loss of every arm, without axes; where decoders were measured,
//! tokens per forward against exact answers.

use tailblazer_core::stats::{Arm, Decoded, Study};

use super::{
    ink::Ink,
    mark::{Shape, Stroke},
    scene::{Anchor, Scene},
    ticks::Scale,
};
use crate::{
    t,
    workspace::{
        decode::choice::Entry,
        format::{fixed, percent},
    },
};

/// Share of a run whose steep fall is left out, so that the arms can be told apart.
const SKIPPED: f64 = 0.2;

/// Draws what the study is about.
pub fn scene(study: &Study, width: f64, height: f64) -> Scene {
    let decoded = study.decoded();
    if decoded.is_empty() { curves(study, width, height) } else { decoders(&decoded, width, height) }
}

/// Draws the decoders of each arm, the slow ones first, with the intervals of their answers.
fn decoders(decoded: &[Decoded], width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let most = decoded.iter().map(|of| of.speed.mean).fold(2.0, f64::max);
    let shares = decoded.iter().flat_map(|of| [of.exact.low, of.exact.high]);
    let (low, high) = shares.fold((1.0f64, 0.0f64), |(a, b), v| (a.min(v), b.max(v)));
    let x = Scale::linear((0.8, most * 1.04), (30.0, width - 12.0));
    let y = Scale::linear((low, high.max(low + 0.02)), (height - 20.0, 12.0));
    for share in [low, high] {
        scene.tick(percent(share), (2.0, y.map(share) + 3.5), Anchor::Start);
    }
    scene.line((30.0, height - 14.0), (width - 6.0, height - 14.0), Stroke::solid(Ink::Axis, 1.0));
    scene.tick("1", (x.map(1.0), height - 3.0), Anchor::Middle);
    scene.tick(t!("{count} tokens per forward", count = fixed(most, 1)), (width - 6.0, height - 3.0), Anchor::End);
    for of_arm in decoded.chunk_by(|a, b| a.arm == b.arm) {
        let arm = of_arm[0].arm.index();
        let at = |of: &Decoded| (x.map(of.speed.mean), y.map(of.exact.mean));
        scene.path(of_arm.iter().map(at).collect(), Stroke::arm(arm, 1.75));
        for of in of_arm {
            let column = x.map(of.speed.mean);
            scene.line((column, y.map(of.exact.low)), (column, y.map(of.exact.high)), Stroke::fan(arm));
            scene.marker(Shape::of_arm(arm), at(of), 3.0, Ink::Arm(arm));
        }
    }
    scene
}

/// Draws the curves of the arms.
fn curves(study: &Study, width: f64, height: f64) -> Scene {
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

/// It in one sentence.
pub fn summary(study: &Study) -> String {
    let decoded = study.decoded();
    if !decoded.is_empty() {
        let words = |of: &Decoded| {
            t!(
                "{arm} with {decoder} {speed} tokens per forward, {exact}",
                arm = of.arm,
                decoder = decoder(study, of),
                speed = fixed(of.speed.mean, 2),
                exact = percent(of.exact.mean),
            )
        };
        let list = decoded.iter().map(words).collect::<Vec<_>>().join("; ");
        return t!("Recorded: tokens per forward and the share of exact answers, {list}.", list);
    }
    let arms = (0..study.comparison().arms.len()).filter_map(Arm::new);
    let ends = arms.filter_map(|arm| study.curve(arm).last().map(|(_, loss)| format!("{arm} {loss:.3}")));
    let ends: Vec<_> = ends.collect();
    t!("Recorded: mean validation loss by step, at the end {list}.", list = ends.join(", "))
}

/// What a decoder of a study is called, with what sets it apart.
fn decoder(study: &Study, of: &Decoded) -> String {
    let config = study.comparison().decoding.decoders.get(of.decoder).cloned().unwrap_or_default();
    Entry::of(of.arm.index(), config).label()
}

/// What speed costs: the fastest decoder that is not measurably worse than the slowest one.
pub fn free_speed(study: &Study) -> Option<String> {
    let free = study.free_speed()?;
    let (fast, slow) = (free.fast, free.slow);
    let points = |share: f64| fixed(100.0 * share, 1);
    let sign = if free.gain.mean > 0.0 { "+" } else { "" };
    Some(t!(
        "{arm} with {decoder}: {fast} tokens per forward, {exact} answered exactly, {gain} ± {half} points against \
         {slow} tokens per forward, {seeds} seeds",
        arm = fast.arm,
        decoder = decoder(study, &fast),
        fast = fixed(fast.speed.mean, 2),
        exact = percent(fast.exact.mean),
        gain = format!("{sign}{}", points(free.gain.mean)),
        half = points(free.gain.high - free.gain.mean),
        slow = fixed(slow.speed.mean, 2),
        seeds = fast.seeds,
    ))
}

#[cfg(test)]
mod tests {
    use tailblazer_core::experiment::Preset;

    use super::*;
    use crate::chart::testing::assert_finite;

    /// Every guided experiment was recorded with the settings that its preset has now.
    #[test]
    fn every_guided_experiment_has_a_recording_and_a_thumbnail() {
        for preset in Preset::all().filter(|preset| preset.guide.is_some()) {
            let path = format!("{}/../public/studies/{}.jsonl", env!("CARGO_MANIFEST_DIR"), preset.name);
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            let study = &Study::read(&text).expect("a study")[0];
            assert_eq!(study.comparison(), *preset.comparison(), "{}", preset.name);
            let scene = scene(study, 220.0, 84.0);
            assert_finite(&scene);
            assert!(!scene.items.is_empty(), "{}", preset.name);
            let is_decoded = !study.decoded().is_empty();
            assert_eq!(is_decoded, !study.comparison().decoding.decoders.is_empty(), "{}", preset.name);
            let words = summary(study);
            assert!(words.contains(if is_decoded { "tokens per forward" } else { "at the end A " }), "{words}");
            assert_eq!(free_speed(study).is_some(), is_decoded, "{}", preset.name);
        }
    }
}
