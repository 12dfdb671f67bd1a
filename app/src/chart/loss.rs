//! The loss: every step as a thin ghost, a labelled moving average, validation as markers.

use super::{
    axis::{Frame, Input, NARROW},
    scene::{Anchor, Curve, Ink, Scene, Shape, Stroke, decimate},
    ticks::{self, Scale},
};
use crate::workspace::{
    columns::EMA_DECAY,
    format::{fixed, integer},
};

/// The least loss that a logarithmic axis shows; an exact answer has a loss of almost 0.
const FLOOR: f64 = 1e-4;

/// Draws the loss.
pub fn scene(input: Input, log: bool, width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let frame = Frame::inside(width, height);
    let x = input.x_scale(frame);
    let y = y_scale(&input, log, frame);
    let columns = &input.record.columns;

    draw_y(&mut scene, frame, &y);
    input.draw_x(&mut scene, frame, &x);

    let place = |value: f64| if value.is_finite() { y.clamp(value.max(FLOOR)) } else { f64::NAN };
    let raw = decimate(columns.rows().iter().map(|row| (x.map(input.x_of(row)), place(row.loss))));
    let ema = columns.rows().iter().zip(columns.ema());
    let smooth = decimate(ema.map(|(row, value)| (x.map(input.x_of(row)), place(*value))));
    draw(&mut scene, &raw, Stroke::ghost(Ink::Arm));
    draw(&mut scene, &smooth, Stroke::solid(Ink::Arm, 1.75));
    for validation in input.record.validations.iter().filter(|v| v.loss.is_finite()) {
        let at = (x.map(input.x_of_step(validation.step)), place(validation.loss));
        scene.marker(Shape::Disc, at, 3.2, Ink::Arm);
    }
    let mut breaks = raw.breaks.clone();
    if let Some(last) = raw.parts.last().and_then(|part| part.last())
        && input.failed
        && breaks.is_empty()
    {
        // A step whose loss was not finite is not part of the run; the cross stands at the last one that is.
        breaks.push(*last);
    }
    for (px, py) in &breaks {
        let at = (*px, if py.is_finite() { *py } else { frame.top + 8.0 });
        scene.marker(Shape::Cross, at, 5.0, Ink::Bad);
    }

    input.draw_now(&mut scene, frame, &x);
    if !columns.is_empty() {
        draw_key(&mut scene, frame, width);
    }
    draw_end(&mut scene, &input, &x, &place);
    input.draw_crosshair(&mut scene, frame, &x);
    if let Some((index, row)) = input.crosshair_row()
        && columns.ema()[index].is_finite()
    {
        scene.marker(Shape::Disc, (x.map(input.x_of(row)), place(columns.ema()[index])), 2.8, Ink::Arm);
    }
    scene
}

fn draw(scene: &mut Scene, curve: &Curve, stroke: Stroke) {
    for part in &curve.parts {
        scene.path(part.clone(), stroke);
    }
}

