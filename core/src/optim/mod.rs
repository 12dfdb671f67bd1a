//! From gradients to updates.

mod adamw;
mod clip;

pub use adamw::AdamW;
pub use clip::{clip, global_norm};
