//! Stochastic gradient descent with momentum, in the form of torch's `SGD` without dampening, and with the decoupled
//! decay of SGDW (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 1).

#[cfg(feature = "engine")]
use burn::tensor::Tensor;
#[cfg(feature = "engine")]
use tailblazer_kernels::{cpu, functions::State, update::Rule};

#[cfg(feature = "engine")]
use super::{Inputs, Memory};
use super::{
    Optimiser,
    knobs::{MOMENTUM, NESTEROV},
};
#[cfg(feature = "engine")]
use crate::experiment::OptimiserConfig;
use crate::policy::Description;
use crate::schedule::refined::Norm;

/// ```text
/// m <- momentum m + g
/// w <- w (1 - lr decay) - lr m            with Nesterov: g + momentum m in place of m
/// ```
///
/// torch adds `decay w` to `g` instead, so that momentum multiplies the decay by `1 / (1 - momentum)`; here a decay means
/// the same for every optimiser but LARS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd;

static DESCRIPTION: Description = Description {
    id: "sgd",
    name: "SGD",
    summary: "Goes down the gradient with momentum: weights with small gradients move little.",
    source: "torch SGD; Sutskever et al. 2013, ICML; decay of Loshchilov and Hutter 2019, arXiv:1711.05101",
    knobs: &[MOMENTUM, NESTEROV],
    null: None,
};

impl Optimiser for Sgd {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn peak(&self) -> f64 {
        0.2
    }

    fn norm(&self) -> Norm {
        Norm::L2
    }

    fn decay(&self) -> f64 {
        2e-3
    }

    #[cfg(feature = "engine")]
    fn rule(&self, config: &OptimiserConfig, _update: i32) -> Option<Rule> {
        let (momentum, nesterov) = (config.value(&MOMENTUM), config.value(&NESTEROV) == 1.0);
        Some(Rule::Sgd(cpu::Sgd { momentum, nesterov }))
    }

    #[cfg(feature = "engine")]
    fn step(&self, inputs: &Inputs, state: &mut State, _memory: &mut Memory, gradient: Tensor<1>) {
        let momentum = inputs.config.value(&MOMENTUM);
        state.first = state.first.clone() * momentum + gradient.clone();
        let velocity = state.first.clone();
        let looks_ahead = inputs.config.value(&NESTEROV) == 1.0;
        inputs.descend(state, if looks_ahead { gradient + velocity * momentum } else { velocity });
    }
}
