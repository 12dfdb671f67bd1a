//! What the tests of this family share of `tests/golden/block_diffusion_vectors.json`.

use serde_json::Value;

pub use crate::{
    layerwise::golden::{number, numbers},
    objective::golden::vectors as golden,
};

/// A golden list.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("a list, not {value}"))
}
