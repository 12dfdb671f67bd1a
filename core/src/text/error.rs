//! What can be wrong with a text, in sentences for the visitor.

use super::{MAX_VOCABULARY, MIN_BPE_VOCABULARY, own};

/// A text, or a setting of it, that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The visitor's text has no characters.
    #[error("The text is empty: paste a text or pick a file that has one.")]
    Empty,
    /// The file of a bundled corpus has no characters.
    #[error("The file of the corpus {name} is empty: choose another corpus, or build the page again.")]
    EmptyCorpus {
        /// Human name of the corpus.
        name: &'static str,
    },
    /// The visitor's file is over [`own::MAX_BYTES`].
    #[error(
        "The text has {}, over the limit of {}: choose a smaller file or a part of it.",
        megabytes(*bytes), megabytes(own::MAX_BYTES as u64)
    )]
    TooLarge {
        /// Size of the file.
        bytes: u64,
    },
    /// The visitor's file is not UTF-8.
    #[error("The file is not UTF-8 text (byte {byte} of it is not): save it as UTF-8, or pick a plain text file.")]
    NotUtf8 {
        /// Offset of the first byte that is not UTF-8, from 0.
        byte: usize,
    },
    /// A part of the text has fewer tokens than one window.
    #[error(
        "The {text} is too short for a context of {context}: its {part} part has {tokens} tokens and needs {needed}; \
         give a longer text, or a shorter context.", needed = context + 1
    )]
    TooShort {
        /// "text" or "second text".
        text: &'static str,
        /// "training" or "validation".
        part: &'static str,
        /// Tokens in that part.
        tokens: usize,
        /// The context that was asked for.
        context: usize,
    },
    /// A synthetic task's problem does not fit in the context.
    #[error(
        "A problem of this task takes up to {tokens} tokens with its line end, more than the context of {context}: \
         choose a smaller task size, or a context of at least {tokens}."
    )]
    ProblemTooLong {
        /// Tokens of the longest problem, its line end included.
        tokens: usize,
        /// The context that was asked for.
        context: usize,
    },
    /// The size of a synthetic task is out of its range.
    #[error("The task size of {name} must be a whole number from {low} to {high}, not {size}.")]
    TaskSize {
        /// Human name of the task.
        name: &'static str,
        /// The size that was asked for.
        size: usize,
        /// Smallest size.
        low: usize,
        /// Largest size.
        high: usize,
    },
    /// The vocabulary of the BPE tokeniser is out of its range.
    #[error(
        "The vocabulary of the BPE tokeniser must be a whole number from {MIN_BPE_VOCABULARY} to {MAX_VOCABULARY}, \
         not {vocabulary}."
    )]
    Vocabulary {
        /// The vocabulary that was asked for.
        vocabulary: usize,
    },
    /// The texts have more distinct characters than the character tokeniser takes.
    #[error(
        "There are {distinct} different characters to learn, over the character tokeniser's limit of {MAX_VOCABULARY}: \
         choose the byte or the BPE tokeniser."
    )]
    TooManyCharacters {
        /// Distinct characters in the texts.
        distinct: usize,
    },
}

impl TextError {
    /// Path of the setting at fault.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Empty | Self::TooLarge { .. } | Self::NotUtf8 { .. } => "text.own",
            Self::EmptyCorpus { .. } => "text.corpus",
            Self::TooShort { .. } | Self::ProblemTooLong { .. } => "model.context",
            Self::TaskSize { .. } => "text.task_size",
            Self::Vocabulary { .. } => "text.vocabulary",
            Self::TooManyCharacters { .. } => "text.tokeniser",
        }
    }
}

/// A size in megabytes, rounded up to a tenth so that a size over a limit never reads like the limit.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    match tenths % 10 {
        0 => format!("{} MB", tenths / 10),
        tenth => format!("{}.{tenth} MB", tenths / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_one_sentence_that_says_what_to_do() {
        let cases = [
            (TextError::Empty, "text.own", "paste"),
            (TextError::EmptyCorpus { name: "Moby-Dick" }, "text.corpus", "Moby-Dick"),
            (TextError::TooLarge { bytes: 200_000_000 }, "text.own", "200 MB"),
            (TextError::TooLarge { bytes: 20_000_001 }, "text.own", "20.1 MB"),
            (TextError::NotUtf8 { byte: 17 }, "text.own", "byte 17"),
            (
                TextError::TooShort { text: "second text", part: "validation", tokens: 9, context: 64 },
                "model.context",
                "needs 65",
            ),
            (TextError::ProblemTooLong { tokens: 18, context: 16 }, "model.context", "at least 18"),
            (TextError::TaskSize { name: "Sort", size: 0, low: 2, high: 64 }, "text.task_size", "from 2 to 64, not 0"),
            (TextError::Vocabulary { vocabulary: 5000 }, "text.vocabulary", "from 256 to 4096, not 5000"),
            (TextError::TooManyCharacters { distinct: 5000 }, "text.tokeniser", "byte or the BPE"),
        ];
        for (error, field, words) in cases {
            let message = error.to_string();
            assert_eq!(error.field(), field);
            assert!(message.contains(words), "{message}");
            assert!(message.ends_with('.') && !message.contains(". ") && !message.contains("  "), "{message}");
        }
    }
}
