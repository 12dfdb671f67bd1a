//! First-hitting sampling (Zheng et al. 2024, arXiv:2409.02908; Arriola et al. 2025, BD3-LM, arXiv:2503.09573).

use super::{
    super::{Gauge, Guess, select},
    knobs::{MIN_P, TOP_K, TOP_P},
    selecting::Selecting,
};
use crate::policy::Description;

const DESCRIPTION: Description = Description {
    id: "first-hitting",
    name: "First-hitting",
    summary: "Unmasks one token per forward at the time when the diffusion would.",
    source: "Zheng et al. 2024, arXiv:2409.02908; Arriola et al. 2025, arXiv:2503.09573",
    knobs: &[TOP_K, TOP_P, MIN_P],
    null: Some(&[]),
};

/// With `n` masks at time `t`: `t <- t u^(1/n)`, and one of them, chosen uniformly, is unmasked. The network does not know
/// the time, so that this is decoding in random order, one token per forward.
pub const FIRST_HITTING: Selecting = Selecting {
    description: &DESCRIPTION,
    null_of: Some(("random", &[])),
    confidence: Guess::sampled,
    select: |turn| {
        let count = turn.guesses.len();
        let time = select::first_hitting_time(turn.canvas.level, count, turn.canvas.clock(count));
        turn.canvas.level = time;
        turn.canvas.gauge(Gauge::Noise, time);
        select::random(count, 1, || turn.canvas.choice())
    },
};
