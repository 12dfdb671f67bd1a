//! Lion, evolved sign momentum (Chen et al. 2023, arXiv:2302.06675, algorithm 2).

#[cfg(feature = "engine")]
use burn::tensor::Tensor;
#[cfg(feature = "engine")]
use tailblazer_kernels::{cpu, functions::State, update::Rule};

#[cfg(feature = "engine")]
use super::{Inputs, Memory};
use super::{
    Optimiser,
    knobs::{BETA1, BETA2},
};
#[cfg(feature = "engine")]
use crate::experiment::OptimiserConfig;
use crate::policy::{Description, Knob};

/// ```text
/// u = sign(beta1 m + (1 - beta1) g)       sign(0) = 0
/// m <- beta2 m + (1 - beta2) g
/// w <- w (1 - lr decay) - lr u
/// ```
///
/// Every weight moves by the whole learning rate, so that it wants to be smaller than AdamW's, and the decay as many times
/// larger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lion;

const MIX: Knob = Knob { summary: "How much of the moment there is in the sign; the rest is the gradient.", ..BETA1 };

const KEPT: Knob = Knob { summary: "How much of the moment, the mean of gradients, stays from step to step.", ..BETA2 };

static DESCRIPTION: Description = Description {
    id: "lion",
    name: "Lion",
    summary: "Moves every weight by the same amount, in the direction of its momentum's sign.",
    source: "Chen et al. 2023, arXiv:2302.06675",
    knobs: &[MIX, KEPT],
    null: None,
};

impl Optimiser for Lion {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn peak(&self) -> f64 {
        2e-3
    }

    fn decay(&self) -> f64 {
        0.2
    }

    #[cfg(feature = "engine")]
    fn rule(&self, config: &OptimiserConfig, _update: i32) -> Option<Rule> {
        Some(Rule::Lion(cpu::Lion { beta1: config.beta1, beta2: config.beta2 }))
    }

    #[cfg(feature = "engine")]
    fn step(&self, inputs: &Inputs, state: &mut State, _memory: &mut Memory, gradient: Tensor<1>) {
        let OptimiserConfig { beta1, beta2, .. } = *inputs.config;
        let direction = (state.first.clone() * beta1 + gradient.clone() * (1.0 - beta1)).sign();
        state.first = state.first.clone() * beta2 + gradient * (1.0 - beta2);
        inputs.descend(state, direction);
    }
}
