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

    /// An experiment with an optimiser.
    fn with(optimiser: &str) -> Experiment {
        let mut experiment = Experiment::default();
        experiment.optimiser.choose(Method::find(optimiser).expect("an optimiser"));
        experiment
    }

    /// Updates with so large norms of one kind; of the other there are none.
    fn rows(norm: Norm, sizes: impl IntoIterator<Item = f64>) -> Vec<StepMetrics> {
        let row = |size| {
            let (gradient_l1, gradient_norm) = match norm {
                Norm::L1 => (size, f64::NAN),
                Norm::L2 => (f64::NAN, size),
            };
            StepMetrics { gradient_l1, gradient_norm, ..StepMetrics::default() }
        };
        sizes.into_iter().map(row).collect()
    }

    #[test]
    fn the_optimiser_decides_which_norm_counts() {
        let rows = rows(Norm::L2, (0..2_000).map(|step| 1.0 + f64::from(step)));
        let second = second_pass(&with("sgd"), &rows).expect("a schedule");
        assert!(second.schedule.points.at(0.5) < 0.01, "the square of the norm: {}", second.schedule.points);
        assert!(second_pass(&with("adamw"), &rows).is_err(), "AdamW has no l1 norms here");
    }

    #[test]
    fn flat_norms_are_refined_to_a_linear_decay() {
        let second = second_pass(&Experiment::default(), &rows(Norm::L1, [0.5; 2_000])).expect("a schedule");
        assert_eq!(second.schedule.points.to_string(), "0:1,1:0");
        assert!(second.schedule.shape.is_drawn());
        assert_eq!(second.schedule.peak, Experiment::default().schedule.peak);
    }

    #[test]
    fn norms_that_fall_at_first_are_refined_to_a_warm_up_and_a_decay() {
        let sizes = (0..2_000).map(|step| 1.0 + 4.0 * f64::exp(-f64::from(step) / 200.0));
        // The square of the norm asks for the lower beginning.
        for (optimiser, norm, most) in [("sgd", Norm::L2, 0.2), ("adamw", Norm::L1, 0.3)] {
            let second = second_pass(&with(optimiser), &rows(norm, sizes.clone())).expect("a schedule");
            let points = second.schedule.points;
            assert_eq!(points.fault(), None);
            assert!(points.at(0.0) < most && points.at(0.4) > 0.9 && points.at(1.0) == 0.0, "{points}");
        }
    }

    #[test]
    fn a_run_without_norms_is_refused() {
        assert_eq!(second_pass(&Experiment::default(), &[]), Err(RefineError::Short(0)));
        assert!(matches!(
            second_pass(&Experiment::default(), &rows(Norm::L1, [1.0, 0.0])),
            Err(RefineError::Norm { step: 2, .. })
        ));
    }
}
