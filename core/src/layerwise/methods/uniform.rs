//! One learning rate for everything: the baseline of the family.

use super::super::{Layerwise, Moment, Parameter};
use crate::policy::{Description, Settings};

/// `m = 1` for every parameter.
pub struct Uniform;

impl Layerwise for Uniform {
    fn description(&self) -> &'static Description {
        &Description {
            id: "uniform",
            name: "Uniform",
            summary: "Gives every parameter the same learning rate.",
            source: "The baseline",
            knobs: &[],
            null: Some(&[]),
        }
    }

    fn multipliers(&self, _settings: &Settings, parameters: &[Parameter], _at: Moment) -> Vec<f64> {
        vec![1.0; parameters.len()]
    }
}
