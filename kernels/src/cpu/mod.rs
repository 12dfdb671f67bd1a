//! Fused tensor operations on the CPU, forward and backward.
//!
//! Everything here is a pure function over slices: no tensor library, no threads, and no allocation except by the
//! [`Workspace`] that the caller passes and reuses, which stops growing after the first step. One source serves
//! SIMD128 in WASM, SSE2 to AVX-512 on x86 (chosen when the program runs) and NEON.
//!
//! Activations are `[rows, width]` with `rows = batch * time`, weights `[inputs, outputs]`, all row-major. Sums of f32
//! are taken in a fixed order, so a computation repeats bit for bit on one machine; between machines the order may
//! differ with the width of their registers.

mod adamw;
mod attention;
mod cross_entropy;
mod embedding;
mod exp;
mod gelu;
mod gram;
mod incremental;
mod linear;
mod lion;
mod matmul;
mod newton_schulz;
mod norm;
mod optimiser;
mod rope;
mod sgd;
mod simd;
mod step;
#[cfg(test)]
mod testing;
mod trust;
mod update;
mod workspace;

pub use adamw::AdamW;
pub use attention::{
    AttentionGradients, AttentionInputs, AttentionMask, AttentionShape, Rotation, attention, attention_backward,
};
pub use cross_entropy::{cross_entropy, scale_rows};
pub use embedding::{embed, embed_backward};
pub use gram::{gram, gram_side};
pub use incremental::{Attention, Incremental, Rows};
pub use linear::{Activation, InputGradient, LinearGradients, LinearShape, LinearWeights, linear, linear_backward};
pub use lion::Lion;
pub use matmul::{Operand, matmul};
pub use newton_schulz::{MUON, newton_schulz};
pub use norm::{NormKind, norm, norm_backward};
pub use optimiser::{Parameter, Rule, clip_scale, global_norm, global_norms, optimise};
pub use rope::RopeTable;
pub use sgd::Sgd;
pub use step::Step;
pub use trust::{Lars, lamb, lars};
pub use update::update;
pub use workspace::Workspace;
