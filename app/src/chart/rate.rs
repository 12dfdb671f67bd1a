//! The learning rate: what was used is solid, what is planned is dotted, and nothing is ever smoothed.

use tailblazer_core::{experiment::Experiment, layerwise::Parameter, schedule::learning_rate};

use super::{
    axis::Frame,
    branches::{self, Quantity},
    course::{Course, is_adaptive},
    curve::decimate,
    fan::{Fan, Line, MANY},
    fan_labels,
    ink::Ink,
    input::{Arm, Input},
    mark::{Shape, Stroke, Weight},
    matrices,
    scene::{Anchor, Scene},
    ticks::{self, Scale},
};
use crate::{
    t,
    workspace::{
        format::{fixed, integer, power_of_ten, significant},
        summary::course,
        view::XAxis,
    },
};

/// The share of the greatest rate at which a logarithmic axis ends; rates of 0 lie on its foot.
const FLOOR: f64 = 1e-3;

/// Pixels from one row of dots to the next.
const DOTS: f64 = 7.0;

/// Draws the learning rate: of every matrix, where they differ.
pub fn scene(input: Input, log: bool, width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let frame = input.frame(width, height);
    let fans: Vec<Fan> = input.arms.iter().map(|arm| Fan::new(arm, frame.width().max(1.0) as usize)).collect();
    let rows = fans.iter().filter(|fan| fan.events.are_several()).count();
    let frame = Frame { top: frame.top + if rows > 0 { DOTS * rows as f64 + 4.0 } else { 0.0 }, ..frame };
    let x = input.x_scale(frame);
    let most = top(&input, &fans);
    let range = (frame.bottom, frame.top);
    let y = if log { Scale::logarithmic((most * FLOOR, most), range) } else { Scale::linear((0.0, most), range) };
    let plot = Plot { input, frame, x, y };

    let unit = 10f64.powi(exponent(&input));
    let count = (frame.height() / 34.0).round().max(2.0) as usize;
    let values = if log {
        ticks::logarithmic(&y, 24.0)
    } else {
        ticks::linear(0.0, most / unit, count).into_iter().map(|value| value * unit).collect()
    };
    // A rate divided by the unit is a short number but for the last binary digits.
    frame.draw_y(&mut scene, &y, &values, |value| ticks::label((value / unit * 1e9).round() / 1e9));
    input.draw_x(&mut scene, frame, &x);

    for (arm, fan) in input.arms.iter().zip(&fans) {
        plot.draw_fan(&mut scene, arm, fan);
    }
    let plans: Vec<Vec<(f64, f64)>> = input.arms.iter().map(|arm| plot.draw_plan(&mut scene, arm)).collect();
    for arm in input.arms {
        plot.draw_used(&mut scene, arm);
    }
    for arm in input.arms {
        branches::draw(&mut scene, &input, arm, &x, |rate| plot.place(rate), Quantity::Rate);
    }
    for (arm, fan) in input.arms.iter().zip(&fans) {
        plot.draw_selected(&mut scene, arm, fan);
    }
    for arm in input.arms {
        plot.draw_searches(&mut scene, arm);
    }
    plot.draw_events(&mut scene, &fans);

    input.draw_now(&mut scene, frame, &x);
    if let Some((px, py)) = plans.first().and_then(|plan| plan.get(plan.len() / 2).filter(|_| plan.len() > 8)) {
        scene.words(t!("plan"), (px + 6.0, py - 6.0), Ink::Second, false);
    }
    if fans.iter().all(|fan| fan.lines.is_empty()) && !input.is_comparison() {
        plot.draw_rate_now(&mut scene, unit);
    } else {
        fan_labels::draw(&mut scene, &input, &fans, frame, |arm, update, rate| plot.at(arm, update, rate));
    }
    input.draw_crosshair(&mut scene, frame, &x);
    plot.draw_readout(&mut scene, &fans);
    scene
}

struct Plot<'a> {
    input: Input<'a>,
    frame: Frame,
    x: Scale,
    y: Scale,
}

