//! Noise schedules: how likely a token is masked at a noise level (BD3-LM, Arriola et al. 2025, arXiv:2503.09573).

use std::f64::consts::{FRAC_PI_2, LN_2};

/// The cosine schedule's probability at level 0, as released.
const COSINE_EPSILON: f64 = 1e-3;

/// How the probability `p(t)` of a mask grows with the noise level `t`.
///
/// The weight of a masked token's cross-entropy is `w(t) = p'(t) / p(t)`. As `w dt = dp / p`, the loss is the same in
/// expectation under each of them; only its variance differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoiseSchedule {
    /// `p = t`, called log-linear in the release.
    Linear,
    /// `p = t^2`.
    Square,
    /// `p = sqrt(t)`.
    SquareRoot,
    /// `p = ln(1 + t) / ln 2`.
    Logarithm,
    /// `p = 1 - (1 - 0.001) cos(pi t / 2)`.
    Cosine,
}

impl NoiseSchedule {
    /// All of them, in the order of their numbers in links.
    pub const ALL: [Self; 5] = [Self::Linear, Self::Square, Self::SquareRoot, Self::Logarithm, Self::Cosine];

    /// Their names, in the same order.
    pub const NAMES: &'static [&'static str] = &["Linear", "Square", "Square root", "Logarithm", "Cosine"];

    /// The probability of a mask at a level in `0.0..=1.0`.
    pub fn probability(self, level: f64) -> f64 {
        match self {
            Self::Linear => level,
            Self::Square => level * level,
            Self::SquareRoot => level.sqrt(),
            Self::Logarithm => level.ln_1p() / LN_2,
            Self::Cosine => 1.0 - (1.0 - COSINE_EPSILON) * (FRAC_PI_2 * level).cos(),
        }
    }

    /// The weight of a masked token's cross-entropy at a level in `0.0..=1.0`; infinite at 0 except for the cosine.
    pub fn weight(self, level: f64) -> f64 {
        match self {
            Self::Linear => 1.0 / level,
            Self::Square => 2.0 / level,
            Self::SquareRoot => 0.5 / level,
            Self::Logarithm => 1.0 / ((1.0 + level) * level.ln_1p()),
            Self::Cosine => (1.0 - COSINE_EPSILON) * FRAC_PI_2 * (FRAC_PI_2 * level).sin() / self.probability(level),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        layerwise::golden::{close, number},
        objective::golden::vectors,
    };

    #[test]
    fn probabilities_and_weights_are_golden() {
        for (schedule, name) in NoiseSchedule::ALL.into_iter().zip(["linear", "square", "sqrt", "log", "cosine"]) {
            let table = &vectors()["noise_schedules"][name];
            for row in table.as_array().expect("rows") {
                let level = number(&row["t"]);
                assert!(close(schedule.probability(level), number(&row["p"]), 1e-9), "{name} at {level}");
                assert!(close(schedule.weight(level), number(&row["w"]), 1e-9), "{name} at {level}");
            }
        }
    }

    #[test]
    fn the_weight_is_the_growth_of_the_logarithm_of_the_probability() {
        for schedule in NoiseSchedule::ALL {
            for level in [0.05, 0.3, 0.5, 0.77, 0.95] {
                let log = |level: f64| schedule.probability(level).ln();
                let slope = (log(level + 1e-6) - log(level - 1e-6)) / 2e-6;
                assert!(close(schedule.weight(level), slope, 1e-7), "{schedule:?} at {level}");
            }
        }
    }
}
