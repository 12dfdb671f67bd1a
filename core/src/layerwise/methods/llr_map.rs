//! LLR with the other maps of its released code (He et al. 2026, arXiv:2605.22297); AlphaDecay's table 8 (He et al. 2025,
//! arXiv:2506.14562) ranks linear above sigmoid above square root and logarithm.

use super::{
    super::Map,
    knobs::{ACTIVE, DIVISOR, EVERY, LEAST, PER_LAYER, RAMP},
    llr::LLR,
    spectral::Spectral,
};
use crate::policy::{Description, Knob};

const SOURCE: &str = "He et al. 2026, arXiv:2605.22297, released code";
const KNOBS: &[Knob] = &[EVERY, RAMP, ACTIVE, LEAST, DIVISOR, PER_LAYER];

/// [`Map::SquareRoot`]: `m = n sqrt(alpha) / sum sqrt(alpha)`.
pub const SQUARE_ROOT: Spectral = Spectral {
    description: &Description {
        id: "llr-square-root",
        name: "LLR, square root",
        summary: "Multiplies each matrix's rate by the square root of its alpha over the mean of the roots.",
        source: SOURCE,
        knobs: KNOBS,
        null: None,
    },
    map: |_, _| Map::SquareRoot,
    ..LLR
};

/// [`Map::Logarithm`]: `m = n log2(alpha) / sum log2(alpha)`.
pub const LOGARITHM: Spectral = Spectral {
    description: &Description {
        id: "llr-logarithm",
        name: "LLR, logarithm",
        summary: "Multiplies each matrix's rate by the logarithm of its alpha over the mean of the logarithms.",
        source: SOURCE,
        knobs: KNOBS,
        null: None,
    },
    map: |_, _| Map::Logarithm,
    ..LLR
};

/// [`Map::Sigmoid`]: `m = 2 / (1 + exp(-4 z))`, with `z` the standardised alpha.
pub const SIGMOID: Spectral = Spectral {
    description: &Description {
        id: "llr-sigmoid",
        name: "LLR, sigmoid",
        summary: "Multiplies each matrix's rate by 0 to 2, along a sigmoid of its standardised alpha.",
        source: SOURCE,
        knobs: KNOBS,
        null: None,
    },
    map: |_, _| Map::Sigmoid,
    ..LLR
};
