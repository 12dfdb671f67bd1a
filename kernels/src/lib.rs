//! Tensor operations of the transformer, in one place that knows nothing of models or pages.
//!
//! [`plain`] composes them from burn's primitives: correct on every backend, and the reference that faster
//! implementations are held to. [`cpu`] has the same operations fused, forward and backward, on slices with SIMD;
//! [`gpu`] has them as WGSL kernels with a description of what to launch. [`functions`] calls both on tensors, through one
//! backend extension of burn.

mod backends;
pub mod cpu;
pub mod flat;
pub mod functions;
pub mod gpu;
pub mod model;
mod ops;
pub mod plain;
pub mod plan;
pub mod update;

#[cfg(feature = "webgpu")]
pub use backends::submissions;
