//! Synthetic tasks: problems drawn from the seed, of which a tenth is never trained on.

mod brackets;
mod numbers;
mod symbols;

use std::ops::RangeInclusive;

use rand_chacha::ChaCha8Rng;
use sha2::{Digest as _, Sha256};

use super::{TextError, uniform::shuffle};
use crate::experiment::Corpus;
use crate::random::{Purpose, stream};

/// Problems in a training text.
const TRAINING_PROBLEMS: usize = 20_000;

/// Problems in a validation text.
const VALIDATION_PROBLEMS: usize = 2_000;

/// A task with at most this many problems uses all of them instead of drawing.
const LISTED_PROBLEMS: u64 = (TRAINING_PROBLEMS + VALIDATION_PROBLEMS) as u64;

/// A question of a task and its only answer; in a text, `prompt`, `answer` and a line end follow one another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Problem {
    /// What is given, with its closing `>` or `=`.
    pub prompt: String,
    /// What the model must add, up to the line end.
    pub answer: String,
}

/// What distinguishes one kind of task from another.
struct Kind {
    /// Task sizes that make sense.
    sizes: RangeInclusive<usize>,
    /// Every character of a text of this task, sorted.
    alphabet: &'static str,
    /// An upper bound of the characters of prompt and answer together.
    longest: fn(size: usize) -> usize,
    /// A random problem.
    draw: fn(size: usize, random: &mut ChaCha8Rng) -> Problem,
    /// All problems, if they are at most [`LISTED_PROBLEMS`].
    list: fn(size: usize) -> Option<Vec<Problem>>,
}

fn kind(corpus: Corpus) -> Option<&'static Kind> {
    match corpus {
        Corpus::Reverse => Some(&symbols::REVERSE),
        Corpus::Sort => Some(&symbols::SORT),
        Corpus::Addition => Some(&numbers::ADDITION),
        Corpus::ModularAddition => Some(&numbers::MODULAR_ADDITION),
        Corpus::Brackets => Some(&brackets::BRACKETS),
        Corpus::MobyDick | Corpus::StateOfTheUnion | Corpus::FirstNames | Corpus::Own => None,
    }
}

impl Corpus {
    /// The sizes that a synthetic task can have; none for a text.
    pub fn task_sizes(self) -> Option<RangeInclusive<usize>> {
        kind(self).map(|kind| kind.sizes.clone())
    }
}

/// Which half of the problems.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Training,
    Validation,
}

impl Half {
    /// A prompt's half depends on the prompt alone, so that no seed trains on what another holds out: the first eight
    /// bytes of its SHA-256, as a big-endian number, are a multiple of ten for validation.
    fn of(prompt: &str) -> Self {
        let hash = Sha256::digest(prompt.as_bytes());
        let number = hash[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        if number.is_multiple_of(10) { Self::Validation } else { Self::Training }
    }
}

/// A synthetic task of one size.
///
/// A problem belongs to training or to validation by its prompt alone (90 to 10), so the two never share a problem,
/// whatever the seed. A task with few problems goes through all of its half in a new order again and again; the
/// others draw.
#[derive(Clone)]
pub struct Task {
    corpus: Corpus,
    size: usize,
    kind: &'static Kind,
    /// All problems of the training and of the validation half, for a task with few.
    listed: Option<[Vec<Problem>; 2]>,
}

impl Task {
    /// A task and its size; none when the corpus is no task.
    pub fn new(corpus: Corpus, size: usize) -> Option<Result<Self, TextError>> {
        let kind = kind(corpus)?;
        if !kind.sizes.contains(&size) {
            let (low, high) = (*kind.sizes.start(), *kind.sizes.end());
            return Some(Err(TextError::TaskSize { name: corpus.name(), size, low, high }));
        }
        let listed = (kind.list)(size).map(|problems| {
            let (training, validation) =
                problems.into_iter().partition(|problem| Half::of(&problem.prompt) == Half::Training);
            [training, validation]
        });
        Some(Ok(Self { corpus, size, kind, listed }))
    }

