//! Entropy-bounded decoding (Ben-Hamu et al. 2025, arXiv:2505.24857; Cheng et al. 2025, SDAR, arXiv:2510.06303).

use super::{
    super::{Guess, select},
    knobs::{MIN_P, TOP_K, TOP_P},
    selecting::Selecting,
};
use crate::policy::{Description, Knob};

const BOUND: Knob = Knob {
    id: "bound",
    name: "Entropy bound",
    unit: "nats",
    range: 0.0..=100.0,
    is_whole: false,
    default: 0.35,
    summary: "Commits the surest tokens as long as their entropies sum to less than this.",
};

const DESCRIPTION: Description = Description {
    id: "entropy-bounded",
    name: "Entropy-bounded",
    summary: "Commits the surest tokens up to a bound on the sum of their entropies.",
    source: "Ben-Hamu et al. 2025, arXiv:2505.24857; Cheng et al. 2025, arXiv:2510.06303",
    knobs: &[BOUND, TOP_K, TOP_P, MIN_P],
    null: Some(&[("bound", 0.0)]),
};

/// With entropies `H_(1) <= H_(2) <= ...`: commits the first `max(1, #{k : sum_{j<=k} H_(j) < bound})` tokens. The
/// entropies are those of whole distributions; SDAR's release takes them of the sampled token's probability alone.
pub const ENTROPY_BOUNDED: Selecting = Selecting {
    description: &DESCRIPTION,
    null_of: Some(("entropy", &[])),
    confidence: Guess::certainty,
    select: |turn| {
        let entropies: Vec<f64> = turn.guesses.iter().map(Guess::entropy).collect();
        select::entropy_bounded(&entropies, (turn.knobs)(&BOUND))
    },
};
