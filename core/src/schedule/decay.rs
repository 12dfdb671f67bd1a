//! A decay that branches off a run: what its weights would be worth if it ended now (cooldowns of Hägele et al. 2024,
//! arXiv:2405.18392).
//!
//! The run goes on from where it was, not from the decayed weights: that is what tells a branch from WSD-S, whose next
//! cycle resumes from what the decay has reached.

use super::{FLOOR, knobs::DECAY};
use crate::experiment::ScheduleConfig;

/// `lr(i) = floor + (rate - floor) (1 - i / n)` for the updates `i = 0, 1, ..., n - 1` of a branch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay {
    /// Updates of the branch: `n`.
    pub steps: usize,
    /// Learning rate of the run where it branches off.
    pub rate: f64,
    /// Learning rate that it ends at, no higher than `rate`.
    pub floor: f64,
}

/// Fewer updates than this are no decay.
const FEWEST: usize = 10;

impl Decay {
    /// The branch of a run that has made so many updates and is at a learning rate. Its length is a share of them: the
    /// schedule's own [`DECAY`] where it has one, else the default of that knob. It ends at the schedule's floor, or at 0.
    pub fn new(config: &ScheduleConfig, done: usize, rate: f64) -> Self {
        let has = |id: &str| config.shape.knob(id).is_some();
        let share = if has(DECAY.id) { config.value(&DECAY) } else { DECAY.default };
        let floor = if has(FLOOR.id) { config.floor * config.peak } else { 0.0 };
        Self { steps: ((share * done as f64).round() as usize).max(FEWEST), rate, floor: floor.min(rate) }
    }

    /// The learning rate of the update after `made` updates.
    pub fn at(&self, made: usize) -> f64 {
        let progress = (made as f64 / self.steps as f64).min(1.0);
        self.floor + (self.rate - self.floor) * (1.0 - progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Shape, learning_rate, tests::close};

    fn config(shape: &str) -> ScheduleConfig {
        ScheduleConfig { shape: Shape::find(shape).expect(shape), peak: 1e-2, ..ScheduleConfig::default() }
    }

    #[test]
    fn a_branch_of_a_constant_run_is_a_cooldown_to_zero() {
        // 80 updates and a fifth of them: the last 16 of a WSD run of 96.
        let decay = Decay::new(&config("constant"), 80, 1e-2);
        assert_eq!((decay.steps, decay.floor), (16, 0.0));
        let mut wsd = ScheduleConfig { floor: 0.0, warmup: 0, ..config("wsd") };
        wsd.knobs.0.insert("decay".into(), 16.0 / 96.0);
        for made in 0..16 {
            assert_eq!(decay.at(made), learning_rate(&wsd, 96, 80 + made), "{made}");
        }
    }

    #[test]
    fn its_length_and_floor_are_those_of_the_schedule() {
        let mut wsd = config("wsd");
        wsd.knobs.0.insert("decay".into(), 0.5);
        assert_eq!(Decay::new(&wsd, 300, 4e-3), Decay { steps: 150, rate: 4e-3, floor: 1e-3 });
        assert_eq!(Decay::new(&wsd, 3, 4e-3).steps, FEWEST);
        assert_eq!(Decay::new(&config("cosine"), 300, 4e-3), Decay { steps: 60, rate: 4e-3, floor: 1e-3 });
    }

    #[test]
    fn it_never_rises() {
        let decay = Decay::new(&config("cosine"), 100, 2e-4);
        assert_eq!(decay.floor, 2e-4);
        assert!((0..=decay.steps + 5).all(|made| decay.at(made) == 2e-4));
        let decay = Decay::new(&config("linear"), 100, 5e-3);
        let rates: Vec<f64> = (0..=decay.steps).map(|made| decay.at(made)).collect();
        assert!(rates.windows(2).all(|pair| pair[1] < pair[0]), "{rates:?}");
        close(rates[0], 5e-3, "the present rate");
        assert_eq!(rates.last(), Some(&decay.floor));
    }
}
