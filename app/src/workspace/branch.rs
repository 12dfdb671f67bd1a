//! The branches of a run: decays of its learning rate that left it as it was.

use tailblazer_core::session::{BranchEnd, BranchFrame, StepMetrics};

use super::columns::{Columns, Smoother};

/// A decay that branched off.
#[derive(Clone, Debug, Default)]
pub struct Branch {
    /// Steps of the run done where it branched off.
    pub from: usize,
    /// Steps that it was to make.
    pub steps: usize,
    /// Metrics of its steps, counted on from those of the run.
    pub rows: Vec<StepMetrics>,
    /// The smoothed loss of every step, which goes on from that of the run.
    pub ema: Vec<f64>,
    /// Steps and losses of its validations, in order.
    pub validations: Vec<(usize, f64)>,
    /// How it ended; none while it goes on.
    pub end: Option<BranchEnd>,
    smoother: Smoother,
}

impl Branch {
    /// A branch of a run with these metrics.
    fn new(columns: &Columns, from: usize, steps: usize) -> Self {
        Self { from, steps, smoother: columns.smoother_at(from), ..Self::default() }
    }

    /// Steps done, those of the run before it included.
    pub fn done(&self) -> usize {
        self.rows.last().map_or(self.from, |row| row.step)
    }

    fn take(&mut self, frame: BranchFrame) {
        for row in frame.rows {
            self.ema.push(self.smoother.push(row.loss));
            self.rows.push(row);
        }
        self.validations.extend(frame.validation.map(|loss| (self.done(), loss)));
        self.end = frame.end;
    }
}

/// The branches of one run, in the order in which they left it.
#[derive(Clone, Debug, Default)]
pub struct Branches(Vec<Branch>);

impl Branches {
    /// Takes in what a branch reports. One that begins takes the place of an earlier one from the same step.
    pub fn take(&mut self, columns: &Columns, frame: BranchFrame) {
        let (from, steps) = (frame.from, frame.steps);
        if frame.is_first() {
            self.0.retain(|known| known.from < from);
            self.0.push(Branch::new(columns, from, steps));
        }
        if let Some(branch) = self.0.iter_mut().rfind(|branch| branch.from == from) {
            branch.take(frame);
        }
    }

    /// Forgets branches that left behind a step: the run has gone back there.
    pub fn go_back(&mut self, step: usize) {
        self.0.retain(|known| known.from <= step);
    }

    /// Ends a branch that was under way: what it grew from is not here.
    pub fn close(&mut self) {
        self.0
            .iter_mut()
            .filter(|branch| branch.end.is_none())
            .for_each(|branch| branch.end = Some(BranchEnd::Stopped));
    }

    /// Reports that lead to these branches, in order.
    pub fn frames(&self) -> Vec<BranchFrame> {
        let of = |branch: &Branch| {
            let begin = BranchFrame { from: branch.from, steps: branch.steps, ..BranchFrame::default() };
            let mut frames = vec![begin.clone()];
            let mut rows = branch.rows.as_slice();
            for (step, loss) in &branch.validations {
                let (until, rest) = rows.split_at(rows.partition_point(|row| row.step <= *step));
                rows = rest;
                frames.push(BranchFrame { rows: until.to_vec(), validation: Some(*loss), ..begin.clone() });
            }
            if !rows.is_empty() || branch.end.is_some() {
                frames.push(BranchFrame { rows: rows.to_vec(), end: branch.end, ..begin });
            }
            frames
        };
        self.0.iter().flat_map(of).collect()
    }

    /// The branches, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Branch> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one is under way.
    pub fn is_growing(&self) -> bool {
        self.0.last().is_some_and(|branch| branch.end.is_none())
    }
}

#[cfg(test)]
mod tests {
    use tailblazer_core::session::MetricsFrame;

    use super::*;

    fn rows(steps: std::ops::RangeInclusive<usize>) -> Vec<StepMetrics> {
        steps.map(|step| StepMetrics { step, loss: 1.0 + 10.0 / step as f64, ..StepMetrics::default() }).collect()
    }

    fn columns(steps: usize) -> Columns {
        let mut columns = Columns::default();
        columns.append(MetricsFrame { steps: rows(1..=steps), ..MetricsFrame::default() });
        columns
    }

    fn frame(from: usize) -> BranchFrame {
        BranchFrame { from, steps: 10, ..BranchFrame::default() }
    }

    #[test]
    fn a_branch_grows_and_its_curve_goes_on_from_the_run() {
        // The same losses as the run has, so that the curves must meet.
        let (run, mut branches) = (columns(40), Branches::default());
        branches.take(&run, frame(20));
        assert!(branches.is_growing());
        branches.take(&run, BranchFrame { rows: rows(21..=25), validation: Some(1.5), ..frame(20) });
        branches.take(&run, BranchFrame { rows: rows(26..=30), ..frame(20) });
        branches.take(&run, BranchFrame { end: Some(BranchEnd::Finished), ..frame(20) });
        let branch = branches.iter().next().expect("a branch");
        assert_eq!((branch.done(), branch.validations.as_slice()), (30, &[(25, 1.5)][..]));
        assert_eq!(branch.ema, run.ema()[20..30]);
        assert!(!branches.is_growing());
    }

    #[test]
    fn a_branch_that_begins_anew_replaces_the_one_before() {
        let (run, mut branches) = (columns(40), Branches::default());
        for from in [10, 20, 20, 30] {
            branches.take(&run, frame(from));
            branches.take(&run, BranchFrame { rows: rows(from + 1..=from + 3), ..frame(from) });
        }
        let found: Vec<_> = branches.iter().map(|branch| (branch.from, branch.rows.len())).collect();
        assert_eq!(found, [(10, 3), (20, 3), (30, 3)]);
        branches.go_back(20);
        assert_eq!(branches.iter().count(), 2);
    }

    #[test]
    fn a_frame_of_an_unknown_branch_is_dropped() {
        let mut branches = Branches::default();
        branches.take(&columns(5), BranchFrame { rows: rows(6..=7), ..frame(5) });
        assert!(branches.is_empty());
    }
}
