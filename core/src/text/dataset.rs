//! Tokens to train on, and tokens that are held out.

use super::{Split, Task, TextError, Tokeniser};

/// The texts of a run as tokens, with the tokeniser that made them.
#[derive(Clone)]
pub struct Dataset {
    /// Text to tokens and back.
    pub tokeniser: Tokeniser,
    /// The text that is learned first.
    pub first: Tokens,
    /// The text that is learned after it, if one is.
    pub then: Option<Tokens>,
    /// The task that made the text, if one did.
    pub task: Option<Task>,
}

/// A text as tokens.
#[derive(Clone)]
pub struct Tokens {
    /// Tokens to train on.
    pub train: Vec<u32>,
    /// Tokens that are never trained on.
    pub validation: Vec<u32>,
    /// SHA-256 of the text, hexadecimal.
    pub digest: String,
}

impl Dataset {
    /// The tokens of both parts of a text, and of the one that is learned after it, each encoded on its own so that no
    /// token spans the border.
    ///
    /// Refused when a part is shorter than one window, `context + 1` tokens, and when a problem of a task does not
    /// fit in the context.
    pub fn new(split: &Split, tokeniser: Tokeniser, context: usize) -> Result<Self, TextError> {
        let first = Tokens::new(split, "text", &tokeniser, context)?;
        let then = split.then().map(|then| Tokens::new(then, "second text", &tokeniser, context)).transpose()?;
        Ok(Self { tokeniser, first, then, task: split.task().cloned() })
    }
}

impl Tokens {
    fn new(split: &Split, text: &'static str, tokeniser: &Tokeniser, context: usize) -> Result<Self, TextError> {
        let train = tokeniser.encode(split.training());
        let validation = tokeniser.encode(split.validation());
        if split.task().is_some() {
            let tokens = longest_line(tokeniser, &train).max(longest_line(tokeniser, &validation));
            if tokens > context {
                return Err(TextError::ProblemTooLong { tokens, context });
            }
        }
        for (part, tokens) in [("training", train.len()), ("validation", validation.len())] {
            if tokens <= context {
                return Err(TextError::TooShort { text, part, tokens, context });
            }
        }
        Ok(Self { train, validation, digest: split.digest() })
    }
}

/// Tokens of the longest line, its end included; a line end is a token of its own in every tokeniser.
fn longest_line(tokeniser: &Tokeniser, tokens: &[u32]) -> usize {
    let line_end = tokeniser.encode("\n");
    tokens.split(|token| line_end.contains(token)).map(|line| line.len() + 1).max().unwrap_or(0)
}

