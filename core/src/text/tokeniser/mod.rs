//! Tokenisers: text to token ids and back.

mod bpe;
mod byte;
mod char;
mod pairs;
mod pieces;
mod trainer;

use serde::{Deserialize, Serialize};

pub use self::bpe::BpeTokeniser;
pub use self::byte::ByteTokeniser;
pub use self::char::CharTokeniser;
pub use self::trainer::{BpeTrainer, Merge};

/// Largest vocabulary of any tokeniser.
pub const MAX_VOCABULARY: usize = 4096;

/// Smallest vocabulary of the BPE tokeniser: one token for every byte.
pub const MIN_BPE_VOCABULARY: usize = 256;

/// How text becomes tokens; a checkpoint contains it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tokeniser {
    /// One token for every character that occurs in the text.
    Char(CharTokeniser),
    /// One token for every byte of UTF-8.
    Byte(ByteTokeniser),
    /// Byte-pair encoding.
    Bpe(BpeTokeniser),
}

impl Tokeniser {
    /// The tokens of a text.
    ///
    /// Only the character tokeniser can meet text that it has no token for, such as a prompt in another script: it
    /// skips those characters. The other two are lossless.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        match self {
            Self::Char(tokeniser) => tokeniser.encode(text),
            Self::Byte(tokeniser) => tokeniser.encode(text),
            Self::Bpe(tokeniser) => tokeniser.encode(text),
        }
    }

    /// The text of tokens; bytes that are not UTF-8 and ids outside the vocabulary become U+FFFD.
    pub fn decode(&self, ids: &[u32]) -> String {
        match self {
            Self::Char(tokeniser) => tokeniser.decode(ids),
            Self::Byte(tokeniser) => tokeniser.decode(ids),
            Self::Bpe(tokeniser) => tokeniser.decode(ids),
        }
    }

    /// Number of tokens; ids are `0..vocabulary`.
    pub fn vocabulary(&self) -> usize {
        match self {
            Self::Char(tokeniser) => tokeniser.vocabulary(),
            Self::Byte(tokeniser) => tokeniser.vocabulary(),
            Self::Bpe(tokeniser) => tokeniser.vocabulary(),
        }
    }

    /// One token for people: a space shows as `·`, a line end as `↵`, a tab as `⇥`, a lone byte as `\xNN`.
    pub fn token(&self, id: u32) -> String {
        match self {
            Self::Char(tokeniser) => printable(tokeniser.decode(&[id]).as_bytes()),
            Self::Byte(_) => u8::try_from(id).map_or_else(|_| UNKNOWN.into(), |byte| printable(&[byte])),
            Self::Bpe(tokeniser) => tokeniser.bytes(id).map_or_else(|| UNKNOWN.into(), printable),
        }
    }
}

/// Stands for what has no text.
const UNKNOWN: &str = "\u{fffd}";

/// Bytes for people, see [`Tokeniser::token`].
fn printable(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                ' ' => shown.push('·'),
                '\n' => shown.push('↵'),
                '\t' => shown.push('⇥'),
                control if control.is_control() => shown.extend(control.escape_unicode()),
                other => shown.push(other),
            }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02X}"));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bpe(text: &str, vocabulary: usize) -> BpeTokeniser {
        let mut trainer = BpeTrainer::new(text, vocabulary).unwrap();
        while trainer.merge_next().is_some() {}
        trainer.finish()
    }

    #[test]
    fn tokens_have_a_printable_form() {
        let text = "to be or not to be\tor\n";
        let characters = Tokeniser::Char(CharTokeniser::new(text).unwrap());
        let shown: Vec<String> = (0..characters.vocabulary() as u32).map(|id| characters.token(id)).collect();
        assert_eq!(shown, ["⇥", "↵", "·", "b", "e", "n", "o", "r", "t"]);
        assert_eq!(characters.token(99), UNKNOWN);

        let bytes = Tokeniser::Byte(ByteTokeniser);
        assert_eq!(
            [bytes.token(65), bytes.token(0), bytes.token(0xe2), bytes.token(256)],
            ["A", "\\u{0}", "\\xE2", UNKNOWN]
        );

        let pairs = Tokeniser::Bpe(bpe("to be to be to be", 300));
        assert!((256..pairs.vocabulary() as u32).any(|id| pairs.token(id) == "·be"));
        assert_eq!(pairs.token(99_999), UNKNOWN);
    }

    proptest! {
        #[test]
        fn lossless_tokenisers_return_every_text(text in any::<String>(), training in any::<String>()) {
            let pairs = bpe(&format!("{training}a b a b"), 400);
            for tokeniser in [Tokeniser::Byte(ByteTokeniser), Tokeniser::Bpe(pairs)] {
                let ids = tokeniser.encode(&text);
                prop_assert!(ids.iter().all(|id| (*id as usize) < tokeniser.vocabulary()));
                prop_assert_eq!(tokeniser.decode(&ids), &text[..]);
            }
        }

        #[test]
        fn the_character_tokeniser_returns_its_own_text_and_skips_the_rest(text in ".+", other in any::<String>()) {
            let tokeniser = Tokeniser::Char(CharTokeniser::new(&text).unwrap());
            prop_assert_eq!(tokeniser.decode(&tokeniser.encode(&text)), &text[..]);
            let kept: String = other.chars().filter(|c| text.contains(*c)).collect();
            prop_assert_eq!(tokeniser.decode(&tokeniser.encode(&other)), kept);
        }

        #[test]
        fn any_ids_decode_without_a_panic(ids in prop::collection::vec(any::<u32>(), 0..40)) {
            let pairs = Tokeniser::Bpe(bpe("abababab", 260));
            for tokeniser in [Tokeniser::Byte(ByteTokeniser), Tokeniser::Char(CharTokeniser::new("ab").unwrap()), pairs] {
                tokeniser.decode(&ids);
                ids.iter().for_each(|id| assert!(!tokeniser.token(*id).is_empty()));
            }
        }

        #[test]
        fn tokenisers_survive_a_checkpoint(text in ".+") {
            for tokeniser in [
                Tokeniser::Char(CharTokeniser::new(&text).unwrap()),
                Tokeniser::Byte(ByteTokeniser),
                Tokeniser::Bpe(bpe(&text, 300)),
            ] {
                let saved = serde_json::to_string(&tokeniser).unwrap();
                prop_assert_eq!(serde_json::from_str::<Tokeniser>(&saved).unwrap(), tokeniser);
            }
        }
    }

    #[test]
    fn damaged_tokenisers_are_refused() {
        for saved in [
            r#"{"char":"ba"}"#,
            r#"{"char":"aa"}"#,
            r#"{"char":""}"#,
            r#"{"bpe":[[256,97]]}"#,
            r#"{"bpe":[[97,97],[97,97]]}"#,
        ] {
            assert!(serde_json::from_str::<Tokeniser>(saved).is_err(), "{saved}");
        }
        // Forty doublings would be a token of a terabyte.
        let doublings: Vec<[u32; 2]> = (0..40).map(|n| if n == 0 { [97, 97] } else { [255 + n, 255 + n] }).collect();
        assert!(serde_json::from_value::<Tokeniser>(serde_json::json!({ "bpe": doublings })).is_err());
    }
}
