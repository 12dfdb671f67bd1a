//! From logits to text.

#[cfg(feature = "engine")]
mod autoregressive;
#[cfg(feature = "engine")]
mod cached;
mod canvas;
#[cfg(feature = "engine")]
mod checkpoint;
mod choose;
#[cfg(test)]
mod costs;
mod distribution;
mod error;
pub mod flash;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod laws;
mod meter;
mod methods;
mod network;
#[cfg(test)]
mod oracle;
mod select;
mod speculate;
#[cfg(test)]
mod tests;
mod trace;
mod usual;

#[cfg(feature = "engine")]
pub use autoregressive::{Sampler, complete_greedily};
#[cfg(feature = "engine")]
pub use cached::Cached;
#[cfg(feature = "engine")]
pub use checkpoint::Checkpoint;
pub use choose::choose;
pub use error::DecodeError;
pub use meter::Meter;
pub use methods::FAMILY;
pub use network::{ForwardKind, Logits, Network, Query, Reuse, Row};
pub use trace::{Action, End, Forward, Gauge, Mark, TraceEvent};
#[cfg(feature = "engine")]
pub use usual::write;
pub use usual::{usual, whole_blocks};

use canvas::{Answers, Block, Canvas};
use distribution::{Guess, Sampling};
use futures::future::LocalBoxFuture;

use crate::{
    objective::Reading,
    policy::{Choice, Description, Family, Settings},
};

/// A member of the family of decoders.
pub trait Decoder: Sync {
    /// What it is, where it comes from and what can be set.
    fn description(&self) -> &'static Description;

    /// Decodes everything that is left on a canvas.
    #[cfg(feature = "engine")]
    fn fill<'a>(
        &'a self,
        settings: &'a Settings,
        canvas: &'a mut Canvas<'_>,
        sampling: &'a Sampling,
    ) -> LocalBoxFuture<'a, Result<(), DecodeError>>;

    /// Tokens of the blocks in which keys and values are kept, from those of the task's blocks.
    fn kept_block(&self, block: usize) -> usize {
        block
    }

    /// What speaks against using it on a checkpoint, with a sentence that says what to do.
    fn fault(&self, settings: &Settings, _reading: &Reading) -> Option<(String, String)> {
        self.description().fault(settings)
    }

    /// What a reader must know of its results on a checkpoint that it may be used on; none where there is nothing.
    fn caution(&self, _settings: &Settings, _reading: &Reading) -> Option<&'static str> {
        None
    }

    /// The member and the settings that it reproduces, token for token and forward for forward, with its own null
    /// setting; the baseline where this is none.
    fn null_of(&self) -> Option<(Method, Settings)> {
        None
    }

    /// The names of a knob's values, from 0 on, where they are choices and not numbers; empty otherwise.
    fn names(&self, _knob: &str) -> &'static [&'static str] {
        &[]
    }
}

#[cfg(feature = "engine")]
impl dyn Decoder {
    /// Decodes `task.length` tokens behind the prompt, telling `trace` of each thing as it happens.
    ///
    /// What the network has committed before is forgotten.
    pub async fn decode(
        &self,
        settings: &Settings,
        task: Task,
        network: &mut dyn Network,
        trace: &mut dyn FnMut(TraceEvent),
    ) -> Result<Vec<u32>, DecodeError> {
        let sampling = methods::sampling(self, settings, task.temperature);
        let mut canvas = Canvas::begin(self, settings, task, network, trace).await?;
        self.fill(settings, &mut canvas, &sampling).await?;
        canvas.end()
    }
}

/// A method of the family; in links and messages it is its id.
pub type Method = Choice<dyn Decoder>;

impl Family for dyn Decoder {
    const WORD: &'static str = "decoder";

    fn members() -> &'static [&'static Self] {
        FAMILY
    }

    fn about(&self) -> &'static Description {
        self.description()
    }
}

/// What is to be decoded. All randomness of a decode is a function of `seed`, `step` and the token's place.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// The text to continue, at least one token.
    pub prompt: Vec<u32>,
    /// Tokens to decode.
    pub length: usize,
    /// Tokens of a block.
    pub block: usize,
    /// Softmax temperature; 0 takes the likeliest token.
    pub temperature: f64,
    /// The experiment's seed.
    pub seed: u32,
    /// Updates that the checkpoint has seen.
    pub step: u64,
}

impl Task {
    /// What of it cannot be decoded, with a sentence that says what to do.
    fn fault(&self, vocabulary: usize, context: usize) -> Option<(String, String)> {
        let (prompt, length, block) = (self.prompt.len(), self.length, self.block);
        let fail = |field: &str, message: String| Some((field.to_owned(), message));
        if prompt == 0 {
            return fail("prompt", "The prompt is empty: write at least one character.".to_owned());
        }
        if let Some(token) = self.prompt.iter().find(|token| **token as usize >= vocabulary) {
            return fail("prompt", format!("The prompt has the token {token}: choose tokens below {vocabulary}."));
        }
        if prompt + length > context {
            let message = format!("{prompt} tokens of prompt and {length} more: choose at most {context} together.");
            return fail("length", message);
        }
        if block == 0 || block > context {
            return fail("block", format!("The block has {block} tokens: choose a number from 1 to {context}."));
        }
        if !(self.temperature >= 0.0 && self.temperature.is_finite()) {
            let message = format!("The temperature is {}: choose a number of at least 0.", self.temperature);
            return fail("temperature", message);
        }
        None
    }
}
