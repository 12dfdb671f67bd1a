//! Losses and gradient norms that still lie on the device, and how they are read.

use burn::tensor::{Tensor, TensorData};

use super::TrainError;

/// What a step leaves on the device until it is read.
#[derive(Debug)]
pub struct PendingStep {
    /// Steps done, this one included.
    pub step: usize,
    /// Learning rate of the update.
    pub learning_rate: f64,
    /// Tokens trained on, this step included.
    pub tokens: u64,
    /// Loss before the update, `[1]`.
    pub loss: Tensor<1>,
    /// l2 norm of the gradient before clipping, `[1]`.
    pub gradient_norm: Tensor<1>,
}

/// Reads losses and gradient norms of several steps in one transfer, in order.
pub async fn read(pending: &[PendingStep]) -> Result<Vec<(f64, f64)>, TrainError> {
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    let columns = pending.iter().flat_map(|step| [step.loss.clone(), step.gradient_norm.clone()]).collect();
    let values = floats(Tensor::cat(columns, 0).into_data_async().await?);
    Ok(values.chunks_exact(2).map(|pair| (f64::from(pair[0]), f64::from(pair[1]))).collect())
}

/// The values of a tensor that was read.
pub fn floats(data: TensorData) -> Vec<f32> {
    data.iter::<f32>().collect()
}
