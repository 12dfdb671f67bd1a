//! What a schedule that follows its run has to do with the trainer.

use std::fmt::Debug;

/// A schedule at work on one run: it is told what the run measures, and gives the learning rate of every update after
/// the warm-up. A copy goes on as the original would.
pub trait Adaptive: Debug {
    /// The learning rate of the next update.
    fn rate(&self) -> f64;

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
