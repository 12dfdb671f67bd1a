//! The 30-60-90 step schedule, a baseline of Defazio et al. (2023, arXiv:2310.07831).

use super::{Progress, Schedule};
use crate::{
    experiment::ScheduleConfig,
    policy::{Description, Knob},
};

/// `lr(t) = peak * drop^n`, with `n` the number of `0.3, 0.6, 0.9` that are at most `t / T`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step;

const DROP: Knob = Knob {
    id: "drop",
    name: "Drop",
    unit: "×",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.1,
    summary: "What the rate is multiplied by after 30, 60 and 90 % of the run.",
};

static DESCRIPTION: Description = Description {
    id: "step",
    name: "Step 30-60-90",
    summary: "Falls at once after 30, 60 and 90 % of the run, and is constant in between.",
    source: "baseline in Defazio et al. 2023, arXiv:2310.07831",
    knobs: &[DROP],
    null: Some(&[("drop", 1.0)]),
};

impl Schedule for Step {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        // In whole numbers, so that no edge is rounded away.
        let (step, steps) = (at.step as u128, at.steps as u128);
        let drops = [3, 6, 9].iter().filter(|tenths| 10 * step >= *tenths * steps).count();
        config.value(&DROP).powi(drops as i32)
    }
}
