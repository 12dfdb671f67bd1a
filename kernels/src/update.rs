//! One update of all parameters, as both implementations understand it.

use crate::cpu::{AdamW, Lion, Sgd};

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

/// How a gradient becomes a change, for optimisers that move every weight by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// AdamW, with two moments.
    AdamW(AdamW),
    /// Lion, with one moment.
    Lion(Lion),
    /// Gradient descent with momentum, with one moment.
    Sgd(Sgd),
}

/// How fast a parameter moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// Its learning rate.
    pub learning_rate: f64,
    /// Its decoupled weight decay per unit of learning rate.
    pub decay: f64,
}
