//! What a recorded study came to, as a picture with axes: for the poster of a frame, and for print.

use tailblazer_core::{
    objective::Quantity,
    stats::{Arm, Decoded, Study},
};

use super::{
    axis::Frame,
    ink::Ink,
    mark::{Shape, Stroke},
    scene::{Anchor, Scene},
    ticks::{self, Scale},
};
use crate::{
    t,
    workspace::{
        format::{fixed, integer, percent},
        summary,
    },
};

/// Width and height in pixels.
pub const SIZE: (f64, f64) = (420.0, 300.0);

/// Share of a run whose steep fall is left out, so that the arms can be told apart.
const SKIPPED: f64 = 0.1;

/// Pixels between two names at the right edge.
const LINE: f64 = 14.0;

/// Draws it.
pub fn scene(study: &Study) -> Scene {
    let decoded = study.decoded();
    if decoded.is_empty() { losses(study) } else { decoders(&decoded) }
}

fn frame() -> Frame {
    Frame { left: 46.0, right: SIZE.0 - 62.0, top: 26.0, bottom: SIZE.1 - 36.0 }
}

/// The mean validation loss of each arm.
fn losses(study: &Study) -> Scene {
    let mut scene = Scene::new(SIZE.0, SIZE.1);
    let (comparison, frame) = (study.comparison(), frame());
    let curves: Vec<(Arm, Vec<(usize, f64)>)> = (0..comparison.arms.len())
        .filter_map(Arm::new)
        .map(|arm| (arm, study.curve(arm)))
        .filter(|(_, curve)| !curve.is_empty())
        .collect();
    let last = curves.iter().filter_map(|(_, curve)| curve.last()).map(|(step, _)| *step).max().unwrap_or(1) as f64;
    let shown = |point: &&(usize, f64)| point.0 as f64 >= SKIPPED * last;
    let all = curves.iter().flat_map(|(_, curve)| curve).filter(shown).map(|(_, loss)| *loss);
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), loss| (a.min(loss), b.max(loss)));
    if low > high {
        return scene;
    }
    let room = (0.06 * (high - low)).max(0.005);
    let x = Scale::linear((SKIPPED * last, last), (frame.left, frame.right));
    let y = Scale::linear((low - room, high + room), (frame.bottom, frame.top));
    frame.draw_y(&mut scene, &y, &ticks::linear(y.domain.0, y.domain.1, 5), ticks::label);
    for step in ticks::linear(x.domain.0, last, 4) {
        scene.tick(integer(step as usize), (x.map(step), frame.bottom + 15.0), Anchor::Middle);
    }
    axis(&mut scene, frame, t!("step"));
    let unit = summary::loss_unit(&comparison.base);
    let seeds = comparison.seeds;
    let bounds: Vec<String> = curves
        .iter()
        .filter(|(arm, _)| comparison.quantity(arm.index()) == Quantity::Bound)
        .map(|(arm, _)| arm.to_string())
        .collect();
    let title = match bounds.join(", ") {
        none if none.is_empty() => t!("validation loss, {unit}, mean of {seeds} seeds", unit, seeds),
        arms => t!("validation loss, {unit}, mean of {seeds} seeds; {arms} are bounds", unit, seeds, arms),
    };
    scene.tick(title, (2.0, 12.0), Anchor::Start);
    let mut names = Vec::new();
    for (arm, curve) in &curves {
        let points: Vec<_> =
            curve.iter().filter(shown).map(|(step, loss)| (x.map(*step as f64), y.map(*loss))).collect();
        if let Some(end) = points.last().copied() {
            scene.path(points, Stroke::arm(arm.index(), 1.75));
            scene.marker(Shape::of_arm(arm.index()), end, 3.4, Ink::Arm(arm.index()));
            names.push((*arm, end.1, format!("{arm} {}", fixed(curve.last().map_or(f64::NAN, |(_, loss)| *loss), 3))));
        }
    }
    name(&mut scene, names, frame.right + 9.0);
    scene
}

