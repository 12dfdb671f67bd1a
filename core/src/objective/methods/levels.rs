//! The noise levels of training that masked methods share.

use super::knobs::{HIGH, LOW, SCHEDULE, schedule};
use crate::{
    objective::{NoiseSchedule, Quantity},
    policy::{Description, Knob, Settings},
};

/// How the noise levels of training become masks.
#[derive(Clone, Copy, Debug)]
pub struct Levels {
    /// The noise schedule.
    pub schedule: NoiseSchedule,
    /// The lowest level.
    pub low: f64,
    /// The highest level.
    pub high: f64,
}

impl Levels {
    /// All levels of the linear schedule.
    pub const ALL: Self = Self { schedule: NoiseSchedule::Linear, low: *LOW.range.start(), high: *HIGH.range.end() };

    /// Those of a method's settings; the linear schedule where it has no other.
    pub fn of(description: &Description, settings: &Settings) -> Self {
        let value = |knob: &Knob| match description.value(settings, knob.id) {
            value if value.is_nan() => knob.default,
            value => value.clamp(*knob.range.start(), *knob.range.end()),
        };
        let has_schedule = description.knobs.iter().any(|knob| knob.id == SCHEDULE.id);
        let schedule = if has_schedule { schedule(description, settings) } else { NoiseSchedule::Linear };
        Self { schedule, low: value(&LOW), high: value(&HIGH) }
    }

    /// The level of a uniform number.
    pub fn level(&self, uniform: f64) -> f64 {
        self.low + (self.high - self.low) * uniform
    }

    /// The probability of a mask and the weight of a masked token, from a uniform number.
    pub fn noise(&self, uniform: f64) -> (f64, f64) {
        let level = self.level(uniform);
        let weight = if self.low > 0.5 { 1.0 } else { self.schedule.weight(level) };
        (self.schedule.probability(level), weight)
    }

    /// What a loss with these levels is.
    pub fn quantity(&self) -> Quantity {
        let is_whole = (self.low, self.high) == (Self::ALL.low, Self::ALL.high);
        if is_whole { Quantity::Bound } else { Quantity::MaskedCrossEntropy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        layerwise::golden::{close, number},
        objective::golden::vectors,
    };

    fn clipped(low: f64, high: f64) -> Levels {
        Levels { low, high, ..Levels::ALL }
    }

    /// The mean over all levels, by the midpoint rule.
    fn mean(levels: Levels, value: impl Fn(f64, f64) -> f64) -> f64 {
        const PARTS: usize = 200_000;
        let at = |part: usize| levels.noise((part as f64 + 0.5) / PARTS as f64);
        (0..PARTS).map(at).map(|(p, w)| value(p, w)).sum::<f64>() / PARTS as f64
    }

    #[test]
    fn the_variance_of_constant_losses_is_golden() {
        for case in vectors()["likelihood"]["variance_of_K_over_t_constant_ce"].as_array().expect("cases") {
            let levels = clipped(number(&case["lo"]), number(&case["hi"]));
            // Given the level, the count is binomial; its mean times the weight does not depend on the level.
            assert!(close(mean(levels, |p, w| p * w), 1.0, 1e-12));
            let variance = mean(levels, |p, w| w * w * p * (1.0 - p));
            assert!(close(variance, number(&case["variance_over_B"]), 1e-5), "{variance}, not {case}");
        }
    }

    #[test]
    fn the_bias_of_clipped_levels_is_golden() {
        for case in vectors()["likelihood"]["clipped_bias_ce_1_plus_t"].as_array().expect("cases") {
            let levels = clipped(number(&case["lo"]), number(&case["hi"]));
            let estimate = mean(levels, |p, w| p * w * (1.0 + p));
            assert!(close(estimate, number(&case["estimate"]), 1e-9), "{estimate}, not {case}");
        }
    }

    #[test]
    fn every_schedule_weighs_a_loss_alike_in_expectation() {
        for schedule in NoiseSchedule::ALL {
            let levels = Levels { schedule, ..Levels::ALL };
            // A loss of `K` per masked token, `1 + p`: 1.5 without the lowest levels, of which the square root has most.
            let estimate = mean(levels, |p, w| p * w * (1.0 + p));
            assert!((estimate - 1.5).abs() < 0.04, "{schedule:?}: {estimate}");
        }
    }

    #[test]
    fn above_a_half_all_weights_are_one() {
        assert_eq!(clipped(0.51, 1.0).noise(0.5).1, 1.0);
        assert_eq!(clipped(0.5, 1.0).noise(0.0), (0.5, 2.0));
    }
}
