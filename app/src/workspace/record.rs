//! The dense part of a run: every step, validation, spectrum and branch that it reported.

use tailblazer_core::{
    layerwise::Parameter,
    session::{LayersFrame, MetricsFrame, Report, SearchFrame, Validation},
};

use super::{branch::Branches, columns::Columns};

/// The dense part of a run.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Metrics of every step.
    pub columns: Columns,
    /// Validations, in order.
    pub validations: Vec<Validation>,
    /// The model's parameters, in the order of the lists in `layers`.
    pub layout: Vec<Parameter>,
    /// Measured spectra, in order.
    pub layers: Vec<LayersFrame>,
    /// Searches for a learning rate, in order.
    pub searches: Vec<SearchFrame>,
    /// Decays that left the run as it was, in order.
    pub branches: Branches,
}

impl Record {
    /// Takes in metrics; a run that went back has other steps there now.
    pub fn metrics(&mut self, frame: MetricsFrame) {
        if let Some(first) = frame.steps.first() {
            self.branches.go_back(first.step.saturating_sub(1));
        }
        self.columns.append(frame);
    }

    /// Takes in a search, which begins or ends at its step: what the run reported behind it is out of date.
    pub fn search(&mut self, frame: SearchFrame) {
        self.validations.retain(|known| known.step <= frame.step);
        self.layers.retain(|known| known.step <= frame.step);
        self.searches.retain(|known| known.step < frame.step);
        self.searches.push(frame);
    }

    /// The validation loss after so many steps, if the run got there.
    pub fn final_loss(&self, steps: usize) -> Option<f64> {
        self.validations.last().filter(|last| last.step >= steps).map(|last| last.loss)
    }

    /// The record of a run that reported this.
    pub fn of(report: &Report) -> Self {
        let mut record = Self {
            validations: report.validations.clone(),
            layout: report.prepared.as_ref().map(|prepared| prepared.layout.clone()).unwrap_or_default(),
            layers: report.layers.clone(),
            searches: report.searches.clone(),
            ..Self::default()
        };
        let (steps, batch_digest) = (report.steps.clone(), report.batch_digest.clone());
        record.columns.append(MetricsFrame { steps, batch_digest, ..MetricsFrame::default() });
        for frame in &report.branches {
            record.branches.take(&record.columns, frame.clone());
        }
        record.branches.close();
        record
    }

    /// What such a run reports.
    pub fn report(&self) -> Report {
        Report {
            steps: self.columns.rows().to_vec(),
            batch_digest: self.columns.batch_digest().to_owned(),
            validations: self.validations.clone(),
            layers: self.layers.clone(),
            searches: self.searches.clone(),
            branches: self.branches.frames(),
            ..Report::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use tailblazer_core::session::{BranchEnd, BranchFrame, StepMetrics};

    use super::*;
    use crate::chart::synthetic;

    #[test]
    fn a_report_and_its_record_are_worth_the_same() {
        let mut record = synthetic::record(20, synthetic::falling);
        let row = |step| StepMetrics { step, loss: 1.5, ..StepMetrics::default() };
        let frame = BranchFrame { from: 10, steps: 4, ..BranchFrame::default() };
        for more in [
            frame.clone(),
            BranchFrame { rows: vec![row(11), row(12)], validation: Some(1.4), ..frame.clone() },
            BranchFrame { rows: vec![row(13), row(14)], validation: Some(1.3), ..frame.clone() },
            BranchFrame { end: Some(BranchEnd::Finished), ..frame },
        ] {
            record.branches.take(&record.columns, more);
        }
        let report = record.report();
        let again = Record::of(&report);
        assert_eq!(again.report(), report);
        assert_eq!(again.columns.ema(), record.columns.ema());
        let [a, b] = [&record, &again].map(|of| of.branches.iter().next().expect("a branch"));
        assert_eq!((&a.ema, &a.validations, a.end), (&b.ema, &b.validations, b.end));
        assert_eq!(Record::of(&report.until(5)).columns.len(), 5);
        let mut cut = report;
        cut.branches.truncate(2);
        assert!(!Record::of(&cut).branches.is_growing(), "a run that goes on elsewhere has no branch under way");
    }
}
