//! The constant schedule: the baseline of the family (minGPT trains with it).

use super::{Progress, Schedule};
use crate::{experiment::ScheduleConfig, policy::Description};

/// `lr(p) = peak`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant;

static DESCRIPTION: Description = Description {
    id: "constant",
    name: "Constant",
    summary: "The peak throughout.",
    source: "minGPT (Karpathy 2020)",
    knobs: &[],
    null: Some(&[]),
};

impl Schedule for Constant {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, _: &ScheduleConfig, _: Progress) -> f64 {
        1.0
    }
}