/// Tokens per forward against exact answers, the decoders of each arm from the slowest to the fastest.
fn decoders(decoded: &[Decoded]) -> Scene {
    let mut scene = Scene::new(SIZE.0, SIZE.1);
    let frame = frame();
    let most = decoded.iter().map(|of| of.speed.high).fold(2.0, f64::max);
    let least = decoded.iter().map(|of| of.speed.low).fold(1.0, f64::min);
    let shares = decoded.iter().flat_map(|of| [of.exact.low, of.exact.high]);
    let (low, high) = shares.fold((1.0f64, 0.0f64), |(a, b), share| (a.min(share), b.max(share)));
    let x = Scale::linear((least - 0.15, most + 0.15), (frame.left, frame.right));
    let y = Scale::linear((low - 0.01, (high + 0.01).max(low + 0.03)), (frame.bottom, frame.top));
    frame.draw_y(&mut scene, &y, &ticks::linear(y.domain.0, y.domain.1.min(1.0), 5), |share| {
        percent(share).replace(".0 ", " ")
    });
    for speed in ticks::linear(x.domain.0, x.domain.1, 5) {
        scene.tick(ticks::label(speed), (x.map(speed), frame.bottom + 15.0), Anchor::Middle);
    }
    axis(&mut scene, frame, t!("tokens per forward, draft and verify"));
    let seeds = decoded.iter().map(|of| of.seeds).max().unwrap_or_default();
    scene.tick(t!("answered exactly, mean of {seeds} seeds, 95 %", seeds), (2.0, 12.0), Anchor::Start);
    let mut names = Vec::new();
    for of_arm in decoded.chunk_by(|a, b| a.arm == b.arm) {
        let arm = of_arm[0].arm;
        let at = |of: &Decoded| (x.map(of.speed.mean), y.map(of.exact.mean));
        scene.path(of_arm.iter().map(at).collect(), Stroke::arm(arm.index(), 1.75));
        for of in of_arm {
            let column = x.map(of.speed.mean);
            scene.line((column, y.map(of.exact.low)), (column, y.map(of.exact.high)), Stroke::fan(arm.index()));
            scene.marker(Shape::of_arm(arm.index()), at(of), 3.4, Ink::Arm(arm.index()));
        }
        if let Some(last) = of_arm.last() {
            names.push((arm, at(last).1, format!("{arm} {}", percent(last.exact.mean))));
        }
    }
    name(&mut scene, names, frame.right + 7.0);
    scene
}

fn axis(scene: &mut Scene, frame: Frame, words: &str) {
    scene.line((frame.left, frame.bottom), (frame.right, frame.bottom), Stroke::solid(Ink::Axis, 1.0));
    scene.tick(words, ((frame.left + frame.right) / 2.0, frame.bottom + 31.0), Anchor::Middle);
}

/// Names of the arms at the right edge, at their ends as far as each has a line of its own.
fn name(scene: &mut Scene, mut names: Vec<(Arm, f64, String)>, left: f64) {
    names.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut above = f64::NEG_INFINITY;
    for (arm, at, words) in names {
        let line = at.max(above + LINE);
        scene.words(words, (left, line + 4.0), Ink::ArmText(arm.index()), true);
        above = line;
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use serde::{Deserialize, Serialize};
    use tailblazer_core::experiment::Preset;

    use super::*;
    use crate::{
        chart::{palette::Palette, recorded, svg, testing::assert_finite},
        words::testing::in_german,
    };

    /// What the page of a frame says before anything is loaded.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Poster {
        name: String,
        title: String,
        text: String,
        recorded: String,
        arms: usize,
        seeds: usize,
        steps: String,
    }

    fn posters() -> Vec<(Poster, String)> {
        let public = Path::new(env!("CARGO_MANIFEST_DIR")).join("../public");
        let guided = Preset::all().filter(|preset| preset.guide.is_some());
        let poster = |preset: &'static Preset| {
            let file = public.join("studies").join(format!("{}.jsonl", preset.name));
            let study = Study::read(&fs::read_to_string(file).ok()?).expect("a study").swap_remove(0);
            let scene = scene(&study);
            assert_finite(&scene);
            let comparison = preset.comparison();
            let poster = Poster {
                name: preset.name.into(),
                title: preset.title.into(),
                text: preset.guide?.text.into(),
                recorded: study.note.clone(),
                arms: comparison.arms.len(),
                seeds: comparison.seeds,
                steps: integer(comparison.base.train.steps),
            };
            Some((poster, svg::document(&scene, &Palette::variables(), &recorded::summary(&study), None)))
        };
        guided.filter_map(poster).collect()
    }

    /// The posters in public/posters are those of the recordings; `UPDATE_POSTERS=1` writes them.
    #[test]
    fn every_recording_has_its_poster() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../public/posters");
        let (posters, pictures): (Vec<_>, Vec<_>) = posters().into_iter().unzip();
        assert!(posters.len() > 8);
        let list = serde_json::to_string_pretty(&posters).expect("plain data") + "\n";
        let names = || posters.iter().map(|poster| poster.name.as_str());
        // The page of a frame looks the rest of the words up by itself.
        let german = in_german(self::posters).into_iter().map(|(_, picture)| picture);
        let german = names().map(|name| format!("{name}.de.svg")).zip(german);
        let english = names().map(|name| format!("{name}.svg")).zip(pictures);
        let files = english.chain(german).chain([("posters.json".to_owned(), list)]);
        for (name, text) in files {
            let path = folder.join(&name);
            if std::env::var_os("UPDATE_POSTERS").is_some() {
                fs::create_dir_all(&folder).expect("a folder");
                fs::write(&path, &text).expect("a file");
            }
            let known = fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(known, text, "{name} is of another recording: run this test with UPDATE_POSTERS=1");
        }
    }
}
