//! Static low-confidence decoding (Nie et al. 2025, LLaDA, arXiv:2502.09992; Cheng et al. 2025, SDAR, arXiv:2510.06303).

use super::{
    super::{Guess, select},
    knobs::{MIN_P, PLAIN, STEPS, TOP_K, TOP_P},
    selecting::Selecting,
};
use crate::policy::Description;

const DESCRIPTION: Description = Description {
    id: "static",
    name: "Static",
    summary: "Commits a fixed number of the most confident tokens per forward.",
    source: "Nie et al. 2025, arXiv:2502.09992; Cheng et al. 2025, arXiv:2510.06303",
    knobs: &[STEPS, PLAIN, TOP_K, TOP_P, MIN_P],
    null: None,
};

/// Commits the `floor(B / S) + [step < B mod S]` tokens with the largest `p(x_i)`.
pub const STATIC: Selecting = Selecting {
    description: &DESCRIPTION,
    null_of: None,
    confidence: Guess::sampled,
    select: |turn| select::top(turn.confidence, turn.scheduled()),
};
