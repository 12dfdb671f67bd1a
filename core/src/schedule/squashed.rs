//! Squashed inverse square root (`rsqrt_normalized_decay_warmup` of init2winit, google/init2winit `schedules.py`).

use super::{Progress, Schedule};
use crate::{
    experiment::ScheduleConfig,
    policy::{Description, Knob},
};

/// `lr(t) = peak * sqrt(scale) / sqrt(t + scale)`, from the peak on, without a warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Squashed;

const SCALE: Knob = Knob {
    id: "scale",
    name: "Scale",
    unit: "steps",
    range: 1.0..=1e6,
    is_whole: true,
    default: 100.0,
    summary: "Steps until the rate is 71 % of the peak; it is half the peak after three times as many.",
};

static DESCRIPTION: Description = Description {
    id: "squashed-sqrt",
    name: "Squashed 1/√t",
    summary: "Falls with the square root of time from the first step, without a warm-up.",
    source: "init2winit (google/init2winit), schedules.py",
    knobs: &[SCALE],
    null: None,
};

impl Schedule for Squashed {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        let scale = config.value(&SCALE);
        scale.sqrt() / (at.step as f64 + scale).sqrt()
    }

    fn warms_up(&self) -> bool {
        false
    }
}
