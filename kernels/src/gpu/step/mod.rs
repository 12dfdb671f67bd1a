//! One whole training step as a list of launches over a few buffers.
//!
//! A step is the same list every time, so it is made once per model and replayed: nothing is allocated, expanded or
//! decided inside the training loop. What changes from step to step is data in the [`Inputs`](Buffer) buffers.
//!
//! ```text
//! forward    embedding | per layer: norm, qkv, rotate, attention, output + residual, norm, up + GELU, down + residual
//!            | norm, head, cross-entropy with its gradient
//! backward   the same backwards; weight gradients go to partial sums in the parameters' flat layout
//! update     sum the partial gradients and their squares; clip and update
//! ```
//!
//! A layer takes 8 dispatches forward (7 without rotary positions) and 12 backward, the rest of the step 10 of which 2
//! are the update: 70 for three layers.

mod buffers;
mod build;

pub use buffers::{Buffer, Launch, Phase, Saved, Scratch, View};
pub use build::Step;
