//! Losses and gradient norms that still lie on the device, and how they are read.

use burn::tensor::{Tensor, TensorData, Transaction};

use super::TrainError;
use crate::session::StepMetrics;

/// Most steps whose losses stay on the device unread, so that its queue stays short.
pub const UNREAD_STEPS: usize = 32;

/// What a step leaves on the device until it is read.
#[derive(Debug)]
pub struct PendingStep {
    /// Steps done, this one included.
    pub step: usize,
    /// Learning rate of the update.
    pub learning_rate: f64,
    /// Tokens trained on, this step included.
    pub tokens: u64,
    /// For each micro-batch, values whose sum is its mean loss before the update.
    pub losses: Vec<Tensor<1>>,
    /// The last two values are the l1 and the l2 norm of the gradient before clipping.
    pub gradient_norms: Tensor<1>,
}

impl PendingStep {
    /// The step with what was read of it. `seconds` is 0: the caller has the clock.
    pub fn row(&self, read: Read) -> StepMetrics {
        let Read { loss, gradient_l1, gradient_norm } = read;
        let Self { step, learning_rate, tokens, .. } = *self;
        StepMetrics { step, loss, learning_rate, gradient_norm, gradient_l1, tokens: tokens as f64, seconds: 0.0 }
    }
}

/// What a step has left on the device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Read {
    /// Its loss.
    pub loss: f64,
    /// The l1 norm of its gradient before clipping.
    pub gradient_l1: f64,
    /// The l2 norm.
    pub gradient_norm: f64,
}

impl Read {
    /// Whether the step was one.
    pub fn is_finite(self) -> bool {
        self.loss.is_finite() && self.gradient_norm.is_finite()
    }
}

/// Reads losses and gradient norms of several steps in one transfer, in order.
pub async fn read(pending: &[PendingStep]) -> Result<Vec<Read>, TrainError> {
    let tensors = pending.iter().flat_map(|step| step.losses.iter().chain([&step.gradient_norms]));
    let mut values = read_all(tensors.cloned()).await?.into_iter();
    let mut next = || values.next().expect("one list for each tensor");
    let row = |step: &PendingStep| {
        let loss = step.losses.iter().map(|_| sum(&next())).sum::<f64>() / step.losses.len() as f64;
        let norms = next();
        let from_end = |place: usize| norms.iter().rev().nth(place).copied().map_or(f64::NAN, f64::from);
        Read { loss, gradient_l1: from_end(1), gradient_norm: from_end(0) }
    };
    Ok(pending.iter().map(row).collect())
}

/// The values of several tensors, in one transfer.
pub async fn read_all(tensors: impl IntoIterator<Item = Tensor<1>>) -> Result<Vec<Vec<f32>>, TrainError> {
    let transaction = tensors.into_iter().fold(Transaction::default(), Transaction::register);
    Ok(transaction.execute_async().await?.into_iter().map(floats).collect())
}

/// The sum of many small numbers.
pub fn sum(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value)).sum()
}

/// The values of a tensor that was read.
fn floats(data: TensorData) -> Vec<f32> {
    data.iter::<f32>().collect()
}
