//! Cosine decay as nanoGPT has it (Karpathy 2022, `train.py`, `get_lr`), for runs that are compared with nanoGPT's.

use super::{Cosine, FLOOR, Progress, Schedule};
use crate::{experiment::ScheduleConfig, policy::Description};

/// `lr(t) = peak * (t + 1) / (W + 1)` during warm-up, so that no update is lost to a rate of 0; [`Cosine`] afterwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NanoGpt;

static DESCRIPTION: Description = Description {
    id: "nanogpt",
    name: "nanoGPT",
    summary: "Cosine decay after nanoGPT's warm-up, whose first rate is above 0.",
    source: "nanoGPT (Karpathy 2022), train.py",
    knobs: &[FLOOR],
    null: None,
};

impl Schedule for NanoGpt {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        Cosine.factor(config, at)
    }

    fn warming(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        config.peak * (at.step as f64 + 1.0) / (at.warmup as f64 + 1.0)
    }
}
