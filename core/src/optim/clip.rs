//! Clipping by the global norm (Pascanu et al. 2013, arXiv:1211.5063).
//!
//! burn's own `GradientClipping::Norm` clips every parameter by itself, which is another method.

use burn::tensor::Tensor;

/// The l2 norm of all gradients taken as one vector, `[1]`; stays on the device.
pub fn global_norm(gradients: &[Tensor<2>]) -> Tensor<1> {
    let squares = gradients.iter().map(|gradient| gradient.clone().square().sum()).collect();
    Tensor::cat(squares, 0).sum().sqrt()
}

/// Scales all gradients by `min(1, limit / norm)`; a limit of 0 leaves them as they are.
pub fn clip(gradients: Vec<Tensor<2>>, norm: &Tensor<1>, limit: f64) -> Vec<Tensor<2>> {
    if limit == 0.0 {
        return gradients;
    }
    // 1e-6 as in PyTorch's clip_grad_norm_: a zero gradient must not divide by zero.
    let scale = (norm.clone() + 1e-6).recip().mul_scalar(limit).clamp_max(1.0).reshape([1, 1]);
    gradients.into_iter().map(|gradient| gradient * scale.clone()).collect()
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn clipped(values: [Vec<f32>; 2], limit: f64) -> (f32, Vec<f32>) {
        let device = Device::flex();
        let gradients: Vec<Tensor<2>> = values
            .into_iter()
            .map(|values| {
                let columns = values.len();
                Tensor::from_data(TensorData::new(values, [1, columns]), &device)
            })
            .collect();
        let norm = global_norm(&gradients);
        let all =
            clip(gradients, &norm, limit).into_iter().flat_map(|g| g.into_data().iter::<f32>().collect::<Vec<_>>());
        let all = all.collect();
        (norm.into_scalar(), all)
    }

    #[test]
    fn one_norm_for_all_parameters() {
        let (norm, scaled) = clipped([vec![3.0, 0.0], vec![4.0]], 1.0);
        assert!((norm - 5.0).abs() < 1e-6);
        for (found, expected) in scaled.iter().zip([0.6, 0.0, 0.8]) {
            assert!((found - expected).abs() < 1e-5);
        }
    }

    #[test]
    fn small_gradients_and_a_limit_of_zero_change_nothing() {
        assert_eq!(clipped([vec![0.3], vec![0.4]], 1.0).1, [0.3, 0.4]);
        assert_eq!(clipped([vec![30.0], vec![40.0]], 0.0).1, [30.0, 40.0]);
        assert_eq!(clipped([vec![0.0], vec![0.0]], 1.0).1, [0.0, 0.0]);
    }
}
