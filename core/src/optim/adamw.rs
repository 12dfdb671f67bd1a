//! AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2).

use burn::tensor::Tensor;

use crate::{experiment::OptimiserConfig, model::ParameterSpec};

/// ```text
/// m <- beta1 m + (1 - beta1) g
/// v <- beta2 v + (1 - beta2) g^2
/// w <- w (1 - lr decay) - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
/// ```
///
/// Decay applies to matrices and embeddings only ([`ParameterSpec::decays`]).
#[derive(Clone, Debug)]
pub struct AdamW {
    config: OptimiserConfig,
    decays: Vec<bool>,
    updates: i32,
    moments: Vec<(Tensor<2>, Tensor<2>)>,
}

impl AdamW {
    /// The optimiser before its first update; `weights` give the shapes of the moments.
    pub fn new(config: &OptimiserConfig, specs: &[ParameterSpec], weights: &[Tensor<2>]) -> Self {
        let zeros = |weight: &Tensor<2>| Tensor::zeros(weight.dims(), &weight.device());
        Self {
            config: config.clone(),
            decays: specs.iter().map(ParameterSpec::decays).collect(),
            updates: 0,
            moments: weights.iter().map(|weight| (zeros(weight), zeros(weight))).collect(),
        }
    }

    /// Moves the weights by one update; weights and gradients are in the order of the specs.
    pub fn step(&mut self, weights: &mut [Tensor<2>], gradients: Vec<Tensor<2>>, learning_rate: f64) {
        let OptimiserConfig { beta1, beta2, epsilon, weight_decay, .. } = self.config;
        self.updates += 1;
        let correction1 = 1.0 - beta1.powi(self.updates);
        let correction2 = 1.0 - beta2.powi(self.updates);

        let parameters = weights.iter_mut().zip(&mut self.moments).zip(&self.decays).zip(gradients);
        for (((weight, (m, v)), decays), gradient) in parameters {
            *m = m.clone() * beta1 + gradient.clone() * (1.0 - beta1);
            *v = v.clone() * beta2 + gradient.square() * (1.0 - beta2);
            let scaled = m.clone() / ((v.clone() / correction2).sqrt() + epsilon) * (learning_rate / correction1);
            let kept = if *decays { 1.0 - learning_rate * weight_decay } else { 1.0 };
            *weight = weight.clone() * kept - scaled;
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::{
        model::Role,
        optim::{clip, global_norm},
    };

    /// `tests/golden/optimizer_vectors.json`: three updates with and without clipping, in f64.
    #[test]
    fn three_updates_agree_with_the_golden_vectors() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/golden/optimizer_vectors.json")).expect("valid JSON");
        let device = Device::flex();
        let numbers = |value: &serde_json::Value| -> Vec<f32> {
            value.as_array().expect("numbers").iter().map(|number| number.as_f64().expect("a number") as f32).collect()
        };
        let row = |values: Vec<f32>| Tensor::<2>::from_data(TensorData::new(values, [1, 3]), &device);
        for (case, limit) in [("adamw_three_steps", 0.0), ("adamw_three_steps_clip_1", 1.0)] {
            let case = &golden[case];
            let config = OptimiserConfig { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weight_decay: 0.1, clip: limit };
            let spec = ParameterSpec { name: "w".into(), role: Role::Up, layer: None, shape: [1, 3], deviation: 0.02 };
            let mut weights = vec![row(numbers(&case["w0"]))];
            let mut optimiser = AdamW::new(&config, &[spec], &weights);
            for (gradient, expected) in
                case["grads"].as_array().expect("steps").iter().zip(case["steps"].as_array().expect("steps"))
            {
                let gradients = vec![row(numbers(gradient))];
                let norm = global_norm(&gradients);
                let pre_clip = expected["pre_clip_norm"].as_f64().expect("a number");
                assert!((f64::from(norm.clone().into_scalar::<f32>()) - pre_clip).abs() < 1e-6);
                optimiser.step(&mut weights, clip(gradients, &norm, limit), 0.01);
                let found: Vec<f32> = weights[0].clone().into_data().iter::<f32>().collect();
                for (found, expected) in found.iter().zip(numbers(&expected["w"])) {
                    assert!((found - expected).abs() < 2e-6, "{found}, not {expected}");
                }
            }
        }
    }

    #[test]
    fn vectors_do_not_decay_and_a_zero_gradient_moves_nothing() {
        let device = Device::flex();
        let weights = || vec![Tensor::<2>::ones([1, 2], &device)];
        for (role, expected) in [(Role::Scale, 1.0f32), (Role::Up, 0.9)] {
            let spec = ParameterSpec { name: "w".into(), role, layer: None, shape: [1, 2], deviation: 0.0 };
            let mut weights = weights();
            let mut optimiser =
                AdamW::new(&OptimiserConfig { weight_decay: 1.0, ..Default::default() }, &[spec], &weights);
            optimiser.step(&mut weights, vec![Tensor::zeros([1, 2], &device)], 0.1);
            assert_eq!(weights[0].clone().into_data().iter::<f32>().collect::<Vec<_>>(), [expected; 2]);
        }
    }
}
