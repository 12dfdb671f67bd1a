//! LLR, heavy-tail guided layerwise learning rates (He et al. 2026, arXiv:2605.22297), as its released trainer runs it.

use super::{
    super::{Fit, Measure},
    knobs::{ACTIVE, DIVISOR, EVERY, LEAST, NULL, PER_LAYER, RAMP, REVERSED, S1, S2},
    spectral::Spectral,
};
use crate::policy::Description;

/// `m = s1 + (s2 - s1) (alpha - min alpha) / (max alpha - min alpha)` over all hidden matrices, with PL_Alpha_Hill as
/// alpha; embedding and head count as the largest alpha, norms keep 1, and a bias has its matrix's multiplier.
///
/// Two things differ from the release, both on purpose: equal alphas give 1, not `s2`, and the assignment of an event
/// at the very end of the active phase is kept.
pub const LLR: Spectral = Spectral {
    description: &Description {
        id: "llr",
        name: "LLR",
        summary: "Trains the matrices with the heaviest spectral tails slowest.",
        source: "He et al. 2026, arXiv:2605.22297",
        knobs: &[S1, S2, EVERY, RAMP, ACTIVE, LEAST, DIVISOR, REVERSED, PER_LAYER],
        null: Some(NULL),
    },
    measure: |llr, settings| Measure::Tail(Fit::Median { divisor: llr.value(settings, &DIVISOR) }),
    exponent: |parameter| parameter.alpha,
    map: Spectral::linear,
    arrange: |_, _, _, _| (),
};
