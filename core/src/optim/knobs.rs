//! Knobs that several optimisers share.

use crate::policy::Knob;

/// The decay of the first moment. Its value is [`crate::experiment::OptimiserConfig::beta1`], which stays when the method
/// changes.
pub const BETA1: Knob = Knob {
    id: "beta1",
    name: "Beta 1",
    unit: "",
    range: 0.0..=0.999_999,
    is_whole: false,
    default: 0.9,
    summary: "How much of the first moment, the mean of gradients, stays from step to step.",
};

/// The decay of the second moment. Its value is [`crate::experiment::OptimiserConfig::beta2`].
pub const BETA2: Knob = Knob {
    id: "beta2",
    name: "Beta 2",
    default: 0.99,
    summary: "How much of the second moment, the mean of squared gradients, stays from step to step.",
    ..BETA1
};

/// What keeps a quotient finite. Its value is [`crate::experiment::OptimiserConfig::epsilon`].
pub const EPSILON: Knob = Knob {
    id: "epsilon",
    name: "Epsilon",
    unit: "",
    range: 1e-30..=1.0,
    is_whole: false,
    default: 1e-8,
    summary: "Added to the root of the second moment, so that a tiny gradient makes no whole step.",
};

/// How much of a velocity stays.
pub const MOMENTUM: Knob = Knob {
    id: "momentum",
    name: "Momentum",
    unit: "",
    range: 0.0..=0.999_999,
    is_whole: false,
    default: 0.9,
    summary: "How much of the velocity stays from step to step; 0 is none.",
};

/// Whether the step looks ahead.
pub const NESTEROV: Knob = Knob {
    id: "nesterov",
    name: "Nesterov",
    unit: "0/1",
    range: 0.0..=1.0,
    is_whole: true,
    default: 0.0,
    summary: "1 steps from where the velocity will lead (Nesterov), 0 from where it has led.",
};
