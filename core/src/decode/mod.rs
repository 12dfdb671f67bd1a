//! From logits to text.

#[cfg(feature = "engine")]
mod autoregressive;
mod choose;
mod error;
mod network;
mod trace;

#[cfg(feature = "engine")]
pub use autoregressive::{Sampler, complete_greedily};
pub use choose::choose;
pub use error::DecodeError;
pub use network::{ForwardKind, Logits, Network, Query, Reuse, Row};
pub use trace::{Action, End, Forward, Mark, TraceEvent};

use futures::future::LocalBoxFuture;

use crate::{
    objective::Reading,
    policy::{Choice, Description, Family, Settings},
};

/// A member of the family of decoders.
pub trait Decoder: Sync {
    /// What it is, where it comes from and what can be set.
    fn description(&self) -> &'static Description;

    /// Decodes `task.length` tokens behind the network's committed ones, telling `trace` of each thing as it happens.
    fn decode<'a>(
        &'a self,
        settings: &'a Settings,
        task: Task,
        network: &'a mut dyn Network,
        trace: &'a mut dyn FnMut(TraceEvent),
    ) -> LocalBoxFuture<'a, Result<Vec<u32>, DecodeError>>;

    /// What speaks against using it on a checkpoint, with a sentence that says what to do.
    fn fault(&self, settings: &Settings, _reading: &Reading) -> Option<(String, String)> {
        self.description().fault(settings)
    }
}

/// A method of the family; in links and messages it is its id.
pub type Method = Choice<dyn Decoder>;

/// What is to be decoded. All randomness of a decode is a function of `seed`, `step` and the token's place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Task {
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

impl Family for dyn Decoder {
    const WORD: &'static str = "decoder";

    fn members() -> &'static [&'static Self] {
        &[]
    }

    fn about(&self) -> &'static Description {
        self.description()
    }
}
