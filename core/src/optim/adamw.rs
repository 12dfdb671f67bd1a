//! AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2).

#[cfg(feature = "engine")]
use burn::tensor::Tensor;
#[cfg(feature = "engine")]
use tailblazer_kernels::{cpu, functions::State, update::Rule};

#[cfg(feature = "engine")]
use super::{Inputs, Memory};
use super::{
    Optimiser,
    knobs::{BETA1, BETA2, EPSILON},
};
#[cfg(feature = "engine")]
use crate::experiment::OptimiserConfig;
use crate::policy::Description;

/// ```text
/// m <- beta1 m + (1 - beta1) g
/// v <- beta2 v + (1 - beta2) g^2
/// w <- w (1 - lr decay) - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW;

static DESCRIPTION: Description = Description {
    id: "adamw",
    name: "AdamW",
    summary: "Divides the mean gradient of each weight by its usual size, so that all weights move alike.",
    source: "Loshchilov and Hutter 2019, arXiv:1711.05101",
    knobs: &[BETA1, BETA2, EPSILON],
    null: Some(&[]),
};

impl Optimiser for AdamW {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn peak(&self) -> f64 {
        4e-3
    }

    fn decay(&self) -> f64 {
        0.1
    }

    #[cfg(feature = "engine")]
    fn rule(&self, config: &OptimiserConfig, update: i32) -> Option<Rule> {
        let OptimiserConfig { beta1, beta2, epsilon, .. } = *config;
        Some(Rule::AdamW(cpu::AdamW { beta1, beta2, epsilon, update }))
    }

    #[cfg(feature = "engine")]
    fn step(&self, inputs: &Inputs, state: &mut State, _memory: &mut Memory, gradient: Tensor<1>) {
        advance(inputs.config, state, gradient);
        let direction = direction(inputs.config, state, inputs.update);
        inputs.descend(state, direction);
    }
}

/// Takes a gradient into both moments.
#[cfg(feature = "engine")]
pub(super) fn advance(config: &OptimiserConfig, state: &mut State, gradient: Tensor<1>) {
    let OptimiserConfig { beta1, beta2, .. } = *config;
    state.first = state.first.clone() * beta1 + gradient.clone() * (1.0 - beta1);
    state.second = state.second.clone() * beta2 + gradient.square() * (1.0 - beta2);
}

/// What moments say behind update number `update`: `(m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)`.
#[cfg(feature = "engine")]
pub(super) fn direction(config: &OptimiserConfig, state: &State, update: i32) -> Tensor<1> {
    let OptimiserConfig { beta1, beta2, epsilon, .. } = *config;
    let (correction1, correction2) = (1.0 - beta1.powi(update), 1.0 - beta2.powi(update));
    let size = (state.second.clone() / correction2).sqrt() + epsilon;
    state.first.clone() / size / correction1
}
