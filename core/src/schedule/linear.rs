//! Linear decay (Defazio et al. 2023, arXiv:2310.07831).

use super::{FLOOR, Progress, Schedule};
use crate::{experiment::ScheduleConfig, policy::Description};

/// `lr(p) = peak * (floor + (1 - floor) * (1 - p))`, with `p` the progress after warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear;

static DESCRIPTION: Description = Description {
    id: "linear",
    name: "Linear",
    summary: "A straight line from the peak to the floor.",
    source: "Defazio et al. 2023, arXiv:2310.07831",
    knobs: &[FLOOR],
    null: Some(&[("floor", 1.0)]),
};

impl Schedule for Linear {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        config.above_floor(1.0 - at.after_warmup())
    }
}