    /// Which task.
    pub fn corpus(&self) -> Corpus {
        self.corpus
    }

    /// Its size.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Every character that a text of this task can have, sorted.
    pub fn alphabet(&self) -> &'static str {
        self.kind.alphabet
    }

    /// No problem has more characters, prompt and answer together, without the line end.
    pub fn longest_problem(&self) -> usize {
        (self.kind.longest)(self.size)
    }

    /// The 20,000 problems of the training text, a pure function of the seed.
    pub fn training(&self, seed: u32) -> Vec<Problem> {
        self.problems(seed, Half::Training, TRAINING_PROBLEMS)
    }

    /// The held-out problems, at most 2,000, a pure function of the seed; all distinct in a task with few.
    pub fn validation(&self, seed: u32) -> Vec<Problem> {
        let count = self.listed.as_ref().map_or(VALIDATION_PROBLEMS, |[_, held_out]| held_out.len());
        self.problems(seed, Half::Validation, count.min(VALIDATION_PROBLEMS))
    }

    /// The training and the validation text, one problem a line.
    ///
    /// A validation text repeats its problems when they are few, or it would be shorter than one window.
    pub(super) fn texts(&self, seed: u32) -> [String; 2] {
        [(Half::Training, TRAINING_PROBLEMS), (Half::Validation, VALIDATION_PROBLEMS)]
            .map(|(half, count)| text_of(&self.problems(seed, half, count)))
    }

    fn problems(&self, seed: u32, half: Half, count: usize) -> Vec<Problem> {
        let Some(listed) = &self.listed else {
            return (0..count).map(|index| self.draw(seed, half, index as u64)).collect();
        };
        // One fixed order would be learned by heart: each pass has its own.
        let mut problems = Vec::with_capacity(count);
        for pass in 0.. {
            let mut order: Vec<&Problem> = listed[half as usize].iter().collect();
            shuffle(&mut stream(seed, Purpose::Task, half as u64, pass), &mut order);
            problems.extend(order.into_iter().take(count - problems.len()).cloned());
            if problems.len() == count {
                break;
            }
        }
        problems
    }

    fn draw(&self, seed: u32, half: Half, index: u64) -> Problem {
        let mut random = stream(seed, Purpose::Task, half as u64, index);
        loop {
            let problem = (self.kind.draw)(self.size, &mut random);
            if Half::of(&problem.prompt) == half {
                return problem;
            }
        }
    }
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Task").field("corpus", &self.corpus).field("size", &self.size).finish()
    }
}

/// Problems as a text, one a line.
fn text_of(problems: &[Problem]) -> String {
    problems.iter().flat_map(|problem| [&problem.prompt, &problem.answer, "\n"]).collect()
}

