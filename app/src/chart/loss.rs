//! The loss: every step as a thin ghost, a labelled moving average, validation as markers; with several arms the
//! difference to the first one below.
//!
//! Likelihoods and bounds of them share the axis, and bounds have error bars. A training loss that is neither is not
//! drawn: of such an arm the validations alone are.

mod key;
mod law;
mod overlay;
mod words;

pub use words::{readout, summary};

use tailblazer_core::session::Validation;

use super::{
    axis::Frame,
    branches::{self, Quantity},
    curve::{Curve, decimate},
    ink::Ink,
    input::{Arm, Input},
    labels::{self, End},
    mark::{Shape, Stroke},
    scene::Scene,
    strip, texts,
    ticks::{self, Scale},
};
use crate::{
    t,
    workspace::{format::fixed, quantity},
};
use key::{draw_key, key_height, key_left};

/// The least loss that a logarithmic axis shows; an exact answer has a loss of almost 0.
const FLOOR: f64 = 1e-4;

/// Least pixels from one marker of an arm to the next: a short run between validations has thousands.
const SPACE: f64 = 3.0;

/// Pixels from the marker of one arm to that of the next at the same step.
const DODGE: f64 = 5.0;

/// Draws the loss.
pub fn scene(input: Input, log: bool, width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let whole = input.frame(width, height);
    let differences = strip::rows(&input, whole);
    let frame = Frame { bottom: whole.bottom - strip::height(&differences), ..whole };
    let x = input.x_scale(frame);
    let y = y_scale(&input, log, frame);
    let plot = Plot { input, frame, x, y };

    let values = if log {
        ticks::logarithmic(&y, 24.0)
    } else {
        ticks::linear(y.domain.0, y.domain.1, (frame.height() / 44.0).round().max(2.0) as usize)
    };
    frame.draw_y(&mut scene, &y, &values, ticks::label);
    input.draw_x(&mut scene, whole, &x);
    let has_key = !input.is_empty();
    let key = if has_key { (key_left(frame, width), frame.top + key_height(&input)) } else { (frame.right, frame.top) };
    texts::draw_switches(&mut scene, &input, frame, key, &x);
    strip::draw(&mut scene, &input, &differences, whole, &x);

    overlay::draw(&plot, &mut scene);
    for arm in input.arms {
        plot.draw_seeds(&mut scene, arm);
    }
    let raw: Vec<Curve> = input.arms.iter().map(|arm| plot.draw_steps(&mut scene, arm)).collect();
    for arm in input.arms {
        plot.draw_smooth(&mut scene, arm);
    }
    for arm in input.arms {
        let shown = if shows_training(arm) { Quantity::Loss } else { Quantity::Validation };
        branches::draw(&mut scene, &input, arm, &x, |loss| plot.place(loss), shown);
    }
    law::draw(&plot, &mut scene);
    for (place, arm) in input.arms.iter().enumerate() {
        plot.draw_validations(&mut scene, arm, place);
    }
    texts::name_unlearned(&mut scene, &input, frame, |arm, step, loss| plot.at(arm, step, loss));
    for (arm, raw) in input.arms.iter().zip(&raw) {
        plot.draw_breaks(&mut scene, arm, raw);
    }
    input.draw_now(&mut scene, whole, &x);
    if has_key {
        draw_key(&mut scene, &input, frame, width);
    }
    plot.draw_ends(&mut scene);
    input.draw_crosshair(&mut scene, whole, &x);
    for arm in input.arms {
        plot.draw_readout(&mut scene, arm);
    }
    scene
}

/// Of values in order, those that are far enough from the one before to be told apart, and the last one.
fn spaced<T: Copy>(values: impl Iterator<Item = T>, x: impl Fn(T) -> f64) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    let mut last = None;
    for value in values {
        last = Some(value);
        if kept.last().is_none_or(|before| x(value) - x(*before) >= SPACE) {
            kept.push(value);
            last = None;
        }
    }
    kept.extend(last);
    kept
}

/// Whether the training losses of an arm are drawn.
fn shows_training(arm: &Arm) -> bool {
    quantity::shares_axis(arm.experiment)
}

/// The word for a validation of an arm.
fn validation_word(arm: &Arm) -> &'static str {
    if quantity::is_bounded(arm.experiment) { t!("bound") } else { t!("val.") }
}

/// The last validation of an arm up to a step.
fn validation_at<'a>(arm: &Arm<'a>, step: usize) -> Option<&'a Validation> {
    arm.record.validations.iter().rev().find(|validation| validation.step <= step)
}

/// The plot above the strip.
struct Plot<'a> {
    input: Input<'a>,
    frame: Frame,
    x: Scale,
    y: Scale,
}

