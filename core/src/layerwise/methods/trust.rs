//! What LARS and LAMB share: a trust ratio within bounds, for matrices only.

use super::super::{Cadence, Layerwise, Measure, Moment, Norms, Parameter};
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

/// A method whose multipliers are ratios of norms within bounds.
pub struct Trust {
    /// What it is.
    pub description: &'static Description,
    /// The ratio of a matrix.
    pub ratio: fn(&Settings, Norms) -> f64,
}

impl Trust {
    fn value(&self, settings: &Settings, knob: &Knob) -> f64 {
        self.description.value(settings, knob.id)
    }
}

impl Layerwise for Trust {
    fn description(&self) -> &'static Description {
        self.description
    }

    fn measure(&self, _settings: &Settings) -> Measure {
        Measure::Norms
    }

    /// Every so many steps, at once, to the end of the run.
    fn cadence(&self, settings: &Settings, _steps: usize) -> Cadence {
        Cadence { every: self.value(settings, &EVERY) as usize, ramp: 0, last: usize::MAX }
    }

    /// The ratio of every matrix within the bounds; 1 for scales and biases, which the papers leave out, and where norms
    /// were not measured or the ratio is no number above 0.
    fn multipliers(&self, settings: &Settings, parameters: &[Parameter], _at: Moment) -> Vec<f64> {
        let (smallest, largest) = (self.value(settings, &SMALLEST), self.value(settings, &LARGEST));
        let of = |parameter: &Parameter| {
            let is_matrix = parameter.role.is_hidden() || parameter.role.is_end();
            let ratio = parameter.norms.filter(|_| is_matrix).map(|norms| (self.ratio)(settings, norms));
            let ratio = ratio.filter(|ratio| *ratio > 0.0 && ratio.is_finite()).unwrap_or(1.0);
            if is_matrix { ratio.max(smallest).min(largest) } else { 1.0 }
        };
        parameters.iter().map(of).collect()
    }

    /// A setting out of its range, or bounds the wrong way round.
    fn fault(&self, settings: &Settings, steps: usize) -> Option<(String, String)> {
        let fail = |knob: &Knob, wanted: String| {
            let sentence = format!("{} is {}: choose {wanted}.", knob.name, self.value(settings, knob));
            Some((knob.id.to_owned(), sentence))
        };
        if let Some(fault) = self.description.fault(settings) {
            return Some(fault);
        }
        let largest = self.value(settings, &LARGEST);
        if self.value(settings, &SMALLEST) > largest {
            return fail(&SMALLEST, format!("at most the largest ratio, {largest}"));
        }
        if self.value(settings, &EVERY) > steps as f64 {
            return fail(&EVERY, format!("at most the {steps} steps of the run"));
        }
        None
    }
}
