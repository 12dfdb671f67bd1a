//! The settings that decoders share.

use crate::policy::{Knob, Settings};

use super::super::{Decoder, Sampling};

/// How many of the likeliest tokens a token is drawn from.
pub const TOP_K: Knob = Knob {
    id: "top-k",
    name: "Top k",
    unit: "tokens",
    range: 0.0..=1_000_000.0,
    is_whole: true,
    default: 0.0,
    summary: "Draws among so many of the likeliest tokens; 0 draws among all.",
};

/// The share of probability that a token is drawn from.
pub const TOP_P: Knob = Knob {
    id: "top-p",
    name: "Top p",
    unit: "",
    range: 0.0..=1.0,
    is_whole: false,
    default: 1.0,
    summary: "Draws among the likeliest tokens that reach this probability together.",
};

/// The least probability of a token, relative to the likeliest one.
pub const MIN_P: Knob = Knob {
    id: "min-p",
    name: "Min p",
    default: 0.0,
    summary: "Draws among tokens with at least this share of the likeliest one's probability.",
    ..TOP_P
};

/// Forwards for a block.
pub const STEPS: Knob = Knob {
    id: "steps",
    name: "Steps",
    unit: "forwards",
    range: 0.0..=10_000.0,
    is_whole: true,
    default: 0.0,
    summary: "Forwards for a whole block; 0 takes one for each token.",
};

/// The confidence from which on tokens are committed.
pub const THRESHOLD: Knob = Knob {
    id: "threshold",
    name: "Threshold",
    unit: "",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.9,
    summary: "Commits every token that is more confident than this.",
};

/// Which probability is a token's confidence.
pub const PLAIN: Knob = Knob {
    id: "plain",
    name: "Plain confidence",
    unit: "",
    range: 0.0..=1.0,
    is_whole: true,
    default: 0.0,
    summary: "At 1, confidence is the probability at temperature 1 (LLaDA) and not the one drawn from (SDAR).",
};

/// The value of a knob of a decoder.
pub fn value(decoder: &dyn Decoder, settings: &Settings, knob: &Knob) -> f64 {
    decoder.description().value(settings, knob.id)
}

/// How a decoder draws its tokens: by the task's temperature and those of the knobs above that it has.
pub fn sampling(decoder: &dyn Decoder, settings: &Settings, temperature: f64) -> Sampling {
    let of = |knob: &Knob| {
        let has = decoder.description().knobs.iter().any(|known| known.id == knob.id);
        if has { value(decoder, settings, knob) } else { knob.default }
    };
    Sampling { temperature, top_k: of(&TOP_K) as usize, top_p: of(&TOP_P), min_p: of(&MIN_P) }
}

/// Settings from ids and values.
pub fn settings(values: &[(&str, f64)]) -> Settings {
    Settings(values.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect())
}
