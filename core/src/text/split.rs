//! The training and the validation part of a text, and of the one that is learned after it.

use super::{BpeTrainer, CharTokeniser, Task, TextError, digest};
use crate::experiment::Corpus;

/// A text of which the end is set aside for validation: all the sources of text, made alike for a tokeniser.
#[derive(Clone)]
pub struct Split {
    text: String,
    /// Byte at which validation begins.
    border: usize,
    task: Option<Task>,
    then: Option<Box<Split>>,
}

impl Split {
    /// The first nine tenths of the characters of a text, rounded down, and the rest, as nanoGPT splits.
    ///
    /// An empty text is refused, with the corpus that it was meant to be.
    pub fn of_text(corpus: Corpus, text: String) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(match corpus {
                Corpus::Own => TextError::Empty,
                bundled => TextError::EmptyCorpus { name: bundled.name() },
            });
        }
        let training = text.chars().count() as u64 * 9 / 10;
        let border = text.char_indices().nth(training as usize).map_or(text.len(), |(at, _)| at);
        Ok(Self { text, border, task: None, then: None })
    }

    /// The problems of a task, one a line: those to train on, then those held out.
    pub fn of_task(task: Task, seed: u32) -> Self {
        let [mut text, validation] = task.texts(seed);
        let border = text.len();
        text.push_str(&validation);
        Self { text, border, task: Some(task), then: None }
    }

    /// The same with a text that is learned after it.
    pub fn followed_by(self, then: Self) -> Self {
        Self { then: Some(Box::new(then)), ..self }
    }

    /// The text that is learned after this one, if one is.
    pub fn then(&self) -> Option<&Self> {
        self.then.as_deref()
    }

    /// This text and the one that is learned after it, each as `part` has it.
    fn each<'a>(&'a self, part: fn(&'a Self) -> &'a str) -> Vec<&'a str> {
        [Some(self), self.then()].into_iter().flatten().map(part).collect()
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The part to train on.
    pub fn training(&self) -> &str {
        &self.text[..self.border]
    }

    /// The part that is never trained on.
    pub fn validation(&self) -> &str {
        &self.text[self.border..]
    }

    /// The task that made the text, if one did.
    pub fn task(&self) -> Option<&Task> {
        self.task.as_ref()
    }

    /// SHA-256 of the whole text, hexadecimal.
    pub fn digest(&self) -> String {
        digest(&self.text)
    }

    /// A token for every character of the whole text and of the one that is learned after it; of the alphabet, for a
    /// task.
    pub fn char_tokeniser(&self) -> Result<CharTokeniser, TextError> {
        CharTokeniser::of_texts(&self.each(|split| match &split.task {
            Some(task) => task.alphabet(),
            None => &split.text,
        }))
    }

    /// Training of a BPE tokeniser on the training parts alone, of this text and of the one that is learned after it:
    /// its merges must not know the validation parts.
    pub fn bpe_trainer(&self, vocabulary: usize) -> Result<BpeTrainer, TextError> {
        BpeTrainer::of_texts(&self.each(Self::training), vocabulary)
    }
}

impl std::fmt::Debug for Split {
    /// Shows sizes only: a visitor's text must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (training, validation) = (self.training().len(), self.validation().len());
        f.debug_struct("Split").field("training", &training).field("validation", &validation).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_split_is_that_of_nanogpt() {
        // The sizes of Tiny Shakespeare in nanoGPT's data/shakespeare_char/prepare.py.
        let split = Split::of_text(Corpus::Own, "x".repeat(1_115_394)).unwrap();
        assert_eq!((split.training().len(), split.validation().len()), (1_003_854, 111_540));
    }

    #[test]
    fn empty_texts_are_refused_by_their_source() {
        let refused = |corpus| Split::of_text(corpus, String::new()).unwrap_err();
        assert_eq!(refused(Corpus::Own), TextError::Empty);
        assert_eq!(refused(Corpus::FirstNames), TextError::EmptyCorpus { name: "First names" });
    }

    #[test]
    fn a_task_splits_between_problems_and_its_tokeniser_knows_the_whole_alphabet() {
        let task = Task::new(Corpus::Reverse, 2).unwrap().unwrap();
        let split = Split::of_task(task, 1);
        assert!(split.training().ends_with('\n') && split.validation().ends_with('\n'));
        assert_eq!((split.training().lines().count(), split.validation().lines().count()), (20_000, 2_000));
        assert_eq!(split.char_tokeniser().unwrap().vocabulary(), 12);
        assert!(split.task().is_some());
    }

    #[test]
    fn a_text_and_the_next_one_share_a_tokeniser_that_knows_no_validation_part() {
        let split = |text: &str| Split::of_text(Corpus::Own, text.into()).unwrap();
        let both = split("aaaaaaaaaz").followed_by(split("bcbcbcbcbcbcbcbcbxyx"));
        assert_eq!(both.then().map(Split::validation), Some("yx"));
        let characters = both.char_tokeniser().unwrap();
        assert_eq!((characters.vocabulary(), characters.encode("zbya").len()), (6, 4));
        let mut trainer = both.bpe_trainer(300).unwrap();
        let merges: Vec<_> = std::iter::from_fn(|| trainer.merge_next()).collect();
        let made = |left: char, right: char| merges.iter().any(|m| (m.left, m.right) == (left.into(), right.into()));
        assert!(made('a', 'a') && made('b', 'c'), "{merges:?}");
        assert!(merges.iter().all(|merge| ![merge.left, merge.right].contains(&'y'.into())));
    }

    proptest! {
        #[test]
        fn the_parts_make_up_the_text(text in ".+") {
            let split = Split::of_text(Corpus::Own, text.clone()).unwrap();
            prop_assert_eq!(split.training().to_owned() + split.validation(), &text[..]);
            prop_assert_eq!(split.training().chars().count(), text.chars().count() * 9 / 10);
        }
    }
}