impl std::fmt::Debug for Dataset {
    /// Shows sizes only: a visitor's text must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { first, then, task, .. } = self;
        f.debug_struct("Dataset").field("first", first).field("then", then).field("task", task).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Tokens {
    /// Shows sizes only: a visitor's text must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("train", &self.train.len())
            .field("validation", &self.validation.len())
            .field("digest", &self.digest)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Corpus;
    use crate::text::{ByteTokeniser, Problem};

    fn of_text(text: &str, context: usize) -> Result<Dataset, TextError> {
        let split = Split::of_text(Corpus::Own, text.into()).unwrap();
        Dataset::new(&split, Tokeniser::Char(split.char_tokeniser()?), context)
    }

    fn of_task(corpus: Corpus, size: usize, context: usize) -> Result<Dataset, TextError> {
        let split = Split::of_task(Task::new(corpus, size).unwrap()?, 1);
        Dataset::new(&split, Tokeniser::Char(split.char_tokeniser()?), context)
    }

    #[test]
    fn both_parts_decode_to_the_text() {
        let text = "Call me Ishmael. ".repeat(20);
        let dataset = of_text(&text, 16).unwrap();
        assert_eq!((dataset.first.train.len(), dataset.first.validation.len()), (306, 34));
        let decode = |tokens| dataset.tokeniser.decode(tokens);
        assert_eq!(decode(&dataset.first.train) + &decode(&dataset.first.validation), text);
        assert_eq!(dataset.first.digest, crate::text::digest(&text));
    }

    #[test]
    fn a_part_shorter_than_one_window_is_refused() {
        let ten_to_one = |tens: usize| "a".repeat(10 * tens);
        assert!(of_text(&ten_to_one(9), 8).is_ok());
        assert_eq!(
            of_text(&ten_to_one(9), 9).unwrap_err(),
            TextError::TooShort { text: "text", part: "validation", tokens: 9, context: 9 }
        );
        assert_eq!(
            of_text("ab", 4).unwrap_err(),
            TextError::TooShort { text: "text", part: "training", tokens: 1, context: 4 }
        );
        assert_eq!(
            of_text("a", 2).unwrap_err(),
            TextError::TooShort { text: "text", part: "training", tokens: 0, context: 2 }
        );
    }

    #[test]
    fn a_text_and_the_next_one_have_tokens_of_one_tokeniser() {
        let split = |text: &str| Split::of_text(Corpus::Own, text.repeat(20)).unwrap();
        let both = split("Call me Ishmael. ").followed_by(split("Fellow-Citizens! "));
        let dataset = Dataset::new(&both, Tokeniser::Char(both.char_tokeniser().unwrap()), 16).unwrap();
        let then = dataset.then.as_ref().unwrap();
        assert_eq!((then.train.len(), then.validation.len()), (306, 34));
        let decoded = dataset.tokeniser.decode(&then.train) + &dataset.tokeniser.decode(&then.validation);
        assert_eq!(decoded, "Fellow-Citizens! ".repeat(20));
        assert_eq!(then.digest, crate::text::digest(&decoded));
        assert_ne!(then.digest, dataset.first.digest);
    }

    #[test]
    fn a_next_text_that_is_too_short_is_named() {
        let split = |text: String| Split::of_text(Corpus::Own, text).unwrap();
        let both = split("ab".repeat(100)).followed_by(split("a".repeat(90)));
        let error = Dataset::new(&both, Tokeniser::Byte(ByteTokeniser), 9).unwrap_err();
        assert_eq!(error, TextError::TooShort { text: "second text", part: "validation", tokens: 9, context: 9 });
    }

    #[test]
    fn a_problem_that_does_not_fit_in_the_context_is_refused() {
        assert!(of_task(Corpus::Reverse, 8, 18).is_ok());
        assert_eq!(of_task(Corpus::Reverse, 8, 17).unwrap_err(), TextError::ProblemTooLong { tokens: 18, context: 17 });
        // Byte-pair encoding makes problems shorter.
        let split = Split::of_task(Task::new(Corpus::Addition, 2).unwrap().unwrap(), 1);
        let mut trainer = split.bpe_trainer(400).unwrap();
        while trainer.merge_next().is_some() {}
        assert!(Dataset::new(&split, Tokeniser::Bpe(trainer.finish()), 9).is_ok());
        assert!(Dataset::new(&split, Tokeniser::Byte(ByteTokeniser), 9).is_err());
    }

    #[test]
    fn the_smallest_tasks_fill_the_largest_context() {
        for corpus in Corpus::ALL {
            if let Some(sizes) = corpus.task_sizes() {
                assert!(of_task(corpus, *sizes.start(), 4096).is_ok(), "{corpus:?}");
            }
        }
    }

    #[test]
    fn no_held_out_problem_is_trained_on() {
        let dataset = of_task(Corpus::Sort, 4, 32).unwrap();
        let lines = |tokens: &[u32]| -> std::collections::HashSet<String> {
            dataset.tokeniser.decode(tokens).lines().map(str::to_owned).collect()
        };
        assert!(lines(&dataset.first.train).is_disjoint(&lines(&dataset.first.validation)));
        let Problem { prompt, answer } = &dataset.task.as_ref().unwrap().validation(1)[0];
        assert!(lines(&dataset.first.validation).contains(&format!("{prompt}{answer}")));
    }

    #[test]
    fn a_visitors_text_stays_out_of_logs() {
        assert!(!format!("{:?}", of_text(&"secret ".repeat(50), 8).unwrap()).contains("secret"));
    }
}
