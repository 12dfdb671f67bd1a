//! The horizontal axis that all charts of a run share, so that one crosshair means one step in all of them.

use tailblazer_core::{experiment::Experiment, session::StepMetrics};

use super::{
    scene::{Anchor, Ink, Scene, Stroke, TICK},
    ticks::{self, Scale},
};
use crate::workspace::{Record, format, summary, view::XAxis};

/// The pixels that the data may use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Left edge.
    pub left: f64,
    /// Right edge.
    pub right: f64,
    /// Upper edge.
    pub top: f64,
    /// Lower edge.
    pub bottom: f64,
}

impl Frame {
    /// The plot inside a chart of this size. All charts have the same left and right edge.
    pub fn inside(width: f64, height: f64) -> Self {
        let left = if width < NARROW { 38.0 } else { 46.0 };
        let right = if width < NARROW { 46.0 } else { 58.0 };
        Self { left, right: (width - right).max(left + 20.0), top: 8.0, bottom: (height - 20.0).max(28.0) }
    }
}

/// Below this width words are shortened.
pub const NARROW: f64 = 420.0;

/// What a chart is drawn from.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The experiment of the run, or the edited one before a run.
    pub experiment: &'a Experiment,
    /// The run so far.
    pub record: &'a Record,
    /// What the horizontal axis counts.
    pub x_axis: XAxis,
    /// The step under the crosshair.
    pub crosshair: Option<usize>,
    /// Whether the run broke off.
    pub failed: bool,
}

impl Input<'_> {
    /// The horizontal scale. It spans the whole planned run wherever the plan says how long that is.
    pub fn x_scale(&self, frame: Frame) -> Scale {
        let steps = self.experiment.train.steps.max(1) as f64;
        let end = match self.x_axis {
            XAxis::Step => steps,
            XAxis::Tokens => steps * summary::tokens_per_step(self.experiment).max(1) as f64,
            XAxis::Seconds => self.seconds_end(),
        };
        Scale::linear((0.0, end), (frame.left, frame.right))
    }

    /// Nobody knows how long a run will take, so this axis grows, in round steps that seldom come.
    fn seconds_end(&self) -> f64 {
        let last = self.record.columns.last().map_or(0.0, |row| row.seconds);
        let step = ticks::nice_step((last / 6.0).max(1.0));
        ((last / step).floor() + 1.0) * step
    }

    /// Where a step lies on the horizontal axis.
    pub fn x_of(&self, row: &StepMetrics) -> f64 {
        match self.x_axis {
            XAxis::Step => row.step as f64,
            XAxis::Tokens => row.tokens,
            XAxis::Seconds => row.seconds,
        }
    }

    /// As [`Input::x_of`], for a count of steps that need not have a row.
    pub fn x_of_step(&self, step: usize) -> f64 {
        match self.x_axis {
            XAxis::Step => step as f64,
            XAxis::Tokens => (step * summary::tokens_per_step(self.experiment)) as f64,
            XAxis::Seconds => self.record.columns.seconds_at(step),
        }
    }

    /// The row under a pixel.
    pub fn row_at(&self, scale: &Scale, pixel: f64) -> Option<&StepMetrics> {
        let rows = self.record.columns.rows();
        let value = scale.invert(pixel);
        let after = rows.partition_point(|row| self.x_of(row) < value);
        let before = after.saturating_sub(1);
        match (rows.get(before), rows.get(after)) {
            (Some(a), Some(b)) if value - self.x_of(a) < self.x_of(b) - value => Some(a),
            (_, Some(b)) => Some(b),
            (a, None) => a,
        }
    }

    /// The row under the crosshair.
    pub fn crosshair_row(&self) -> Option<(usize, &StepMetrics)> {
        let index = self.record.columns.nearest(self.crosshair?)?;
        Some((index, &self.record.columns.rows()[index]))
    }

    /// Whether the planned run is done.
    pub fn done(&self) -> bool {
        self.record.columns.last().is_some_and(|row| row.step >= self.experiment.train.steps)
    }

    /// Grid lines, labels and the axis itself.
    pub fn draw_x(&self, scene: &mut Scene, frame: Frame, scale: &Scale) {
        let end = scale.domain.1;
        let count = ((frame.right - frame.left) / 96.0).round().max(2.0) as usize;
        let crosshair = self.crosshair_row().map(|(_, row)| scale.map(self.x_of(row)));
        let last = format!("{} {}", self.x_axis.name(), self.x_label(end));
        let last_width = last.chars().count() as f64 * TICK * 0.56;

        for value in ticks::linear(0.0, end, count) {
            let x = scale.map(value);
            scene.line((x, frame.top), (x, frame.bottom), Stroke::solid(Ink::Grid, 1.0));
            let beside_last = x > frame.right - last_width - 22.0;
            let beside_pill = crosshair.is_some_and(|at| (at - x).abs() < 38.0);
            if !beside_last && !beside_pill {
                scene.tick(self.x_label(value), (x, frame.bottom + 13.0), Anchor::Middle);
            }
        }
        if crosshair.is_none_or(|at| at < frame.right - last_width - 26.0) {
            scene.tick(last, (frame.right, frame.bottom + 13.0), Anchor::End);
        }
        scene.line((frame.left, frame.bottom), (frame.right, frame.bottom), Stroke::solid(Ink::Axis, 1.0));
    }

    /// A position on the horizontal axis in words.
    pub fn x_label(&self, value: f64) -> String {
        match self.x_axis {
            XAxis::Step => format::integer(value.round() as usize),
            XAxis::Tokens if value == 0.0 => "0".into(),
            XAxis::Tokens => shortest(format::compact(value)),
            XAxis::Seconds => ticks::label(value),
        }
    }

    /// The line between what happened and what did not.
    pub fn draw_now(&self, scene: &mut Scene, frame: Frame, scale: &Scale) {
        let Some(row) = self.record.columns.last().filter(|_| !self.done()) else { return };
        let x = scale.map(self.x_of(row));
        scene.line((x, frame.top), (x, frame.bottom), Stroke::now());
    }

    /// The crosshair and the pill with its position.
    pub fn draw_crosshair(&self, scene: &mut Scene, frame: Frame, scale: &Scale) {
        let Some((_, row)) = self.crosshair_row() else { return };
        let x = scale.map(self.x_of(row));
        scene.line((x, frame.top), (x, frame.bottom), Stroke::solid(Ink::Ink, 1.0));
        let text = match self.x_axis {
            XAxis::Seconds => format!("{:.1}", row.seconds),
            _ => self.x_label(self.x_of(row)),
        };
        scene.pill(text, x, frame.bottom + 3.0);
    }
}

