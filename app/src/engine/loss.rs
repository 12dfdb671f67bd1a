//! Why an engine was lost, in words.

use crate::{t, words};

/// Why an engine answers no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Its worker ended by itself.
    Stopped,
    /// Its program broke down, for this reason.
    Broke(String),
    /// Its device stopped; a sentence of the core says why.
    Device(String),
    /// It said nothing for so many seconds while a run was under way.
    Silent(u32),
    /// No worker can be started here.
    NoWorker,
    /// The page cannot read what it says.
    Incomplete,
}

impl Loss {
    /// Whether another worker may do better.
    pub fn is_of_one_worker(&self) -> bool {
        !matches!(self, Self::NoWorker | Self::Incomplete)
    }

    /// What happened, in one sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Stopped => t!("The training worker stopped unexpectedly.").to_owned(),
            Self::Broke(reason) => t!("The training worker broke down ({reason}).", reason),
            Self::Device(sentence) => words::sentence(sentence),
            Self::Silent(seconds) => t!("The GPU did not answer for {seconds} s.", seconds),
            Self::NoWorker => {
                t!("This browser cannot start the training worker, so nothing can be trained here.").to_owned()
            }
            Self::Incomplete => t!("The page was not loaded completely: train again, or reload it.").to_owned(),
        }
    }

    /// The sentence, and what to do where nothing goes on by itself.
    pub fn with_advice(&self) -> String {
        let sentence = self.sentence();
        match self {
            Self::Stopped | Self::Broke(_) | Self::Silent(_) => {
                format!("{sentence} {}", t!("Train again to start over."))
            }
            Self::Device(_) => format!("{sentence} {}", t!("Choose the CPU under Device, or reload the page.")),
            _ => sentence,
        }
    }
}