/// Whether what a model produced after a prompt is the answer: everything before the first line end counts.
///
/// Let the model produce one character more than the longest answer has, so that an answer that goes on is seen.
pub fn exact_match(answer: &str, produced: &str) -> bool {
    produced.split('\n').next() == Some(answer)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const TASKS: [Corpus; 5] =
        [Corpus::Reverse, Corpus::Sort, Corpus::Addition, Corpus::Brackets, Corpus::ModularAddition];

    fn task(corpus: Corpus, size: usize) -> Task {
        Task::new(corpus, size).unwrap().unwrap()
    }

    #[test]
    fn texts_are_no_tasks() {
        assert!(Task::new(Corpus::MobyDick, 8).is_none());
        assert_eq!(Corpus::Own.task_sizes(), None);
    }

    #[test]
    fn a_size_out_of_range_is_refused_with_the_range() {
        for corpus in TASKS {
            let (low, high) = corpus.task_sizes().unwrap().into_inner();
            for size in [0, low - 1, high + 1, usize::MAX] {
                let error = Task::new(corpus, size).unwrap().unwrap_err();
                assert_eq!(error, TextError::TaskSize { name: corpus.name(), size, low, high });
            }
        }
    }

    #[test]
    fn the_default_size_suits_every_task() {
        assert!(TASKS.iter().all(|corpus| corpus.task_sizes().unwrap().contains(&8)));
    }

    #[test]
    fn every_size_has_problems_in_both_halves_and_says_how_long_they_are() {
        for corpus in TASKS {
            for size in corpus.task_sizes().unwrap() {
                let task = task(corpus, size);
                if let Some([training, validation]) = &task.listed {
                    let share = validation.len() as f64 / (training.len() + validation.len()) as f64;
                    assert!((0.02..0.25).contains(&share), "{task:?}: {share}");
                }
                let mut longest = 0;
                for index in 0..20 {
                    for half in [Half::Training, Half::Validation] {
                        let problem = task.draw(3, half, index);
                        let text = text_of(std::slice::from_ref(&problem));
                        assert!(text.chars().all(|c| task.alphabet().contains(c)), "{problem:?}");
                        longest = longest.max(text.len() - 1);
                    }
                }
                assert!(longest <= task.longest_problem(), "{task:?}: {longest}");
            }
        }
    }

    #[test]
    fn alphabets_are_sorted_and_the_longest_problem_is_exact() {
        for (corpus, size, longest) in [
            (Corpus::Reverse, 8, 17),
            (Corpus::Sort, 4, 9),
            (Corpus::Addition, 2, 9),
            (Corpus::Brackets, 8, 18),
            (Corpus::ModularAddition, 97, 8),
            (Corpus::ModularAddition, 10, 5),
        ] {
            let task = task(corpus, size);
            assert!(task.alphabet().chars().is_sorted_by(|a, b| a < b));
            let found = task.training(1).iter().map(|problem| problem.prompt.len() + problem.answer.len()).max();
            assert_eq!((task.longest_problem(), found), (longest, Some(longest)), "{task:?}");
        }
    }

    #[test]
    fn training_and_validation_share_no_problem_and_few_problems_are_all_used() {
        for (corpus, size, all) in [
            (Corpus::ModularAddition, 97, Some(9409)),
            (Corpus::Addition, 2, Some(10_000)),
            (Corpus::Reverse, 3, Some(1000)),
            (Corpus::Sort, 8, None),
            (Corpus::Brackets, 4, None),
            (Corpus::Addition, 3, None),
        ] {
            let task = task(corpus, size);
            let training: HashSet<Problem> = task.training(5).into_iter().collect();
            let held_out = task.validation(5);
            let validation: HashSet<Problem> = held_out.iter().cloned().collect();
            assert!(training.is_disjoint(&validation));
            assert!(training.is_disjoint(&task.validation(6).into_iter().collect()));
            assert_eq!(task.training(5).len(), TRAINING_PROBLEMS);
            if let Some(all) = all {
                assert_eq!(training.len() + validation.len(), all);
                assert_eq!(validation.len(), held_out.len());
            } else {
                assert_eq!(held_out.len(), VALIDATION_PROBLEMS);
            }
        }
    }

    #[test]
    fn passes_over_few_problems_have_different_orders() {
        let task = task(Corpus::ModularAddition, 7);
        let pass = task.listed.as_ref().unwrap()[0].len();
        let training = task.training(1);
        assert_ne!(training[..pass], training[pass..2 * pass]);
    }

    #[test]
    fn an_answer_counts_up_to_the_line_end() {
        assert!(exact_match("102", "102\n38+6"));
        assert!(exact_match("102", "102"));
        for wrong in ["1023", "10", "", "\n102", " 102", "102 \n"] {
            assert!(!exact_match("102", wrong), "{wrong:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn problems_depend_on_the_seed_alone(seed in any::<u32>(), which in 0usize..5) {
            let task = task(TASKS[which], 8);
            prop_assert_eq!(task.training(seed), task.training(seed));
            prop_assert_ne!(task.training(seed), task.training(seed.wrapping_add(1)));
        }
    }
}
