//! LLR with the other fits of its released code (He et al. 2026, arXiv:2605.22297); AlphaDecay's table 10 (He et al. 2025,
//! arXiv:2506.14562) finds the median best in five of six cases, and much cheaper.

use super::{
    super::{Fit, Measure},
    knobs::{ACTIVE, EVERY, LEAST, NULL, PER_LAYER, RAMP, REVERSED, S1, S2},
    llr::LLR,
    spectral::Spectral,
};
use crate::policy::{Description, Knob};

const SOURCE: &str = "He et al. 2026, arXiv:2605.22297, released code; Clauset et al. 2009, arXiv:0706.1062";
const KNOBS: &[Knob] = &[S1, S2, EVERY, RAMP, ACTIVE, LEAST, REVERSED, PER_LAYER];

/// LLR with [`Fit::GoodnessOfFit`].
pub const GOODNESS_OF_FIT: Spectral = Spectral {
    description: &Description {
        id: "llr-goodness-of-fit",
        name: "LLR, goodness of fit",
        summary: "LLR with the tail that fits the spectrum best instead of its upper half.",
        source: SOURCE,
        knobs: KNOBS,
        null: Some(NULL),
    },
    measure: |_, _| Measure::Tail(Fit::GoodnessOfFit),
    ..LLR
};

/// LLR with [`Fit::FixFinger`].
pub const FIX_FINGER: Spectral = Spectral {
    description: &Description {
        id: "llr-fix-finger",
        name: "LLR, fix-finger",
        summary: "LLR with the tail that fits best among those that start near the spectrum's peak.",
        source: SOURCE,
        knobs: KNOBS,
        null: Some(NULL),
    },
    measure: |_, _| Measure::Tail(Fit::FixFinger),
    ..LLR
};
