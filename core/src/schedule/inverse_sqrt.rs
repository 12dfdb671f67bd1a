//! Inverse square root decay (Vaswani et al. 2017, arXiv:1706.03762; T5, Raffel et al. 2020, arXiv:1910.10683).

use super::{Progress, Schedule, knobs::START};
use crate::{experiment::ScheduleConfig, policy::Description};

/// `lr(t) = peak * sqrt(n / max(t, n))`, with `n = max(W, start, 1)`. It does not know when the run ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InverseSqrt;

static DESCRIPTION: Description = Description {
    id: "inverse-sqrt",
    name: "1/√t",
    summary: "Falls with the square root of time, whenever the run ends.",
    source: "Vaswani et al. 2017, arXiv:1706.03762; T5, arXiv:1910.10683",
    knobs: &[START],
    // A million steps is the longest run.
    null: Some(&[("start", 1e6)]),
};

impl Schedule for InverseSqrt {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        let start = config.value(&START).max(at.warmup as f64).max(1.0);
        (start / start.max(at.step as f64)).sqrt()
    }
}
