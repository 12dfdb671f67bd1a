//! The orders of Dream (Ye et al. 2025, arXiv:2508.15487), and a random one.

use super::{
    super::{Guess, select},
    knobs::{MIN_P, STEPS, TOP_K, TOP_P},
    selecting::Selecting,
};
use crate::policy::Description;

const RANDOM_DESCRIPTION: Description = Description {
    id: "random",
    name: "Random order",
    summary: "Commits a fixed number of randomly chosen tokens per forward.",
    source: "Nie et al. 2025, arXiv:2502.09992",
    knobs: &[STEPS, TOP_K, TOP_P, MIN_P],
    null: Some(&[("steps", 1.0)]),
};

const MARGIN_DESCRIPTION: Description = Description {
    id: "margin",
    name: "Margin order",
    summary: "Commits the tokens whose likeliest two candidates differ most.",
    source: "Ye et al. 2025, arXiv:2508.15487",
    ..RANDOM_DESCRIPTION
};

const ENTROPY_DESCRIPTION: Description = Description {
    id: "entropy",
    name: "Entropy order",
    summary: "Commits the tokens whose distribution has the least entropy.",
    source: "Ye et al. 2025, arXiv:2508.15487",
    ..RANDOM_DESCRIPTION
};

/// What all orders are when one step commits the whole block.
const ONE_STEP: Option<(&str, &[(&str, f64)])> = Some(("static", &[("steps", 1.0)]));

/// Commits masked tokens in uniformly random order, as many as the static decoder does.
pub const RANDOM: Selecting = Selecting {
    description: &RANDOM_DESCRIPTION,
    null_of: ONE_STEP,
    confidence: Guess::sampled,
    select: |turn| {
        let (tokens, count) = (turn.guesses.len(), turn.scheduled());
        select::random(tokens, count, || turn.canvas.choice())
    },
};

/// Commits by `p_1 - p_2`, the two largest probabilities at temperature 1, in step `i` of `S` the `S - i`-th part of the
/// masked tokens.
pub const MARGIN: Selecting = Selecting {
    description: &MARGIN_DESCRIPTION,
    null_of: ONE_STEP,
    confidence: Guess::margin,
    select: |turn| select::top(turn.confidence, turn.proportional()),
};

/// Commits by `sum p ln p`, at temperature 1, as many as by margin.
pub const ENTROPY: Selecting = Selecting {
    description: &ENTROPY_DESCRIPTION,
    null_of: ONE_STEP,
    confidence: Guess::certainty,
    select: |turn| {
        let negative: Vec<f64> = turn.guesses.iter().map(|guess| -guess.entropy()).collect();
        select::top(&negative, turn.proportional())
    },
};
