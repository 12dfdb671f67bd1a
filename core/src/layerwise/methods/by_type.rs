//! Control: one fixed multiplier per type of matrix.

use super::super::{Layerwise, Moment, Parameter, parameter::multipliers};
use crate::model::Role;
use crate::policy::{Description, Knob, Settings};

const fn of(id: &'static str, name: &'static str, default: f64) -> Knob {
    Knob {
        id,
        name,
        unit: "",
        range: 0.0..=100.0,
        is_whole: false,
        default,
        summary: "Multiplies the learning rate of these parameters in every layer.",
    }
}

/// `m` depends on what a parameter does and on nothing else: no spectra, no layers.
///
/// The defaults are the multipliers that LLR reached at 1B parameters (figure 1 of its repository, read by eye), so that
/// what spectra add to the mere type of a matrix can be seen.
pub struct ByType;

const DESCRIPTION: Description = Description {
    id: "by-type",
    name: "By type",
    summary: "Gives every type of matrix its own fixed multiplier, in all layers alike.",
    source: "Control of He et al. 2026, arXiv:2605.22297",
    knobs: &[
        of("embedding", "Embedding", 5.0),
        of("positions", "Positions", 5.0),
        of("query", "Queries", 1.2),
        of("key", "Keys", 1.2),
        of("value", "Values", 1.45),
        of("output", "Attention output", 1.45),
        of("up", "MLP up", 2.7),
        of("down", "MLP down", 2.7),
        of("head", "Head", 5.0),
        of("scale", "Norms", 1.0),
    ],
    null: Some(&[
        ("embedding", 1.0),
        ("positions", 1.0),
        ("query", 1.0),
        ("key", 1.0),
        ("value", 1.0),
        ("output", 1.0),
        ("up", 1.0),
        ("down", 1.0),
        ("head", 1.0),
        ("scale", 1.0),
    ]),
};

impl Layerwise for ByType {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn multipliers(&self, settings: &Settings, parameters: &[Parameter], _at: Moment) -> Vec<f64> {
        multipliers(parameters, |_, parameter| {
            let id = match parameter.role {
                Role::Embedding => "embedding",
                Role::Positions => "positions",
                Role::Query => "query",
                Role::Key => "key",
                Role::Value => "value",
                Role::Output => "output",
                Role::Up => "up",
                Role::Down => "down",
                Role::Head => "head",
                Role::Scale => "scale",
                Role::Bias => return 1.0,
            };
            DESCRIPTION.value(settings, id)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layerwise::golden::parameters;

    #[test]
    fn every_type_has_its_multiplier_in_every_layer_and_biases_follow() {
        let at = Moment { seed: 1, update: 1, steps: 100 };
        let found = ByType.multipliers(&Settings::default(), &parameters(1, 48, |_, _| None), at);
        let layer = [1.2, 1.2, 1.2, 1.2, 1.45, 1.45, 1.45, 1.45, 2.7, 2.7, 2.7, 2.7, 1.0, 1.0, 1.0, 1.0];
        assert_eq!(found, [&[5.0, 5.0][..], &layer, &[1.0, 1.0, 5.0]].concat());
    }
}
