//! Paired differences with their intervals, one row each: the forest plot of a verdict.

use tailblazer_core::{
    objective::Quantity,
    stats::{Row, Verdict},
};

use super::{
    ink::Ink,
    mark::{Shape, Stroke, Weight},
    scene::{Anchor, Scene},
    ticks::{self, Scale},
};
use crate::{t, words};

/// Pixels from one row to the next.
const PITCH: f64 = 17.0;

/// Pixels for mean and half width, and for the word at the right: "not distinguishable".
const ESTIMATE: f64 = 112.0;
const WORD: f64 = 122.0;

/// Pixels for the axis below the rows.
const AXIS: f64 = 16.0;

/// One row: what it is about, and the arms that it compares.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name, at the left.
    pub name: String,
    /// The comparison.
    pub row: Row,
    /// What the losses of its two arms are.
    pub quantities: [Quantity; 2],
}

impl Line {
    /// A row that is named after its arms: "B − A".
    pub fn of(row: Row, quantities: [Quantity; 2]) -> Self {
        let [a, b] = row.arms.map(|arm| arm.letter());
        Self { name: format!("{b} − {a}"), row, quantities }
    }
}

/// The height that so many rows take.
pub fn height(rows: usize) -> f64 {
    4.0 + PITCH * rows as f64 + AXIS
}

/// Draws the rows; `names` is the width of the names at the left.
pub fn scene(lines: &[Line], names: f64, width: f64) -> Scene {
    let mut scene = Scene::new(width, height(lines.len()));
    let verdicts = || lines.iter().filter_map(|line| line.row.verdict.as_ref().ok());
    // A narrow figure keeps the intervals and leaves out what they say in words.
    let is_narrow = width < names + ESTIMATE + WORD + 90.0;
    let (left, right) = match is_narrow {
        true => (names + 8.0, (width - 8.0).max(names + 60.0)),
        false => (names + ESTIMATE, width - WORD),
    };
    let ends = verdicts().flat_map(|verdict| verdict.interval().into_iter().chain(values(verdict)));
    let (low, high) = ends.filter(|end| end.is_finite()).fold((0.0f64, 0.0f64), |(a, b), v| (a.min(v), b.max(v)));
    let room = 0.04 * (high - low).max(1e-9);
    let x = Scale::linear((low - room, high + room), (left, right));
    let bottom = 4.0 + PITCH * lines.len() as f64;

    for value in ticks::linear(low, high, ((right - left) / 70.0).round().max(2.0) as usize) {
        let at = x.map(value);
        scene.line((at, bottom - 1.0), (at, bottom + 2.0), Stroke::solid(Ink::Edge, 1.0));
        scene.tick(ticks::label(value), (at, bottom + 13.0), Anchor::Middle);
    }
    scene.line((x.map(0.0), 2.0), (x.map(0.0), bottom), Stroke::solid(Ink::Axis, 1.0));
    for (place, line) in lines.iter().enumerate() {
        let middle = 4.0 + PITCH * (place as f64 + 0.5);
        draw(&mut scene, line, (!is_narrow).then_some(names), &x, middle);
    }
    scene
}

/// Draws a row; `words` is where the names end, if there is room for words beside the interval.
fn draw(scene: &mut Scene, line: &Line, words: Option<f64>, x: &Scale, middle: f64) {
    let base = middle + 3.8;
    scene.anchored(line.name.clone(), (0.0, base), Anchor::Start, Ink::Ink, true);
    let word_at = (x.range.1 + 8.0, base);
    let Ok(verdict) = &line.row.verdict else {
        if words.is_some() {
            scene.anchored(t!("no verdict yet"), word_at, Anchor::Start, Ink::Third, false);
        }
        return;
    };
    let [low, high] = verdict.interval().map(|end| x.map(end));
    // An interval without width is still seen.
    scene.cell((low, middle - 4.0), ((high - low).max(1.0), 8.0), Ink::Edge, Weight::Ghost);
    for value in values(verdict) {
        scene.marker(Shape::Ring, (x.map(value), middle), 2.6, Ink::Second);
    }
    let mean = x.map(verdict.mean);
    scene.line((mean, middle - 5.5), (mean, middle + 5.5), Stroke::solid(Ink::Ink, 2.0));
    if let Some(names) = words {
        scene.anchored(verdict.estimate(), (names + ESTIMATE - 12.0, base), Anchor::End, Ink::Second, false);
        let is_shown = verdict.shows_a_better_model(line.quantities);
        scene.anchored(words::sentence(&verdict.word_of(line.quantities)), word_at, Anchor::Start, Ink::Ink, is_shown);
    }
}

