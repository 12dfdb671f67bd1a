//! What charts are drawn from: one to eight arms, and how they are looked at.

use tailblazer_core::{
    experiment::{Comparison, Experiment},
    session::{LayersFrame, StepMetrics},
};

use super::{
    axis::Frame,
    forecast::Forecast,
    ticks::{self, Scale},
};
use crate::workspace::{overlay::Overlay, record::Record, summary, view::XAxis};

/// One arm and its runs.
#[derive(Clone, Copy)]
pub struct Arm<'a> {
    /// Its place in the experiment, 0 to 7 for A to H: its colour, dash and marker.
    pub index: usize,
    /// Its settings: those of the run, or the edited ones before a run.
    pub experiment: &'a Experiment,
    /// Its present run so far.
    pub record: &'a Record,
    /// Whether that run broke off.
    pub failed: bool,
    /// Its finished runs with other seeds, in the order of the seeds, which all arms share.
    pub earlier: &'a [Record],
}

impl<'a> Arm<'a> {
    /// Its letter.
    pub fn letter(&self) -> char {
        Comparison::letter(self.index)
    }

    /// Steps done.
    pub fn done(&self) -> usize {
        self.record.columns.last().map_or(0, |row| row.step)
    }

    /// Whether the planned run is done.
    pub fn is_done(&self) -> bool {
        self.done() >= self.experiment.train.steps && !self.record.columns.is_empty()
    }

    /// The row of a step, if the run has come so far.
    pub fn row(&self, step: usize) -> Option<(usize, &'a StepMetrics)> {
        let index = self.record.columns.nearest(step).filter(|_| step <= self.done())?;
        Some((index, &self.record.columns.rows()[index]))
    }

    /// Its spectra nearest to a step, or the last ones.
    pub fn spectra(&self, step: Option<usize>) -> Option<&'a LayersFrame> {
        let frames = &self.record.layers;
        match step {
            Some(step) => frames.iter().min_by_key(|frame| frame.step.abs_diff(step)),
            None => frames.last(),
        }
    }
}

/// What a chart is drawn from.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The arms, in order.
    pub arms: &'a [Arm<'a>],
    /// What the horizontal axis counts.
    pub x_axis: XAxis,
    /// The step under the crosshair.
    pub crosshair: Option<usize>,
    /// The selected parameter: its index in [`Record::layout`] of the first arm that has one.
    pub matrix: Option<usize>,
    /// The annealing law, where it is shown.
    pub law: Option<&'a Forecast>,
    /// Kept runs behind the arms.
    pub overlays: &'a [Overlay],
}

impl<'a> Input<'a> {
    /// Whether arms are compared.
    pub fn is_comparison(&self) -> bool {
        self.arms.len() > 1
    }

    /// An arm's letter and a space where arms are compared, and nothing where there is only one.
    pub fn prefix(&self, arm: &Arm) -> String {
        if self.is_comparison() { format!("{} ", arm.letter()) } else { String::new() }
    }

    /// The arm that has come furthest; the crosshair walks over its steps.
    pub fn lead(&self) -> Option<&'a Arm<'a>> {
        // Of equals the first.
        self.arms.iter().rev().max_by_key(|arm| arm.done())
    }

    /// The arm at this place of the experiment.
    pub fn arm(&self, index: usize) -> Option<&'a Arm<'a>> {
        self.arms.iter().find(|arm| arm.index == index)
    }

    /// Steps of the longest planned run.
    pub fn steps(&self) -> usize {
        self.arms.iter().map(|arm| arm.experiment.train.steps).max().unwrap_or(0)
    }

    /// Whether every planned run is done.
    pub fn is_done(&self) -> bool {
        self.arms.iter().all(Arm::is_done)
    }

    /// Whether no arm made a step.
    pub fn is_empty(&self) -> bool {
        self.arms.iter().all(|arm| arm.record.columns.is_empty())
    }

    /// The plot inside a chart of this size.
    pub fn frame(&self, width: f64, height: f64) -> Frame {
        Frame::inside(width, height, self.is_comparison())
    }

    /// The horizontal scale. It spans the whole planned run wherever the plan says how long that is, and branches that
    /// go beyond it.
    pub fn x_scale(&self, frame: Frame) -> Scale {
        let end = |arm: &Arm| {
            let branches = arm.record.branches.iter();
            let last = branches.clone().map(|branch| branch.from + branch.steps).max().unwrap_or(0);
            let steps = arm.experiment.train.steps.max(last).max(1) as f64;
            match self.x_axis {
                XAxis::Step => steps,
                XAxis::Tokens => steps * summary::tokens_per_step(arm.experiment).max(1) as f64,
                XAxis::Seconds => {
                    let rows = arm.record.columns.last().into_iter().chain(branches.filter_map(|b| b.rows.last()));
                    rows.map(|row| row.seconds).fold(0.0, f64::max)
                }
            }
        };
        let end = self.arms.iter().map(end).fold(0.0, f64::max);
        let end = match self.x_axis {
            XAxis::Seconds => seconds_end(end),
            _ => end.max(1.0),
        };
        Scale::linear((0.0, end), (frame.left, frame.right))
    }