impl Plot<'_> {
    fn place(&self, rate: f64) -> f64 {
        if rate.is_finite() { self.y.clamp(rate.max(self.y.domain.0)) } else { f64::NAN }
    }

    /// The pixel of a rate at an update.
    fn at(&self, arm: &Arm, update: usize, rate: f64) -> (f64, f64) {
        (self.x.map(self.input.x_of_step(arm, update)), self.place(rate))
    }

    /// The updates to come have no place on an axis of seconds.
    fn has_plan(&self) -> bool {
        self.input.x_axis != XAxis::Seconds
    }

    fn draw_line(&self, scene: &mut Scene, arm: &Arm, fan: &Fan, line: &Line, used: Stroke) {
        let rates = fan.base.iter().zip(&line.multipliers).map(|(base, multiplier)| base * multiplier);
        let points: Vec<(usize, (f64, f64))> =
            fan.updates.iter().zip(rates).map(|(update, rate)| (*update, self.at(arm, *update, rate))).collect();
        let done = points.partition_point(|(update, _)| *update <= arm.done());
        let part = |points: &[(usize, (f64, f64))]| decimate(points.iter().map(|(_, point)| *point));
        scene.curve(&part(&points[..done]), used);
        if self.has_plan() {
            let plan = Stroke { width: used.width.min(1.75), weight: used.weight, ..Stroke::plan(used.ink) };
            scene.curve(&part(&points[done.saturating_sub(1)..]), plan);
        }
    }

    fn draw_fan(&self, scene: &mut Scene, arm: &Arm, fan: &Fan) {
        for line in &fan.lines {
            self.draw_line(scene, arm, fan, line, Stroke::fan(arm.index));
        }
    }

    fn draw_selected(&self, scene: &mut Scene, arm: &Arm, fan: &Fan) {
        if let Some(line) = selected(&self.input, arm, fan) {
            self.draw_line(scene, arm, fan, line, Stroke::arm(arm.index, 2.4));
        }
    }

    fn draw_plan(&self, scene: &mut Scene, arm: &Arm) -> Vec<(f64, f64)> {
        if !self.has_plan() {
            return Vec::new();
        }
        let course = Course::new(arm);
        let updates = rates(arm.experiment, arm.done(), arm.experiment.train.steps).map(|(update, _)| update);
        let points: Vec<(f64, f64)> = updates.map(|update| self.at(arm, update, course.at(update))).collect();
        scene.curve(&decimate(points.iter().copied()), Stroke::plan(Ink::Arm(arm.index)));
        points.into_iter().filter(|(_, y)| y.is_finite()).collect()
    }

    fn draw_used(&self, scene: &mut Scene, arm: &Arm) {
        let rows = arm.record.columns.rows().iter();
        let used = rows.map(|row| (self.x.map(self.input.x_of(row)), row.learning_rate));
        scene.curve(&decimate(used).placed(|rate| self.place(rate)), Stroke::arm(arm.index, 2.0));
    }

    /// The rates that were tried, as small rings at their step; a cross where the loss was not finite.
    fn draw_searches(&self, scene: &mut Scene, arm: &Arm) {
        for search in &arm.record.searches {
            for probe in search.probes.iter().filter(|probe| probe.rate.is_finite()) {
                let (shape, ink) = match probe.forecast {
                    Some(_) => (Shape::Ring, Ink::Arm(arm.index)),
                    None => (Shape::Cross, Ink::Bad),
                };
                scene.marker(shape, self.at(arm, search.step, probe.rate), 2.0, ink);
            }
        }
    }

    /// A row of dots over the plot: where the method gave new multipliers, and as rings where it will.
    fn draw_events(&self, scene: &mut Scene, fans: &[Fan]) {
        let arms = self.input.arms.iter().zip(fans).filter(|(_, fan)| fan.events.are_several());
        for (row, (arm, fan)) in arms.enumerate() {
            let y = 7.0 + DOTS * row as f64;
            let x = |update: &usize| self.x.clamp(self.input.x_of_step(arm, *update));
            let planned = if self.has_plan() { &fan.events.planned[..] } else { &[] };
            for (list, shape) in [(planned, Shape::Ring), (&fan.events.past[..], Shape::Disc)] {
                let (Some(first), Some(last)) = (list.first(), list.last()) else { continue };
                if list.len() > MANY {
                    let stroke = Stroke { weight: Weight::Half, ..Stroke::solid(Ink::Arm(arm.index), 3.0) };
                    scene.line((x(first), y), (x(last).max(x(first) + 1.0), y), stroke);
                    continue;
                }
                for update in list {
                    scene.marker(shape, (x(update), y), 2.2, Ink::Arm(arm.index));
                }
            }
            let last = fan.events.past.iter().chain(planned).map(x).fold(self.frame.left, f64::max);
            let words = if fan.events.is_guess { t!("updates to come; until then from shapes") } else { t!("updates") };
            let room = self.frame.right - last - 10.0;
            // Rows are too close for words at each.
            if row == 0 && room > words.chars().count() as f64 * 5.4 {
                scene.tick(words, (last + 7.0, y + 3.5), Anchor::Start);
            }
        }
    }

    /// With a single rate, its value at the end of the line.
    fn draw_rate_now(&self, scene: &mut Scene, unit: f64) {
        for arm in self.input.arms {
            let Some(row) = arm.record.columns.last().filter(|row| row.learning_rate.is_finite()) else { continue };
            let at = (self.x.map(self.input.x_of(row)), self.place(row.learning_rate));
            let ink = Ink::ArmText(arm.index);
            scene.words(in_unit(row.learning_rate, unit), (at.0 + 7.0, at.1 + 3.8), ink, true);
        }
    }

    fn draw_readout(&self, scene: &mut Scene, fans: &[Fan]) {
        let Some(step) = self.input.crosshair else { return };
        for (arm, fan) in self.input.arms.iter().zip(fans) {
            let Some((_, row)) = arm.row(step) else { continue };
            let rate = rate_of(&self.input, arm, fan, row.step, row.learning_rate);
            let at = (self.x.map(self.input.x_of(row)), self.place(rate));
            if at.1.is_finite() {
                scene.marker(Shape::of_arm(arm.index), at, 3.0, Ink::Arm(arm.index));
            }
        }
    }
}

