//! Confidence-aware parallel decoding by a threshold (Wu et al. 2025, Fast-dLLM, arXiv:2505.22618).

use super::{
    super::{Guess, select},
    knobs::{MIN_P, THRESHOLD, TOP_K, TOP_P},
    selecting::Selecting,
};
use crate::policy::{Description, Knob};

/// Whether a token must be more confident than the threshold.
pub const STRICT: Knob = Knob {
    id: "strict",
    name: "Strict",
    unit: "",
    range: 0.0..=1.0,
    is_whole: true,
    default: 0.0,
    summary: "At 1, a token must be more confident than the threshold, as in Fast-dLLM v2.",
};

const DESCRIPTION: Description = Description {
    id: "threshold",
    name: "Threshold",
    summary: "Commits all tokens that reach a threshold, and the most confident one in any case.",
    source: "Wu et al. 2025, arXiv:2505.22618",
    knobs: &[THRESHOLD, STRICT, TOP_K, TOP_P, MIN_P],
    null: Some(&[("threshold", 1.0), ("strict", 1.0)]),
};

/// Commits `{i : p(x_i) >= threshold}` and the most confident token, with `p` at temperature 1.
pub const THRESHOLDED: Selecting = Selecting {
    description: &DESCRIPTION,
    null_of: Some(("static", &[("plain", 1.0)])),
    confidence: Guess::plain,
    select: |turn| {
        let (threshold, strict) = ((turn.knobs)(&THRESHOLD), (turn.knobs)(&STRICT) == 1.0);
        select::threshold(turn.confidence, threshold, strict)
    },
};
