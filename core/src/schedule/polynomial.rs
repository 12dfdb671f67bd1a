//! Polynomial decay, the family of linear decay and its powers.

use super::{FLOOR, Progress, Schedule};
use crate::{
    experiment::ScheduleConfig,
    policy::{Description, Knob},
};

/// `lr(p) = peak * (floor + (1 - floor) * (1 - p)^power)`, with `p` the progress after warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Polynomial;

const POWER: Knob = Knob {
    id: "power",
    name: "Power",
    unit: "",
    range: 0.0..=10.0,
    is_whole: false,
    default: 2.0,
    summary: "The power of what is left of the run: 1 is linear, above it the rate falls early.",
};

static DESCRIPTION: Description = Description {
    id: "polynomial",
    name: "Polynomial",
    summary: "A power of what is left of the run, from the peak to the floor.",
    source: "common practice; DeepLab (Chen et al. 2017, arXiv:1606.00915) uses the power 0.9",
    knobs: &[POWER, FLOOR],
    null: Some(&[("floor", 1.0)]),
};

impl Schedule for Polynomial {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        config.above_floor((1.0 - at.after_warmup()).powf(config.value(&POWER)))
    }
}
