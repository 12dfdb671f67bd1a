//! The fused operations as one backend extension of burn.
//!
//! A transformer's passes are single operations, on flat lists of parameters ([`Flat`](crate::flat::Flat)): a pass over
//! one layer's tensors would cost a GPU a launch per tensor, and autodiff would keep a gradient per use. Their backward
//! passes are written by hand, so nothing here is differentiated by burn.

use burn::backend::{
    Backend, ExtensionType, backend_extension,
    tensor::{FloatTensor, IntTensor},
};

use crate::{plan::Plan, update::Update};

/// A batch with what its loss needs; everything has one entry per row, `batch * time` in all.
#[derive(ExtensionType)]
pub struct Batch<B: Backend> {
    /// Token ids.
    pub tokens: IntTensor<B>,
    /// The tokens to predict.
    pub targets: IntTensor<B>,
    /// What each row's loss is multiplied with.
    pub loss_weights: FloatTensor<B>,
}

/// The loss of every row and the gradient of their sum.
#[derive(ExtensionType)]
pub struct LossAndGradient<B: Backend> {
    /// Weighted losses, `[rows]`.
    pub losses: FloatTensor<B>,
    /// The gradient in the backend's own form.
    pub gradient: FloatTensor<B>,
}

/// Everything that an update changes; flat lists.
#[derive(ExtensionType)]
pub struct State<B: Backend> {
    /// The weights.
    pub weights: FloatTensor<B>,
    /// The first moments.
    pub first: FloatTensor<B>,
    /// The second moments.
    pub second: FloatTensor<B>,
}

/// The state behind an update, and the gradient's norms.
#[derive(ExtensionType)]
pub struct Updated<B: Backend> {
    /// The new state.
    #[extension_type]
    pub state: State<B>,
    /// The l1 and the l2 norm of the gradient before clipping are the last two of these values.
    pub norms: FloatTensor<B>,
}

/// The fused operations of a backend; [`functions`](crate::functions) calls them.
#[backend_extension(Flex, Cube: cfg(feature = "webgpu"))]
pub trait TransformerOps: Backend {
    /// Logits of every position, `[rows, outputs]`.
    fn transformer_logits(weights: FloatTensor<Self>, tokens: IntTensor<Self>, plan: &Plan) -> FloatTensor<Self>;

    /// The weighted loss of every row, `[rows]`.
    fn transformer_losses(
        weights: FloatTensor<Self>,
        #[extension_type] batch: Batch<Self>,
        plan: &Plan,
    ) -> FloatTensor<Self>;

    /// The weighted loss of every row, and the gradient of their sum: in place of `gradient`, or added to it. A
    /// `gradient` of another length than the backend's own form has is replaced by zeros first.
    fn transformer_gradient(
        weights: FloatTensor<Self>,
        #[extension_type] batch: Batch<Self>,
        gradient: FloatTensor<Self>,
        accumulate: bool,
        plan: &Plan,
    ) -> LossAndGradient<Self>;

    /// One update.
    fn transformer_update(
        #[extension_type] state: State<Self>,
        gradient: FloatTensor<Self>,
        update: &Update,
        plan: &Plan,
    ) -> Updated<Self>;

    /// Muon's Newton-Schulz iteration of every matrix, `[count, rows, columns]` with at least as many columns as rows.
    fn newton_schulz(matrices: FloatTensor<Self>, iterations: usize) -> FloatTensor<Self>;
}
