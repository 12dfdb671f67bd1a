//! Masked diffusion of the whole context, MDLM (Sahoo et al. 2024, arXiv:2406.07524) and LLaDA (Nie et al. 2025,
//! arXiv:2502.09992).

use super::{
    knobs::{HIGH, LOW, SCHEDULE, interval_fault},
    levels::Levels,
    masked,
};
use crate::{
    objective::{Clean, Draws, Example, Moment, NoiseSchedule, Objective, Quantity, Reading},
    policy::{Description, Settings},
    text::Batch,
};

/// `L = E_t w(t) sum_{i masked} -log p(x_i | noisy x)`, per predicted token: masked block diffusion with one block, which
/// needs no clean half.
pub struct Mdlm;

const DESCRIPTION: Description = Description {
    id: "mdlm",
    name: "Masked diffusion",
    summary: "Restores masked tokens from all others, left and right.",
    source: "Sahoo et al. 2024, arXiv:2406.07524; Nie et al. 2025, arXiv:2502.09992",
    knobs: &[SCHEDULE, LOW, HIGH],
    null: None,
};

impl Objective for Mdlm {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn reading(&self, _settings: &Settings, context: usize) -> Reading {
        Reading::masked(context, Clean::Block)
    }

    fn example(&self, settings: &Settings, windows: &Batch, vocabulary: usize, at: Moment) -> Example {
        let levels = Levels::of(&DESCRIPTION, settings);
        let blocks = (windows.context.max(1), Clean::Block);
        masked::training(windows, vocabulary, blocks, Some(&levels), &Draws::training(windows, at))
    }

    fn training_loss(&self, settings: &Settings, _context: usize) -> Quantity {
        Levels::of(&DESCRIPTION, settings).quantity()
    }

    fn fault(&self, settings: &Settings, _context: usize) -> Option<(String, String)> {
        DESCRIPTION.fault(settings).or_else(|| interval_fault(&DESCRIPTION, settings))
    }

    fn names(&self, knob: &str) -> &'static [&'static str] {
        if knob == SCHEDULE.id { NoiseSchedule::NAMES } else { &[] }
    }
}
