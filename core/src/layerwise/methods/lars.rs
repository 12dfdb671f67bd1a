//! LARS, layerwise adaptive rate scaling (You, Gitman and Ginsburg 2017, arXiv:1708.03888, equation 6).

use super::{
    super::Norms,
    trust::{EVERY, LARGEST, NULL, SMALLEST, Trust},
};
use crate::policy::{Description, Knob};

const COEFFICIENT: Knob = Knob {
    id: "coefficient",
    name: "Trust coefficient",
    unit: "",
    range: 1e-6..=1000.0,
    is_whole: false,
    default: 1e-3,
    summary: "How far a matrix may move in one step, as a share of its own norm.",
};

const DECAY: Knob = Knob {
    id: "decay",
    name: "Weight decay",
    unit: "",
    range: 0.0..=10.0,
    is_whole: false,
    default: 0.0,
    summary: "The weight decay that the ratio counts as a part of the gradient.",
};

const DESCRIPTION: Description = Description {
    id: "lars",
    name: "LARS ratio",
    summary: "Multiplies each matrix's rate by the ratio of its norm to its gradient's.",
    source: "You, Gitman and Ginsburg 2017, arXiv:1708.03888",
    knobs: &[COEFFICIENT, DECAY, SMALLEST, LARGEST, EVERY],
    null: Some(NULL),
};

/// `m = coefficient |w| / (|g| + decay |w|)` per matrix; 1 where a norm is 0.
///
/// It is LARS when the optimiser is SGD with momentum; with AdamW it shows the ratio and steers the rate by it.
pub const LARS: Trust = Trust {
    description: &DESCRIPTION,
    ratio: |settings, Norms { weight, gradient, .. }| {
        let [coefficient, decay] = [COEFFICIENT, DECAY].map(|knob| DESCRIPTION.value(settings, knob.id));
        // Without a gradient there is nothing to trust, whatever the decay.
        if gradient == 0.0 { 1.0 } else { coefficient * weight / (gradient + decay * weight) }
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        layerwise::{
            Layerwise as _, Moment, Parameter,
            golden::{close, number},
        },
        model::Role,
        policy::Settings,
    };

    #[test]
    fn the_ratio_agrees_with_the_golden_values() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../../../tests/golden/optimizer_vectors.json")).expect("valid JSON");
        let norms = Norms { weight: 5.0, gradient: 1.0, update: 1.0 };
        let matrix = Parameter { norms: Some(norms), ..Parameter::new(Role::Up, Some(0), [1, 2]) };
        let at = Moment { seed: 1, update: 1, steps: 100 };
        for (decay, key) in [(0.0, "lars_trust_eta_1e-3_wd_0"), (5e-4, "lars_trust_eta_1e-3_wd_5e-4")] {
            let settings = Settings([("decay".to_owned(), decay)].into());
            let found = LARS.multipliers(&settings, std::slice::from_ref(&matrix), at);
            assert!(close(found[0], number(&golden["lars_lamb"][key]), 1e-8), "{key}: {found:?}");
        }
    }
}
