//! The empirical spectral density of the selected matrix on two logarithmic axes, with the fitted tail: its threshold,
//! its exponent, and how many eigenvalues the fit used.

use tailblazer_core::layerwise::{Esd, Fit, Measure, Tail, tail_line};

use super::{
    alpha,
    axis::Frame,
    ink::Ink,
    input::{Arm, Input},
    labels::{self, End},
    mark::{Shape, Stroke, Weight},
    matrices,
    scene::{Anchor, Scene},
    ticks::{self, Scale},
};
use crate::{
    t,
    workspace::format::{fixed, integer},
};

/// Bins of a density at most.
const BINS: usize = 28;

/// Eigenvalues below this share of the largest one are rounding errors of a spectrum in f32.
const RESOLUTION: f64 = 1e-7;

/// Points of a tail's line; on two logarithmic axes it is straight, so its ends would do.
const POINTS: usize = 2;

/// The density of one arm's matrix at one measurement.
pub struct Density<'a> {
    /// The arm.
    pub arm: &'a Arm<'a>,
    /// Steps done before the measurement.
    pub step: usize,
    /// The eigenvalues, ascending.
    pub eigenvalues: Vec<f64>,
    /// The fitted tail.
    pub tail: Option<Tail>,
    esd: Esd,
}

impl<'a> Density<'a> {
    fn new(input: &Input, arm: &'a Arm<'a>, step: Option<usize>) -> Option<Self> {
        let frame = arm.spectra(step)?;
        let index = matrices::selected_in(input, arm.record)?;
        let eigenvalues: Vec<f64> = frame.spectra.get(index)?.iter().map(|value| f64::from(*value)).collect();
        let least = eigenvalues.last().filter(|largest| **largest > 0.0 && largest.is_finite())? * RESOLUTION;
        let tail = frame.tails.get(index).copied().flatten().filter(|tail| tail.xmin > 0.0 && tail.alpha.is_finite());
        let bins = (2.0 * (eigenvalues.len() as f64).sqrt()) as usize;
        let kept: Vec<f64> = eigenvalues.iter().map(|value| if *value < least { 0.0 } else { *value }).collect();
        let esd = Esd::new(&kept, bins.clamp(6, BINS));
        (!esd.bins.is_empty()).then_some(Self { arm, step: frame.step, eigenvalues, tail, esd })
    }

    /// Eigenvalues that the fit used, of all.
    pub fn used(&self) -> Option<(usize, usize)> {
        let count = self.eigenvalues.len();
        Some((count.saturating_sub(self.tail.as_ref()?.start), count))
    }
}

/// The densities that the chart draws: of the chosen arm first, and of the one that it is compared with.
pub fn densities<'a>(input: &Input<'a>, arm: Option<usize>) -> Vec<Density<'a>> {
    let Some(first) = alpha::chosen(input, alpha::Options { arm, ..Default::default() }) else { return Vec::new() };
    let second = alpha::base(input, first).or_else(|| input.arms.iter().find(|arm| arm.index != first.index));
    [Some(first), second].into_iter().flatten().filter_map(|arm| Density::new(input, arm, input.crosshair)).collect()
}

/// Draws the density.
pub fn scene(input: Input, arm: Option<usize>, width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let frame = Frame { right: width - 12.0, ..input.frame(width, height) };
    let frame = Frame { right: frame.right.max(frame.left + 20.0), ..frame };
    let list = densities(&input, arm);
    let initial = list.first().filter(|first| first.step > 0).and_then(|first| {
        let initial = Density::new(&input, first.arm, Some(0))?;
        (initial.step == 0).then_some(initial)
    });
    let Some((x, y)) = scales(list.iter().chain(&initial), frame) else {
        scene.line((frame.left, frame.bottom), (frame.right, frame.bottom), Stroke::solid(Ink::Axis, 1.0));
        let at = ((frame.left + frame.right) / 2.0, (frame.top + frame.bottom) / 2.0);
        scene.anchored(t!("no spectrum measured yet"), at, Anchor::Middle, Ink::Second, false);
        return scene;
    };
    let plot = Plot { frame, x, y };
    plot.draw_axes(&mut scene);
    if let Some(first) = list.first() {
        plot.draw_region(&mut scene, first);
        plot.draw_bars(&mut scene, first);
    }
    for other in list.iter().skip(1) {
        plot.draw_outline(&mut scene, other, Stroke::solid(Ink::Arm(other.arm.index), 1.5));
    }
    if let Some(initial) = &initial {
        plot.draw_outline(&mut scene, initial, Stroke::initial());
    }
    for density in list.iter().rev() {
        plot.draw_tail(&mut scene, density);
    }
    if let Some(first) = list.first() {
        plot.draw_threshold(&mut scene, first);
    }
    plot.draw_key(&mut scene, &input, &list, initial.as_ref());
    scene
}