    /// Where a row lies on the horizontal axis.
    pub fn x_of(&self, row: &StepMetrics) -> f64 {
        match self.x_axis {
            XAxis::Step => row.step as f64,
            XAxis::Tokens => row.tokens,
            XAxis::Seconds => row.seconds,
        }
    }

    /// As [`Input::x_of`], for a count of steps of an arm that need not have a row.
    pub fn x_of_step(&self, arm: &Arm, step: usize) -> f64 {
        match self.x_axis {
            XAxis::Step => step as f64,
            XAxis::Tokens => step as f64 * summary::tokens_per_step(arm.experiment) as f64,
            XAxis::Seconds => arm.record.columns.seconds_at(step),
        }
    }

    /// The step of the leading arm under a pixel.
    pub fn step_at(&self, scale: &Scale, pixel: f64) -> Option<usize> {
        let rows = self.lead()?.record.columns.rows();
        let value = scale.invert(pixel);
        let after = rows.partition_point(|row| self.x_of(row) < value);
        let before = after.saturating_sub(1);
        let row = match (rows.get(before), rows.get(after)) {
            (Some(a), Some(b)) if value - self.x_of(a) < self.x_of(b) - value => Some(a),
            (_, Some(b)) => Some(b),
            (a, None) => a,
        };
        row.map(|row| row.step)
    }

    /// The row of the leading arm under the crosshair.
    pub fn crosshair_row(&self) -> Option<&'a StepMetrics> {
        let columns = &self.lead()?.record.columns;
        columns.nearest(self.crosshair?).map(|index| &columns.rows()[index])
    }

    /// The step under the crosshair, or the last one.
    pub fn step(&self) -> Option<usize> {
        let last = || self.lead().map(Arm::done).filter(|step| *step > 0);
        self.crosshair_row().map(|row| row.step).or_else(last)
    }
}

/// Nobody knows how long a run will take, so this axis grows, in round steps that seldom come.
fn seconds_end(last: f64) -> f64 {
    let last = if last.is_finite() { last } else { 0.0 };
    let step = ticks::nice_step((last / 6.0).max(1.0));
    ((last / step).floor() + 1.0) * step
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::testing::{self, Runs};

    #[test]
    fn the_axis_spans_the_longest_planned_run() {
        let mut runs = Runs::new(2, 0);
        runs.arms[1].experiment.train.steps = 5000;
        runs.with(|input| {
            let frame = input.frame(600.0, 300.0);
            assert_eq!(input.x_scale(frame).domain, (0.0, 5000.0));
            let tokens = Input { x_axis: XAxis::Tokens, ..input };
            assert_eq!(tokens.x_scale(frame).domain.1, 5000.0 * 1024.0);
        });
        let nothing =
            Input { arms: &[], x_axis: XAxis::Step, crosshair: Some(3), matrix: None, law: None, overlays: &[] };
        assert_eq!(nothing.x_scale(nothing.frame(600.0, 300.0)).domain, (0.0, 1.0));
    }

    #[test]
    fn a_pixel_finds_the_step_of_the_leading_arm() {
        let mut runs = Runs::new(2, 500);
        runs.arms[0].record = testing::record(90, |_| 2.0);
        runs.with(|input| {
            let frame = input.frame(600.0, 300.0);
            let scale = input.x_scale(frame);
            assert_eq!(input.step_at(&scale, scale.map(120.4)), Some(120));
            assert_eq!(input.step_at(&scale, frame.right), Some(500), "no further than the run is");
            assert_eq!(input.step_at(&scale, 0.0), Some(1));
            assert_eq!(input.arms[0].row(91), None, "the other arm has not come so far");
            assert_eq!(input.arms[0].row(90).map(|(index, row)| (index, row.step)), Some((89, 90)));
        });
    }

    #[test]
    fn spectra_are_the_nearest_measured_ones() {
        let runs = Runs::measured(1, 300);
        runs.with(|input| {
            let step = |at| input.arms[0].spectra(at).map(|frame| frame.step);
            assert_eq!([step(Some(149)), step(Some(151)), step(None)], [Some(100), Some(200), Some(300)]);
        });
    }
}
