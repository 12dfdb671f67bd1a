//! What LARS and LAMB share: a trust ratio within bounds, for matrices only.

use super::super::{Cadence, Norms, Parameter};
use crate::policy::{Description, Knob, Settings};

/// The least trust ratio.
pub const SMALLEST: Knob = Knob {
    id: "smallest",
    name: "Smallest ratio",
    unit: "",
    range: 0.0..=1000.0,
    is_whole: false,
    default: 0.0,
    summary: "Ratios below are raised to this.",
};

/// The greatest trust ratio.
pub const LARGEST: Knob = Knob {
    id: "largest",
    name: "Largest ratio",
    default: 1000.0,
    summary: "Ratios above are lowered to this; with the smallest at 1 too, every rate stays as it is.",
    ..SMALLEST
};

/// Updates between two measurements of the norms.
pub const EVERY: Knob = Knob {
    id: "every",
    name: "Interval",
    unit: "steps",
    range: 1.0..=1_000_000.0,
    is_whole: true,
    default: 1.0,
    summary: "Steps between two measurements of the norms; the papers measure at every step.",
};

/// Settings with which all ratios are 1.
pub const NULL: &[(&str, f64)] = &[("smallest", 1.0), ("largest", 1.0)];

/// Every so many steps, at once, to the end of the run.
pub fn cadence(description: &Description, settings: &Settings) -> Cadence {
    Cadence { every: description.value(settings, EVERY.id) as usize, ramp: 0, last: usize::MAX }
}

/// The ratio of every matrix within the bounds; 1 for scales and biases, which the papers leave out, and where norms were
/// not measured or the ratio is no number above 0.
pub fn multipliers(
    description: &Description,
    settings: &Settings,
    parameters: &[Parameter],
    ratio: impl Fn(Norms) -> f64,
) -> Vec<f64> {
    let (smallest, largest) = (description.value(settings, SMALLEST.id), description.value(settings, LARGEST.id));
    let of = |parameter: &Parameter| {
        let is_matrix = parameter.role.is_hidden() || parameter.role.is_end();
        let ratio = parameter.norms.filter(|_| is_matrix).map(&ratio);
        let ratio = ratio.filter(|ratio| *ratio > 0.0 && ratio.is_finite()).unwrap_or(1.0);
        if is_matrix { ratio.max(smallest).min(largest) } else { 1.0 }
    };
    parameters.iter().map(of).collect()
}

/// A setting out of its range, or bounds the wrong way round.
pub fn fault(description: &Description, settings: &Settings, steps: usize) -> Option<(String, String)> {
    let value = |knob: &Knob| description.value(settings, knob.id);
    let fail = |knob: &Knob, wanted: String| {
        let sentence = format!("{} is {}: choose {wanted}.", knob.name, value(knob));
        Some((knob.id.to_owned(), sentence))
    };
    if let Some(fault) = description.fault(settings) {
        return Some(fault);
    }
    if value(&SMALLEST) > value(&LARGEST) {
        return fail(&SMALLEST, format!("at most the largest ratio, {}", value(&LARGEST)));
    }
    if value(&EVERY) > steps as f64 {
        return fail(&EVERY, format!("at most the {steps} steps of the run"));
    }
    None
}
