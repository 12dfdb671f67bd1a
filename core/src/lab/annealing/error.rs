//! Runs that cannot be fitted, in sentences for the visitor.

use super::LEAST_POINTS;

/// What keeps the annealing law from a run.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum AnnealingError {
    /// A lambda without a finite memory.
    #[error("Lambda is {0}: choose a number from 0 to below 1.")]
    Lambda(f64),
    /// Four parameters, and lambda, need more points.
    #[error(
        "The law needs at least {LEAST_POINTS} losses at 3 or more different steps, not {points} at {steps}: validate \
         more often, or train longer."
    )]
    TooFew {
        /// Losses of all runs.
        points: usize,
        /// Different values of S1 among them.
        steps: usize,
    },
    /// A loss that is no number above 0.
    #[error("The loss of run {run} at step {step} is {loss}: leave it out, since the law describes losses above 0.")]
    Loss {
        /// The run, counted from 1.
        run: usize,
        /// Its step.
        step: usize,
        /// What was recorded.
        loss: f64,
    },
    /// A rate that is no number from 0 to a million.
    #[error("The learning rate of run {run} at step {step} is {rate}: give one from 0 to 1,000,000.")]
    Rate {
        /// The run, counted from 1.
        run: usize,
        /// Its step.
        step: usize,
        /// What was given.
        rate: f64,
    },
    /// A loss after the last rate.
    #[error("Run {run} has a loss at step {step} and learning rates for {rates} steps: give the rates up to the loss.")]
    Step {
        /// The run, counted from 1.
        run: usize,
        /// Its step.
        step: usize,
        /// How many rates it has.
        rates: usize,
    },
    /// A loss before any rate above 0.
    #[error("The learning rates of run {run} up to step {step} are 0: leave out losses from before the first update.")]
    NoProgress {
        /// The run, counted from 1.
        run: usize,
        /// Its step.
        step: usize,
    },
    /// No run whose rate changes: every C fits.
    #[error("The learning rate never changes, so that C cannot be fitted: add a run whose rate falls.")]
    ConstantRates,
    /// No start led to a finite objective.
    #[error("The law could not be fitted from any start: leave out losses that are far from the others.")]
    NoFit,
}
