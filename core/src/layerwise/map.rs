//! From tail exponents to multipliers of the learning rate.
//!
//! The maps of the code of He et al. 2026 (arXiv:2605.22297) and of TempBalance (Zhou et al. 2023, arXiv:2312.00359).
//! All give a heavier tail, a smaller alpha, the smaller rate.

/// How alphas become multipliers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Map {
    /// `m = s1 + (s2 - s1) (alpha - min) / (max - min)`, the released one; `s1 > s2` turns it round.
    Linear {
        /// The multiplier of the smallest alpha.
        s1: f64,
        /// The multiplier of the largest alpha.
        s2: f64,
    },
    /// `m = n sqrt(alpha) / sum(sqrt(alpha) + 1e-8)`.
    SquareRoot,
    /// `m = n log2(alpha) / sum(log2(alpha) + 1e-8)`.
    Logarithm,
    /// `m = 2 / (1 + exp(-4 (alpha - mean) / (deviation + 1e-8)))`, with the deviation of the whole population.
    Sigmoid,
}

impl Map {
    /// One multiplier per alpha.
    ///
    /// When all alphas are equal, nothing tells the matrices apart and every multiplier is 1. The released linear map
    /// gives `s2` to all of them then, which is an accident of its interpolation.
    pub fn multipliers(self, alphas: &[f64]) -> Vec<f64> {
        let (low, high) = range(alphas);
        let is_flat = low >= high || alphas.iter().any(|alpha| !alpha.is_finite());
        if is_flat {
            return vec![1.0; alphas.len()];
        }
        match self {
            Self::Linear { s1, s2 } => {
                let place = |alpha: &f64| {
                    // The ends are exact, and rounding leads nowhere beyond them.
                    let m = if *alpha == high { s2 } else { s1 + (s2 - s1) * ((alpha - low) / (high - low)) };
                    m.max(s1.min(s2)).min(s1.max(s2))
                };
                alphas.iter().map(place).collect()
            }
            Self::SquareRoot => shares(alphas, f64::sqrt),
            Self::Logarithm => shares(alphas, f64::log2),
            Self::Sigmoid => {
                let count = alphas.len() as f64;
                let mean = alphas.iter().sum::<f64>() / count;
                let variance = alphas.iter().map(|alpha| (alpha - mean).powi(2)).sum::<f64>() / count;
                let scale = -4.0 / (variance.sqrt() + 1e-8);
                alphas.iter().map(|alpha| 2.0 / (1.0 + (scale * (alpha - mean)).exp())).collect()
            }
        }
    }

    /// The same within each group of equal keys (`layer_linear_map` and its kin): every layer has its own smallest and
    /// largest alpha. `keys` holds one key per alpha.
    pub fn multipliers_within<K: PartialEq>(self, alphas: &[f64], keys: &[K]) -> Vec<f64> {
        let mut list = vec![1.0; alphas.len()];
        for (first, key) in keys.iter().enumerate() {
            if keys[..first].contains(key) {
                continue;
            }
            let members: Vec<usize> = (first..alphas.len().min(keys.len())).filter(|i| keys[*i] == *key).collect();
            let group: Vec<f64> = members.iter().map(|member| alphas[*member]).collect();
            for (member, multiplier) in members.into_iter().zip(self.multipliers(&group)) {
                list[member] = multiplier;
            }
        }
        list
    }
}

/// Smallest and largest value; an empty list has none, and its smallest is above its largest.
fn range(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)))
}

