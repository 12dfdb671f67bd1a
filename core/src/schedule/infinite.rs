//! The "infinite" schedule for training that goes on (Ibrahim et al. 2024, arXiv:2403.08763).

use std::f64::consts::PI;

use super::{Progress, Schedule, knobs::POSITIVE_FLOOR};
use crate::{
    experiment::ScheduleConfig,
    policy::{Description, Knob},
};

/// Half a cosine from the peak to `plateau * peak` at `cooled * T`, constant until `kept * T`, then
/// `plateau * (floor / plateau)^u` with `u` the share of the rest that is done.
///
/// Training can go on from the plateau without a new warm-up. The form is the project's reading of the paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Infinite;

const COOLED: Knob = Knob {
    id: "cooled",
    name: "Cooled",
    unit: "share",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.4,
    summary: "The share of the run at which the cosine from the peak reaches the plateau.",
};

const KEPT: Knob = Knob {
    id: "kept",
    name: "Kept",
    unit: "share",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.8,
    summary: "The share of the run at which the plateau ends and the last decay begins.",
};

const PLATEAU: Knob = Knob {
    id: "plateau",
    name: "Level",
    unit: "× peak",
    range: 1e-3..=1.0,
    is_whole: false,
    default: 0.5,
    summary: "The rate of the plateau, as a fraction of the peak.",
};

static DESCRIPTION: Description = Description {
    id: "infinite",
    name: "Infinite",
    summary: "Half a cosine to a plateau that can last for any time, then an exponential decay.",
    source: "Ibrahim et al. 2024, arXiv:2403.08763",
    knobs: &[PLATEAU, COOLED, KEPT, POSITIVE_FLOOR],
    null: Some(&[("plateau", 1.0), ("kept", 1.0)]),
};

impl Schedule for Infinite {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        let plateau = config.value(&PLATEAU);
        let cooled = at.step_at(config.value(&COOLED));
        let kept = at.step_at(config.value(&KEPT)).max(cooled).max(at.warmup);
        if at.step < cooled {
            plateau + (1.0 - plateau) * 0.5 * (1.0 + (PI * at.between(at.warmup, cooled)).cos())
        } else if at.step <= kept || kept >= at.steps {
            plateau
        } else {
            plateau * (config.floor / plateau).powf(at.between(kept, at.steps))
        }
    }
}
