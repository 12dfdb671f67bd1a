//! The messages about decoding.

use serde::{Deserialize, Serialize};

use super::Failure;
use crate::{
    decode::{Decoder, Meter, TraceEvent},
    experiment::Decoding,
    objective::{Quantity, Reading},
    policy::Chosen,
};

/// A decoder with what it is to decode from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecoderSetup {
    /// The decoder.
    pub decoder: Chosen<dyn Decoder>,
    /// Tokens of a block; none for the largest that the checkpoint was trained on.
    pub block: Option<usize>,
    /// Softmax temperature; 0 takes the likeliest token.
    pub temperature: f64,
    /// Steps done in the checkpoint; none for the present weights.
    pub checkpoint: Option<usize>,
}

impl DecoderSetup {
    /// The decoder at a place of a comparison, over the present weights.
    pub fn of(Decoding { common, decoders, .. }: &Decoding, place: usize) -> Self {
        let config = &decoders[place];
        Self {
            decoder: config.decoder.clone(),
            block: common.block,
            temperature: config.temperature.unwrap_or(common.temperature),
            checkpoint: None,
        }
    }
}

/// A decode that the page asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecodeRequest {
    /// Names its answers; a new request with it ends the one before.
    pub id: u32,
    /// The decoder.
    pub setup: DecoderSetup,
    /// The text to continue; empty for a held-out problem of a task, or the beginning of a window of held-out text.
    pub prompt: String,
    /// Tokens to decode; fewer where the context is full before.
    pub length: usize,
}

/// What a decode reports: first what it begins with, then what happened since the last report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DecodeFrame {
    /// The request's.
    pub id: u32,
    /// What it begins with, in the first frame.
    pub start: Option<DecodeStart>,
    /// The trace since the last frame.
    pub events: Vec<TraceEvent>,
    /// Seconds of decoding when each forward among [`DecodeFrame::events`] was answered.
    pub seconds: Vec<f64>,
    /// What the decoded text is worth, in the last frame of a decode that was not refused.
    pub quality: Option<TextQuality>,
    /// Why it was refused or broke off, in the last frame of one that was.
    pub failure: Option<Failure>,
}

/// What a decode begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecodeStart {
    /// Steps done in the checkpoint.
    pub step: usize,
    /// How the checkpoint reads.
    pub reading: Reading,
    /// The tokens of the prompt.
    pub prompt: Vec<u32>,
    /// Tokens of a block.
    pub block: usize,
    /// Tokens to decode.
    pub length: usize,
    /// The text of every token of the vocabulary.
    pub words: Vec<String>,
}

/// What a text is worth, as far as the model itself can tell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextQuality {
    /// Nats per decoded token under the model.
    pub nats: f64,
    /// The standard error of it, for a bound.
    pub error: Option<f64>,
    /// What it is.
    pub quantity: Quantity,
    /// Entropy of the distribution of its tokens, in nats: a text that repeats itself has little.
    pub entropy: f64,
}

/// Many decodes of one decoder, to measure it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasureRequest {
    /// Names its answer.
    pub id: u32,
    /// The decoder.
    pub setup: DecoderSetup,
    /// Held-out problems of a task, or beginnings of held-out text, at most 256.
    pub prompts: usize,
}

/// What the decodes of one decoder came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The request's.
    pub id: u32,
    /// Steps done in the checkpoint.
    pub step: usize,
    /// The meters of the decodes, one for each prompt.
    pub meters: Vec<Meter>,
    /// For a task, whether each answer was exact.
    pub exact: Option<Vec<bool>>,
    /// Nats per decoded token of each decode under the model.
    pub nats: Vec<f64>,
    /// What these are.
    pub quantity: Quantity,
    /// Each committed token's confidence, and whether it is the text's own token there, for a calibration.
    pub confidences: Vec<(f32, bool)>,
    /// The decoded texts with their prompts, for a judge.
    pub texts: Vec<(String, String)>,
    /// Seconds of decoding.
    pub seconds: f64,
}

/// Texts that a network trained on the next token is to judge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgeRequest {
    /// Names its answer.
    pub id: u32,
    /// Prompts and what was decoded behind them.
    pub texts: Vec<(String, String)>,
}

/// A judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The request's.
    pub id: u32,
    /// Steps done by the judge.
    pub step: usize,
    /// Nats per token of each text behind its prompt.
    pub nats: Vec<f64>,
}