/// Scales that hold every bin, and a little more on each side; none without a bin.
fn scales<'a>(list: impl Iterator<Item = &'a Density<'a>>, frame: Frame) -> Option<(Scale, Scale)> {
    let (mut x, mut y) = ((f64::INFINITY, 0.0), (f64::INFINITY, 0.0));
    for bin in list.flat_map(|density| &density.esd.bins) {
        x = (f64::min(x.0, bin.low), f64::max(x.1, bin.high));
        if bin.density > 0.0 && bin.density.is_finite() {
            y = (f64::min(y.0, bin.density), f64::max(y.1, bin.density));
        }
    }
    let is_range = |(low, high): (f64, f64)| low > 0.0 && low <= high && high.is_finite();
    let wider = |(low, high): (f64, f64), by: f64, share: f64| (low / by, high * by * (high / low).powf(share));
    // The upper part of the plot is for the key.
    let (x, y) = (is_range(x).then(|| wider(x, 1.2, 0.0))?, is_range(y).then(|| wider(y, 1.6, 0.18))?);
    let is_room = |(low, high): (f64, f64)| low > 0.0 && high.is_finite();
    (is_room(x) && is_room(y))
        .then(|| (Scale::logarithmic(x, (frame.left, frame.right)), Scale::logarithmic(y, (frame.bottom, frame.top))))
}

struct Plot {
    frame: Frame,
    x: Scale,
    y: Scale,
}

impl Plot {
    fn draw_axes(&self, scene: &mut Scene) {
        let frame = self.frame;
        frame.draw_y(scene, &self.y, &ticks::logarithmic(&self.y, 28.0), ticks::label);
        for value in ticks::logarithmic(&self.x, 52.0) {
            let at = self.x.map(value);
            scene.line((at, frame.top), (at, frame.bottom), Stroke::solid(Ink::Grid, 1.0));
            // A label in the corner would touch that of the other axis, or leave the chart.
            if at > frame.left + 8.0 && at < frame.right - 8.0 {
                scene.tick(ticks::label(value), (at, frame.bottom + 13.0), Anchor::Middle);
            }
        }
        scene.line((frame.left, frame.bottom), (frame.right, frame.bottom), Stroke::solid(Ink::Axis, 1.0));
    }

    /// The eigenvalues that the fit uses, as a region, and each of them as a tick at the foot.
    fn draw_region(&self, scene: &mut Scene, density: &Density) {
        let (frame, Some(tail)) = (self.frame, density.tail) else { return };
        let left = self.x.clamp(tail.xmin);
        scene.cell((left, frame.top), (frame.right - left, frame.height()), Ink::Ink, Weight::Hint);
        let mut last = f64::NEG_INFINITY;
        for value in density.eigenvalues.iter().skip(tail.start) {
            let at = self.x.clamp(*value);
            if at - last >= 1.0 {
                scene.cell((at - 0.5, frame.bottom - 5.0), (1.0, 5.0), Ink::Arm(density.arm.index), Weight::Half);
                last = at;
            }
        }
    }

    fn draw_bars(&self, scene: &mut Scene, density: &Density) {
        let ink = Ink::Arm(density.arm.index);
        for bin in density.esd.bins.iter().filter(|bin| bin.density > 0.0) {
            let (left, right) = (self.x.clamp(bin.low) + 0.5, self.x.clamp(bin.high) - 0.5);
            let (top, width) = (self.y.clamp(bin.density), (right - left).max(0.5));
            scene.cell((left, top), (width, self.frame.bottom - top), ink, Weight::Ghost);
            scene.line((left, top), (left + width, top), Stroke::solid(ink, 1.5));
        }
    }

    fn draw_outline(&self, scene: &mut Scene, density: &Density, stroke: Stroke) {
        for part in density.esd.bins.split(|bin| bin.density <= 0.0) {
            let corners = part.iter().flat_map(|bin| {
                let top = self.y.clamp(bin.density);
                [(self.x.clamp(bin.low), top), (self.x.clamp(bin.high), top)]
            });
            scene.path(corners.collect(), stroke);
        }
    }

    fn draw_tail(&self, scene: &mut Scene, density: &Density) {
        let Some(tail) = &density.tail else { return };
        let line: Vec<(f64, f64)> = tail_line(tail, &density.eigenvalues, POINTS)
            .into_iter()
            .filter(|[x, p]| *x > 0.0 && *p > 0.0 && x.is_finite() && p.is_finite())
            .map(|[x, p]| (self.x.map(x), self.y.map(p)))
            .collect();
        if let [from, to] = line[..] {
            scene.path(cut(from, to, self.frame.top, self.frame.bottom), Stroke::arm(density.arm.index, 2.2));
        }
    }

