//! Losses of logits as tensors, for plain operations.

use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData, activation};

use super::{Example, Loss};

/// The weighted loss of every row, `[rows]`, in nats; `logits` are `[rows, vocabulary]`.
pub fn losses(logits: Tensor<2>, example: &Example) -> Tensor<1> {
    let (device, rows) = (logits.device(), example.weights.len());
    let floats = |values: &[f32]| Tensor::<1>::from_data(TensorData::new(values.to_vec(), [rows]), &device);
    let losses = match &example.loss {
        Loss::CrossEntropy => cross_entropy(logits, &example.targets),
        Loss::Uniform { alphas } => {
            uniform(activation::log_softmax(logits, 1).exp(), &example.tokens, &example.targets, floats(alphas))
        }
    };
    losses * floats(&example.weights)
}

/// `-log softmax(logits)[target]` of every row.
fn cross_entropy(logits: Tensor<2>, targets: &[u32]) -> Tensor<1> {
    let rows = targets.len();
    let targets = ids(targets, &logits);
    activation::log_softmax(logits, 1).gather(1, targets).reshape([rows]).neg()
}

/// The integrand of uniform-state diffusion's bound for every row, as
/// [`uniform_loss`](super::uniform_loss::loss) defines it.
fn uniform(probabilities: Tensor<2>, noisy: &[u32], clean: &[u32], alphas: Tensor<1>) -> Tensor<1> {
    let [rows, count] = probabilities.dims();
    let (noisy, clean) = (ids(noisy, &probabilities), ids(clean, &probabilities));
    // A row that weighs nothing may have any share.
    let alphas = alphas.clamp(1e-6, 1.0 - 1e-6).reshape([rows, 1]);
    let (steep, rest) = (alphas.clone() * count as f64, alphas.neg() + 1.0);
    let certain = Tensor::zeros_like(&probabilities).scatter(1, clean, steep.ones_like(), IndexingUpdateOp::Add);
    let a = certain * steep.clone() + rest.clone();
    let b = probabilities * steep.clone() + rest;
    let (a_z, b_z) = (a.clone().gather(1, noisy.clone()), b.clone().gather(1, noisy));
    let logarithms = b_z.clone().log() - b.log() + a.clone().log() - a_z.clone().log();
    let sum = (a / a_z.clone() * logarithms).sum_dim(1);
    let inner = a_z.recip() * count as f64 - b_z.recip() * count as f64 - sum;
    (inner / steep).neg().reshape([rows])
}

/// Tokens as a column beside `like`, `[rows, 1]`.
fn ids(tokens: &[u32], like: &Tensor<2>) -> Tensor<2, Int> {
    let tokens: Vec<i32> = tokens.iter().map(|token| *token as i32).collect();
    let rows = tokens.len();
    Tensor::from_data(TensorData::new(tokens, [rows, 1]), &like.device())
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::objective::{View, uniform_loss};

    fn example(tokens: Vec<u32>, targets: Vec<u32>, weights: Vec<f32>, loss: Loss) -> Example {
        let view = View::Causal { context: tokens.len() };
        Example { view, batch: 1, tokens, targets, weights, loss }
    }

    fn of(logits: &[f32], columns: usize, example: &Example) -> Vec<f32> {
        let rows = logits.len() / columns;
        let logits = Tensor::from_data(TensorData::new(logits.to_vec(), [rows, columns]), &Device::flex());
        losses(logits, example).into_data().iter::<f32>().collect()
    }

    #[test]
    fn uniform_logits_cost_the_log_of_the_vocabulary() {
        let example = example(vec![0; 3], vec![0, 64, 7], vec![1.0, 0.5, 0.0], Loss::CrossEntropy);
        let found = of(&[0.0; 195], 65, &example);
        let whole = 65f32.ln();
        for (found, expected) in found.iter().zip([whole, whole / 2.0, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }

    #[test]
    fn large_logits_stay_finite() {
        let example = example(vec![0; 2], vec![0, 0], vec![0.5; 2], Loss::CrossEntropy);
        let loss: f32 = of(&[1e4, -1e4, -1e4, 1e4], 2, &example).iter().sum();
        assert!((loss - 1e4).abs() < 1.0, "{loss}");
    }

    #[test]
    fn the_bound_of_uniform_noise_is_the_one_in_f64() {
        let logits = [0.3, -1.0, 2.0, 0.1, 0.0, 0.5, -0.5, 1.5, 0.2, 0.2, 0.1, -3.0];
        let alphas = vec![0.9, 0.4, 0.05, 0.0];
        let loss = Loss::Uniform { alphas: alphas.clone() };
        let example = example(vec![2, 0, 1, 1], vec![2, 1, 1, 0], vec![1.0, 1.0, 2.0, 0.0], loss);
        for (row, found) in of(&logits, 3, &example).into_iter().enumerate() {
            let powers: Vec<f64> = logits[row * 3..][..3].iter().map(|logit| f64::from(*logit).exp()).collect();
            let total: f64 = powers.iter().sum();
            let probabilities: Vec<f64> = powers.iter().map(|power| power / total).collect();
            let weight = f64::from(example.weights[row]);
            let expected = match weight {
                0.0 => 0.0,
                _ => {
                    let (clean, noisy) = (example.targets[row] as usize, example.tokens[row] as usize);
                    weight * uniform_loss::loss(f64::from(alphas[row]), clean, noisy, &probabilities)
                }
            };
            assert!((f64::from(found) - expected).abs() < 1e-4 * expected.max(1.0), "{row}: {found} {expected}");
        }
    }
}
