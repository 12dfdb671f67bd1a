//! From logits to text.

mod autoregressive;
mod choose;

pub use autoregressive::{Sampler, complete_greedily};
pub use choose::choose;
