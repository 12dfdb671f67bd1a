//! What the tests of this family share of `tests/golden/block_diffusion_vectors.json`.

use serde_json::Value;

/// The golden values.
pub fn golden() -> Value {
    serde_json::from_str(include_str!("../../../tests/golden/block_diffusion_vectors.json")).expect("valid JSON")
}

/// A golden number.
pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}

/// A golden list.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("a list, not {value}"))
}

/// A golden list of numbers.
pub fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(number).collect()
}
