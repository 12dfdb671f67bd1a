//! Knobs that several schedules share.

use crate::policy::Knob;

/// The rate at the end. Its value is [`crate::experiment::ScheduleConfig::floor`], which stays when the shape changes.
pub const FLOOR: Knob = Knob {
    id: "floor",
    name: "Floor",
    unit: "× peak",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.1,
    summary: "The learning rate at the end, as a fraction of the peak.",
};

/// As [`FLOOR`], for shapes that approach it by ratios and so never reach 0.
pub const POSITIVE_FLOOR: Knob = Knob {
    range: 1e-6..=1.0,
    summary: "The learning rate at the end, as a fraction of the peak; this shape cannot end at 0.",
    ..FLOOR
};

/// The share of a run that ends in a decay.
pub const DECAY: Knob = Knob {
    id: "decay",
    name: "Decay",
    unit: "share",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.2,
    summary: "The last share of the run, over which the rate falls; at most what the warm-up leaves.",
};

/// The step at which a fall by a power of time begins.
pub const START: Knob = Knob {
    id: "start",
    name: "Start",
    unit: "step",
    range: 0.0..=1e6,
    is_whole: true,
    default: 0.0,
    summary: "The step from which the rate falls; the end of the warm-up where that comes later.",
};
