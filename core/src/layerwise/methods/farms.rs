//! Control: LLR with the shape-corrected alpha of FARMS (Hu et al. 2025, arXiv:2506.06280).

use super::{
    super::Measure,
    knobs::{ACTIVE, EVERY, LEAST, NULL, PER_LAYER, RAMP, REVERSED, S1, S2},
    llr::LLR,
    spectral::Spectral,
};
use crate::policy::{Description, Knob};

/// Side of a window.
const WINDOW: Knob = Knob {
    id: "window",
    name: "Window",
    unit: "",
    range: 0.1..=1.0,
    is_whole: false,
    default: 0.75,
    summary: "Side of the square windows, as a share of the matrix's smaller side.",
};

/// Windows along one side.
const WINDOWS: Knob = Knob {
    id: "windows",
    name: "Windows",
    unit: "",
    range: 1.0..=16.0,
    is_whole: true,
    default: 3.0,
    summary: "Windows along each side of a matrix.",
};

/// LLR on the alpha of the pooled spectra of square windows, which does not depend on a matrix's aspect ratio: what is
/// left of LLR when attention and MLP no longer differ by their shape.
pub const FARMS: Spectral = Spectral {
    description: &Description {
        id: "llr-farms",
        name: "LLR, shape-corrected",
        summary: "LLR with alphas from square windows, so that a matrix's shape alone earns it no rate.",
        source: "Hu et al. 2025 (FARMS), arXiv:2506.06280",
        knobs: &[S1, S2, WINDOW, WINDOWS, EVERY, RAMP, ACTIVE, LEAST, REVERSED, PER_LAYER],
        null: Some(NULL),
    },
    measure: |farms, settings| Measure::Farms {
        share: farms.value(settings, &WINDOW),
        count: farms.value(settings, &WINDOWS) as usize,
    },
    ..LLR
};
