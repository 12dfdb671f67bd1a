//! How a network reads its tokens, and what its validation loss is for that.

use serde::{Deserialize, Serialize};

use super::{
    Canvas, Clean, Draws, Example, Predictor, View,
    methods::{next_block, next_token, uniform},
};
use crate::text::Batch;

/// How a network reads its tokens: what a decoder must know of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What noise it knows.
    pub noise: Noise,
    /// Which clean tokens a clean token attends.
    pub clean: Clean,
    /// Tokens of the largest block that it was trained on, by the end of its run.
    pub block: usize,
    /// All block sizes that it was trained on, ascending.
    pub sizes: Vec<usize>,
    /// Whether the row at position `i` predicts token `i + 1` and not token `i`.
    pub is_shifted: bool,
    /// Whether it was trained to correct tokens that are already there.
    pub edits: bool,
}

/// The noise that a network was trained to undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noise {
    /// None: it predicts the next token.
    None,
    /// None: it predicts the token one block further.
    NextBlock,
    /// Tokens are masked.
    Mask,
    /// Tokens are replaced by uniformly drawn ones.
    Uniform,
}

impl Noise {
    /// Whether the network reads a mask token.
    pub fn has_mask(self) -> bool {
        matches!(self, Self::Mask | Self::Uniform)
    }
}

/// What a loss is; different quantities never share an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// The negative log-likelihood, in nats per token.
    Likelihood,
    /// An upper bound of the negative log-likelihood, in nats per token, with a sampling error.
    Bound,
    /// A cross-entropy of corrupted tokens that bounds nothing.
    MaskedCrossEntropy,
}

impl Reading {
    /// That of a next-token network.
    pub fn next_token() -> Self {
        let (noise, clean) = (Noise::None, Clean::Token);
        Self { noise, clean, block: 1, sizes: vec![1], is_shifted: true, edits: false }
    }

    /// That of a network that knows masked blocks of one size and predicts tokens in place.
    pub fn masked(block: usize, clean: Clean) -> Self {
        Self { noise: Noise::Mask, clean, block, sizes: vec![block], is_shifted: false, edits: false }
    }

    /// The same network, asked for blocks of another size.
    pub fn at_block(&self, block: usize) -> Self {
        Self { block, ..self.clone() }
    }

    /// A batch whose weighted losses sum to an unbiased estimate of the network's loss with blocks of this size, in nats
    /// per predicted token: whatever it was trained on, it is measured as it decodes.
    ///
    /// Estimates of different `draw` are independent, and equal where the loss is the likelihood itself.
    pub fn validation(&self, windows: &Batch, vocabulary: usize, seed: u32, draw: u64) -> Example {
        let draws = Draws::validation(windows, seed, draw);
        let block = self.block.clamp(1, windows.context.max(1));
        match self.noise {
            Noise::None => next_token::example(windows),
            Noise::NextBlock => next_block::example(windows, block),
            Noise::Uniform => {
                uniform::example(windows, vocabulary, (block, self.clean), uniform::Shares::NearOne, draws)
            }
            Noise::Mask => {
                let predictor = if self.is_shifted { Predictor::BeforeOrClean } else { Predictor::Own };
                let mut canvas = Canvas::new(windows);
                canvas.mask_subsets(&draws, block, vocabulary as u32);
                canvas.example(View::of_blocks(windows.context, block, self.clean), predictor)
            }
        }
    }

    /// What that loss is.
    pub fn measure(&self) -> Quantity {
        match self.noise {
            Noise::Mask | Noise::Uniform if self.block > 1 => Quantity::Bound,
            _ => Quantity::Likelihood,
        }
    }
}
