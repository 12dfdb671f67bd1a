//! Control: a larger rate for embedding and head only.
//!
//! Without its embedding treatment LLR was worse than one rate in an ablation of its authors (repository figure 2a of
//! He et al. 2026, arXiv:2605.22297), so this control is the first to ask for.

use super::super::{Layerwise, Moment, Parameter, parameter::multipliers};
use crate::model::Role;
use crate::policy::{Description, Knob, Settings};

const EMBEDDING: Knob = Knob {
    id: "embedding",
    name: "Embedding",
    unit: "",
    range: 0.0..=100.0,
    is_whole: false,
    default: 5.0,
    summary: "Multiplies the learning rate of token embedding and learned positions.",
};

const HEAD: Knob = Knob {
    id: "head",
    name: "Head",
    summary: "Multiplies the learning rate of the head; a tied head is the embedding.",
    ..EMBEDDING
};

/// `m = embedding` for embedding and positions, `m = head` for an untied head, 1 for all others.
pub struct Ends;

const DESCRIPTION: Description = Description {
    id: "ends",
    name: "Embedding and head",
    summary: "Trains embedding and head faster and everything else at one rate, without spectra.",
    source: "Control of He et al. 2026, arXiv:2605.22297",
    knobs: &[EMBEDDING, HEAD],
    null: Some(&[("embedding", 1.0), ("head", 1.0)]),
};

impl Layerwise for Ends {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn multipliers(&self, settings: &Settings, parameters: &[Parameter], _at: Moment) -> Vec<f64> {
        multipliers(parameters, |_, parameter| match parameter.role {
            Role::Embedding | Role::Positions => DESCRIPTION.value(settings, EMBEDDING.id),
            Role::Head => DESCRIPTION.value(settings, HEAD.id),
            _ => 1.0,
        })
    }
}
