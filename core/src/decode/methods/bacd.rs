//! Bounded adaptive confidence decoding (TDAR 2026, arXiv:2602.09555).

use super::{
    super::{Guess, select},
    knobs::{MIN_P, TOP_K, TOP_P},
    selecting::Selecting,
};
use crate::policy::{Description, Knob};

const LOWEST: Knob = Knob {
    id: "lowest",
    name: "Lowest threshold",
    unit: "",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.6,
    summary: "The threshold never falls below this.",
};

const HIGHEST: Knob = Knob {
    id: "highest",
    name: "Highest threshold",
    default: 0.9,
    summary: "The threshold never rises above this; where it is below the lowest one, it holds.",
    ..LOWEST
};

const DESCRIPTION: Description = Description {
    id: "bacd",
    name: "Bounded adaptive",
    summary: "Commits all tokens above a threshold that follows the confidences committed in the block.",
    source: "TDAR 2026, arXiv:2602.09555",
    knobs: &[LOWEST, HIGHEST, TOP_K, TOP_P, MIN_P],
    null: Some(&[("lowest", 0.9), ("highest", 0.9)]),
};

/// The threshold is the mean confidence of the tokens that were committed in the block, or the largest confidence there
/// is before any was, within bounds. Commits all tokens that reach it, or the most confident one where none does.
pub const BACD: Selecting = Selecting {
    description: &DESCRIPTION,
    null_of: Some(("threshold", &[])),
    confidence: Guess::plain,
    select: |turn| {
        let (lowest, highest) = ((turn.knobs)(&LOWEST), (turn.knobs)(&HIGHEST));
        let wanted = select::adaptive_threshold(turn.confidence, turn.history, lowest, highest);
        let threshold = turn.threshold(wanted);
        select::threshold(turn.confidence, threshold, false)
    },
};
