//! Rates that follow the width: the standard parameterisation against muP (Yang et al. 2022, arXiv:2203.03466, table 3),
//! and what lies between (Haas et al. 2025, arXiv:2505.22491).

use super::super::{Layerwise, Moment, Parameter};
use crate::model::Role;
use crate::policy::{Description, Knob, Settings};

const BASE: Knob = Knob {
    id: "base-width",
    name: "Base width",
    unit: "channels",
    range: 1.0..=4096.0,
    is_whole: true,
    default: 48.0,
    summary: "The width at which the learning rate was tuned; there every multiplier is 1.",
};

const HIDDEN: Knob = Knob {
    id: "hidden",
    name: "Hidden exponent",
    unit: "",
    range: -2.0..=2.0,
    is_whole: false,
    default: 1.0,
    summary: "Hidden matrices scale with the width to minus this: 1 is muP with Adam, 0 one rate for all widths.",
};

const HEAD: Knob = Knob {
    id: "head",
    name: "Head exponent",
    default: 1.0,
    summary: "The same for an untied head: 1 is muP with Adam or SGD.",
    ..HIDDEN
};

const VECTORS: Knob = Knob {
    id: "vectors",
    name: "Embedding and vector exponent",
    default: 0.0,
    summary: "The same for embedding, positions, norms and biases: 0 is muP with Adam, -1 with SGD.",
    ..HIDDEN
};

/// `m = (width / base)^-e`, with an exponent `e` for each role of parameter.
///
/// muP with Adam is (hidden 1, head 1, vectors 0); with SGD (0, 1, -1), table 3's hidden rate being 1 there. With all
/// exponents 0 it is the standard parameterisation with one rate. Initial values and the model's output are not
/// rescaled here. At a tied head the embedding's exponent holds.
pub struct Width;

const DESCRIPTION: Description = Description {
    id: "width",
    name: "Width exponent",
    summary: "Scales the rates of hidden matrices and head with the width, as muP does.",
    source: "Yang et al. 2022, arXiv:2203.03466; Haas et al. 2025, arXiv:2505.22491",
    knobs: &[BASE, HIDDEN, HEAD, VECTORS],
    null: Some(&[("hidden", 0.0), ("head", 0.0), ("vectors", 0.0)]),
};

impl Layerwise for Width {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn multipliers(&self, settings: &Settings, parameters: &[Parameter], _at: Moment) -> Vec<f64> {
        let value = |knob: &Knob| DESCRIPTION.value(settings, knob.id);
        // The embedding maps the vocabulary to the width.
        let embedding = parameters.iter().find(|parameter| parameter.role == Role::Embedding);
        let scale = embedding.map_or(1.0, |embedding| embedding.shape[1] as f64 / value(&BASE));
        let of = |parameter: &Parameter| {
            let exponent = match parameter.role {
                Role::Head => value(&HEAD),
                role if role.is_hidden() => value(&HIDDEN),
                _ => value(&VECTORS),
            };
            scale.powf(-exponent)
        };
        parameters.iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layerwise::golden::{number, parameters};

    fn multipliers(width: usize, exponents: [f64; 3]) -> [f64; 4] {
        let set = [("hidden", exponents[0]), ("head", exponents[1]), ("vectors", exponents[2])];
        let settings = Settings(set.map(|(id, value)| (id.to_owned(), value)).into());
        let list = parameters(2, width, |_, _| None);
        let found = Width.multipliers(&settings, &list, Moment { seed: 1, update: 1, steps: 100 });
        [Role::Up, Role::Head, Role::Embedding, Role::Bias].map(|role| {
            let first = list.iter().position(|parameter| parameter.role == role).expect("one of each role");
            found[first]
        })
    }

    #[test]
    fn mup_divides_by_the_growth_in_width_and_changes_nothing_at_the_base() {
        assert_eq!(multipliers(192, [1.0, 1.0, 0.0]), [0.25, 0.25, 1.0, 1.0]);
        assert_eq!(multipliers(192, [0.0, 1.0, -1.0]), [1.0, 0.25, 4.0, 4.0]);
        assert_eq!(multipliers(192, [0.5, 0.0, 0.0]), [0.5, 1.0, 1.0, 1.0]);
        assert_eq!(multipliers(48, [1.0, 1.0, -1.0]), [1.0; 4]);
    }

    /// The golden sweep of a ReLU network finds its best rates to fall about as `width^-0.6` with cross-entropy and as
    /// `width^-1` with squared error. With these exponents the multipliers follow it to within its grid, a factor of 2.
    #[test]
    fn the_golden_exponents_follow_the_best_rates() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../../../tests/golden/width_scaling.json")).expect("valid JSON");
        for loss in ["ce", "mse"] {
            let exponent = -number(&golden[loss]["slope_of_best"]);
            let rows = golden[loss]["rows"].as_array().expect("rows");
            let residual = |row: &serde_json::Value| {
                let width = number(&row["width"]) as usize;
                number(&row["best_log2_lr"]) - multipliers(width, [exponent, 0.0, 0.0])[0].log2()
            };
            let residuals: Vec<f64> = rows.iter().map(residual).collect();
            let mean = residuals.iter().sum::<f64>() / residuals.len() as f64;
            assert!(residuals.iter().all(|residual| (residual - mean).abs() < 1.0), "{loss}: {residuals:?}");
        }
    }
}
