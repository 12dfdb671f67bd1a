//! AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2).

use burn::tensor::{Device, Tensor, TensorData};
use tailblazer_kernels::{
    cpu,
    functions::{self, GradientSum, State},
    plan::Plan,
    update::{Group, Update},
};

use super::{clip, global_norm};
use crate::{
    experiment::OptimiserConfig,
    model::{ParameterSpec, flat},
};

/// ```text
/// m <- beta1 m + (1 - beta1) g
/// v <- beta2 v + (1 - beta2) g^2
/// w <- w (1 - lr decay) - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
/// ```
///
/// `g` is clipped by its global norm first. Decay applies to matrices and embeddings only ([`ParameterSpec::decays`]).
#[derive(Clone, Debug)]
pub struct AdamW {
    config: OptimiserConfig,
    decays: Vec<bool>,
    /// 1 where decay applies, flat.
    decay_mask: Tensor<1>,
    updates: i32,
}

impl AdamW {
    /// The optimiser before its first update of these parameters.
    pub fn new(config: &OptimiserConfig, specs: &[ParameterSpec], device: &Device) -> Self {
        let flat = flat(specs);
        let mut mask = vec![0.0f32; flat.length];
        for (index, _) in specs.iter().enumerate().filter(|(_, spec)| spec.decays()) {
            mask[flat.span(index)].fill(1.0);
        }
        Self {
            config: config.clone(),
            decays: specs.iter().map(ParameterSpec::decays).collect(),
            decay_mask: Tensor::from_data(TensorData::new(mask, [flat.length]), device),
            updates: 0,
        }
    }

    /// One update with burn's operations. Returns the gradient's l2 norm before clipping, `[1]`.
    pub fn step_plain(&mut self, state: &mut State, gradient: Tensor<1>, learning_rate: f64) -> Tensor<1> {
        let OptimiserConfig { beta1, beta2, epsilon, weight_decay, clip: limit } = self.config;
        self.updates += 1;
        let correction1 = 1.0 - beta1.powi(self.updates);
        let correction2 = 1.0 - beta2.powi(self.updates);

        let norm = global_norm(&gradient);
        let gradient = clip(gradient, &norm, limit);
        let State { weights, first: m, second: v } = state;
        *m = m.clone() * beta1 + gradient.clone() * (1.0 - beta1);
        *v = v.clone() * beta2 + gradient.square() * (1.0 - beta2);
        let scaled = m.clone() / ((v.clone() / correction2).sqrt() + epsilon) * (learning_rate / correction1);
        let decayed = weights.clone() * self.decay_mask.clone() * (learning_rate * weight_decay);
        *weights = weights.clone() - decayed - scaled;
        norm
    }

    /// One fused update with the mean over `micro_batches` gradients. The last of the returned values is the gradient's
    /// l2 norm before clipping.
    pub fn step_fused(
        &mut self,
        plan: &Plan,
        state: &mut State,
        sum: &GradientSum,
        micro_batches: usize,
        learning_rate: f64,
    ) -> Tensor<1> {
        let OptimiserConfig { beta1, beta2, epsilon, weight_decay, clip } = self.config;
        self.updates += 1;
        let rule = cpu::AdamW { beta1, beta2, epsilon, update: self.updates };
        let group = |decays: &bool| Group { learning_rate, decay: if *decays { weight_decay } else { 0.0 } };
        let groups = self.decays.iter().map(group).collect();
        functions::update(plan, state, sum, &Update { rule, clip, gradient_scale: 1.0 / micro_batches as f64, groups })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Role;

    fn state(values: &[f32]) -> State {
        State::new(Tensor::from_floats(values, &Device::flex()))
    }

    fn values(tensor: &Tensor<1>) -> Vec<f32> {
        tensor.clone().into_data().iter::<f32>().collect()
    }

    fn padded(mut values: Vec<f32>) -> Vec<f32> {
        values.resize(values.len().next_multiple_of(tailblazer_kernels::flat::BLOCK), 0.0);
        values
    }

    fn spec(role: Role, columns: usize) -> ParameterSpec {
        ParameterSpec { name: "w".into(), role, layer: None, shape: [1, columns], deviation: 0.02 }
    }

    /// `tests/golden/optimizer_vectors.json`: three updates with and without clipping, in f64.
    #[test]
    fn three_updates_agree_with_the_golden_vectors() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/golden/optimizer_vectors.json")).expect("valid JSON");
        let numbers = |value: &serde_json::Value| -> Vec<f32> {
            value.as_array().expect("numbers").iter().map(|number| number.as_f64().expect("a number") as f32).collect()
        };
        for (case, limit) in [("adamw_three_steps", 0.0), ("adamw_three_steps_clip_1", 1.0)] {
            let case = &golden[case];
            let config = OptimiserConfig { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weight_decay: 0.1, clip: limit };
            let mut state = state(&padded(numbers(&case["w0"])));
            let mut optimiser = AdamW::new(&config, &[spec(Role::Up, 3)], &Device::flex());
            for (gradient, expected) in
                case["grads"].as_array().expect("steps").iter().zip(case["steps"].as_array().expect("steps"))
            {
                let gradient = Tensor::from_floats(padded(numbers(gradient)).as_slice(), &Device::flex());
                let norm = optimiser.step_plain(&mut state, gradient, 0.01);
                let pre_clip = expected["pre_clip_norm"].as_f64().expect("a number");
                assert!((f64::from(norm.into_scalar::<f32>()) - pre_clip).abs() < 1e-6);
                for (found, expected) in values(&state.weights).iter().zip(numbers(&expected["w"])) {
                    assert!((found - expected).abs() < 2e-6, "{found}, not {expected}");
                }
            }
        }
    }

    #[test]
    fn vectors_do_not_decay_and_a_zero_gradient_moves_nothing() {
        let device = Device::flex();
        let config = OptimiserConfig { weight_decay: 1.0, ..Default::default() };
        let mut optimiser = AdamW::new(&config, &[spec(Role::Scale, 64), spec(Role::Up, 64)], &device);
        let mut state = state(&[1.0; 128]);
        optimiser.step_plain(&mut state, Tensor::zeros([128], &device), 0.1);
        let found = values(&state.weights);
        assert_eq!((found[0], found[127]), (1.0, 0.9));
    }
}
