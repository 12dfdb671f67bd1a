//! What a schedule that follows its run has to do with the trainer.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use super::{autolrs::Search, hypergradient::Hypergradient, plateau::Plateau};

/// A schedule at work on one run: it is told what the run measures, and gives the learning rate of every update after
/// the warm-up. A copy goes on as the original would.
pub trait Adaptive: Debug {
    /// The learning rate of the run; none before it is known.
    fn rate(&self) -> Option<f64>;

    /// Whether it must be told a [`Product`] before every update.
    fn wants_products(&self) -> bool {
        false
    }

    /// Takes what was measured before the next update.
    fn measured(&mut self, _product: Product) {}

    /// Another text is learned from now on: losses on the one before say nothing about it.
    fn switched(&mut self) {}

    /// Takes the loss of a validation, in nats per token.
    fn validated(&mut self, _loss: f64) {}

    /// What it wants to try on a copy of the run before the next update; none when the rate of that one is known.
    fn trial(&self) -> Option<Trial> {
        None
    }

    /// Takes the training loss of an update, on the copy where there is a trial and else of the run, in nats per token;
    /// not finite where the gradient was not.
    fn trained(&mut self, _loss: f64) {}

    /// How many updates of the run may be made before it is told the losses of all that were.
    fn ahead(&self) -> usize {
        usize::MAX
    }

    /// Whether the run must go back to where its rate was first chosen: that rate has failed, and another one is chosen.
    fn goes_back(&self) -> bool {
        false
    }

    /// The rates that were tried for the present choice.
    fn probes(&self) -> &[Probe] {
        &[]
    }

    /// A copy.
    fn copy(&self) -> Box<dyn Adaptive>;

    /// Itself as plain data.
    fn rule(&self) -> Rule;
}

/// A schedule that follows its run as plain data, to be saved with the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rule {
    /// Reduce on plateau.
    Plateau(Plateau),
    /// Hypergradient descent.
    Hypergradient(Hypergradient),
    /// AutoLRS.
    Search(Search),
}

impl Rule {
    /// The schedule at work again.
    pub fn boxed(self) -> Box<dyn Adaptive> {
        match self {
            Self::Plateau(rule) => Box::new(rule),
            Self::Hypergradient(rule) => Box::new(rule),
            Self::Search(rule) => Box::new(rule),
        }
    }
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

/// An update of a copy of the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Whether it begins a probe, and so needs a new copy.
    pub begins: bool,
    /// Its learning rate.
    pub rate: f64,
}

/// A rate that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// The rate.
    pub rate: f64,
    /// The forecast of the smoothed loss at the end of the stage, in nats per token; none when a loss was not finite.
    pub forecast: Option<f64>,
}
