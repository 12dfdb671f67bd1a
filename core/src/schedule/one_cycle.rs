//! One-cycle (Smith and Topin 2018, arXiv:1708.07120), as torch's `OneCycleLR` has it: two phases, both cosines.

use std::f64::consts::PI;

use super::{Progress, Schedule};
use crate::{
    experiment::ScheduleConfig,
    policy::{Description, Knob},
};

/// Half a cosine from `peak / start` up to the peak at the step `rise * T - 1`, then half a cosine down to
/// `peak / (start * end)` at the last update, `T - 1`.
///
/// It is its own warm-up. torch raises an error beyond the last update; here the rate stays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycle;

const RISE: Knob = Knob {
    id: "rise",
    name: "Rise",
    unit: "share",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.3,
    summary: "The first share of the run, over which the rate climbs to the peak.",
};

const START: Knob = Knob {
    id: "start-divisor",
    name: "Start",
    unit: "peak ÷",
    range: 1.0..=1e6,
    is_whole: false,
    default: 25.0,
    summary: "The peak divided by this is the first rate.",
};

const END: Knob = Knob {
    id: "end-divisor",
    name: "End",
    unit: "start ÷",
    range: 1.0..=1e9,
    is_whole: false,
    default: 1e4,
    summary: "The first rate divided by this is the last one.",
};

static DESCRIPTION: Description = Description {
    id: "one-cycle",
    name: "One-cycle",
    summary: "Climbs to the peak over the first third and falls to almost 0; its own warm-up.",
    source: "Smith and Topin 2018, arXiv:1708.07120; torch OneCycleLR",
    knobs: &[RISE, START, END],
    null: Some(&[("start-divisor", 1.0), ("end-divisor", 1.0)]),
};

impl Schedule for OneCycle {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        let start = 1.0 / config.value(&START);
        let end = start / config.value(&END);
        let last = at.steps.saturating_sub(1) as f64;
        let step = (at.step as f64).min(last);
        let top = config.value(&RISE) * at.steps as f64 - 1.0;
        if top > 0.0 && step <= top {
            anneal(start, 1.0, step / top)
        } else if last > top {
            // A rise that is over before the first update leaves only the fall.
            anneal(1.0, end, ((step - top) / (last - top)).min(1.0))
        } else {
            1.0
        }
    }

    fn warms_up(&self) -> bool {
        false
    }
}

/// Half a cosine from `from` at 0 to `to` at 1.
fn anneal(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) / 2.0 * (1.0 + (PI * share).cos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Shape, learning_rate};

    #[test]
    fn the_shortest_runs_have_finite_rates() {
        let mut config = ScheduleConfig { shape: Shape::of(&OneCycle), ..ScheduleConfig::default() };
        for rise in [0.0, 0.3, 0.5, 1.0] {
            config.set_value(&RISE, rise);
            for (steps, step) in [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (3, 2)] {
                let rate = learning_rate(&config, steps, step);
                assert!(rate.is_finite() && rate >= 0.0, "{rise}, {step} of {steps}: {rate}");
            }
        }
    }
}
