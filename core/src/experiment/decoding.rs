//! What is decoded once a comparison is trained, and by which decoders.

use serde::{Deserialize, Serialize};

use crate::{
    decode::{Decoder, Method},
    policy::Chosen,
};

/// Most decoders side by side; they are called 1 to 6.
pub const DECODERS: usize = 6;

/// Decoders side by side over one network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decoding {
    /// The arm whose network decodes, counted from 0.
    pub arm: usize,
    /// What the decoders have in common.
    pub common: DecodeConfig,
    /// The decoders; none for those that suit the network.
    pub decoders: Vec<DecoderConfig>,
}

/// What all decoders have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecodeConfig {
    /// The text to continue; held-out text where it is empty.
    pub prompt: String,
    /// Tokens to decode.
    pub length: usize,
    /// Softmax temperature; 0 takes the likeliest token.
    pub temperature: f64,
    /// Tokens of a block; none for the largest that the network was trained on.
    pub block: Option<usize>,
}

/// One decoder beside others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DecoderConfig {
    /// The decoder with its knobs.
    #[serde(flatten)]
    pub decoder: Chosen<dyn Decoder>,
    /// A temperature of its own; none for the common one.
    pub temperature: Option<f64>,
}

impl Default for DecodeConfig {
    fn default() -> Self {
        Self { prompt: String::new(), length: 64, temperature: 0.0, block: None }
    }
}

impl DecoderConfig {
    /// A decoder with its defaults.
    pub fn new(method: Method) -> Self {
        Self { decoder: Chosen::new(method), temperature: None }
    }
}
