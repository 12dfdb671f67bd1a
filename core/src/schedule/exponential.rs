//! Exponential decay, one of the baselines of REX (arXiv:2107.04197), whose constant is not published.

use super::{Progress, Schedule};
use crate::{
    experiment::ScheduleConfig,
    policy::{Description, Knob},
};

/// `lr(p) = peak * exp(-rate * p)`, with `p` the progress after warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential;

const RATE: Knob = Knob {
    id: "rate",
    name: "Rate",
    unit: "e-folds",
    range: 0.0..=20.0,
    is_whole: false,
    default: 5.0,
    summary: "How many times the learning rate falls by a factor e until the end.",
};

static DESCRIPTION: Description = Description {
    id: "exponential",
    name: "Exponential",
    summary: "Falls by the same factor in every step.",
    source: "common practice",
    knobs: &[RATE],
    null: Some(&[("rate", 0.0)]),
};

impl Schedule for Exponential {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        (-config.value(&RATE) * at.after_warmup()).exp()
    }
}
