//! LAMB, layerwise adaptive moments (You et al. 2020, arXiv:1904.00962, algorithm 2), as TensorFlow Addons has it.

#[cfg(feature = "engine")]
use burn::tensor::Tensor;
#[cfg(feature = "engine")]
use tailblazer_kernels::{cpu, functions::State, update::Rule};

#[cfg(feature = "engine")]
use super::{Inputs, Memory, adamw};
use super::{
    Optimiser,
    knobs::{BETA1, BETA2, EPSILON},
};
#[cfg(feature = "engine")]
use crate::experiment::OptimiserConfig;
use crate::policy::Description;

/// ```text
/// u = (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon) + decay w       m, v as in AdamW
/// w <- w - lr |w| / |u| u
/// ```
///
/// The norms are those of one matrix or embedding; the ratio is 1 where either is 0, and for scales and biases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lamb;

static DESCRIPTION: Description = Description {
    id: "lamb",
    name: "LAMB",
    summary: "AdamW's update of each matrix, stretched to a share of the matrix's own norm; made for large batches.",
    source: "You et al. 2020, arXiv:1904.00962",
    knobs: &[BETA1, BETA2, EPSILON],
    null: None,
};

impl Optimiser for Lamb {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn peak(&self) -> f64 {
        4e-2
    }

    fn decay(&self) -> f64 {
        0.1
    }

    #[cfg(feature = "engine")]
    fn rule(&self, config: &OptimiserConfig, update: i32) -> Option<Rule> {
        let OptimiserConfig { beta1, beta2, epsilon, .. } = *config;
        Some(Rule::Lamb(cpu::AdamW { beta1, beta2, epsilon, update }))
    }

    #[cfg(feature = "engine")]
    fn step(&self, inputs: &Inputs, state: &mut State, _memory: &mut Memory, gradient: Tensor<1>) {
        let Inputs { config, parameters, .. } = *inputs;
        adamw::advance(config, state, gradient);
        let adam = adamw::direction(config, state, inputs.update);
        let update = adam + parameters.times(state.weights.clone(), &inputs.decays());
        let ratio = ratio(inputs, &state.weights, &update);
        let rates = ratio * parameters.numbers(inputs.rates());
        state.weights = state.weights.clone() - parameters.times_numbers(update, rates);
    }
}

/// `|w| / |u|` of each parameter, `[parameters]`.
#[cfg(feature = "engine")]
fn ratio(inputs: &Inputs, weights: &Tensor<1>, update: &Tensor<1>) -> Tensor<1> {
    let (weight, update) = (inputs.parameters.norms(weights.clone()), inputs.parameters.norms(update.clone()));
    let nothing = (weight.clone() * update.clone()).equal_elem(0.0);
    (weight / update).mask_fill(nothing.bool_or(inputs.unscaled()), 1.0)
}