impl Plot<'_> {
    fn place(&self, value: f64) -> f64 {
        if value.is_finite() { self.y.clamp(value.max(FLOOR)) } else { f64::NAN }
    }

    /// The pixel of a loss after so many steps.
    fn at(&self, arm: &Arm, step: usize, loss: f64) -> (f64, f64) {
        (self.x.map(self.input.x_of_step(arm, step)), self.place(loss))
    }

    fn curve(&self, arm: &Arm, values: impl Iterator<Item = f64>) -> Curve {
        let rows = arm.record.columns.rows().iter();
        decimate(rows.zip(values).map(|(row, value)| (self.x.map(self.input.x_of(row)), value)))
            .placed(|value| self.place(value))
    }

    fn draw_steps(&self, scene: &mut Scene, arm: &Arm) -> Curve {
        if !shows_training(arm) {
            let points = arm.record.validations.iter().map(|v| (self.x.map(self.input.x_of_step(arm, v.step)), v.loss));
            let joined = decimate(points).placed(|value| self.place(value));
            scene.curve(&joined, Stroke::arm(arm.index, 1.75));
            return joined;
        }
        let raw = self.curve(arm, arm.record.columns.rows().iter().map(|row| row.loss));
        scene.curve(&raw, Stroke::ghost(Ink::Arm(arm.index)));
        raw
    }

    fn draw_smooth(&self, scene: &mut Scene, arm: &Arm) {
        if !shows_training(arm) {
            return;
        }
        let smooth = self.curve(arm, arm.record.columns.ema().iter().copied());
        scene.curve(&smooth, Stroke::arm(arm.index, 1.75));
    }

    /// From the least to the greatest validation loss over all seeds of an arm.
    fn draw_seeds(&self, scene: &mut Scene, arm: &Arm) {
        if arm.earlier.is_empty() {
            return;
        }
        let runs = || arm.earlier.iter().chain([arm.record]);
        let mut steps: Vec<usize> = runs().flat_map(|run| run.validations.iter().map(|v| v.step)).collect();
        steps.sort_unstable();
        steps.dedup();
        // The run with the most steps knows when they were made, where the axis counts seconds.
        let longest = runs().max_by_key(|run| run.columns.len()).unwrap_or(arm.record);
        let clock = Arm { record: longest, ..*arm };
        let row = |step: usize| {
            let losses = || runs().filter_map(|run| super::difference::loss_at(run, step));
            let (low, high) = losses().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
            let x = self.x.clamp(self.input.x_of_step(&clock, step));
            (low <= high).then(|| [x, self.place(low), self.place(high)])
        };
        let rows: Vec<[f64; 3]> = steps.into_iter().filter_map(row).collect();
        scene.band(&rows, Ink::Arm(arm.index));
    }

    fn draw_validations(&self, scene: &mut Scene, arm: &Arm, place: usize) {
        let shift = (place as f64 - (self.input.arms.len() - 1) as f64 / 2.0) * DODGE;
        let at = |step, loss| {
            let (x, y) = self.at(arm, step, loss);
            (x + shift, y)
        };
        texts::draw_unlearned(scene, arm, at);
        let x = |validation: &Validation| self.at(arm, validation.step, validation.loss).0;
        for validation in spaced(arm.record.validations.iter().filter(|v| v.loss.is_finite()), x) {
            if let Some(ends) = quantity::ends(validation) {
                let [low, high] = ends.map(|end| at(validation.step, end));
                draw_bar(scene, low, high, Ink::Arm(arm.index));
            }
            scene.marker(Shape::of_arm(arm.index), at(validation.step, validation.loss), 3.2, Ink::Arm(arm.index));
        }
    }

    fn draw_breaks(&self, scene: &mut Scene, arm: &Arm, raw: &Curve) {
        let mut breaks = raw.breaks.clone();
        if let Some(last) = raw.parts.last().and_then(|part| part.last())
            && arm.failed
            && breaks.is_empty()
        {
            // A step whose loss was not finite is not part of the run; the cross stands at the last one that is.
            breaks.push(*last);
        }
        for (x, y) in breaks {
            let y = if y.is_finite() { y } else { self.frame.top + 8.0 };
            scene.marker(Shape::Cross, (x, y), 5.0, Ink::Bad);
        }
    }

    /// The smoothed loss, or the validation alone, at the ends of the lines, or in a legend where there is no room beside them.
    fn draw_ends(&self, scene: &mut Scene) {
        let frame = self.frame;
        let mut right = frame.left;
        let mut ends = Vec::new();
        for arm in self.input.arms {
            let (columns, word) = (&arm.record.columns, validation_word(arm));
            let end = match shows_training(arm) {
                true => columns.ema().iter().rposition(|value| value.is_finite()).map(|i| {
                    let x = self.input.x_of(&columns.rows()[i]);
                    (x, columns.ema()[i])
                }),
                false => {
                    let last = arm.record.validations.iter().rfind(|v| v.loss.is_finite());
                    last.map(|v| (self.input.x_of_step(arm, v.step), v.loss))
                }
            };
            let Some((x, value)) = end.map(|(x, value)| (self.x.map(x), value)) else { continue };
            let words = fixed(value, 2);
            // A run that left the scale would carry its label out of the plot.
            if words.len() <= 8 {
                // Beside smoothed training losses a validation has its name.
                let words = if shows_training(arm) { words } else { format!("{word} {words}") };
                right = f64::max(right, x);
                ends.push(End { arm, words, y: self.place(value) });
            }
        }
        if !self.input.is_comparison() && self.input.law.is_none() {
            for end in ends {
                let ink = Ink::ArmText(end.arm.index);
                scene.words(end.words, (right + 7.0, end.y + 3.8), ink, true);
            }
            return;
        }
        let (ends, right) = law::label(self, scene, (ends, right));
        if scene.width - right >= labels::room(&ends) {
            labels::draw(scene, &ends, right + labels::OFFSET, frame.top + 6.0, frame.bottom - 6.0);
        } else {
            for (place, end) in ends.iter().enumerate() {
                let y = frame.top + key_height(&self.input) + labels::GAP * place as f64;
                labels::draw_one(scene, end, (key_left(frame, scene.width) + 9.0, y));
            }
        }
    }

    fn draw_readout(&self, scene: &mut Scene, arm: &Arm) {
        let Some((index, row)) = self.input.crosshair.and_then(|step| arm.row(step)) else { return };
        let found = match shows_training(arm) {
            true => Some((self.input.x_of(row), arm.record.columns.ema()[index])),
            false => validation_at(arm, row.step).map(|v| (self.input.x_of_step(arm, v.step), v.loss)),
        };
        if let Some((x, value)) = found.filter(|(_, value)| value.is_finite()) {
            scene.marker(Shape::of_arm(arm.index), (self.x.map(x), self.place(value)), 2.8, Ink::Arm(arm.index));
        }
    }
}

