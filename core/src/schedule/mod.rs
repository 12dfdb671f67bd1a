//! The learning rate over time: a linear warm-up to the peak, then one of several shapes.

mod constant;
mod cosine;
mod linear;

pub use constant::Constant;
pub use cosine::Cosine;
pub use linear::Linear;

use crate::experiment::{ScheduleConfig, Shape};

/// A shape of the learning rate after warm-up.
pub trait Schedule {
    /// The learning rate as a fraction of the peak.
    fn factor(&self, at: Progress) -> f64;
}

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Updates done before this one.
    pub step: usize,
    /// Updates of the whole run.
    pub steps: usize,
    /// Updates of the warm-up.
    pub warmup: usize,
}

impl Progress {
    /// `p = (t - W) / (T - W)`, clamped to `0..=1`: the share of the run after warm-up that is done.
    pub fn after_warmup(self) -> f64 {
        let done = self.step.saturating_sub(self.warmup) as f64;
        let all = self.steps.saturating_sub(self.warmup).max(1) as f64;
        (done / all).min(1.0)
    }
}

/// The learning rate of the update after `step` updates, in a run of `steps`: `peak * t / warmup` during warm-up, the
/// shape's factor of the peak afterwards.
pub fn learning_rate(config: &ScheduleConfig, steps: usize, step: usize) -> f64 {
    if step < config.warmup {
        return config.peak * step as f64 / config.warmup as f64;
    }
    let at = Progress { step, steps, warmup: config.warmup };
    let factor = match config.shape {
        Shape::Constant => Constant.factor(at),
        Shape::Linear => Linear { floor: config.floor }.factor(at),
        Shape::Cosine => Cosine { floor: config.floor }.factor(at),
    };
    config.peak * factor
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `tests/golden/schedule_vectors.json` holds each schedule at every step, in f64.
    #[test]
    fn schedules_agree_with_the_golden_vectors() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/golden/schedule_vectors.json")).expect("valid JSON");
        let steps = golden["T"].as_u64().expect("a number") as usize;
        let config = |shape, floor| ScheduleConfig { shape, floor, peak: 1e-3, warmup: 10 };
        for (name, config) in [
            ("constant", ScheduleConfig { warmup: 0, ..config(Shape::Constant, 0.0) }),
            ("const+warmup", config(Shape::Constant, 0.0)),
            ("linear->0", config(Shape::Linear, 0.0)),
            ("cosine->0", config(Shape::Cosine, 0.0)),
            ("cosine->0.1P", config(Shape::Cosine, 0.1)),
        ] {
            let expected = golden["schedules"][name].as_array().expect(name);
            for (step, expected) in expected.iter().enumerate() {
                let (expected, found) = (expected.as_f64().expect("a number"), learning_rate(&config, steps, step));
                assert!(
                    (found - expected).abs() <= 1e-12 * expected.abs().max(1e-12),
                    "{name} at {step}: {found}, not {expected}"
                );
            }
        }
    }

    #[test]
    fn steps_beyond_the_run_stay_at_the_floor() {
        let config = ScheduleConfig { floor: 0.1, peak: 1e-3, ..Default::default() };
        assert!((learning_rate(&config, 200, 5000) - 1e-4).abs() < 1e-18);
    }
}
