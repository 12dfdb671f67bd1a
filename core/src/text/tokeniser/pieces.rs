//! The pre-tokeniser of BPE: merges never cross the border between two pieces.

/// Most characters of a run: bounds the work per piece for text without spaces.
const LONGEST_RUN: usize = 64;

/// Most bytes of a piece, and so of a token: a space and a run of four-byte characters.
pub(super) const LONGEST_PIECE: usize = 1 + 4 * LONGEST_RUN;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    Letter,
    Digit,
    Other,
}

impl Class {
    fn of(character: char) -> Self {
        if character.is_alphabetic() {
            Self::Letter
        } else if character.is_whitespace() {
            Self::Space
        } else if character.is_numeric() {
            Self::Digit
        } else {
            Self::Other
        }
    }
}

/// The pieces of a text, in order and without gaps.
///
/// A piece is a run of letters, of digits or of other marks, with the space before it if there is one; or a run of
/// whitespace, without the space that belongs to the next piece. This is GPT-2's rule without its English
/// contractions (Radford et al. 2019), and with runs cut after 64 characters.
pub(super) struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let first = Class::of(self.rest.chars().next()?);
        let run = run(self.rest, first);
        let follower = self.rest[run..].chars().next().map(Class::of);
        let length = match follower {
            Some(class) if first == Class::Space && class != Class::Space && self.rest[..run].ends_with(' ') => {
                if run == 1 { 1 + self::run(&self.rest[1..], class) } else { run - 1 }
            }
            _ => run,
        };
        let (piece, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(piece)
    }
}

/// Bytes of the run of one class at the start of a text.
fn run(text: &str, class: Class) -> usize {
    text.char_indices()
        .enumerate()
        .find(|(n, (_, character))| *n == LONGEST_RUN || Class::of(*character) != class)
        .map_or(text.len(), |(_, (at, _))| at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(text: &str) -> Vec<&str> {
        Pieces::new(text).collect()
    }

    #[test]
    fn a_space_belongs_to_what_follows() {
        assert_eq!(pieces("There she blows!"), ["There", " she", " blows", "!"]);
        assert_eq!(pieces("in 1851, New"), ["in", " 1851", ",", " New"]);
        assert_eq!(pieces(" --don't"), [" --", "don", "'", "t"]);
    }

    #[test]
    fn whitespace_keeps_to_itself() {
        assert_eq!(pieces("a\n\nb"), ["a", "\n\n", "b"]);
        assert_eq!(pieces("a   b  "), ["a", "  ", " b", "  "]);
        assert_eq!(pieces("a \n b"), ["a", " \n", " b"]);
        assert_eq!(pieces(" "), [" "]);
        assert_eq!(pieces(""), [""; 0]);
    }

    #[test]
    fn long_runs_are_cut() {
        let lengths = |text: &str| pieces(text).iter().map(|piece| piece.chars().count()).collect::<Vec<_>>();
        assert_eq!(lengths(&"a".repeat(150)), [64, 64, 22]);
        assert_eq!(lengths(&format!(" {}", "漢".repeat(70))), [65, 6]);
        assert_eq!(lengths(&" ".repeat(130)), [64, 64, 2]);
    }

    proptest! {
        #[test]
        fn pieces_are_the_text_and_never_too_long(text in "([a-c0-2.]{0,90}|[ \n]{0,90}|\\PC{0,9}){0,6}") {
            prop_assert_eq!(pieces(&text).concat(), &text[..]);
            prop_assert!(pieces(&text).iter().all(|piece| !piece.is_empty() && piece.len() <= LONGEST_PIECE));
        }
    }
}
