//! Reverse and sort: rearranging letters.

use rand_chacha::ChaCha8Rng;

use super::{Kind, LISTED_PROBLEMS, Problem};
use crate::text::uniform::below;

/// Ten letters: few enough to meet each often, enough that repeats do not carry the task.
const LETTERS: &[u8; 10] = b"abcdefghij";

const ALPHABET: &str = "\n>abcdefghij";

/// `dbca>acbd`: the letters in reverse order.
pub(super) const REVERSE: Kind = Kind {
    sizes: 2..=64,
    alphabet: ALPHABET,
    longest,
    draw: |size, random| reversed(drawn(size, random)),
    list: |size| Some(listed(size)?.map(reversed).collect()),
};

/// `dbca>abcd`: the letters in alphabetical order.
pub(super) const SORT: Kind = Kind {
    sizes: 2..=64,
    alphabet: ALPHABET,
    longest,
    draw: |size, random| sorted(drawn(size, random)),
    list: |size| Some(listed(size)?.map(sorted).collect()),
};

fn longest(size: usize) -> usize {
    2 * size + 1
}

fn drawn(size: usize, random: &mut ChaCha8Rng) -> String {
    (0..size).map(|_| letter(below(random, 10))).collect()
}

/// All words of a length, if they are few.
fn listed(size: usize) -> Option<impl Iterator<Item = String>> {
    let count = 10_u64.checked_pow(size as u32).filter(|count| *count <= LISTED_PROBLEMS)?;
    Some((0..count).map(move |number| (0..size).map(|place| letter(number / 10_u64.pow(place as u32) % 10)).collect()))
}

fn letter(number: u64) -> char {
    LETTERS[number as usize].into()
}

fn reversed(word: String) -> Problem {
    Problem { prompt: format!("{word}>"), answer: word.chars().rev().collect() }
}

fn sorted(word: String) -> Problem {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    Problem { prompt: format!("{word}>"), answer: letters.into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};

    #[test]
    fn answers_are_right() {
        for index in 0..200 {
            let size = 2 + index as usize % 20;
            let reverse = (REVERSE.draw)(size, &mut stream(1, Purpose::Task, 0, index));
            let word = reverse.prompt.strip_suffix('>').unwrap();
            assert_eq!(word.len(), size);
            assert!((0..size).all(|at| word.as_bytes()[at] == reverse.answer.as_bytes()[size - 1 - at]));

            let sort = (SORT.draw)(size, &mut stream(1, Purpose::Task, 1, index));
            let word = sort.prompt.strip_suffix('>').unwrap();
            for letter in LETTERS {
                let count = |text: &str| text.bytes().filter(|byte| byte == letter).count();
                assert_eq!(count(word), count(&sort.answer));
            }
            assert!(sort.answer.bytes().is_sorted());
        }
    }

    #[test]
    fn short_words_are_listed_once_each() {
        for size in 2..=4 {
            let problems = (REVERSE.list)(size).unwrap();
            let distinct: std::collections::HashSet<_> = problems.iter().collect();
            assert_eq!((problems.len(), distinct.len()), (10_usize.pow(size as u32), 10_usize.pow(size as u32)));
        }
        assert!((SORT.list)(5).is_none());
        assert!((SORT.list)(64).is_none());
    }
}