/// The vertical scale holds every finite value, with ends that move in coarse steps so that the axis seldom jumps.
fn y_scale(input: &Input, log: bool, frame: Frame) -> Scale {
    let losses = input.record.columns.rows().iter().map(|row| row.loss);
    let validations = input.record.validations.iter().map(|validation| validation.loss);
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for loss in losses.chain(validations).filter(|loss| loss.is_finite()) {
        low = low.min(loss.max(FLOOR));
        high = high.max(loss.max(FLOOR));
    }
    if low > high {
        (low, high) = (1.0, 5.0);
    }
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

fn draw_y(scene: &mut Scene, frame: Frame, y: &Scale) {
    let room = frame.bottom - frame.top;
    let values = if y.log {
        ticks::logarithmic(y, 24.0)
    } else {
        ticks::linear(y.domain.0, y.domain.1, (room / 44.0).round().max(2.0) as usize)
    };
    for value in values {
        let py = y.map(value);
        scene.line((frame.left, py), (frame.right, py), Stroke::solid(Ink::Grid, 1.0));
        scene.tick(ticks::label(value), (frame.left - 7.0, py + 3.5), Anchor::End);
    }
}

/// What the three marks mean, in the corner that a falling curve leaves free.
fn draw_key(scene: &mut Scene, frame: Frame, width: f64) {
    let narrow = width < NARROW;
    let x = frame.right - if narrow { 112.0 } else { 150.0 };
    let y = frame.top + 14.0;
    let zigzag = [0.0, -3.0, 3.0, -4.0, 2.0, -2.0, 1.0];
    let points = zigzag.iter().enumerate().map(|(i, dy)| (x + 3.0 * i as f64, y - 3.0 + dy)).collect();
    scene.path(points, Stroke::ghost(Ink::Ink));
    scene.words("every step", (x + 26.0, y + 0.5), Ink::Second, false);
    scene.line((x, y + 13.0), (x + 18.0, y + 13.0), Stroke::solid(Ink::Ink, 1.75));
    scene.words(format!("EMA {EMA_DECAY}"), (x + 26.0, y + 16.5), Ink::Second, false);
    scene.marker(Shape::Disc, (x + 9.0, y + 29.0), 3.2, Ink::Ink);
    scene.words("validation", (x + 26.0, y + 32.5), Ink::Second, false);
}

/// The smoothed loss at the end of its line.
fn draw_end(scene: &mut Scene, input: &Input, x: &Scale, place: &impl Fn(f64) -> f64) {
    let columns = &input.record.columns;
    let Some(i) = columns.ema().iter().rposition(|value| value.is_finite()) else { return };
    let (px, py) = (x.map(input.x_of(&columns.rows()[i])), place(columns.ema()[i]));
    let words = fixed(columns.ema()[i], 2);
    // A run that left the scale would carry its label out of the plot.
    if words.len() <= 8 {
        scene.words(words, (px + 7.0, py + 3.8), Ink::ArmText, true);
    }
}

/// The chart in one sentence.
pub fn summary(input: Input, log: bool, unit: &str) -> String {
    let scale = if log { "log" } else { "linear" };
    let columns = &input.record.columns;
    let (Some(first), Some(last)) = (columns.rows().first(), columns.last()) else {
        return format!("Loss by {}, in {unit}, on a {scale} scale. No step has been made.", input.x_axis.name());
    };
    let validation = match input.record.validations.last() {
        Some(v) => format!(" Validation {} at step {}.", fixed(v.loss, 3), integer(v.step)),
        None => String::new(),
    };
    format!(
        "Loss by {}, in {unit}, on a {scale} scale: {} at step {}, {} at step {} of {}.{validation}",
        input.x_axis.name(),
        fixed(first.loss, 3),
        integer(first.step),
        fixed(last.loss, 3),
        integer(last.step),
        integer(input.experiment.train.steps),
    )
}

#[cfg(test)]
mod tests {
    use tailblazer_core::{
        experiment::Experiment,
        session::{MetricsFrame, StepMetrics},
    };

    use super::*;
    use crate::{
        chart::{palette::Palette, scene::Item, svg},
        workspace::{Record, Validation, view::XAxis},
    };

    fn record(steps: usize, loss: impl Fn(usize) -> f64) -> Record {
        let row = |step| StepMetrics {
            step,
            loss: loss(step),
            learning_rate: 1e-3,
            gradient_norm: 1.0,
            tokens: 1024.0 * step as f64,
            seconds: 0.02 * step as f64,
        };
        let mut record = Record::default();
        record.columns.append(MetricsFrame { steps: (1..=steps).map(row).collect(), ..MetricsFrame::default() });
        record.validations = vec![
            Validation { step: 0, loss: 4.2, exact_match: None },
            Validation { step: steps / 2, loss: 2.9, exact_match: None },
        ];
        record
    }

    fn figure(record: &Record, x_axis: XAxis, log: bool, crosshair: Option<usize>) -> String {
        let mut experiment = Experiment::default();
        experiment.train.steps = 60;
        let input = Input { experiment: &experiment, record, x_axis, crosshair, failed: false };
        svg::document(&scene(input, log, 480.0, 240.0), &Palette::variables(), &summary(input, log, "nats/char"), None)
    }

    fn falling(step: usize) -> f64 {
        1.6 + 2.8 / (1.0 + step as f64 / 8.0) + if step.is_multiple_of(7) { 0.2 } else { 0.0 }
    }

    #[test]
    fn before_a_run() {
        insta::assert_snapshot!(figure(&Record::default(), XAxis::Step, true, None));
    }

    #[test]
    fn while_it_runs() {
        insta::assert_snapshot!(figure(&record(40, falling), XAxis::Step, true, Some(21)));
    }

    #[test]
    fn by_tokens_on_a_linear_scale() {
        insta::assert_snapshot!(figure(&record(60, falling), XAxis::Tokens, false, None));
    }

    #[test]
    fn a_run_that_diverged() {
        let loss = |step| if step < 30 { falling(step) } else { f64::NAN };
        insta::assert_snapshot!(figure(&record(30, loss), XAxis::Seconds, true, None));
    }

    #[test]
    fn a_run_that_broke_off_ends_in_a_cross() {
        let (experiment, record) = (Experiment::default(), record(30, falling));
        let input =
            Input { experiment: &experiment, record: &record, x_axis: XAxis::Step, crosshair: None, failed: false };
        let crosses = |scene: Scene| {
            let is_cross = |item: &&Item| matches!(item, Item::Marker { shape: Shape::Cross, .. });
            scene.items.iter().filter(is_cross).count()
        };
        assert_eq!(crosses(scene(input, true, 480.0, 240.0)), 0);
        assert_eq!(crosses(scene(Input { failed: true, ..input }, true, 480.0, 240.0)), 1);
    }

    #[test]
    fn every_loss_has_a_place() {
        for value in [1e-9, 0.02, 0.99, 1.0, 1.7, 4.39, 9.99, 123.0, 1e12] {
            for log in [true, false] {
                let record = record(3, |step| value * step as f64);
                let experiment = Experiment::default();
                let input = Input {
                    experiment: &experiment,
                    record: &record,
                    x_axis: XAxis::Step,
                    crosshair: None,
                    failed: false,
                };
                let frame = Frame::inside(400.0, 200.0);
                let y = y_scale(&input, log, frame);
                assert!(y.domain.0 > 0.0 && y.domain.0 < y.domain.1, "{value} gives {:?}", y.domain);
                for row in record.columns.rows() {
                    let pixel = y.map(row.loss.max(FLOOR));
                    assert!(pixel >= frame.top - 1e-6 && pixel <= frame.bottom + 1e-6, "{value} leaves the plot");
                }
            }
        }
    }
}