/// The line of the selected matrix, where matrices differ.
fn selected<'a>(input: &Input, arm: &Arm, fan: &'a Fan) -> Option<&'a Line> {
    let index = if arm.record.layout.is_empty() {
        // Before the run is prepared the layout of the plan stands in.
        let layout = matrices::reference(input);
        let layout = if layout.is_empty() { &fan.layout[..] } else { layout };
        let selected = input.matrix.filter(|index| *index < layout.len()).or_else(|| default(layout))?;
        matrices::same(layout, selected, &fan.layout)?
    } else {
        matrices::selected_in(input, arm.record)?
    };
    fan.line(index)
}

fn default(layout: &[Parameter]) -> Option<usize> {
    layout.iter().rposition(|parameter| parameter.role == tailblazer_core::model::Role::Up)
}

/// The rate of the selected matrix at an update whose base rate is known.
fn rate_of(input: &Input, arm: &Arm, fan: &Fan, update: usize, base: f64) -> f64 {
    let multiplier = selected(input, arm, fan).zip(fan.place(update)).map(|(line, place)| line.multipliers[place]);
    base * multiplier.unwrap_or(1.0)
}

/// Rates of the updates after `from`, thinned to what a chart can show. The update that ends a warm-up stays.
pub fn rates(experiment: &Experiment, from: usize, steps: usize) -> impl Iterator<Item = (usize, f64)> {
    const MOST: usize = 1_000;
    let schedule = &experiment.schedule;
    let stride = (steps.saturating_sub(from) / MOST).max(1);
    let warmup = schedule.warmup_steps();
    let corners = [warmup, warmup.saturating_add(1), steps];
    let mut chosen: Vec<usize> = (from + 1..=steps).step_by(stride).collect();
    chosen.extend(corners.into_iter().filter(|step| (from + 1..=steps).contains(step)));
    chosen.sort_unstable();
    chosen.dedup();
    // `learning_rate` counts the steps already done: the first update is at 0.
    chosen.into_iter().map(move |step| (step, learning_rate(schedule, steps, step - 1)))
}

/// The end of the vertical scale: above every rate that was used or is planned.
fn top(input: &Input, fans: &[Fan]) -> f64 {
    let mut most = 0.0;
    for (arm, fan) in input.arms.iter().zip(fans) {
        let used = arm.record.columns.rows().iter().map(|row| row.learning_rate);
        let of_line = |line: &'_ Line| {
            let rates = fan.base.iter().zip(&line.multipliers).map(|(base, multiplier)| base * multiplier);
            rates.filter(|rate| rate.is_finite()).fold(0.0, f64::max)
        };
        let lines = fan.lines.iter().map(of_line);
        let tried = arm.record.searches.iter().flat_map(|search| &search.probes).map(|probe| probe.rate);
        most = used.chain(lines).chain(tried).filter(|rate| rate.is_finite()).fold(most, f64::max);
        most = most.max(arm.experiment.schedule.peak);
    }
    if most.is_finite() && most > 0.0 { most * 1.12 } else { 1.0 }
}

