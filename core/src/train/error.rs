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
        /// The last step that was one.
        last: Option<LastFinite>,
        /// Steps done in the state that is kept.
        kept: usize,
        /// The peak learning rate of the run.
        peak: f64,
    },
    /// The device failed.
    #[error("The device stopped: {0}.")]
    Device(String),
}

/// The last step before a divergence.
#[derive(Clone, Debug, PartialEq)]
pub struct LastFinite {
    /// Steps done, it included.
    pub step: usize,
    /// Its loss in nats per token.
    pub loss: f64,
    /// The l2 norm of its gradient before clipping.
    pub gradient_norm: f64,
    /// The largest change that its update made, where that is known.
    pub largest_update: Option<LargestUpdate>,
}

/// The change of a parameter by an update.
#[derive(Clone, Debug, PartialEq)]
pub struct LargestUpdate {
    /// Name of the parameter, such as `layers.0.query.weight`.
    pub parameter: String,
    /// The l2 norm of its change over that of its weights before; not finite where the change is no number.
    pub share: f64,
}

fn last_finite(last: &Option<LastFinite>) -> String {
    let Some(LastFinite { step, loss, gradient_norm: norm, largest_update }) = last else {
        return "no loss was finite".into();
    };
    match largest_update {
        None => format!("the last finite loss was {loss:.4} at step {step}, with a gradient norm of {norm:.3}"),
        Some(LargestUpdate { parameter, share }) if share.is_finite() => {
            let percent = 100.0 * share;
            format!(
                "the last finite loss was {loss:.4} at step {step}, with a gradient norm of {norm:.3} and an update \
                 that changed {parameter} most, by {percent:.0} % of its weights"
            )
        }
        Some(LargestUpdate { parameter, .. }) => format!(
            "the last finite loss was {loss:.4} at step {step}, with a gradient norm of {norm:.3} and an update that \
             left {parameter} without numbers"
        ),
    }
}

impl From<burn::tensor::ExecutionError> for TrainError {
    fn from(error: burn::tensor::ExecutionError) -> Self {
        Self::Device(essence(&error.to_string()))
    }
}

/// The cause behind all others of an error that lists them, without the backtrace.
fn essence(error: &str) -> String {
    let (causes, _) = error.split_once("Backtrace:").unwrap_or((error, ""));
    let last = causes.lines().map(str::trim).rfind(|line| !line.is_empty() && *line != "Caused by:");
    last.unwrap_or(error).trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_cause_is_the_essence() {
        let error = "The device is poisoned\nCaused by:\n  Destroyed: Device was destroyed.\nBacktrace:\nNone.";
        assert_eq!(essence(error), "Destroyed: Device was destroyed");
        assert_eq!(essence("out of memory"), "out of memory");
    }
}
