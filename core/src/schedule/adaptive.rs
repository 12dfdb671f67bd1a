//! What a schedule that follows its run has to do with the trainer.

use std::fmt::Debug;

/// A schedule at work on one run: it is told what the run measures, and gives the learning rate of every update after
/// the warm-up. A copy goes on as the original would.
pub trait Adaptive: Debug {
    /// The learning rate of the next update.
    fn rate(&self) -> f64;

    /// Whether it must be told a [`Product`] before every update.
    fn wants_products(&self) -> bool {
        false
    }

    /// Takes what was measured before the next update.
    fn measured(&mut self, _product: Product) {}

    /// Takes the loss of a validation, in nats per token.
    fn validated(&mut self, _loss: f64) {}

    /// A copy.
    fn copy(&self) -> Box<dyn Adaptive>;
}

impl Clone for Box<dyn Adaptive> {
    fn clone(&self) -> Self {
        self.copy()
    }
}

/// What is measured between the gradient of a step and the update of the step before, over all parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Product {
    /// Their dot product; 0 at the first step.
    pub dot: f64,
    /// Norm of the gradient `g_t`.
    pub gradient: f64,
    /// Norm of the last update, before the learning rate.
    pub update: f64,
}
