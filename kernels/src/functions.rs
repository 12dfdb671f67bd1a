//! The fused operations on tensors.
//!
//! Weights, moments and gradients are flat lists, see [`Offsets`](crate::model::Offsets). They may be shared: an
//! operation that changes one copies it first when somebody else holds it.

use burn::{
    backend::Dispatch,
    tensor::{Device, Int, Tensor},
};

use crate::{
    ops::{self, TransformerOps as _},
    plan::Plan,
    update::Update,
};

/// A batch with what its loss needs; everything has one entry per row, `batch * time` in all.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Token ids.
    pub tokens: Tensor<1, Int>,
    /// The tokens to predict.
    pub targets: Tensor<1, Int>,
    /// What each row's loss is multiplied with: 1 / rows for the mean, 0 to ignore a row.
    pub loss_weights: Tensor<1>,
}

/// Everything that an update changes; flat lists.
#[derive(Clone, Debug)]
pub struct State {
    /// The weights.
    pub weights: Tensor<1>,
    /// The optimiser's first moments, 0 at the start.
    pub first: Tensor<1>,
    /// The optimiser's second moments, 0 at the start.
    pub second: Tensor<1>,
}

/// The sum of gradients over micro-batches, in the form that the device adds them up in.
#[derive(Clone, Debug)]
pub struct GradientSum(Tensor<1>);

impl Batch {
    fn into_dispatch(self) -> ops::Batch<Dispatch> {
        ops::Batch {
            tokens: self.tokens.into_dispatch(),
            targets: self.targets.into_dispatch(),
            loss_weights: self.loss_weights.into_dispatch(),
        }
    }
}

impl State {
    /// The state before the first update.
    pub fn new(weights: Tensor<1>) -> Self {
        Self { first: weights.zeros_like(), second: weights.zeros_like(), weights }
    }
}

impl GradientSum {
    /// A sum of nothing; it takes its size when a gradient comes.
    pub fn new(device: &Device) -> Self {
        Self(Tensor::zeros([1], device))
    }

    /// The gradient itself, flat.
    pub fn total(&self, plan: &Plan) -> Tensor<1> {
        let length = plan.offsets().flat.length;
        let parts = self.0.dims()[0].checked_div(length).unwrap_or(0);
        self.0.clone().reshape([parts, length]).sum_dim(0).reshape([length])
    }
}

/// Logits of every position, `[rows, outputs]`, of tokens `[rows]`.
pub fn logits(plan: &Plan, weights: &Tensor<1>, tokens: Tensor<1, Int>) -> Tensor<2> {
    let weights = weights.clone().into_dispatch();
    Tensor::from_dispatch(Dispatch::transformer_logits(weights, tokens.into_dispatch(), plan))
}

/// The weighted cross-entropy of every row, `[rows]`, in nats.
pub fn losses(plan: &Plan, weights: &Tensor<1>, batch: Batch) -> Tensor<1> {
    let weights = weights.clone().into_dispatch();
    Tensor::from_dispatch(Dispatch::transformer_losses(weights, batch.into_dispatch(), plan))
}

/// The weighted cross-entropy of every row, `[rows]`; its gradient takes the place of `sum`, or is added to it.
pub fn gradient(plan: &Plan, weights: &Tensor<1>, batch: Batch, sum: &mut GradientSum, accumulate: bool) -> Tensor<1> {
    // The operation must hold the only reference to the sum, or it would copy it.
    let taken = std::mem::replace(&mut sum.0, weights.clone()).into_dispatch();
    let ops::LossAndGradient { losses, gradient } =
        Dispatch::transformer_gradient(weights.clone().into_dispatch(), batch.into_dispatch(), taken, accumulate, plan);
    sum.0 = Tensor::from_dispatch(gradient);
    Tensor::from_dispatch(losses)
}

/// [`plain::newton_schulz`](crate::plain::newton_schulz) with the backend's own kernels.
pub fn newton_schulz(matrices: Tensor<3>, iterations: usize) -> Tensor<3> {
    Tensor::from_dispatch(Dispatch::newton_schulz(matrices.into_dispatch(), iterations))
}

/// One update. The last two of the returned values are the l1 and the l2 norm of the gradient before clipping.
pub fn update(plan: &Plan, state: &mut State, sum: &GradientSum, update: &Update) -> Tensor<1> {
    let take = |tensor: &mut Tensor<1>| std::mem::replace(tensor, sum.0.clone()).into_dispatch();
    let State { weights, first, second } = state;
    let taken = ops::State { weights: take(weights), first: take(first), second: take(second) };
    let ops::Updated { state: ops::State { weights, first, second }, norms } =
        Dispatch::transformer_update(taken, sum.0.clone().into_dispatch(), update, plan);
    *state = State {
        weights: Tensor::from_dispatch(weights),
        first: Tensor::from_dispatch(first),
        second: Tensor::from_dispatch(second),
    };
    Tensor::from_dispatch(norms)
}
