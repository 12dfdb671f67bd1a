//! The scaling law with learning-rate annealing (Tissue, Wang and Wang 2024, arXiv:2408.11029): one or two runs give a
//! law that predicts the loss under any other schedule.
//!
//! `L(s) = L0 + A * S1(s)^-alpha - C * S2(s)`: the sum of all rates so far drives the loss down, and every fall of the
//! rate takes off a little more. [`sums()`] computes S1 and S2, [`fit()`] the parameters, and a [`Law`] predicts. A
//! [`Course`] is what the law can know of an experiment's runs, a [`Prediction`] what it says about them, and
//! [`difference()`] whether it may.

mod course;
mod difference;
mod error;
mod fit;
mod law;
mod objective;
mod prediction;
mod sums;
#[cfg(test)]
mod tests;

pub use course::{Course, MOST_POINTS, STRETCH, Update};
pub use difference::{Difference, difference};
pub use error::AnnealingError;
pub use fit::{Fit, LAMBDAS, LEAST_POINTS, Lambda, fit};
pub use law::{Accuracy, Law};
pub use objective::HUBER_DELTA;
pub use prediction::Prediction;
pub use sums::{Sums, Warmup, half_life, rates, sums};

/// A loss at a moment of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Index of the last learning rate that counts; after `n` updates it is `n - 1`.
    pub step: usize,
    /// The loss, above 0, in nats: validation, or training smoothed.
    pub loss: f64,
}

/// A run to fit or to be held to a prediction. The first tenth of its losses is best left out, since the law does not
/// describe the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run<'a> {
    /// The learning rate of every update, at least 0.
    pub rates: &'a [f64],
    /// Its losses, in any order.
    pub points: &'a [Point],
}
