//! Commits per forward of several decoders, lined up by forwards or by seconds; the line across is the moment.

use tailblazer_core::decode::ForwardKind;

use super::{
    axis::NARROW,
    ink::Ink,
    mark::{Shape, Stroke, Weight},
    scene::{Anchor, Scene},
    ticks::{self, Scale},
};
use crate::{
    t,
    workspace::{
        decode::{moment::Align, trace::Step},
        format::{fixed, integer},
    },
};

/// Pixels below the rows: the scrubber and the axis.
const FOOT: f64 = 34.0;

/// Pixels above the bars of a row.
const GAP: f64 = 12.0;

/// A decoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The place of its colour.
    pub place: usize,
    /// Its name.
    pub name: String,
    /// Its forwards.
    pub steps: Vec<Step>,
    /// Forwards of it up to the moment.
    pub at: usize,
    /// Whether no more are to come.
    pub is_over: bool,
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Commits {
    /// The decoders, from top to bottom.
    pub lines: Vec<Line>,
    /// What they are lined up by.
    pub align: Align,
    /// The moment, in forwards or seconds.
    pub at: f64,
    /// Where the axis ends.
    pub domain: f64,
}

/// The axis of a chart of this width.
pub fn scale(domain: f64, width: f64) -> Scale {
    let left = if width < NARROW { 12.0 } else { 128.0 };
    Scale::linear((0.0, domain.max(1e-6)), (left, (width - 16.0).max(left + 20.0)))
}

/// Draws it.
pub fn scene(input: &Commits, width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let x = scale(input.domain, width);
    let bottom = (height - FOOT).max(30.0);
    let (left, right) = x.range;

    let count = ((right - left) / 70.0).round().max(2.0) as usize;
    for value in ticks::linear(0.0, input.domain, count) {
        if input.align == Align::Forwards && value.fract() != 0.0 {
            continue;
        }
        let at = x.map(value);
        scene.line((at, 2.0), (at, bottom), Stroke::solid(Ink::Grid, 1.0));
        scene.tick(ticks::label(value), (at, height - 4.0), Anchor::Middle);
    }
    let most = input.lines.iter().flat_map(|line| &line.steps).map(|step| step.commits).max().unwrap_or(1).max(1);
    let pitch = bottom / input.lines.len().max(1) as f64;
    for (row, line) in input.lines.iter().enumerate() {
        let base = (row + 1) as f64 * pitch - 3.0;
        let tall = (pitch - GAP - 3.0).max(4.0) / most as f64;
        draw_line(&mut scene, input.align, line, &x, base, tall);
    }

    let (top, at) = (bottom + 12.0, x.clamp(input.at));
    let knob = (at, top);
    let rail = |to: f64| ((left, top - 2.0), ((to - left).max(0.0), 4.0));
    for (to, ink) in [(right, Ink::Grid), (at, Ink::Ink)] {
        let (at, size) = rail(to);
        scene.cell(at, size, ink, Weight::Full);
    }
    scene.line((at, 2.0), knob, Stroke::solid(Ink::Ink, 1.0));
    scene.marker(Shape::Ring, knob, 7.0, Ink::Ink);
    scene
}

fn draw_line(scene: &mut Scene, align: Align, line: &Line, x: &Scale, base: f64, tall: f64) {
    let (left, right) = x.range;
    let is_narrow = left < 100.0;
    let colour = Ink::Arm(line.place);
    scene.line((left, base), (right, base), Stroke::solid(Ink::Grid, 1.0));
    let mut before = 0.0;
    for (index, step) in line.steps.iter().enumerate() {
        let until = match align {
            Align::Forwards => (index + 1) as f64,
            Align::Seconds => step.seconds,
        };
        let (from, to) = (x.map(before), x.map(until));
        before = until;
        let space = if to - from > 3.0 { 0.7 } else { 0.0 };
        let (from, to) = (from + space, (to - space).max(from + space + 0.5));
        let is_past = index < line.at;
        // A forward that commits nothing is seen too.
        let height = (step.commits as f64 * tall).max(1.5);
        let is_hollow = step.kind == ForwardKind::Verify;
        let weight = match (is_past, step.kind == ForwardKind::Commit && step.commits == 0) {
            (true, false) => Weight::Full,
            (true, true) => Weight::Half,
            _ => Weight::Ghost,
        };
        if is_hollow {
            let (top, weight) = (base - height.max(4.5), if is_past { Weight::Full } else { Weight::Half });
            let corners = vec![(from, base), (from, top), (to, top), (to, base), (from, base)];
            scene.path(corners, Stroke { weight, ..Stroke::solid(colour, 1.0) });
        } else {
            scene.cell((from, base - height), (to - from, height), colour, weight);
            if !is_past {
                // Pale alone would be too pale: its upper edge is at full strength.
                scene.line((from, base - height), (to, base - height), Stroke::solid(colour, 1.25));
            }
        }
        let (middle, above) = ((from + to) / 2.0, base - height.max(4.5) - 5.5);
        let ink = if is_past { Ink::Ink } else { Ink::Third };
        if step.edits > 0 {
            scene.marker(Shape::Triangle, (middle, above), 2.8, ink);
        } else if step.remasks > 0 {
            scene.hollow(Shape::TriangleDown, (middle, above), 2.8, ink);
        }
    }
    let end = x.map(before) + 6.0;
    if line.is_over && end + 70.0 < right {
        scene.tick(t!("done, {count}", count = line.steps.len()), (end, base - 3.0), Anchor::Start);
    }
    let (marker, name) = if is_narrow { (left - 6.0, left + 2.0) } else { (6.0, 16.0) };
    let height = if is_narrow { base + 1.0 } else { base - 8.0 };
    if !is_narrow {
        scene.marker(Shape::of_arm(line.place), (marker, height - 4.0), 3.4, colour);
        let most = ((left - name) / 6.0) as usize;
        scene.words(shortened(&line.name, most), (name, height), Ink::Ink, false);
    } else {
        scene.marker(Shape::of_arm(line.place), (marker.max(5.0), base - 5.0), 3.0, colour);
    }
}

fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    name.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// The moment in words: `forward 14`, `0.52 s`.
pub fn moment(align: Align, at: f64) -> String {
    match align {
        Align::Forwards => t!("forward {count}", count = integer(at.max(0.0) as usize)),
        Align::Seconds => format!("{} s", fixed(at, 2)),
    }
}

/// It in one sentence.
pub fn summary(input: &Commits) -> String {
    let words = input.lines.iter().filter(|line| !line.steps.is_empty()).map(|line| {
        let tokens: usize = line.steps.iter().map(|step| step.commits).sum();
        let seconds = fixed(line.steps.last().map_or(0.0, |step| step.seconds), 2);
        let (name, forwards) = (&line.name, line.steps.len());
        match line.is_over {
            true => {
                t!("{name}: {tokens} tokens in {forwards} forwards and {seconds} s", name, tokens, forwards, seconds)
            }
            false => t!(
                "{name}: {tokens} tokens in {forwards} forwards and {seconds} s so far",
                name,
                tokens,
                forwards,
                seconds
            ),
        }
    });
    let words: Vec<String> = words.collect();
    match words.is_empty() {
        true => t!("Commits per forward: nothing is decoded yet.").into(),
        false => t!("Commits per forward. {list}.", list = words.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        chart::{palette::Palette, svg, testing::assert_finite},
        workspace::decode::trace::tests::speculated,
    };

    fn step(kind: ForwardKind, commits: usize, edits: usize, seconds: f64) -> Step {
        Step { kind, commits, edits, remasks: 0, seconds }
    }

    fn commits(align: Align) -> Commits {
        use ForwardKind::{Commit, Draft, Verify};
        let each = (1..=12).map(|index| step(Draft, 1, 0, 0.01 * index as f64)).collect();
        let fast = [(Draft, 4, 0), (Draft, 2, 1), (Commit, 0, 0), (Draft, 6, 0)];
        let fast = fast.iter().zip(1..).map(|((k, c, e), index)| step(*k, *c, *e, 0.02 * f64::from(index))).collect();
        let pairs = (0..6).map(|index| {
            let kind = if index % 2 == 0 { Draft } else { Verify };
            step(kind, if kind == Verify { index } else { 0 }, 0, 0.015 * (index + 1) as f64)
        });
        let line = |place, name: &str, steps: Vec<Step>| Line {
            place,
            name: name.into(),
            at: steps.len().min(3),
            steps,
            is_over: true,
        };
        let lines = vec![
            line(0, "Autoregressive", each),
            line(1, "Threshold, threshold 0.9", fast),
            line(3, "S2D2", pairs.collect()),
        ];
        let (at, domain) = if align == Align::Forwards { (3.0, 12.0) } else { (0.045, 0.12) };
        Commits { lines, align, at, domain }
    }

    fn document(input: &Commits, size: (f64, f64)) -> String {
        svg::document(&scene(input, size.0, size.1), &Palette::variables(), &summary(input), None)
    }

    #[test]
    fn three_decoders_by_forwards() {
        insta::assert_snapshot!(document(&commits(Align::Forwards), (640.0, 240.0)));
    }

    #[test]
    fn three_decoders_by_seconds_on_a_narrow_screen() {
        insta::assert_snapshot!(document(&commits(Align::Seconds), (340.0, 220.0)));
    }

    #[test]
    fn a_trace_is_told_in_a_sentence() {
        let trace = speculated();
        let line = Line { place: 0, name: "S2D2".into(), steps: trace.steps(), at: 5, is_over: true };
        let input = Commits { lines: vec![line], align: Align::Forwards, at: 5.0, domain: 8.0 };
        assert_eq!(summary(&input), "Commits per forward. S2D2: 4 tokens in 5 forwards and 0.50 s.");
    }

    #[test]
    fn a_moment_has_words() {
        assert_eq!(
            (moment(Align::Forwards, 14.0), moment(Align::Seconds, 0.5)),
            ("forward 14".into(), "0.50 s".into())
        );
    }

    proptest! {
        #[test]
        fn any_size_has_finite_places(width in 0.0..1500.0f64, height in 0.0..600.0f64, at in 0.0..40.0f64) {
            assert_finite(&scene(&Commits { at, ..commits(Align::Forwards) }, width, height));
            assert_finite(&scene(&Commits { lines: Vec::new(), ..commits(Align::Seconds) }, width, height));
        }
    }
}
