//! The golden values of this family's tests.

use serde_json::Value;

/// `tests/golden/block_diffusion_vectors.json`.
pub fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/golden/block_diffusion_vectors.json")).expect("valid JSON")
}
