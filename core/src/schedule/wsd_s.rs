//! WSD-S (Wen et al. 2024, arXiv:2410.05192): a decay for every budget of one run, each resumed from what it reached.

use super::{
    Progress, Schedule,
    knobs::{DECAY, POSITIVE_FLOOR},
    wsd::inverse,
};
use crate::{
    experiment::ScheduleConfig,
    policy::{Description, Knob},
};

/// `cycles` equal parts of the run. Each is constant at the peak and spends its last share `decay`, in whole steps, on
/// `peak / (u / floor + (1 - u))`; then the rate is at the peak again at once, as levanter has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WsdS;

const CYCLES: Knob = Knob {
    id: "cycles",
    name: "Cycles",
    unit: "",
    range: 1.0..=50.0,
    is_whole: true,
    default: 2.0,
    summary: "How many times the rate decays; each decay gives a model for its budget.",
};

const CYCLE_DECAY: Knob = Knob { summary: "The last share of every cycle, over which the rate falls.", ..DECAY };

static DESCRIPTION: Description = Description {
    id: "wsd-s",
    name: "WSD-S",
    summary: "Several decays in one run, with a jump back to the peak after each.",
    source: "Wen et al. 2024, arXiv:2410.05192",
    knobs: &[CYCLES, CYCLE_DECAY, POSITIVE_FLOOR],
    null: Some(&[("decay", 0.0)]),
};

impl Schedule for WsdS {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        let cycles = config.value(&CYCLES).clamp(1.0, *CYCLES.range.end()) as usize;
        let edge = |cycle: usize| at.step_at(cycle as f64 / cycles as f64);
        // The last cycle goes on beyond the run.
        let cycle = (1..cycles).filter(|cycle| at.step >= edge(*cycle)).count();
        let (start, end) = (edge(cycle), edge(cycle + 1));
        let length = (config.value(&CYCLE_DECAY) * end.saturating_sub(start) as f64).round() as usize;
        let decay = length.min(end.saturating_sub(start.max(at.warmup)));
        if decay == 0 { 1.0 } else { decayed(config.floor, at, end - decay, end) }
    }
}

/// The decay between two steps, the peak before it.
fn decayed(floor: f64, at: Progress, from: usize, to: usize) -> f64 {
    // The start is exactly the peak, also for a floor of 0.
    if at.step <= from { 1.0 } else { inverse(floor, at.between(from, to)) }
}
