//! The byte tokeniser.

use serde::{Deserialize, Serialize};

/// One token for every byte of UTF-8: 256 tokens, whatever the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ByteTokeniser;

impl ByteTokeniser {
    /// The bytes of a text.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        text.bytes().map(u32::from).collect()
    }

    /// The text of bytes; what is not UTF-8 becomes U+FFFD, and so does an id that is no byte.
    pub fn decode(&self, ids: &[u32]) -> String {
        // 0xFF occurs nowhere in UTF-8.
        let bytes: Vec<u8> = ids.iter().map(|id| u8::try_from(*id).unwrap_or(0xff)).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// 256.
    pub fn vocabulary(&self) -> usize {
        256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_utf8_decodes_to_the_replacement_character() {
        assert_eq!(ByteTokeniser.encode("é"), [0xc3, 0xa9]);
        assert_eq!(ByteTokeniser.decode(&[0xc3, 0xa9]), "é");
        assert_eq!(ByteTokeniser.decode(&[97, 0xc3, 98, 1000]), "a\u{fffd}b\u{fffd}");
    }
}
