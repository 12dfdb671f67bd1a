//! The second of two passes: an arm whose schedule is refined from the gradient norms of a finished run.

use leptos::prelude::*;
use tailblazer_core::{
    experiment::Experiment,
    schedule::{
        Curve, Drawn, Shape,
        refined::{Norm, RefineError, refined},
    },
    session::RunState,
};

use super::{Workspace, message::Message};

/// The share of the run that the paper's median covers.
const SMOOTHING: f64 = 0.1;

/// An experiment whose schedule is refined from the norms of all updates of its run, as a curve of points.
fn second_pass(experiment: &Experiment, norms: &[f64]) -> Result<Experiment, RefineError> {
    let factors = refined(norms, Norm::L2, SMOOTHING)?;
    let points = Curve::through(&factors).ok_or(RefineError::Short(norms.len()))?;
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
        let norms: Vec<f64> =
            run.record.with_value(|record| record.columns.rows().iter().map(|row| row.gradient_norm).collect());
        match second_pass(&experiment, &norms) {
            Ok(second) => self.add(&second),
            Err(error) => self.messages.push(Message::failure(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_norms_are_refined_to_a_linear_decay() {
        let second = second_pass(&Experiment::default(), &[0.5; 2_000]).expect("a schedule");
        assert_eq!(second.schedule.points.to_string(), "0:1,1:0");
        assert!(second.schedule.shape.is_drawn());
        assert_eq!(second.schedule.peak, Experiment::default().schedule.peak);
    }

    #[test]
    fn norms_that_fall_at_first_are_refined_to_a_warm_up_and_a_decay() {
        let norms: Vec<f64> = (0..2_000).map(|step| 1.0 + 4.0 * f64::exp(-f64::from(step) / 200.0)).collect();
        let points = second_pass(&Experiment::default(), &norms).expect("a schedule").schedule.points;
        assert_eq!(points.fault(), None);
        assert!(points.at(0.0) < 0.2 && points.at(0.4) > 0.9 && points.at(1.0) == 0.0, "{points}");
    }

    #[test]
    fn a_run_without_norms_is_refused() {
        assert_eq!(second_pass(&Experiment::default(), &[]), Err(RefineError::Short(0)));
        assert!(matches!(second_pass(&Experiment::default(), &[1.0, 0.0]), Err(RefineError::Norm { step: 2, .. })));
    }
}
