//! The settings that methods share, and how they are read.

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

/// What speaks against an interval of noise levels.
pub fn interval_fault(description: &Description, settings: &Settings) -> Option<(String, String)> {
    let (low, high) = (description.value(settings, LOW.id), description.value(settings, HIGH.id));
    let below = format!("a number below the highest level, {high}");
    if low < high { None } else { fault(&LOW, low, &below) }
}
