//! Clipping by the global norm (Pascanu et al. 2013, arXiv:1211.5063).
//!
//! burn's own `GradientClipping::Norm` clips every parameter by itself, which is another method.

use burn::tensor::Tensor;

/// The l1 and the l2 norm of a flat gradient, `[1]` each; they stay on the device.
pub fn global_norms(gradient: &Tensor<1>) -> [Tensor<1>; 2] {
    [gradient.clone().abs().sum(), gradient.clone().square().sum().sqrt()]
}

/// Scales a flat gradient by `min(1, limit / norm)`; a limit of 0 leaves it as it is.
pub fn clip(gradient: Tensor<1>, norm: &Tensor<1>, limit: f64) -> Tensor<1> {
    if limit == 0.0 {
        return gradient;
    }
    // 1e-6 as in PyTorch's clip_grad_norm_: a zero gradient must not divide by zero.
    gradient * (norm.clone() + 1e-6).recip().mul_scalar(limit).clamp_max(1.0)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn clipped(values: &[f32], limit: f64) -> (f32, Vec<f32>) {
        let gradient = Tensor::from_floats(values, &Device::flex());
        let [_, norm] = global_norms(&gradient);
        let scaled = clip(gradient, &norm, limit).into_data().iter::<f32>().collect();
        (norm.into_scalar(), scaled)
    }

    #[test]
    fn one_norm_for_all_parameters() {
        let (norm, scaled) = clipped(&[3.0, 0.0, 4.0], 1.0);
        assert!((norm - 5.0).abs() < 1e-6);
        for (found, expected) in scaled.iter().zip([0.6, 0.0, 0.8]) {
            assert!((found - expected).abs() < 1e-5);
        }
    }

    #[test]
    fn the_l1_norm_adds_sizes_up() {
        let [l1, _] = global_norms(&Tensor::from_floats([3.0, 0.0, -4.0], &Device::flex()));
        assert_eq!(l1.into_scalar::<f32>(), 7.0);
    }

    #[test]
    fn small_gradients_and_a_limit_of_zero_change_nothing() {
        assert_eq!(clipped(&[0.3, 0.4], 1.0).1, [0.3, 0.4]);
        assert_eq!(clipped(&[30.0, 40.0], 0.0).1, [30.0, 40.0]);
        assert_eq!(clipped(&[0.0, 0.0], 1.0).1, [0.0, 0.0]);
    }
}