/// A tick needs no trailing zeros: `1.50 M` is `1.5 M`.
fn shortest(compact: String) -> String {
    match compact.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => compact,
    }
}

#[cfg(test)]
mod tests {
    use tailblazer_core::session::MetricsFrame;

    use super::*;

    #[test]
    fn the_axis_spans_the_planned_run() {
        let (experiment, record) = (Experiment::default(), Record::default());
        let input =
            Input { experiment: &experiment, record: &record, x_axis: XAxis::Step, crosshair: None, failed: false };
        let frame = Frame::inside(600.0, 300.0);
        assert_eq!(input.x_scale(frame).domain, (0.0, 2000.0));
        let tokens = Input { x_axis: XAxis::Tokens, ..input };
        assert_eq!(tokens.x_scale(frame).domain.1, 2000.0 * 1024.0);
        assert_eq!(tokens.x_label(1.5e6), "1.5 M");
    }

    #[test]
    fn a_pixel_finds_its_step() {
        let experiment = Experiment::default();
        let mut record = Record::default();
        let row = |step| StepMetrics { step, loss: 2.0, seconds: step as f64, ..StepMetrics::default() };
        record.columns.append(MetricsFrame { steps: (1..=500).map(row).collect(), ..MetricsFrame::default() });
        let input =
            Input { experiment: &experiment, record: &record, x_axis: XAxis::Step, crosshair: None, failed: false };
        let frame = Frame::inside(600.0, 300.0);
        let scale = input.x_scale(frame);
        assert_eq!(input.row_at(&scale, scale.map(120.4)).map(|row| row.step), Some(120));
        assert_eq!(input.row_at(&scale, frame.right).map(|row| row.step), Some(500), "no further than the run is");
        assert_eq!(input.row_at(&scale, 0.0).map(|row| row.step), Some(1));
    }
}
