//! Cosine decay (Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts).

use std::f64::consts::PI;

use super::{FLOOR, Progress, Schedule};
use crate::{experiment::ScheduleConfig, policy::Description};

/// `lr(p) = peak * (floor + (1 - floor) * (1 + cos(pi p)) / 2)`, with `p` the progress after warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cosine;

static DESCRIPTION: Description = Description {
    id: "cosine",
    name: "Cosine",
    summary: "Half a cosine from the peak to the floor.",
    source: "Loshchilov and Hutter 2017, arXiv:1608.03983",
    knobs: &[FLOOR],
    null: Some(&[("floor", 1.0)]),
};

impl Schedule for Cosine {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        config.floor + (1.0 - config.floor) * (1.0 + (PI * at.after_warmup()).cos()) / 2.0
    }
}