/// An error bar between two points, one above the other.
fn draw_bar(scene: &mut Scene, low: (f64, f64), high: (f64, f64), ink: Ink) {
    scene.line(low, high, Stroke::solid(ink, 1.0));
    for (x, y) in [low, high] {
        scene.line((x - 2.5, y), (x + 2.5, y), Stroke::solid(ink, 1.0));
    }
}

/// The vertical scale holds every finite value, with ends that move in coarse steps so that the axis seldom jumps.
fn y_scale(input: &Input, log: bool, frame: Frame) -> Scale {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for arm in input.arms {
        let losses = arm.record.columns.rows().iter().map(|row| row.loss).filter(|_| shows_training(arm));
        let runs = arm.earlier.iter().chain([arm.record]);
        let validations = runs.flat_map(|run| &run.validations).flat_map(|v| {
            let [low, high] = quantity::ends(v).map_or([None; 2], |ends| ends.map(Some));
            [Some(v.loss), v.other_loss, low, high].into_iter().flatten()
        });
        for loss in losses.chain(validations).chain(branches::losses(arm)).filter(|loss| loss.is_finite()) {
            low = low.min(loss.max(FLOOR));
            high = high.max(loss.max(FLOOR));
        }
    }
    for loss in input.overlays.iter().flat_map(overlay::losses).filter(|loss| loss.is_finite()) {
        low = low.min(loss.max(FLOOR));
        high = high.max(loss.max(FLOOR));
    }
    if low > high {
        (low, high) = (1.0, 5.0);
    }
    low = law::lowest(input, low);
    let (low, high) = (snap(low, f64::floor), snap(high, f64::ceil));
    let range = (frame.bottom, frame.top);
    if log { Scale::logarithmic((low, high), range) } else { Scale::linear((low, high), range) }
}

/// The next quarter of the value's power of ten, a little further than the value.
fn snap(value: f64, round: impl Fn(f64) -> f64) -> f64 {
    let unit = 10f64.powf(value.log10().floor()) / 4.0;
    let outward = round(value / unit) - value / unit;
    let steps = round(value / unit + outward.signum() * 0.05);
    if steps < 4.0 { value * 0.9 } else { steps * unit }
}

#[cfg(test)]
mod tests;
