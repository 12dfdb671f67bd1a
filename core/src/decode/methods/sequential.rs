//! Sequential decoding inside a block (Cheng et al. 2025, SDAR, arXiv:2510.06303).

use super::{
    super::Guess,
    knobs::{MIN_P, STEPS, TOP_K, TOP_P},
    selecting::Selecting,
};
use crate::policy::Description;

const DESCRIPTION: Description = Description {
    id: "sequential",
    name: "Sequential",
    summary: "Commits a fixed number of tokens per forward from left to right.",
    source: "Cheng et al. 2025, arXiv:2510.06303",
    knobs: &[STEPS, TOP_K, TOP_P, MIN_P],
    null: Some(&[("steps", 1.0)]),
};

/// Commits the leftmost masked tokens, as many as the static decoder does.
pub const SEQUENTIAL: Selecting = Selecting {
    description: &DESCRIPTION,
    null_of: Some(("static", &[("steps", 1.0)])),
    confidence: Guess::sampled,
    select: |turn| (0..turn.scheduled().min(turn.guesses.len())).collect(),
};
