//! Why a decode could not begin or go on.

use thiserror::Error;

/// A refusal or a breakdown of a decode, in one sentence.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DecodeError {
    /// A setting of the decoder, or the prompt, cannot be used.
    #[error("{message}")]
    Refused {
        /// Path of the setting at fault, such as `prompt` or `threshold`.
        field: String,
        /// One sentence that says what to do.
        message: String,
    },
    /// The logits were not finite.
    #[error("The network's answers are not numbers: its run diverged. Decode from an earlier checkpoint.")]
    NotFinite,
    /// The device failed.
    #[error("The device stopped answering while decoding: {0}.")]
    Device(String),
}
