//! The second of two passes: an arm whose schedule is refined from the gradient norms of a finished run.

use leptos::prelude::*;
use tailblazer_core::{
    experiment::Experiment,
    schedule::{
        Curve, Drawn, Shape,
        refined::{Norm, RefineError, refined},
    },
    session::{RunState, StepMetrics},
};

use super::{Workspace, message::Message};

/// The share of the run that the paper's median covers.
const SMOOTHING: f64 = 0.1;

/// An experiment whose schedule is refined from all updates of its run, as a curve of points. The optimiser decides which
/// norm of the gradient counts.
fn second_pass(experiment: &Experiment, rows: &[StepMetrics]) -> Result<Experiment, RefineError> {
    let norm = experiment.optimiser.method.norm();
    let of_row = |row: &StepMetrics| match norm {
        Norm::L1 => row.gradient_l1,
        Norm::L2 => row.gradient_norm,
    };
    let factors = refined(&rows.iter().map(of_row).collect::<Vec<_>>(), norm, SMOOTHING)?;
    let points = Curve::through(&factors).ok_or(RefineError::Short(rows.len()))?;
    let mut second = experiment.clone();
    (second.schedule.shape, second.schedule.points) = (Shape::of(&Drawn), points);
    Ok(second)
}

impl Workspace {
    /// Whether the run of the arm looked at has all the norms that a refined schedule is made from.
    pub fn can_refine(&self) -> bool {
        self.run().state.get() == RunState::Finished
    }

    /// Adds an arm whose schedule is refined from the run of the arm looked at, and edits it.
    pub fn refine(&self) {
        let (run, experiment) = untrack(|| (self.run(), self.shown()));
        match run.record.with_value(|record| second_pass(&experiment, record.columns.rows())) {
            Ok(second) => self.add(&second),
            Err(error) => self.messages.push(Message::failure(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use tailblazer_core::optim::Method;

    use super::*;

    /// Updates with so large norms: l1 where the optimiser is AdamW.
    fn rows(norms: impl IntoIterator<Item = f64>) -> Vec<StepMetrics> {
        let row = |norm| StepMetrics { gradient_l1: norm, gradient_norm: f64::NAN, ..StepMetrics::default() };
        norms.into_iter().map(row).collect()
    }

    #[test]
    fn the_optimiser_decides_which_norm_counts() {
        let mut experiment = Experiment::default();
        experiment.optimiser.choose(Method::find("sgd").expect("an optimiser"));
        let rows: Vec<_> = (0..2_000)
            .map(|step| StepMetrics {
                gradient_l1: f64::NAN,
                gradient_norm: 1.0 + f64::from(step),
                ..StepMetrics::default()
            })
            .collect();
        let second = second_pass(&experiment, &rows).expect("a schedule");
        assert!(second.schedule.points.at(0.5) < 0.01, "the square of the norm: {}", second.schedule.points);
        assert!(second_pass(&Experiment::default(), &rows).is_err(), "AdamW has no l1 norms here");
    }

    #[test]
    fn flat_norms_are_refined_to_a_linear_decay() {
        let second = second_pass(&Experiment::default(), &rows([0.5; 2_000])).expect("a schedule");
        assert_eq!(second.schedule.points.to_string(), "0:1,1:0");
        assert!(second.schedule.shape.is_drawn());
        assert_eq!(second.schedule.peak, Experiment::default().schedule.peak);
    }

    #[test]
    fn norms_that_fall_at_first_are_refined_to_a_warm_up_and_a_decay() {
        let norms = rows((0..2_000).map(|step| 1.0 + 4.0 * f64::exp(-f64::from(step) / 200.0)));
        let points = second_pass(&Experiment::default(), &norms).expect("a schedule").schedule.points;
        assert_eq!(points.fault(), None);
        assert!(points.at(0.0) < 0.3 && points.at(0.4) > 0.9 && points.at(1.0) == 0.0, "{points}");
    }

    #[test]
    fn a_run_without_norms_is_refused() {
        assert_eq!(second_pass(&Experiment::default(), &[]), Err(RefineError::Short(0)));
        assert!(matches!(
            second_pass(&Experiment::default(), &rows([1.0, 0.0])),
            Err(RefineError::Norm { step: 2, .. })
        ));
    }
}
