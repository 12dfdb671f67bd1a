//! What the network is trained to predict: which tokens it reads, which it attends, what it must say of them, and what
//! each answer weighs.
//!
//! An objective turns windows of text into an [`Example`]. It is one file in `methods/` and one line in
//! [`FAMILY`]: the picker, the link, the checks and the tests follow from its [`Description`].
//! Everything here is a pure function of plain numbers; the trainer computes with what it says.

mod beta;
mod canvas;
mod chosen;
mod clip_search;
mod draws;
#[cfg(test)]
pub(crate) mod golden;
pub mod ladder;
mod methods;
mod noise;
#[cfg(test)]
mod oracle;
mod reading;
#[cfg(feature = "engine")]
mod tensors;
#[cfg(test)]
mod tests;
pub mod uniform_loss;
mod view;

pub use clip_search::{BlockLoss, Interval, Probe};
pub use methods::FAMILY;

pub use noise::NoiseSchedule;
pub use reading::{Noise, Quantity, Reading};
#[cfg(feature = "engine")]
pub use tensors::losses;
pub use view::{Clean, View};

use canvas::{Canvas, Predictor};
use draws::Draws;

use crate::{
    policy::{Choice, Description, Family, Settings},
    text::Batch,
};

/// A member of the family.
pub trait Objective: Sync {
    /// What it is, where it comes from and what can be set.
    fn description(&self) -> &'static Description;

    /// How a network that was trained on it reads; `context` is the model's.
    fn reading(&self, settings: &Settings, context: usize) -> Reading;

    /// A training batch made of windows of text, whose weighted losses sum to the training loss.
    fn example(&self, settings: &Settings, windows: &Batch, vocabulary: usize, at: Moment) -> Example;

    /// A batch whose weighted losses sum to an unbiased estimate of the validation loss in nats per token: see
    /// [`Reading::validation`].
    #[cfg(feature = "engine")]
    fn validation(&self, settings: &Settings, windows: &Batch, vocabulary: usize, seed: u32, draw: u64) -> Example {
        self.reading(settings, windows.context).validation(windows, vocabulary, seed, draw)
    }

    /// What its validation loss is.
    fn measure(&self, settings: &Settings, context: usize) -> Quantity {
        self.reading(settings, context).measure()
    }

    /// What its training loss is.
    fn training_loss(&self, settings: &Settings, context: usize) -> Quantity {
        self.measure(settings, context)
    }

    /// The block sizes that it is trained on, ascending, each with its share of the micro-batches; only the last one where
    /// sizes follow each other in time.
    fn shares(&self, settings: &Settings, context: usize) -> Vec<(usize, f64)> {
        vec![(self.reading(settings, context).block, 1.0)]
    }

    /// The first setting that cannot be used with a context of so many tokens, with a sentence that says what to do.
    fn fault(&self, settings: &Settings, _context: usize) -> Option<(String, String)> {
        self.description().fault(settings)
    }

    /// The member and the settings that it reproduces bit for bit with its own null setting; the baseline where this is
    /// none.
    fn null_of(&self) -> Option<(Method, Settings)> {
        None
    }

    /// A batch from whose losses [`Objective::tuned`] learns; none where nothing is to be learned from losses.
    #[cfg(feature = "engine")]
    fn probe(
        &self,
        _settings: &Settings,
        _windows: &Batch,
        _vocabulary: usize,
        _seed: u32,
        _draw: u64,
    ) -> Option<Probe> {
        None
    }

    /// The settings for the steps until the next validation, from what the blocks of [`Objective::probe`] lost.
    #[cfg(feature = "engine")]
    fn tuned(&self, settings: &Settings, _losses: &[BlockLoss]) -> Settings {
        settings.clone()
    }

    /// The names of a knob's values, from 0 on, where they are choices and not numbers; empty otherwise.
    fn names(&self, _knob: &str) -> &'static [&'static str] {
        &[]
    }
}

/// A method of the family; in links and messages it is its id.
pub type Method = Choice<dyn Objective>;

impl Family for dyn Objective {
    const WORD: &'static str = "objective";

    fn members() -> &'static [&'static Self] {
        FAMILY
    }

    fn about(&self) -> &'static Description {
        self.description()
    }
}

/// Windows of text as a network is trained on them. Everything has one entry per row, `batch * view.time()` in all.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Which row attends which, and where it stands.
    pub view: View,
    /// Sequences; complementary masks make two of each window.
    pub batch: usize,
    /// Tokens read; the mask token is the vocabulary's size.
    pub tokens: Vec<u32>,
    /// The tokens to predict.
    pub targets: Vec<u32>,
    /// What each row's loss is multiplied with; 0 where nothing is predicted.
    pub weights: Vec<f32>,
    /// How a row's loss is computed.
    pub loss: Loss,
}

/// The loss of a row, before its weight.
#[derive(Clone, Debug, PartialEq)]
pub enum Loss {
    /// `-log softmax(logits)[target]`.
    CrossEntropy,
    /// The bound of uniform-state diffusion (UDLM, Duo), with the share `alpha` of clean tokens at each row's time.
    Uniform {
        /// One share per row, in `0.0..1.0`.
        alphas: Vec<f32>,
    },
}

/// A moment of a run, from which all randomness follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The experiment's seed.
    pub seed: u32,
    /// Updates done before this one.
    pub step: usize,
    /// Updates of the whole run.
    pub steps: usize,
    /// The micro-batch of the update.
    pub micro: usize,
}
