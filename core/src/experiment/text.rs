//! The settings of the texts: what is learned, what is learned after it, and how both become tokens.

use serde::{Deserialize, Serialize};

/// Which texts are learned and how they become tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextConfig {
    /// The source of the text.
    pub corpus: Corpus,
    /// The text that is learned after the first one; a bundled one, `none` in links where there is none.
    #[serde(default, with = "or_none")]
    pub then: Option<Corpus>,
    /// The share of the run after which the second text is learned, in `0.0..=1.0`.
    #[serde(default = "half")]
    pub switch: f64,
    /// The share of the sequences after the switch that still come from the first text, in `0.0..=1.0`.
    #[serde(default)]
    pub replay: f64,
    /// Size of a synthetic task's problems: symbols to reverse or sort, digits, pairs of brackets, or the modulus.
    pub task_size: usize,
    /// How text becomes tokens; one tokeniser for both texts.
    pub tokeniser: TokeniserKind,
    /// Vocabulary of the BPE tokeniser, `256..=4096` tokens; the others ignore it.
    pub vocabulary: usize,
}

impl Default for TextConfig {
    fn default() -> Self {
        Self {
            corpus: Corpus::MobyDick,
            then: None,
            switch: half(),
            replay: 0.0,
            task_size: 8,
            tokeniser: TokeniserKind::Char,
            vocabulary: 512,
        }
    }
}

fn half() -> f64 {
    0.5
}

impl TextConfig {
    /// Updates that learn the first text in a run of `steps`; all others learn the second one. None without a second
    /// text.
    pub fn switch_step(&self, steps: usize) -> Option<usize> {
        self.then.map(|_| (self.switch * steps as f64).round() as usize)
    }

    /// Whether an update, counted from 1, learns the second text in a run of `steps`.
    pub fn is_switched(&self, steps: usize, update: usize) -> bool {
        self.switch_step(steps).is_some_and(|switch| update > switch)
    }

    /// The text that an update, counted from 1, learns in a run of `steps`, and the other one where there are two.
    pub fn learned(&self, steps: usize, update: usize) -> (Corpus, Option<Corpus>) {
        match self.then {
            Some(then) if self.is_switched(steps, update) => (then, Some(self.corpus)),
            then => (self.corpus, then),
        }
    }
}

/// A source of text: three bundled corpora, five generated tasks, or the visitor's own text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Corpus {
    /// Herman Melville, Moby-Dick (1851).
    MobyDick,
    /// The State of the Union addresses, 1790 to 2021.
    StateOfTheUnion,
    /// First names, one a line, in an order drawn once.
    FirstNames,
    /// A text that the visitor pasted, dropped or picked; it stays in the tab.
    Own,
    /// `dbca>abcd`: the symbols in reverse order.
    Reverse,
    /// `dbca>abcd`: the symbols in alphabetical order.
    Sort,
    /// `38+64=102`: the sum of two numbers of `task_size` digits.
    Addition,
    /// `([])>y`: whether brackets are balanced.
    Brackets,
    /// `17+8=2`: the sum modulo `task_size`.
    ModularAddition,
}

/// How text becomes tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokeniserKind {
    /// One token for every character that occurs in the texts.
    Char,
    /// One token for every byte of UTF-8.
    Byte,
    /// Byte-pair encoding, trained on the training parts of the texts themselves.
    Bpe,
}

/// A corpus by its name, or the name of no corpus, so that a link can say either.
mod or_none {
    use serde::{
        Deserialize, Deserializer, Serialize, Serializer,
        de::{IntoDeserializer as _, value::StringDeserializer},
    };

    use super::Corpus;

    const NONE: &str = "none";

    pub fn serialize<S: Serializer>(corpus: &Option<Corpus>, serializer: S) -> Result<S::Ok, S::Error> {
        match corpus {
            Some(corpus) => corpus.serialize(serializer),
            None => serializer.serialize_str(NONE),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Corpus>, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name == NONE {
            return Ok(None);
        }
        let name: StringDeserializer<D::Error> = name.into_deserializer();
        Corpus::deserialize(name).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn then(switch: f64) -> TextConfig {
        TextConfig { then: Some(Corpus::StateOfTheUnion), switch, ..TextConfig::default() }
    }

    #[test]
    fn the_switch_parts_a_run_in_two() {
        assert_eq!(TextConfig::default().switch_step(100), None);
        for (switch, steps, step) in [(0.5, 100, 50), (0.0, 100, 0), (1.0, 100, 100), (0.5, 101, 51), (0.3, 7, 2)] {
            assert_eq!(then(switch).switch_step(steps), Some(step), "{switch} of {steps}");
        }
    }

    #[test]
    fn every_update_learns_one_of_the_texts() {
        let (moby, union) = (Corpus::MobyDick, Corpus::StateOfTheUnion);
        assert_eq!(TextConfig::default().learned(100, 99), (moby, None));
        for (switch, update, learned) in [
            (0.5, 1, (moby, Some(union))),
            (0.5, 50, (moby, Some(union))),
            (0.5, 51, (union, Some(moby))),
            (0.5, 100, (union, Some(moby))),
            (0.0, 1, (union, Some(moby))),
            (1.0, 100, (moby, Some(union))),
        ] {
            assert_eq!(then(switch).learned(100, update), learned, "{switch} at {update}");
        }
    }

    #[test]
    fn a_switch_that_makes_no_sense_has_a_step_all_the_same() {
        for switch in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
            assert!(then(switch).switch_step(usize::MAX).is_some());
        }
    }

    #[test]
    fn settings_from_before_there_was_a_second_text_are_read() {
        let old = r#"{"corpus":"first-names","task_size":8,"tokeniser":"char","vocabulary":512}"#;
        let read: TextConfig = serde_json::from_str(old).expect("settings");
        assert_eq!(read, TextConfig { corpus: Corpus::FirstNames, ..TextConfig::default() });
    }

    #[test]
    fn the_second_text_is_a_name_or_none() {
        for config in [TextConfig::default(), then(0.25)] {
            let value = serde_json::to_value(&config).expect("plain data");
            assert_eq!(value["then"], if config.then.is_some() { "state-of-the-union" } else { "none" });
            assert_eq!(serde_json::from_value(value).ok(), Some(config));
        }
        let mut value = serde_json::to_value(then(0.5)).expect("plain data");
        value["then"] = "bible".into();
        assert!(serde_json::from_value::<TextConfig>(value).is_err());
    }
}
