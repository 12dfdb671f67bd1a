//! What the launches of a step are bound to.

use std::sync::Arc;

use super::build::Step;
use crate::{
    flat::BLOCK,
    gpu::{
        dispatch::Dispatch,
        ops::{Optimiser, SETTINGS},
    },
    model::Model,
};

/// A buffer of a step. The weights, the moments, the inputs and the results are the caller's to read or write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Buffer {
    /// Input: token ids, `[rows]`, u32.
    Tokens,
    /// Input: targets, `[rows]`, u32.
    Targets,
    /// Input: coefficient of each row's loss, `[rows]`; 1 / rows for the mean.
    LossWeights,
    /// Input: the mask's bits, u32.
    Mask,
    /// Input: cosines and sines of the positions, `[time, channels]`.
    Angles,
    /// Input: numbers of the update, see [`Optimiser::settings`].
    Settings,
    /// Input: the parameter group of each block, u32.
    GroupOf,
    /// State: all weights, flat.
    Weights,
    /// State: first moments, flat; 0 at the start.
    First,
    /// State: second moments, flat; 0 at the start.
    Second,
    /// Result: weighted loss of each row.
    Loss,
    /// Result: logits, `[rows, outputs]`.
    Logits,
    /// Result: the gradient before clipping, flat.
    Gradient,
    /// Result: partial sums, and the gradient's l1 and l2 norm as the last values.
    Squares,
    /// A temporary of LAMB and LARS: the factor of each parameter's step, and of the gradient.
    Factors,
    /// Partial gradients, `[splits, flat]`; 0 at the start (the gaps are never written).
    Parts,
    /// An activation that the backward pass needs: (layer, which).
    Saved(usize, Saved),
    /// A temporary of the backward pass.
    Scratch(Scratch),
}

/// Activations of a layer; those of the model's end belong to one layer more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Saved {
    /// The residual stream before the layer.
    Stream,
    /// Output of the attention's norm.
    AttentionNormed,
    /// Its statistics.
    AttentionStatistics,
    /// Queries, keys and values.
    Qkv,
    /// Log-sum-exp of the scores.
    Scores,
    /// Output of attention.
    Attended,
    /// The residual stream between attention and MLP.
    Middle,
    /// Output of the MLP's norm.
    MlpNormed,
    /// Its statistics.
    MlpStatistics,
    /// The hidden layer before GELU.
    Pre,
    /// The hidden layer.
    Hidden,
}

/// Gradients of activations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scratch {
    /// Of the logits.
    Logits,
    /// Of the residual stream.
    Stream,
    /// Of a norm's output.
    Normed,
    /// Of the hidden layer.
    Hidden,
    /// Of attention's output.
    Attended,
    /// Of queries, keys and values.
    Qkv,
}

/// A part of a buffer: from its value `offset` on, to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The buffer.
    pub buffer: Buffer,
    /// First value, a whole number of blocks.
    pub offset: usize,
}

impl From<Buffer> for View {
    fn from(buffer: Buffer) -> Self {
        Self { buffer, offset: 0 }
    }
}

/// When a launch is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// For the loss: an evaluation stops behind these.
    Forward,
    /// For the gradient.
    Backward,
    /// For the update: after the last micro-batch.
    Update,
}

/// A dispatch and what it is bound to.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The dispatch; shared with whoever launches it.
    pub dispatch: Arc<Dispatch>,
    /// One view per binding.
    pub views: Vec<View>,
    /// When it is needed.
    pub phase: Phase,
}

impl Launch {
    /// Whether it reads or writes a buffer.
    pub fn binds(&self, buffer: Buffer) -> bool {
        self.views.iter().any(|view| view.buffer == buffer)
    }
}

impl Step {
    /// Values (of 4 bytes) in a buffer.
    pub fn size(&self, buffer: Buffer, groups: usize) -> usize {
        let Model { time, outputs, width, heads, hidden, .. } = self.model;
        let rows = self.model.rows();
        let flat = self.offsets.flat.length;
        let optimiser = Optimiser { length: flat, rule: self.rule };
        match buffer {
            Buffer::Tokens | Buffer::Targets | Buffer::LossWeights | Buffer::Loss => rows,
            Buffer::Mask => time * time.div_ceil(32),
            Buffer::Angles => time * width / heads,
            Buffer::Settings => SETTINGS + optimiser.stride() * groups,
            Buffer::Factors => self.offsets.flat.lengths.len() + 1,
            Buffer::GroupOf => flat / BLOCK,
            Buffer::Weights | Buffer::First | Buffer::Second | Buffer::Gradient => flat,
            Buffer::Logits | Buffer::Scratch(Scratch::Logits) => rows * outputs,
            Buffer::Squares => optimiser.squares(),
            Buffer::Parts => self.splits.count * flat,
            Buffer::Saved(_, Saved::AttentionStatistics | Saved::MlpStatistics) => 2 * rows,
            Buffer::Saved(_, Saved::Scores) => 2 * rows * heads,
            Buffer::Saved(_, Saved::Qkv) | Buffer::Scratch(Scratch::Qkv) => 3 * rows * width,
            Buffer::Saved(_, Saved::Pre | Saved::Hidden) | Buffer::Scratch(Scratch::Hidden) => rows * hidden,
            Buffer::Saved(..) | Buffer::Scratch(_) => rows * width,
        }
    }
}
