//! The settings that methods share, and how they are read.

use super::growth::sizes;
use crate::{
    objective::NoiseSchedule,
    policy::{Description, Knob, Settings},
};

/// Tokens of a block.
pub const BLOCK: Knob = Knob {
    id: "block",
    name: "Block",
    unit: "tokens",
    range: 1.0..=4096.0,
    is_whole: true,
    default: 4.0,
    summary: "Tokens that are denoised together; blocks follow each other like tokens of next-token prediction.",
};

/// The noise schedule, by its number.
pub const SCHEDULE: Knob = Knob {
    id: "schedule",
    name: "Noise schedule",
    unit: "",
    range: 0.0..=4.0,
    is_whole: true,
    default: 0.0,
    summary: "How the probability of a mask grows with the noise level: it changes the variance of the loss alone.",
};

/// The lowest noise level of training.
pub const LOW: Knob = Knob {
    id: "low",
    name: "Lowest level",
    unit: "",
    range: 0.001..=1.0,
    is_whole: false,
    default: 0.001,
    summary: "Training draws no noise level below this; on the linear schedule it is the probability of a mask.",
};

/// The highest noise level of training.
pub const HIGH: Knob = Knob {
    id: "high",
    name: "Highest level",
    unit: "",
    range: 0.001..=1.0,
    is_whole: false,
    default: 1.0,
    summary: "Training draws no noise level above this; on the linear schedule it is the probability of a mask.",
};

/// Whether a token is predicted by the row before it.
pub const SHIFT: Knob = Knob {
    id: "shift",
    name: "Shift",
    unit: "",
    range: 0.0..=1.0,
    is_whole: true,
    default: 1.0,
    summary: "1 predicts a token from the row before it, as next-token prediction does; 0 from the row at its place.",
};

/// The first block of a run in which it grows.
pub const FIRST: Knob = Knob {
    id: "first",
    name: "First block",
    default: 1.0,
    summary: "Tokens of a block at the start of the run.",
    ..BLOCK
};

/// The last block of a run in which it grows.
pub const LAST: Knob = Knob {
    id: "last",
    name: "Last block",
    default: 16.0,
    summary: "Tokens of a block at the end of the growth; the validation loss is that of this size.",
    ..BLOCK
};

/// By how much a block grows at once.
pub const RATIO: Knob = Knob {
    id: "ratio",
    name: "Growth",
    unit: "×",
    range: 2.0..=16.0,
    is_whole: true,
    default: 2.0,
    summary: "The block is multiplied by this at each stage.",
};

/// Time between two growths.
pub const INTERVAL: Knob = Knob {
    id: "interval",
    name: "Growth interval",
    unit: "share",
    range: 0.001..=1.0,
    is_whole: false,
    default: 0.125,
    summary: "The share of the run after which the block grows, again and again up to the last size.",
};

/// The noise schedule of the settings.
pub fn schedule(description: &Description, settings: &Settings) -> NoiseSchedule {
    let number = description.value(settings, SCHEDULE.id) as usize;
    NoiseSchedule::ALL[number.min(NoiseSchedule::ALL.len() - 1)]
}

/// A number of tokens of the settings, brought into `1..=context` whatever they say.
pub fn tokens(description: &Description, settings: &Settings, knob: &Knob, context: usize) -> usize {
    (description.value(settings, knob.id) as usize).clamp(1, context.max(1))
}

/// A value that does not fit, with what to do.
pub fn fault(knob: &Knob, value: f64, wanted: &str) -> Option<(String, String)> {
    Some((knob.id.to_owned(), format!("{} is {value}: choose {wanted}.", knob.name)))
}

/// What speaks against blocks of the settings' size in a context.
pub fn block_fault(
    description: &Description,
    settings: &Settings,
    knob: &Knob,
    context: usize,
) -> Option<(String, String)> {
    let value = description.value(settings, knob.id);
    let block = value as usize;
    if block >= 1 && context.is_multiple_of(block) {
        return None;
    }
    let is_divisor = |size: &usize| context.is_multiple_of(*size);
    let below = (1..=block.min(context)).rev().find(is_divisor).unwrap_or(1);
    let wanted = match (block + 1..=context).find(is_divisor) {
        Some(above) => format!("a divisor of the context of {context}, such as {below} or {above}"),
        None => format!("a divisor of the context of {context}, such as {below}"),
    };
    fault(knob, value, &wanted)
}

/// What speaks against a growth of blocks.
pub fn growth_fault(description: &Description, settings: &Settings, context: usize) -> Option<(String, String)> {
    let value = |knob: &Knob| description.value(settings, knob.id);
    let (first, last, ratio) = (value(&FIRST), value(&LAST), value(&RATIO));
    if first > last {
        return fault(&FIRST, first, &format!("at most the last block, {last}"));
    }
    let ends = [&FIRST, &LAST].into_iter().find_map(|knob| block_fault(description, settings, knob, context));
    ends.or_else(|| {
        let stages = sizes(first as usize, ratio as usize, last as usize);
        let odd = stages.into_iter().find(|size| !context.is_multiple_of(*size))?;
        let wanted = format!("a ratio whose blocks divide the context of {context}, which {odd} does not, such as 2");
        fault(&RATIO, ratio, &wanted)
    })
}

/// What speaks against an interval of noise levels.
pub fn interval_fault(description: &Description, settings: &Settings) -> Option<(String, String)> {
    let (low, high) = (description.value(settings, LOW.id), description.value(settings, HIGH.id));
    let below = format!("a number below the highest level, {high}");
    if low < high { None } else { fault(&LOW, low, &below) }
}
