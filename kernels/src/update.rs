//! One update of all parameters, as both implementations understand it.

use crate::cpu::{AdamW, Lars, Lion, Sgd};

/// An update of a flat list of parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// How a gradient becomes a change.
    pub rule: Rule,
    /// Largest l2 norm of the gradient; a larger gradient is scaled down to it, and 0 switches that off.
    pub clip: f64,
    /// What the gradient is multiplied with first: 1 / micro-batches.
    pub gradient_scale: f64,
    /// The learning rate and decay of each parameter.
    pub groups: Vec<Group>,
}

/// How a gradient becomes a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// AdamW, with two moments.
    AdamW(AdamW),
    /// Lion, with one moment.
    Lion(Lion),
    /// Gradient descent with momentum, with one moment.
    Sgd(Sgd),
    /// LAMB with the numbers of AdamW, with two moments.
    Lamb(AdamW),
    /// LARS, with one moment.
    Lars(Lars),
}

/// How fast a parameter moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// Its learning rate.
    pub learning_rate: f64,
    /// Its weight decay per unit of learning rate; with LAMB and LARS a part of the step, else decoupled from it.
    pub decay: f64,
    /// Whether LAMB and LARS scale its step by norms.
    pub is_scaled: bool,
}
