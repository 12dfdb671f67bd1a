//! The learning rate: what was used is solid, what is planned is dotted, and nothing is ever smoothed.

use tailblazer_core::{experiment::Experiment, schedule::learning_rate};

use super::{
    axis::{Frame, Input},
    scene::{Anchor, Ink, Scene, Shape, Stroke, decimate},
    ticks::{self, Scale},
};
use crate::workspace::{
    format::{integer, power_of_ten},
    summary::course,
    view::XAxis,
};

/// Draws the learning rate.
pub fn scene(input: Input, width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let frame = Frame::inside(width, height);
    let x = input.x_scale(frame);
    let y = Scale::linear((0.0, top(&input)), (frame.bottom, frame.top));
    let columns = &input.record.columns;

    let unit = 10f64.powi(exponent(input.experiment));
    let count = ((frame.bottom - frame.top) / 34.0).round().max(2.0) as usize;
    for value in ticks::linear(0.0, y.domain.1 / unit, count) {
        let py = y.map(value * unit);
        scene.line((frame.left, py), (frame.right, py), Stroke::solid(Ink::Grid, 1.0));
        scene.tick(ticks::label(value), (frame.left - 7.0, py + 3.5), Anchor::End);
    }
    input.draw_x(&mut scene, frame, &x);

    let place = |rate: f64| if rate.is_finite() { y.clamp(rate) } else { f64::NAN };
    let planned = plan(&input);
    for part in decimate(planned.iter().map(|(at, rate)| (x.map(*at), place(*rate)))).parts {
        scene.path(part, Stroke::plan(Ink::Arm));
    }
    let used = columns.rows().iter().map(|row| (x.map(input.x_of(row)), place(row.learning_rate)));
    for part in decimate(used).parts {
        scene.path(part, Stroke::solid(Ink::Arm, 2.0));
    }

    input.draw_now(&mut scene, frame, &x);
    if let Some((at, rate)) = planned.get(planned.len() / 2).filter(|_| planned.len() > 8) {
        scene.words("plan", (x.map(*at) + 6.0, place(*rate) - 6.0), Ink::Second, false);
    }
    if let Some(row) = columns.last() {
        let at = (x.map(input.x_of(row)), place(row.learning_rate));
        scene.words(in_unit(row.learning_rate, unit), (at.0 + 7.0, at.1 + 3.8), Ink::ArmText, true);
    }
    input.draw_crosshair(&mut scene, frame, &x);
    if let Some((_, row)) = input.crosshair_row() {
        scene.marker(Shape::Disc, (x.map(input.x_of(row)), place(row.learning_rate)), 3.0, Ink::Arm);
    }
    scene
}

/// The rates to come. Seconds to come are unknown, so on that axis there is no plan.
fn plan(input: &Input) -> Vec<(f64, f64)> {
    if input.x_axis == XAxis::Seconds {
        return Vec::new();
    }
    let steps = input.experiment.train.steps;
    let done = input.record.columns.last().map_or(0, |row| row.step);
    rates(input.experiment, done, steps).map(|(step, rate)| (input.x_of_step(step), rate)).collect()
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

fn top(input: &Input) -> f64 {
    let used = input.record.columns.rows().iter().map(|row| row.learning_rate);
    let most = used.filter(|rate| rate.is_finite()).fold(input.experiment.schedule.peak, f64::max);
    if most.is_finite() && most > 0.0 { most * 1.12 } else { 1.0 }
}

/// The power of ten that the vertical axis counts in.
fn exponent(experiment: &Experiment) -> i32 {
    let peak = experiment.schedule.peak;
    if peak.is_finite() && peak > 0.0 { peak.log10().floor() as i32 } else { 0 }
}

fn in_unit(rate: f64, unit: f64) -> String {
    format!("{:.2}", rate / unit)
}

/// The unit of the vertical axis, and what it is not: `×10⁻³, not smoothed`.
pub fn unit(experiment: &Experiment) -> String {
    match exponent(experiment) {
        0 => "not smoothed".into(),
        exponent => format!("×{}, not smoothed", power_of_ten(exponent)),
    }
}

/// The rate at the crosshair, or at the last step, in the axis' unit.
pub fn readout(input: Input) -> Option<(usize, String)> {
    let row = input.crosshair_row().map(|(_, row)| row).or(input.record.columns.last())?;
    Some((row.step, in_unit(row.learning_rate, 10f64.powi(exponent(input.experiment)))))
}

/// The chart in one sentence.
pub fn summary(input: Input) -> String {
    let schedule = &input.experiment.schedule;
    let steps = input.experiment.train.steps;
    let course = course(schedule);
    let now = match input.record.columns.last() {
        Some(row) => {
            format!(" Now {} at step {}.", crate::workspace::format::significant(row.learning_rate), integer(row.step))
        }
        None => String::new(),
    };
    format!(
        "Learning rate by {}: {course} to {} at step {}.{now}",
        input.x_axis.name(),
        crate::workspace::format::significant(learning_rate(schedule, steps, steps.saturating_sub(1))),
        integer(steps),
    )
}

#[cfg(test)]
mod tests {
    use tailblazer_core::session::{MetricsFrame, StepMetrics};

    use super::*;
    use crate::{
        chart::{palette::Palette, svg},
        workspace::Record,
    };

    fn experiment() -> Experiment {
        let mut experiment = Experiment::default();
        experiment.train.steps = 40;
        experiment.schedule.warmup = 8;
        experiment
    }

    fn figure(done: usize, x_axis: XAxis) -> String {
        let experiment = experiment();
        let row = |(step, learning_rate)| StepMetrics {
            step,
            learning_rate,
            seconds: 0.1 * step as f64,
            ..StepMetrics::default()
        };
        let mut record = Record::default();
        let steps = rates(&experiment, 0, 40).take(done).map(row).collect();
        record.columns.append(MetricsFrame { steps, ..MetricsFrame::default() });
        let input = Input { experiment: &experiment, record: &record, x_axis, crosshair: None, failed: false };
        svg::document(&scene(input, 360.0, 160.0), &Palette::variables(), "Learning rate", None)
    }

    #[test]
    fn before_a_run_all_is_dotted() {
        let svg = figure(0, XAxis::Step);
        assert!(!svg.contains("stroke-width=\"2\""));
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn half_way_the_rest_is_dotted() {
        insta::assert_snapshot!(figure(20, XAxis::Step));
    }

    #[test]
    fn seconds_have_no_plan() {
        assert!(!figure(20, XAxis::Seconds).contains("stroke-dasharray=\"1.5 2.5\""));
    }

    #[test]
    fn the_peak_is_never_thinned_away() {
        let mut experiment = experiment();
        experiment.train.steps = 100_000;
        experiment.schedule.warmup = 777;
        let most = rates(&experiment, 0, 100_000).map(|(_, rate)| rate).fold(0.0, f64::max);
        assert!((most - experiment.schedule.peak).abs() < 1e-9);
    }
}
