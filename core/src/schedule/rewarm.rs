//! Re-warming for continued pre-training (Gupta et al. 2023, arXiv:2308.04014): the second phase of a run.

use super::{Cosine, FLOOR, Progress, Schedule};
use crate::{experiment::ScheduleConfig, policy::Description};

/// `lr(t) = peak * (floor + (1 - floor) * t / W)` during warm-up: from where the first phase ended back to the peak.
/// [`Cosine`] afterwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rewarm;

static DESCRIPTION: Description = Description {
    id: "rewarm",
    name: "Re-warm",
    summary: "From the floor, where an earlier run ended, back to the peak, then half a cosine down again.",
    source: "Gupta et al. 2023, arXiv:2308.04014",
    knobs: &[FLOOR],
    null: None,
};

impl Schedule for Rewarm {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        Cosine.factor(config, at)
    }

    fn warming(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        config.peak * config.above_floor(at.step as f64 / at.warmup as f64)
    }
}
