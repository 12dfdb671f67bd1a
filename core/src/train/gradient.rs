//! The gradient of a step, added up over its micro-batches.

use burn::tensor::{Device, Tensor};
use tailblazer_kernels::functions::{self, GradientSum, State};

use crate::{
    experiment::TrainConfig,
    model::{Dropout, Transformer, Weights, flatten, tensors},
    objective::cross_entropy,
    optim::Updater,
    text::Batch,
};

/// A sum of gradients, computed and kept as the transformer's operations do it.
#[derive(Clone)]
pub enum Gradient {
    /// By the fused kernels.
    Fused(GradientSum),
    /// By burn's automatic differentiation; flat, none before the first micro-batch.
    Plain(Option<Tensor<1>>),
}

impl Gradient {
    /// No gradient yet.
    pub fn new(transformer: &Transformer) -> Self {
        if transformer.is_fused() { Self::Fused(GradientSum::new(transformer.device())) } else { Self::Plain(None) }
    }

    /// Takes the gradient of a batch in: in place of what was there, or added to it. The sum of the returned values is
    /// the mean loss.
    pub fn add(
        &mut self,
        transformer: &Transformer,
        weights: &Weights,
        batch: &Batch,
        dropout: Dropout,
        accumulate: bool,
    ) -> Tensor<1> {
        match self {
            Self::Fused(sum) => {
                let (plan, batch) = transformer.fused(batch, transformer.causal());
                functions::gradient(&plan, weights, batch, sum, accumulate)
            }
            Self::Plain(sum) => {
                let (loss, gradient) = differentiate(transformer, weights, batch, dropout);
                *sum = Some(match sum.take().filter(|_| accumulate) {
                    Some(sum) => sum + gradient,
                    None => gradient,
                });
                loss
            }
        }
    }

    /// Updates the parameters with the mean gradient, each at its learning rate. The last of the returned values is its
    /// l2 norm before clipping.
    pub fn update(
        &mut self,
        transformer: &Transformer,
        optimiser: &mut Updater,
        parameters: &mut State,
        train: &TrainConfig,
        learning_rates: &[f64],
    ) -> Tensor<1> {
        match self {
            Self::Fused(sum) => {
                let plan = transformer.plan(transformer.causal(), train.batch);
                optimiser.step_fused(&plan, parameters, sum, train.accumulation, learning_rates)
            }
            Self::Plain(sum) => {
                let zeros = || parameters.weights.zeros_like();
                let gradient = sum.take().unwrap_or_else(zeros) / train.accumulation as f64;
                optimiser.step_plain(parameters, gradient, learning_rates)
            }
        }
    }

    /// The sum itself, flat, of at least one micro-batch.
    pub fn total(&self, transformer: &Transformer) -> Tensor<1> {
        match self {
            Self::Fused(sum) => sum.total(&transformer.plan(transformer.causal(), 1)),
            Self::Plain(sum) => sum.clone().expect("a gradient was added"),
        }
    }
}

/// Mean loss `[1]` and its flat gradient by automatic differentiation.
fn differentiate(
    transformer: &Transformer,
    weights: &Weights,
    batch: &Batch,
    dropout: Dropout,
) -> (Tensor<1>, Tensor<1>) {
    let tracked: Vec<_> =
        tensors(&transformer.specs, weights).into_iter().map(|weight| weight.autodiff().require_grad()).collect();
    let inputs = transformer.tokens(&batch.inputs, batch.batch);
    let logits = transformer.forward_plain(&tracked, inputs, transformer.causal(), Some(dropout));
    let loss = cross_entropy(logits, transformer.tokens(&batch.targets, 1).squeeze_dim(0));

    let mut gradients = loss.backward();
    let device: &Device = transformer.device();
    let gradients = tracked
        .iter()
        .map(|weight| weight.grad_remove(&mut gradients).unwrap_or_else(|| Tensor::zeros(weight.dims(), device)));
    let gradient = flatten(&transformer.specs, gradients.collect());
    (loss.inner(), gradient)
}
