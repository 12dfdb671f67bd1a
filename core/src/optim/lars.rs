//! LARS, layerwise adaptive rate scaling (You, Gitman and Ginsburg 2017, arXiv:1708.03888, algorithm 1).

#[cfg(feature = "engine")]
use burn::tensor::Tensor;
#[cfg(feature = "engine")]
use tailblazer_kernels::{cpu, functions::State, update::Rule};

#[cfg(feature = "engine")]
use super::{Inputs, Memory};
use super::{Optimiser, knobs::MOMENTUM};
#[cfg(feature = "engine")]
use crate::experiment::OptimiserConfig;
use crate::policy::{Description, Knob};
use crate::schedule::refined::Norm;

/// ```text
/// trust = coefficient |w| / (|g| + decay |w|)
/// m <- momentum m + trust (g + decay w)
/// w <- w - lr m
/// ```
///
/// The norms are those of one matrix or embedding; the trust is 1 where either is 0, and for scales and biases, which do
/// not decay either. The decay is coupled, as in the paper. The paper has the learning rate inside `m`; outside, as
/// in torch's momentum, a rate of 0 stands still.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lars;

const TRUST: Knob = Knob {
    id: "trust",
    name: "Trust",
    unit: "",
    range: 1e-6..=10.0,
    is_whole: false,
    // The paper's 0.001 goes with learning rates of 10 and more.
    default: 0.03,
    summary: "How far a matrix moves in one step at a learning rate of 1, as a share of its own norm.",
};

static DESCRIPTION: Description = Description {
    id: "lars",
    name: "LARS",
    summary: "SGD whose step in each matrix is a share of the matrix's own norm; made for large batches.",
    source: "You, Gitman and Ginsburg 2017, arXiv:1708.03888",
    knobs: &[MOMENTUM, TRUST],
    null: None,
};

impl Optimiser for Lars {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn peak(&self) -> f64 {
        1.0
    }

    fn norm(&self) -> Norm {
        Norm::L2
    }

    fn decay(&self) -> f64 {
        1e-3
    }

    #[cfg(feature = "engine")]
    fn rule(&self, config: &OptimiserConfig, _update: i32) -> Option<Rule> {
        Some(Rule::Lars(cpu::Lars { momentum: config.value(&MOMENTUM), coefficient: config.value(&TRUST) }))
    }

    #[cfg(feature = "engine")]
    fn step(&self, inputs: &Inputs, state: &mut State, _memory: &mut Memory, gradient: Tensor<1>) {
        let Inputs { config, parameters, .. } = *inputs;
        let trust = trust(inputs, &state.weights, &gradient);
        let decayed = gradient + parameters.times(state.weights.clone(), &inputs.decays());
        state.first = state.first.clone() * config.value(&MOMENTUM) + parameters.times_numbers(decayed, trust);
        state.weights = state.weights.clone() - parameters.times(state.first.clone(), &inputs.rates());
    }
}

/// The trust of each parameter, `[parameters]`.
#[cfg(feature = "engine")]
fn trust(inputs: &Inputs, weights: &Tensor<1>, gradient: &Tensor<1>) -> Tensor<1> {
    let Inputs { config, parameters, .. } = *inputs;
    let (weight, gradient) = (parameters.norms(weights.clone()), parameters.norms(gradient.clone()));
    let nothing = (weight.clone() * gradient.clone()).equal_elem(0.0);
    let pull = gradient + weight.clone() * parameters.numbers(inputs.decays());
    (weight / pull * config.value(&TRUST)).mask_fill(nothing.bool_or(inputs.unscaled()), 1.0)
}