/// The difference of every seed.
fn values(verdict: &Verdict) -> impl Iterator<Item = f64> {
    verdict.pairs.differences.iter().map(|difference| difference.value)
}

/// The rows in one sentence.
pub fn summary(lines: &[Line]) -> String {
    let words = lines.iter().map(|line| match &line.row.verdict {
        Ok(verdict) => {
            let word = words::sentence(&verdict.word_of(line.quantities));
            format!("{}: {}, {word}", line.name, verdict.estimate())
        }
        Err(_) => format!("{}: {}", line.name, t!("no verdict yet")),
    });
    let list = words.collect::<Vec<_>>().join("; ");
    t!("Paired differences over the seeds with 95 % intervals. {list}.", list)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tailblazer_core::stats::{Arm, Final, forest};

    use super::*;
    use crate::chart::{palette::Palette, svg, testing::assert_finite};

    fn lines(losses: &[&[f64]]) -> Vec<Line> {
        let runs = |of: &&[f64]| of.iter().zip(0..).map(|(loss, seed)| Final { seed, loss: *loss }).collect();
        let arms = losses.iter().enumerate().map(|(i, of)| (Arm::new(i).expect("few arms"), runs(of)));
        let rows = forest(&arms.collect::<Vec<_>>()).into_iter();
        rows.map(|row| Line::of(row, [Quantity::Likelihood; 2])).collect()
    }

    #[test]
    fn three_arms_and_an_arm_without_runs() {
        let lines = lines(&[&[2.06, 2.09, 2.05, 2.07], &[2.03, 2.04, 2.03, 2.05], &[]]);
        insta::assert_snapshot!(svg::document(
            &scene(&lines, 44.0, 430.0),
            &Palette::variables(),
            &summary(&lines),
            None
        ));
    }

    #[test]
    fn a_difference_of_exactly_nothing_has_its_place_on_the_line() {
        let lines = lines(&[&[2.0, 3.0], &[2.0, 3.0]]);
        assert_finite(&scene(&lines, 44.0, 430.0));
        assert!(summary(&lines).contains("B − A: 0 ± 0, not distinguishable"), "{}", summary(&lines));
    }

    #[test]
    fn a_likelihood_and_two_bounds() {
        let mut lines = lines(&[&[2.06, 2.09, 2.05, 2.07], &[2.13, 2.14, 2.13, 2.15], &[2.33, 2.34, 2.31, 2.35]]);
        let of = |arm: Arm| if arm == Arm::A { Quantity::Likelihood } else { Quantity::Bound };
        for line in &mut lines {
            line.quantities = line.row.arms.map(of);
        }
        insta::assert_snapshot!(svg::document(
            &scene(&lines, 44.0, 430.0),
            &Palette::variables(),
            &summary(&lines),
            None
        ));
    }

    proptest! {
        #[test]
        fn any_losses_have_finite_places(
            a in prop::collection::vec(prop_oneof![0.0..9.0f64, Just(f64::NAN), Just(1e300)], 0..5),
            b in prop::collection::vec(prop_oneof![0.0..9.0f64, Just(f64::INFINITY)], 0..5),
            width in 0.0..900.0f64,
        ) {
            let lines = lines(&[&a, &b]);
            assert_finite(&scene(&lines, 44.0, width));
            prop_assert!(summary(&lines).ends_with('.'));
        }
    }
}
