//! What the tests of this family share: golden values, the matrices that they are made of, and parameters.

use serde_json::Value;

use super::Parameter;
use crate::model::Role;

/// `tests/golden/llr_alpha.json`.
pub fn alphas() -> Value {
    serde_json::from_str(include_str!("../../../tests/golden/llr_alpha.json")).expect("valid JSON")
}

/// `tests/golden/llr_rates.json`.
pub fn rates() -> Value {
    serde_json::from_str(include_str!("../../../tests/golden/llr_rates.json")).expect("valid JSON")
}

/// A golden number.
pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}

/// A golden list of numbers.
pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap_or_else(|| panic!("numbers, not {value}")).iter().map(number).collect()
}

/// Whether two numbers agree, relative to the expected one.
pub fn close(found: f64, expected: f64, tolerance: f64) -> bool {
    (found - expected).abs() <= tolerance * expected.abs()
}

/// Asserts that two lists agree, relative to the expected values.
pub fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, name: &str) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(close(*found, *expected, tolerance), "{name}: {found}, not {expected}");
    }
}

/// `W[i, j] = sin(1 + 7 i + 13 j + i j)`, row by row.
pub fn sine_matrix(rows: usize, columns: usize) -> Vec<f64> {
    let entry = |index: usize| {
        let (i, j) = ((index / columns) as f64, (index % columns) as f64);
        (1.0 + 7.0 * i + 13.0 * j + i * j).sin()
    };
    (0..rows * columns).map(entry).collect()
}

/// The parameters of a transformer with biases and an untied head, in the order of its flat list. `alpha(layer, role)`
/// gives the tail exponents of its hidden matrices.
pub fn parameters(layers: usize, width: usize, alpha: impl Fn(usize, Role) -> Option<f64>) -> Vec<Parameter> {
    let mut list =
        vec![Parameter::new(Role::Embedding, None, [65, width]), Parameter::new(Role::Positions, None, [64, width])];
    for layer in 0..layers {
        for role in [Role::Query, Role::Key, Role::Value, Role::Output, Role::Up, Role::Down] {
            let shape = match role {
                Role::Up => [width, 4 * width],
                Role::Down => [4 * width, width],
                _ => [width, width],
            };
            let matrix = Parameter::new(role, Some(layer), shape);
            list.push(Parameter { alpha: alpha(layer, role), ..matrix });
            list.push(Parameter::new(Role::Bias, Some(layer), [1, shape[1]]));
        }
        for _ in 0..2 {
            list.push(Parameter::new(Role::Scale, Some(layer), [1, width]));
            list.push(Parameter::new(Role::Bias, Some(layer), [1, width]));
        }
    }
    list.push(Parameter::new(Role::Scale, None, [1, width]));
    list.push(Parameter::new(Role::Bias, None, [1, width]));
    list.push(Parameter::new(Role::Head, None, [width, 65]));
    list
}