    fn draw_threshold(&self, scene: &mut Scene, density: &Density) {
        let (frame, Some(tail)) = (self.frame, density.tail) else { return };
        let at = self.x.clamp(tail.xmin);
        scene.line((at, frame.top), (at, frame.bottom), Stroke::limit());
        let words = t!("threshold: {rule}", rule = rule(density.arm));
        if at - frame.left > words.chars().count() as f64 * 5.6 + 8.0 {
            scene.anchored(words, (at - 6.0, frame.top + 11.0), Anchor::End, Ink::Third, false);
        }
    }

    /// Counts and exponents, in the corner that a falling density leaves free.
    fn draw_key(&self, scene: &mut Scene, input: &Input, list: &[Density], initial: Option<&Density>) {
        let (frame, Some(first)) = (self.frame, list.first()) else { return };
        let words = match first.used() {
            Some((used, count)) => {
                t!("tail for the fit: {used} of {count}", used = integer(used), count = integer(count))
            }
            None => t!("no tail to fit in {count} eigenvalues", count = integer(first.eigenvalues.len())),
        };
        scene.anchored(words, (frame.right - 5.0, frame.top + 11.0), Anchor::End, Ink::Third, false);
        let (left, mut y) = (frame.right - 100.0, frame.top + 30.0);
        for density in list {
            let words = density.tail.map_or_else(|| t!("α = none").into(), |tail| alpha_of(&tail));
            if input.is_comparison() {
                labels::draw_one(scene, &End { arm: density.arm, words, y }, (left, y));
            } else {
                let arm = density.arm.index;
                scene.marker(Shape::of_arm(arm), (left, y), 3.0, Ink::Arm(arm));
                scene.words(words, (left + 8.0, y + 3.8), Ink::ArmText(arm), true);
            }
            y += 16.0;
        }
        if let Some(initial) = initial {
            scene.line((left - 6.0, y), (left + 5.0, y), Stroke::initial());
            let alpha = initial.tail.map_or(String::new(), |tail| format!(" {}", alpha_of(&tail)));
            scene.words(format!("{}{alpha}", t!("at init")), (left + 8.0, y + 3.8), Ink::Third, false);
        }
    }
}

/// The exponent of a tail: `α = 2.31`.
fn alpha_of(tail: &Tail) -> String {
    format!("α = {}", fixed(tail.alpha, 2))
}

/// The part of a falling line that lies between two heights.
fn cut(from: (f64, f64), to: (f64, f64), top: f64, bottom: f64) -> Vec<(f64, f64)> {
    let at = |y: f64| (from.0 + (to.0 - from.0) * (y - from.1) / (to.1 - from.1), y);
    let (low, high) = (from.1.min(to.1), from.1.max(to.1));
    if high < top || low > bottom {
        return Vec::new();
    }
    let end = |point: (f64, f64)| match point.1 {
        y if y < top => at(top),
        y if y > bottom => at(bottom),
        _ => point,
    };
    vec![end(from), end(to)]
}

/// How the threshold of an arm's tails was chosen.
pub fn rule(arm: &Arm) -> &'static str {
    let rule = &arm.experiment.layerwise.rule;
    match rule.method().measure(rule.settings()).of_weights() {
        Measure::Tail(Fit::Median { divisor: 2.0 }) => t!("median"),
        Measure::Tail(Fit::Median { .. }) => t!("quantile"),
        Measure::Tail(Fit::Hill) => t!("below the median"),
        Measure::Tail(Fit::GoodnessOfFit) => t!("least KS distance"),
        Measure::Tail(Fit::FixFinger) => t!("near the peak"),
        Measure::Farms { .. } => t!("median of windows"),
        Measure::Nothing | Measure::Norms | Measure::GradientTail(_) => t!("none"),
    }
}

/// The chart in one sentence.
pub fn summary(input: Input, arm: Option<usize>) -> String {
    let Some(matrix) = matrices::selected(&input).and_then(|index| matrices::reference(&input).get(index)) else {
        return t!("Density of the eigenvalues of one matrix. No spectrum has been measured.").into();
    };
    let sentence = |density: &Density| {
        let name = input.prefix(density.arm);
        let step = integer(density.step);
        let found = match (density.tail, density.used()) {
            (Some(tail), Some((used, count))) => t!(
                "at step {step}: alpha {alpha} from {used} of {count} eigenvalues.",
                step,
                alpha = fixed(tail.alpha, 2),
                used = integer(used),
                count = integer(count),
            ),
            _ => {
                t!("at step {step}: no tail in {count} eigenvalues.", step, count = integer(density.eigenvalues.len()))
            }
        };
        format!("{name}{found}")
    };
    let name = format!("{}, {}", matrices::name(matrix), matrices::shape(matrix));
    let list: Vec<String> = densities(&input, arm).iter().map(sentence).collect();
    if list.is_empty() {
        return t!("Density of the eigenvalues of {name}. No spectrum has been measured.", name);
    }
    t!("Density of the eigenvalues of {name}, on two log scales, {arms}", name, arms = list.join(" "))
}

#[cfg(test)]
mod tests;