/// The power of ten that the vertical axis counts in.
fn exponent(input: &Input) -> i32 {
    let peaks = input.arms.iter().map(|arm| arm.experiment.schedule.peak);
    let peak = peaks.filter(|peak| peak.is_finite()).fold(0.0, f64::max);
    if peak > 0.0 { peak.log10().floor() as i32 } else { 0 }
}

fn in_unit(rate: f64, unit: f64) -> String {
    format!("{:.2}", rate / unit)
}

/// The unit of the vertical axis, and what it is not: `×10⁻³, not smoothed`.
pub fn unit(input: Input) -> String {
    match exponent(&input) {
        0 => t!("not smoothed").into(),
        exponent => t!("×{power}, not smoothed", power = power_of_ten(exponent)),
    }
}

/// Rates at one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readout {
    /// The step.
    pub step: usize,
    /// The matrix that they belong to, where matrices differ.
    pub matrix: Option<String>,
    /// Arms with their rates, in the unit of the axis.
    pub rates: Vec<(usize, String)>,
}

/// The rates at the crosshair, or at the last step.
pub fn readout(input: Input) -> Option<Readout> {
    let step = input.step()?;
    let unit = 10f64.powi(exponent(&input));
    let mut readout = Readout { step, ..Readout::default() };
    for arm in input.arms {
        let Some((_, row)) = arm.row(step) else { continue };
        let fan = Fan::at(arm, row.step);
        if let Some(line) = selected(&input, arm, &fan) {
            let index = matrices::selected(&input).unwrap_or(line.parameters[0]);
            readout.matrix = matrices::reference(&input).get(index).map(matrices::name);
        }
        let rate = rate_of(&input, arm, &fan, row.step, row.learning_rate);
        readout.rates.push((arm.index, in_unit(rate, unit)));
    }
    Some(readout)
}

/// The chart in one sentence.
pub fn summary(input: Input) -> String {
    let sentence = |arm: &Arm| {
        let (schedule, steps) = (&arm.experiment.schedule, arm.experiment.train.steps);
        let name = input.prefix(arm);
        let now = match arm.record.columns.last() {
            Some(row) => {
                let (rate, step) = (significant(row.learning_rate), integer(row.step));
                format!(" {}", t!("Now {rate} at step {step}.", rate, step))
            }
            None => String::new(),
        };
        let searched = searches(arm);
        let fan = Fan::at(arm, arm.done().max(1));
        let spread = match fan.range(0, |_| true) {
            Some((low, high)) => {
                let [low, high] = [low, high].map(|end| format!("{end:.2}"));
                format!(" {}", t!("Matrices from ×{low} to ×{high}.", low, high))
            }
            None => String::new(),
        };
        let (course, last) = (course(schedule), integer(steps));
        let plan = match is_adaptive(schedule) {
            true => t!("{course}, which follows the run, until step {last}.", course, last),
            false => {
                let rate = significant(learning_rate(schedule, steps, steps.saturating_sub(1)));
                t!("{course} to {rate} at step {last}.", course, rate, last)
            }
        };
        format!("{name}{plan}{now}{searched}{spread}")
    };
    let arms: Vec<String> = input.arms.iter().map(sentence).collect();
    t!("Learning rate by {axis}: {arms}", axis = input.x_axis.word(), arms = arms.join(" "))
}

/// What searches for the rate have cost so far; empty where there was none.
fn searches(arm: &Arm) -> String {
    let list = &arm.record.searches;
    if list.is_empty() {
        return String::new();
    }
    let (steps, probes) = list.iter().fold((0, 0), |(a, b), search| (a + search.steps, b + search.probes.len()));
    let seconds = fixed(list.iter().map(|search| search.seconds).sum(), 1);
    let steps = integer(steps);
    let sentence =
        t!("Rates tried on copies of the run: {probes}, with {steps} steps in {seconds} s.", probes, steps, seconds);
    format!(" {sentence}")
}

#[cfg(test)]
mod tests;
