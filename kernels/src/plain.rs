//! The operations of a transformer's forward pass, composed from burn's primitives.
//!
//! Activations are `[rows, width]` with `rows = batch * time`, so that every linear map is one matrix product.

use burn::tensor::{Tensor, activation};

use crate::cpu::MUON;

/// Added to a variance before its root (nanoGPT, PyTorch's default).
const EPSILON: f64 = 1e-5;

/// `x W + b`: `[rows, inputs]` to `[rows, outputs]`.
pub fn linear(x: Tensor<2>, weight: &Tensor<2>, bias: Option<&Tensor<2>>) -> Tensor<2> {
    let y = x.matmul(weight.clone());
    match bias {
        Some(bias) => y + bias.clone(),
        None => y,
    }
}

/// Layer norm over the width (Ba et al. 2016, arXiv:1607.06450): `[rows, width]` to `[rows, width]`.
pub fn layer_norm(x: Tensor<2>, scale: &Tensor<2>, bias: Option<&Tensor<2>>) -> Tensor<2> {
    let centred = x.clone() - x.mean_dim(1);
    let variance = centred.clone().square().mean_dim(1);
    let y = centred / (variance + EPSILON).sqrt() * scale.clone();
    match bias {
        Some(bias) => y + bias.clone(),
        None => y,
    }
}

/// Softmax attention, `[batch, heads, time, channels]` each; `mask` is `[1, 1, time, time]` and is added to the scores.
pub fn attention(
    query: Tensor<4>,
    key: Tensor<4>,
    value: Tensor<4>,
    mask: Tensor<4>,
    dropout: impl FnOnce(Tensor<4>) -> Tensor<4>,
) -> Tensor<4> {
    let channels = query.dims()[3] as f64;
    let scores = query.matmul(key.swap_dims(2, 3)) / channels.sqrt() + mask;
    dropout(activation::softmax(scores, 3)).matmul(value)
}

/// Muon's Newton-Schulz iteration (Jordan et al. 2024) of every matrix, `[count, rows, columns]` with at least as many
/// columns as rows: `X / (|X| + 1e-7)` with the Frobenius norm, then per iteration `A = X X^T`,
/// `X <- a X + (b A + c A A) X`. Singular values end between 0.7 and 1.2, by design.
pub fn newton_schulz(matrices: Tensor<3>, iterations: usize) -> Tensor<3> {
    let [a, b, c] = MUON;
    let norm = matrices.clone().square().sum_dim(2).sum_dim(1).sqrt();
    (0..iterations).fold(matrices / (norm + 1e-7), |x, _| {
        let gram = x.clone().matmul(x.clone().swap_dims(1, 2));
        let mixed = gram.clone() * b + gram.clone().matmul(gram) * c;
        x.clone() * a + mixed.matmul(x)
    })
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::functions;

    fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    fn assert_close(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4, "{found}, not {expected}");
        }
    }

    #[test]
    fn a_linear_map_multiplies_and_adds() {
        let (x, w) = (tensor(&[1.0, 2.0], [1, 2]), tensor(&[1.0, 2.0, 3.0, 4.0], [2, 2]));
        assert_close(&values(linear(x.clone(), &w, None)), &[7.0, 10.0]);
        assert_close(&values(linear(x, &w, Some(&tensor(&[0.5, -1.0], [1, 2])))), &[7.5, 9.0]);
    }

    #[test]
    fn a_normed_row_has_mean_zero_and_variance_one() {
        let x = tensor(&[1.0, 2.0, 3.0, 4.0], [1, 4]);
        let root = 1.25f32.sqrt();
        let expected = [-1.5 / root, -0.5 / root, 0.5 / root, 1.5 / root];
        assert_close(&values(layer_norm(x, &tensor(&[1.0; 4], [1, 4]), None)), &expected);
        let constant = tensor(&[5.0; 4], [1, 4]);
        assert_close(
            &values(layer_norm(constant, &tensor(&[1.0; 4], [1, 4]), Some(&tensor(&[2.0; 4], [1, 4])))),
            &[2.0; 4],
        );
    }

    #[test]
    fn matrices_are_orthogonalised_as_by_the_kernels() {
        for (count, rows, columns) in [(1, 1, 1), (2, 2, 3), (3, 7, 20)] {
            let mut list: Vec<f32> = (0..count * rows * columns).map(|at| (at * 37 % 101) as f32 - 50.0).collect();
            // One matrix of zeros.
            list[..rows * columns].fill(if count == 3 { 0.0 } else { 1.0 });
            let matrices = tensor(&list, [count, rows, columns]);
            let fused = values(functions::newton_schulz(matrices.clone(), 5));
            assert!(fused[..rows * columns].iter().all(|value| *value != 0.0 || count == 3));
            assert_close(&values(newton_schulz(matrices, 5)), &fused);
        }
    }

    #[test]
    fn attention_averages_the_values_that_the_mask_allows() {
        let same = tensor(&[0.0; 3], [1, 1, 3, 1]);
        let value = tensor(&[3.0, 6.0, 9.0], [1, 1, 3, 1]);
        let causal = tensor(&[0.0, -1e9, -1e9, 0.0, 0.0, -1e9, 0.0, 0.0, 0.0], [1, 1, 3, 3]);
        let out = attention(same.clone(), same, value, causal, |shares| shares);
        assert_close(&values(out), &[3.0, 4.5, 6.0]);
    }
}
