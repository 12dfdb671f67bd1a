//! What a decoder did, in the one form that every decoder writes.

use serde::{Deserialize, Serialize};

use super::ForwardKind;

/// A piece of a decoder's work; the pieces of a decode in order are its trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TraceEvent {
    /// A block begins: masks or noise stand at these positions.
    Block {
        /// Its first position.
        start: usize,
        /// Its tokens, as far as they are to be decoded.
        length: usize,
        /// The tokens that stand there before the first forward; the vocabulary's size is the mask.
        tokens: Vec<u32>,
    },
    /// The network was evaluated.
    Forward(Forward),
    /// Something happened to a token.
    Token(Mark),
    /// A number that the decoder went by, as it is from here on.
    Gauge {
        /// Which number.
        gauge: Gauge,
        /// Its value.
        value: f64,
    },
    /// The decode ended.
    End(End),
}

/// A number that a decoder goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gauge {
    /// The share of noise in the block, from 1 to 0.
    Noise,
    /// The confidence above which tokens are committed.
    Threshold,
    /// How many drafted tokens a verification is expected to accept.
    ExpectedPrefix,
    /// How many drafted tokens a verification did accept.
    Prefix,
}

/// One network evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// What it was for.
    pub kind: ForwardKind,
    /// Rows that were computed.
    pub rows: usize,
    /// Committed tokens that were read from the cache.
    pub cached: usize,
    /// Of these, how many each row's attention took from the forward before.
    pub reused: usize,
}

/// What happened to a token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Its position in the sequence.
    pub position: usize,
    /// What happened.
    pub action: Action,
    /// The token that stands there now; the vocabulary's size is the mask.
    pub token: u32,
    /// How sure the decoder was, in `0.0..=1.0`, by its own definition of confidence.
    pub confidence: f32,
    /// The likeliest tokens there with their probabilities, most likely first.
    pub alternatives: Vec<(u32, f32)>,
}

/// What can happen to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It was drafted, to be judged by a verification.
    Draft,
    /// It became final, or as final as the decoder knows.
    Commit,
    /// A verification accepted it, and so it is final.
    Accept,
    /// A verification rejected it; the token that stands there now was drawn in its place.
    Reject,
    /// It was replaced by another one.
    Edit,
    /// It was taken back to a mask or to noise.
    Remask,
}

/// Why a decode ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Everything that was asked for is decoded.
    Complete,
    /// A decoder with nothing left to decide stopped at its bound of steps; the sentence says which.
    StepBound {
        /// One sentence.
        reason: String,
    },
}
