//! Brackets: whether they are balanced.

use rand_chacha::ChaCha8Rng;

use super::{Kind, Problem};
use crate::text::uniform::below;

/// `([])>y`, `([)]>n`: whether every bracket is closed by its like and in order, in a word of `size` pairs.
///
/// Half of the words are balanced. The others are made from a balanced word by swapping two of its brackets, so that
/// counting cannot tell them apart.
pub(super) const BRACKETS: Kind = Kind {
    sizes: 4..=64,
    alphabet: "\n()>[]ny",
    longest: |size| 2 * size + 2,
    draw: |size, random| {
        let balanced = below(random, 2) == 1;
        let mut word = balanced_word(size, random);
        while !balanced && is_balanced(&word) {
            let mut place = || below(random, word.len() as u64) as usize;
            let (a, b) = (place(), place());
            word.swap(a, b);
        }
        let word: String = word.into_iter().collect();
        Problem { prompt: format!("{word}>"), answer: if balanced { "y" } else { "n" }.into() }
    },
    list: |_| None,
};

/// A uniformly drawn balanced word of `pairs` pairs (Arnold and Sleep 1980, "Uniform random generation of balanced
/// parenthesis strings"), each pair round or square with equal chance.
fn balanced_word(pairs: usize, random: &mut ChaCha8Rng) -> Vec<char> {
    let mut closers = Vec::new();
    let mut word = Vec::with_capacity(2 * pairs);
    for rest in (1..=2 * pairs as u64).rev() {
        let depth = closers.len() as u64;
        // Of all ways to go on, the share that opens is (depth + 2)(rest - depth) / 2 rest (depth + 1).
        if below(random, 2 * rest * (depth + 1)) < (depth + 2) * (rest - depth) {
            let (open, close) = if below(random, 2) == 0 { ('(', ')') } else { ('[', ']') };
            word.push(open);
            closers.push(close);
        } else {
            word.extend(closers.pop());
        }
    }
    word
}

fn is_balanced(word: &[char]) -> bool {
    let mut closers = Vec::new();
    word.iter().all(|bracket| match bracket {
        '(' => {
            closers.push(')');
            true
        }
        '[' => {
            closers.push(']');
            true
        }
        close => closers.pop() == Some(*close),
    }) && closers.is_empty()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::random::{Purpose, stream};

    /// Another way to decide: delete `()` and `[]` until nothing changes.
    fn reduces_to_nothing(word: &str) -> bool {
        let mut word = word.to_owned();
        loop {
            let shorter = word.replace("()", "").replace("[]", "");
            if shorter.len() == word.len() {
                return word.is_empty();
            }
            word = shorter;
        }
    }

    #[test]
    fn answers_are_right_half_are_balanced_and_counts_never_tell() {
        let mut balanced = 0;
        for index in 0..2000 {
            let size = 4 + index as usize % 12;
            let problem = (BRACKETS.draw)(size, &mut stream(1, Purpose::Task, 0, index));
            let word = problem.prompt.strip_suffix('>').unwrap();
            assert_eq!(word.len(), 2 * size);
            assert_eq!(problem.answer == "y", reduces_to_nothing(word), "{word}");
            balanced += u32::from(problem.answer == "y");
            let count = |bracket| word.matches(bracket).count();
            assert_eq!((count('('), count('[')), (count(')'), count(']')));
        }
        assert!((900..1100).contains(&balanced), "{balanced}");
    }

    #[test]
    fn balanced_words_are_uniform() {
        // 5 shapes of 3 pairs, each with 8 choices of kind.
        let mut counts = HashMap::new();
        let mut random = stream(2, Purpose::Task, 0, 0);
        for _ in 0..40_000 {
            *counts.entry(balanced_word(3, &mut random)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 40);
        assert!(counts.values().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
