//! One update of all parameters, as both implementations understand it.

use crate::cpu::AdamW;

/// An update of a flat list of parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// How a gradient becomes a change.
    pub rule: AdamW,
    /// Largest l2 norm of the gradient; a larger gradient is scaled down to it, and 0 switches that off.
    pub clip: f64,
    /// What the gradient is multiplied with first: 1 / micro-batches.
    pub gradient_scale: f64,
    /// The learning rate and decay of each parameter.
    pub groups: Vec<Group>,
}

/// How fast a parameter moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// Its learning rate.
    pub learning_rate: f64,
    /// Its decoupled weight decay per unit of learning rate.
    pub decay: f64,
}
