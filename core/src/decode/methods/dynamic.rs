//! Dynamic low-confidence decoding (Cheng et al. 2025, SDAR, arXiv:2510.06303).

use super::{
    super::{Guess, select},
    knobs::{MIN_P, STEPS, THRESHOLD, TOP_K, TOP_P},
    selecting::Selecting,
};
use crate::policy::Description;

const DESCRIPTION: Description = Description {
    id: "dynamic",
    name: "Dynamic",
    summary: "Commits all tokens above a threshold, or the most confident ones when too few are.",
    source: "Cheng et al. 2025, arXiv:2510.06303",
    knobs: &[THRESHOLD, STEPS, TOP_K, TOP_P, MIN_P],
    null: Some(&[("threshold", 1.0)]),
};

/// With `k` scheduled as in the static decoder and `H = {i : p(x_i) > threshold}`: commits `H` if it has at least `k`
/// tokens, else the `k` most confident ones.
pub const DYNAMIC: Selecting = Selecting {
    description: &DESCRIPTION,
    null_of: Some(("static", &[])),
    confidence: Guess::sampled,
    select: |turn| select::dynamic(turn.confidence, (turn.knobs)(&THRESHOLD), turn.scheduled()),
};
