//! The backends that implement the operations.

#[cfg(feature = "webgpu")]
mod cube;
mod flex;
#[cfg(feature = "webgpu")]
pub mod submissions;

#[cfg(feature = "webgpu")]
pub(crate) use cube::Replay;
