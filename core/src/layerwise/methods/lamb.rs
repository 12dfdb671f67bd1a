//! LAMB, layerwise adaptive moments (You et al. 2020, arXiv:1904.00962, algorithm 2).

use super::trust::{EVERY, LARGEST, NULL, SMALLEST, Trust};
use crate::policy::Description;

const DESCRIPTION: Description = Description {
    id: "lamb",
    name: "LAMB ratio",
    summary: "Multiplies each matrix's rate by the ratio of its norm to its update's.",
    source: "You et al. 2020, arXiv:1904.00962",
    knobs: &[SMALLEST, LARGEST, EVERY],
    null: Some(NULL),
};

/// `m = |w| / |u|` per matrix, with `u = m_hat / (sqrt(v_hat) + epsilon) + decay w`; 1 where either norm is 0.
///
/// On AdamW it is LAMB itself: AdamW's update with its decay is `learning rate * u`.
pub const LAMB: Trust = Trust { description: &DESCRIPTION, ratio: |_, norms| norms.weight / norms.update };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        layerwise::{
            Layerwise as _, Moment, Norms, Parameter,
            golden::{close, number, numbers},
        },
        model::Role,
        policy::Settings,
    };

    const AT: Moment = Moment { seed: 1, update: 1, steps: 100 };

    fn norm(values: &[f64]) -> f64 {
        values.iter().map(|value| value * value).sum::<f64>().sqrt()
    }

    fn matrix(weight: f64, update: f64) -> Parameter {
        let norms = Norms { weight, gradient: 1.0, update };
        Parameter { norms: Some(norms), ..Parameter::new(Role::Up, Some(0), [1, 2]) }
    }

    #[test]
    fn the_ratio_and_the_update_agree_with_the_golden_values() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../../../tests/golden/optimizer_vectors.json")).expect("valid JSON");
        let (case, w) = (&golden["lars_lamb"]["lamb_first_step"], numbers(&golden["lars_lamb"]["w"]));
        let u = numbers(&case["u"]);
        let found = LAMB.multipliers(&Settings::default(), &[matrix(norm(&w), norm(&u))], AT)[0];
        assert!(close(found, number(&case["ratio"]), 1e-8), "{found}");
        for ((w, u), expected) in w.iter().zip(&u).zip(numbers(&case["w_next"])) {
            assert!(close(w - number(&case["lr"]) * found * u, expected, 1e-8));
        }
    }

    #[test]
    fn what_has_no_ratio_keeps_its_rate_and_bounds_hold() {
        let unmeasured = Parameter::new(Role::Up, Some(0), [2, 2]);
        let scale = Parameter { role: Role::Scale, ..matrix(3.0, 1.0) };
        let list = [matrix(0.0, 1.0), matrix(1.0, 0.0), matrix(f64::NAN, 1.0), unmeasured, scale];
        assert_eq!(LAMB.multipliers(&Settings::default(), &list, AT), [1.0; 5]);
        let settings = Settings([("smallest".to_owned(), 0.5), ("largest".to_owned(), 2.0)].into());
        assert_eq!(LAMB.multipliers(&settings, &[matrix(1.0, 9.0), matrix(9.0, 1.0)], AT), [0.5, 2.0]);
        let settings = Settings([("smallest".to_owned(), 3.0), ("largest".to_owned(), 2.0)].into());
        assert_eq!(LAMB.fault(&settings, 100).expect("a fault").0, "smallest");
    }
}
