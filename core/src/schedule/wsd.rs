//! Warm-up, stable, decay: one long constant run with a short cooldown (MiniCPM, Hu et al. 2024, arXiv:2404.06395;
//! cooldowns of Hägele et al. 2024, arXiv:2405.18392).

use std::f64::consts::PI;

use super::{
    FLOOR, Progress, Schedule,
    knobs::{DECAY, POSITIVE_FLOOR},
};
use crate::{
    experiment::ScheduleConfig,
    policy::{Description, Knob},
};

/// `lr(t) = peak` up to `H = T - D`, then `peak * g(u)` with `u = (t - H) / D` and `D = decay * T` in whole steps, at
/// most what the warm-up leaves. The members of this file differ in `g`; where it ends at 0, the rate is
/// `peak * (floor + (1 - floor) * g(u))`.
pub struct Wsd {
    description: &'static Description,
    cooldown: fn(&ScheduleConfig, f64) -> f64,
}

const HALVINGS: Knob = Knob {
    id: "halvings",
    name: "Halvings",
    unit: "",
    range: 0.0..=30.0,
    is_whole: false,
    default: 4.0,
    summary: "How many times the rate halves over the decay.",
};

const NULL: Option<&[(&str, f64)]> = Some(&[("decay", 0.0)]);
const HAGELE: &str = "Hägele et al. 2024, arXiv:2405.18392";

/// `g(u) = 1 - u`.
pub static LINEAR: Wsd = Wsd {
    description: &Description {
        id: "wsd",
        name: "WSD",
        summary: "The peak for most of the run, then a straight line to the floor.",
        source: HAGELE,
        knobs: &[DECAY, FLOOR],
        null: NULL,
    },
    cooldown: |config, u| config.above_floor(1.0 - u),
};

/// `g(u) = 1 - sqrt(u)`.
pub static SQRT: Wsd = Wsd {
    description: &Description {
        id: "wsd-sqrt",
        name: "WSD 1−√u",
        summary: "The peak for most of the run, then a fall that is steep at first: one minus a square root.",
        source: HAGELE,
        knobs: &[DECAY, FLOOR],
        null: NULL,
    },
    cooldown: |config, u| config.above_floor(1.0 - u.sqrt()),
};

/// `g(u) = 1 - u^2`.
pub static SQUARE: Wsd = Wsd {
    description: &Description {
        id: "wsd-square",
        name: "WSD 1−u²",
        summary: "The peak for most of the run, then a fall that is steep at the end: one minus a square.",
        source: HAGELE,
        knobs: &[DECAY, FLOOR],
        null: NULL,
    },
    cooldown: |config, u| config.above_floor(1.0 - u * u),
};

/// `g(u) = (1 + cos(pi u)) / 2`.
pub static COSINE: Wsd = Wsd {
    description: &Description {
        id: "wsd-cosine",
        name: "WSD cosine",
        summary: "The peak for most of the run, then half a cosine to the floor.",
        source: HAGELE,
        knobs: &[DECAY, FLOOR],
        null: NULL,
    },
    cooldown: |config, u| config.above_floor(0.5 * (1.0 + (PI * u).cos())),
};

/// `g(u) = floor^u`.
pub static EXPONENTIAL: Wsd = Wsd {
    description: &Description {
        id: "wsd-exponential",
        name: "WSD exp",
        summary: "The peak for most of the run, then the same factor in every step down to the floor.",
        source: HAGELE,
        knobs: &[DECAY, POSITIVE_FLOOR],
        null: NULL,
    },
    cooldown: |config, u| config.floor.powf(u),
};

/// `g(u) = 1 / (u / floor + (1 - u))` (Wen et al. 2024, arXiv:2410.05192).
pub static INVERSE: Wsd = Wsd {
    description: &Description {
        id: "wsd-inverse",
        name: "WSD inverse",
        summary: "The peak for most of the run, then a fall in inverse proportion to time.",
        source: "Wen et al. 2024, arXiv:2410.05192",
        knobs: &[DECAY, POSITIVE_FLOOR],
        null: NULL,
    },
    cooldown: |config, u| inverse(config.floor, u),
};

/// `g(u) = 0.5^(halvings * u)`: MiniCPM's half-life, `D / halvings` steps.
pub static HALVING: Wsd = Wsd {
    description: &Description {
        id: "wsd-halving",
        name: "WSD half-life",
        summary: "The peak for most of the run, then half of it in every half-life.",
        source: "MiniCPM, Hu et al. 2024, arXiv:2404.06395",
        knobs: &[DECAY, HALVINGS],
        null: NULL,
    },
    cooldown: |config, u| 0.5f64.powf(config.value(&HALVINGS) * u),
};

/// `1 / (u / floor + (1 - u))`: straight in the inverse of the rate.
pub(super) fn inverse(floor: f64, u: f64) -> f64 {
    1.0 / (u / floor + (1.0 - u))
}

impl Schedule for Wsd {
    fn description(&self) -> &'static Description {
        self.description
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        let decay = at.step_at(config.value(&DECAY)).min(at.steps.saturating_sub(at.warmup));
        let stable = at.steps - decay;
        if at.step < stable || decay == 0 { 1.0 } else { (self.cooldown)(config, at.between(stable, at.steps)) }
    }
}
