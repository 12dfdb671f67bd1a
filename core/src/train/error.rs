//! What can go wrong while a model trains.

/// A run that cannot go on; the trainer has gone back to its last finite state.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TrainError {
    /// A loss or a gradient is no longer a finite number.
    #[error(
        "The run diverged at step {step}: {}, and the weights of step {kept} are kept. Lower the peak learning rate \
         (now {peak}), lengthen the warm-up or tighten the clip, then reset.",
        last_finite(.last)
    )]
    Diverged {
        /// The step whose loss or gradient is not finite, counted from 1.
        step: usize,
        /// Step and value of the last finite loss.
        last: Option<(usize, f64)>,
        /// Steps done in the state that is kept.
        kept: usize,
        /// The peak learning rate of the run.
        peak: f64,
    },
    /// The device failed.
    #[error(
        "The device stopped: {0}. The weights of the last validation are kept; choose the CPU under Device, or reload the page."
    )]
    Device(String),
}

fn last_finite(last: &Option<(usize, f64)>) -> String {
    match last {
        Some((step, loss)) => format!("the last finite loss was {loss:.4} at step {step}"),
        None => "no loss was finite".into(),
    }
}

impl From<burn::tensor::ExecutionError> for TrainError {
    fn from(error: burn::tensor::ExecutionError) -> Self {
        Self::Device(error.to_string())
    }
}
