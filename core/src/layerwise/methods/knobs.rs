//! The settings that methods with spectra share (He et al. 2026, arXiv:2605.22297, and its released configurations).

use crate::policy::Knob;

/// The multiplier of the heaviest tail.
pub const S1: Knob = Knob {
    id: "s1",
    name: "Smallest multiplier",
    unit: "",
    range: 0.001..=100.0,
    is_whole: false,
    default: 1.0,
    summary: "Multiplies the learning rate of the matrix with the heaviest tail, the smallest alpha.",
};

/// The multiplier of the lightest tail.
pub const S2: Knob = Knob {
    id: "s2",
    name: "Largest multiplier",
    unit: "",
    range: 0.001..=100.0,
    is_whole: false,
    default: 5.0,
    summary: "Multiplies the learning rate of the matrix with the lightest tail, and of embedding and head.",
};

/// Updates between two measurements.
pub const EVERY: Knob = Knob {
    id: "every",
    name: "Interval",
    unit: "steps",
    range: 1.0..=1_000_000.0,
    is_whole: true,
    default: 100.0,
    summary: "Steps between two measurements of the spectra.",
};

/// Updates of a ramp.
pub const RAMP: Knob = Knob {
    id: "ramp",
    name: "Ramp",
    unit: "steps",
    range: 0.0..=1_000_000.0,
    is_whole: true,
    default: 50.0,
    summary: "Steps over which multipliers move to their new values; must be shorter than the interval.",
};

/// The share of the run with measurements.
pub const ACTIVE: Knob = Knob {
    id: "active",
    name: "Active fraction",
    unit: "",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.2,
    summary: "Share of the run during which spectra are measured; multipliers stay as they are afterwards.",
};

/// The least size of a spectrum. The release asks for 50, which leaves out every matrix of a model 48 wide.
pub const LEAST: Knob = Knob {
    id: "least",
    name: "Fewest eigenvalues",
    unit: "",
    range: 2.0..=4096.0,
    is_whole: true,
    default: 16.0,
    summary: "Matrices with a smaller spectrum keep the plain learning rate.",
};

/// What the size of the spectrum is divided by to find the threshold (`xmin_pos` of the release).
pub const DIVISOR: Knob = Knob {
    id: "divisor",
    name: "Threshold divisor",
    unit: "",
    range: 1.1..=20.0,
    is_whole: false,
    default: 2.0,
    summary: "The tail starts at the spectrum's size divided by this; 2 is the median.",
};

/// Whether a heavy tail gets the large rate (`alpha_positively_with_lr` of the release, negated).
pub const REVERSED: Knob = Knob {
    id: "reversed",
    name: "Reversed",
    unit: "",
    range: 0.0..=1.0,
    is_whole: true,
    default: 0.0,
    summary: "At 1, the heaviest tail gets the largest multiplier instead of the smallest.",
};

/// Whether each layer has its own range of alphas (`layer_linear_map` of the release).
pub const PER_LAYER: Knob = Knob {
    id: "per-layer",
    name: "Per layer",
    unit: "",
    range: 0.0..=1.0,
    is_whole: true,
    default: 0.0,
    summary: "At 1, alphas are compared within each layer instead of over the whole model.",
};

/// Settings of [`S1`] and [`S2`] that leave every rate as it is.
pub const NULL: &[(&str, f64)] = &[("s1", 1.0), ("s2", 1.0)];
