//! Confidence-aware parallel decoding by a factor (Wu et al. 2025, Fast-dLLM, arXiv:2505.22618).

use super::{
    super::{Guess, select},
    knobs::{MIN_P, TOP_K, TOP_P},
    selecting::Selecting,
};
use crate::policy::{Description, Knob};

const FACTOR_KNOB: Knob = Knob {
    id: "factor",
    name: "Factor",
    unit: "",
    range: 0.0..=10.0,
    is_whole: false,
    default: 1.0,
    summary: "How much uncertainty of all tokens together a forward may commit.",
};

const DESCRIPTION: Description = Description {
    id: "factor",
    name: "Factor",
    summary: "Commits more tokens at once the more confident the least confident of them is.",
    source: "Wu et al. 2025, arXiv:2505.22618",
    knobs: &[FACTOR_KNOB, TOP_K, TOP_P, MIN_P],
    null: Some(&[("factor", 0.0)]),
};

/// With confidences `c_(1) >= c_(2) >= ...` at temperature 1: commits the longest prefix with
/// `(n + 1)(1 - c_(n)) < factor`, and the first token in any case.
pub const FACTOR: Selecting = Selecting {
    description: &DESCRIPTION,
    null_of: Some(("static", &[("plain", 1.0)])),
    confidence: Guess::plain,
    select: |turn| select::factor(turn.confidence, (turn.knobs)(&FACTOR_KNOB)),
};
