//! Next-token prediction.

use burn::tensor::{Int, Tensor, activation};

/// Mean of `-log softmax(logits)[target]` over all rows, in nats, `[1]`; `logits` are `[rows, vocabulary]`, `targets` `[rows]`.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let [rows, _] = logits.dims();
    activation::log_softmax(logits, 1).gather(1, targets.reshape([rows, 1])).mean().neg()
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    #[test]
    fn uniform_logits_cost_the_log_of_the_vocabulary() {
        let device = Device::flex();
        let targets = Tensor::from_data(TensorData::new(vec![0, 64, 7], [3]), &device);
        let loss = cross_entropy(Tensor::zeros([3, 65], &device), targets).into_scalar::<f32>();
        assert!((loss - 65f32.ln()).abs() < 1e-6);
    }

    #[test]
    fn large_logits_stay_finite() {
        let device = Device::flex();
        let logits = Tensor::from_data(TensorData::new(vec![1e4f32, -1e4, -1e4, 1e4], [2, 2]), &device);
        let targets = Tensor::from_data(TensorData::new(vec![0, 0], [2]), &device);
        let loss = cross_entropy(logits, targets).into_scalar::<f32>();
        assert!((loss - 1e4).abs() < 1.0, "{loss}");
    }
}
