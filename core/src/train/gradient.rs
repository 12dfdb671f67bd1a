//! The gradient of a step, added up over its micro-batches.

use burn::tensor::{Device, Tensor};
use tailblazer_kernels::{
    functions::{self, GradientSum, State},
    plan::Plan,
};

use crate::{
    experiment::TrainConfig,
    model::{Dropout, Transformer, Weights, flatten, tensors},
    objective::{Example, losses},
    optim::Updater,
};

/// A sum of gradients, computed and kept as the transformer's operations do it.
#[derive(Clone)]
pub enum Gradient {
    /// By the fused kernels, with the plan of the last batch.
    Fused(GradientSum, Option<Plan>),
    /// By burn's automatic differentiation; flat, none before the first micro-batch.
    Plain(Option<Tensor<1>>),
}

impl Gradient {
    /// No gradient yet.
    pub fn new(transformer: &Transformer) -> Self {
        if transformer.is_fused() {
            Self::Fused(GradientSum::new(transformer.device()), None)
        } else {
            Self::Plain(None)
        }
    }

    /// Takes the gradient of a batch in: in place of what was there, or added to it, where all batches of a sum have as
    /// many rows. The sum of the returned values is the loss.
    pub fn add(
        &mut self,
        transformer: &Transformer,
        weights: &Weights,
        example: &Example,
        dropout: Dropout,
        accumulate: bool,
    ) -> Tensor<1> {
        match self {
            Self::Fused(sum, last) => {
                let (plan, batch) = transformer.fused(example);
                let losses = functions::gradient(&plan, weights, batch, sum, accumulate);
                *last = Some(plan);
                losses
            }
            Self::Plain(sum) => {
                let (loss, gradient) = differentiate(transformer, weights, example, dropout);
                *sum = Some(match sum.take().filter(|_| accumulate) {
                    Some(sum) => sum + gradient,
                    None => gradient,
                });
                loss
            }
        }
    }

    /// Updates the parameters with the mean gradient, each at its learning rate. The last two of the returned values
    /// are its l1 and l2 norm before clipping.
    pub fn update(
        &mut self,
        optimiser: &mut Updater,
        parameters: &mut State,
        train: &TrainConfig,
        learning_rates: &[f64],
    ) -> Tensor<1> {
        match self {
            Self::Fused(sum, plan) => {
                let plan = plan.as_ref().expect("a gradient was added");
                optimiser.step_fused(plan, parameters, sum, train.accumulation, learning_rates)
            }
            Self::Plain(sum) => {
                let zeros = || parameters.weights.zeros_like();
                let gradient = sum.take().unwrap_or_else(zeros) / train.accumulation as f64;
                optimiser.step_plain(parameters, gradient, learning_rates)
            }
        }
    }

    /// The sum itself, flat, of at least one micro-batch.
    pub fn total(&self) -> Tensor<1> {
        match self {
            Self::Fused(sum, plan) => sum.total(plan.as_ref().expect("a gradient was added")),
            Self::Plain(sum) => sum.clone().expect("a gradient was added"),
        }
    }
}

/// Losses `[rows]` and the flat gradient of their sum by automatic differentiation.
fn differentiate(
    transformer: &Transformer,
    weights: &Weights,
    example: &Example,
    dropout: Dropout,
) -> (Tensor<1>, Tensor<1>) {
    let tracked: Vec<_> =
        tensors(&transformer.specs, weights).into_iter().map(|weight| weight.autodiff().require_grad()).collect();
    let tokens = transformer.tokens(&example.tokens, example.batch);
    let view = transformer.view(example.view);
    let losses = losses(transformer.forward_plain(&tracked, tokens, &view, Some(dropout)), example);

    let mut gradients = losses.clone().sum().backward();
    let device: &Device = transformer.device();
    let gradients = tracked
        .iter()
        .map(|weight| weight.grad_remove(&mut gradients).unwrap_or_else(|| Tensor::zeros(weight.dims(), device)));
    let gradient = flatten(&transformer.specs, gradients.collect());
    (losses.inner(), gradient)
}
