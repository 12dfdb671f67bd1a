//! The character tokeniser.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{MAX_VOCABULARY, UNKNOWN};
use crate::text::TextError;

/// One token for every character of a text; ids follow the code points, as in nanoGPT.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CharTokeniser {
    /// Sorted, distinct, not empty.
    characters: Vec<char>,
}

impl CharTokeniser {
    /// The tokeniser of a text.
    pub fn new(text: &str) -> Result<Self, TextError> {
        Self::of_texts(&[text])
    }

    /// The tokeniser that several texts share.
    pub fn of_texts(texts: &[&str]) -> Result<Self, TextError> {
        let distinct: HashSet<char> = texts.iter().flat_map(|text| text.chars()).collect();
        if distinct.is_empty() {
            return Err(TextError::Empty);
        }
        if distinct.len() > MAX_VOCABULARY {
            return Err(TextError::TooManyCharacters { distinct: distinct.len() });
        }
        let mut characters: Vec<char> = distinct.into_iter().collect();
        characters.sort_unstable();
        Ok(Self { characters })
    }

    /// The tokens of a text; characters without a token are skipped.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let id = |character: char| self.characters.binary_search(&character).ok().map(|id| id as u32);
        // Nearly all text is ASCII: a table spares it the search.
        let ascii: Vec<Option<u32>> = (0..128u8).map(|code| id(code.into())).collect();
        text.chars()
            .filter_map(|character| if character.is_ascii() { ascii[character as usize] } else { id(character) })
            .collect()
    }

    /// The text of tokens; an id without a character becomes U+FFFD.
    pub fn decode(&self, ids: &[u32]) -> String {
        let mut text = String::with_capacity(ids.len());
        for id in ids {
            match self.characters.get(*id as usize) {
                Some(character) => text.push(*character),
                None => text.push_str(UNKNOWN),
            }
        }
        text
    }

    /// Number of distinct characters.
    pub fn vocabulary(&self) -> usize {
        self.characters.len()
    }
}

impl From<CharTokeniser> for String {
    fn from(tokeniser: CharTokeniser) -> Self {
        tokeniser.characters.into_iter().collect()
    }
}

impl TryFrom<String> for CharTokeniser {
    type Error = &'static str;

    fn try_from(characters: String) -> Result<Self, Self::Error> {
        let characters: Vec<char> = characters.chars().collect();
        if characters.is_empty() || characters.len() > MAX_VOCABULARY || !characters.is_sorted_by(|a, b| a < b) {
            return Err("the characters of a tokeniser must be sorted, distinct and at most 4096");
        }
        Ok(Self { characters })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_code_points() {
        let tokeniser = CharTokeniser::new("héllo").unwrap();
        assert_eq!(tokeniser.vocabulary(), 4);
        assert_eq!(tokeniser.encode("hélo"), [0, 3, 1, 2]);
        assert_eq!(tokeniser.decode(&[0, 3, 1, 1, 2, 9]), "héllo\u{fffd}");
    }

    #[test]
    fn texts_share_the_characters_of_all() {
        assert_eq!(CharTokeniser::of_texts(&["cab", "bed"]), CharTokeniser::new("abcde"));
    }

    #[test]
    fn an_empty_text_and_too_many_characters_are_refused() {
        assert_eq!(CharTokeniser::new(""), Err(TextError::Empty));
        let characters = |n: u32| (0x4e00..0x4e00 + n).filter_map(char::from_u32).collect::<String>();
        assert_eq!(CharTokeniser::new(&characters(4097)), Err(TextError::TooManyCharacters { distinct: 4097 }));
        assert_eq!(CharTokeniser::new(&characters(4096)).map(|tokeniser| tokeniser.vocabulary()), Ok(4096));
    }
}