/// `n f(alpha) / sum(f(alpha) + 1e-8)`.
fn shares(alphas: &[f64], f: impl Fn(f64) -> f64) -> Vec<f64> {
    let values: Vec<f64> = alphas.iter().map(|alpha| f(*alpha)).collect();
    let sum: f64 = values.iter().map(|value| value + 1e-8).sum();
    let scale = values.len() as f64 / sum;
    if !(scale > 0.0 && scale.is_finite() && values.iter().all(|value| *value >= 0.0)) {
        return vec![1.0; alphas.len()];
    }
    values.into_iter().map(|value| value * scale).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layerwise::golden::{assert_close, number, numbers, rates};

    fn multiplied(multipliers: &[f64], base: f64) -> Vec<f64> {
        multipliers.iter().map(|multiplier| multiplier * base).collect()
    }

    /// L4, all alphas equal, is the one deviation from the released code: 1 instead of s2.
    #[test]
    fn the_linear_map_agrees_with_the_golden_rates() {
        for case in rates()["linear_map"].as_array().expect("cases") {
            let (name, alphas) = (case["name"].as_str().expect("a name"), numbers(&case["alphas"]));
            let map = Map::Linear { s1: number(&case["s1"]), s2: number(&case["s2"]) };
            let base = number(&case["base"]);
            let found = multiplied(&map.multipliers(&alphas), base);
            if name.starts_with("L4") {
                assert_eq!(found, [base; 3], "{name}");
                assert_eq!(numbers(&case["lr"]), [number(&case["s2"]) * base; 3], "{name}");
            } else {
                assert_close(&found, &numbers(&case["lr"]), 1e-12, name);
            }
        }
    }

    #[test]
    fn the_reversed_map_agrees_with_the_golden_rates() {
        let case = &rates()["reversed_map_L2"];
        let found = Map::Linear { s1: 5.0, s2: 1.0 }.multipliers(&numbers(&case["alphas"]));
        assert_close(&multiplied(&found, number(&case["base"])), &numbers(&case["lr"]), 1e-12, "reversed");
    }

    #[test]
    fn the_other_maps_agree_with_the_golden_rates() {
        let golden = rates();
        let alphas = numbers(&golden["reversed_map_L2"]["alphas"]);
        for (key, map) in [("tb_sqrt", Map::SquareRoot), ("tb_log2", Map::Logarithm), ("sigmoid", Map::Sigmoid)] {
            let expected = numbers(&golden["other_maps_L2_base_1e-3"][key]);
            assert_close(&multiplied(&map.multipliers(&alphas), 1e-3), &expected, 1e-12, key);
        }
    }

    #[test]
    fn a_map_within_groups_is_the_map_of_each_group() {
        let map = Map::Linear { s1: 1.0, s2: 3.0 };
        assert_eq!(map.multipliers_within(&[2.0, 9.0, 4.0, 8.0, 3.0], &[0, 1, 0, 1, 0]), [1.0, 3.0, 3.0, 1.0, 2.0]);
        assert_eq!(map.multipliers_within(&[2.0, 4.0], &[0, 1]), [1.0, 1.0]);
        assert_eq!(map.multipliers_within(&[2.0], &[0, 0, 1]), [1.0]);
    }

    const MAPS: [Map; 4] = [Map::Linear { s1: 1.0, s2: 5.0 }, Map::SquareRoot, Map::Logarithm, Map::Sigmoid];

    #[test]
    fn alphas_that_say_nothing_give_one() {
        for map in MAPS {
            for alphas in [&[][..], &[2.2], &[2.2; 3], &[2.0, f64::NAN], &[2.0, f64::INFINITY]] {
                assert_eq!(map.multipliers(alphas), vec![1.0; alphas.len()], "{map:?} {alphas:?}");
            }
        }
        assert_eq!(Map::Logarithm.multipliers(&[0.5, 4.0]), [1.0; 2], "a negative rate");
    }

    proptest! {
        #[test]
        fn the_linear_map_stays_between_its_ends_and_touches_both(
            alphas in prop::collection::vec(1.0..20.0f64, 2..64), s1 in 0.001..10.0f64, s2 in 0.001..10.0f64,
        ) {
            let found = Map::Linear { s1, s2 }.multipliers(&alphas);
            prop_assert!(found.iter().all(|m| (s1.min(s2)..=s1.max(s2)).contains(m)), "{:?}", found);
            let (low, high) = range(&alphas);
            if low < high {
                prop_assert!(found.contains(&s1) && found.contains(&s2));
            }
        }

        #[test]
        fn every_map_is_finite_not_negative_and_rises_with_alpha(
            mut alphas in prop::collection::vec(1.001..20.0f64, 0..64),
        ) {
            alphas.sort_by(f64::total_cmp);
            for map in MAPS {
                let found = map.multipliers(&alphas);
                prop_assert!(found.iter().all(|m| m.is_finite() && *m >= 0.0), "{:?}", found);
                prop_assert!(found.is_sorted(), "{:?} {:?}", map, found);
            }
        }
    }
}
