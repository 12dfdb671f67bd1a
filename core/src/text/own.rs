//! The visitor's own text: what is checked before it is used. It stays in the tab.

use super::TextError;

/// Largest text in bytes.
pub const MAX_BYTES: usize = 20_000_000;

/// Refuses a file by its size, before it is read into memory.
pub fn check_size(bytes: u64) -> Result<(), TextError> {
    if bytes > MAX_BYTES as u64 { Err(TextError::TooLarge { bytes }) } else { Ok(()) }
}

/// The text of a file's bytes: UTF-8, then as [`normalise`].
pub fn decode(bytes: Vec<u8>) -> Result<String, TextError> {
    check_size(bytes.len() as u64)?;
    let text =
        String::from_utf8(bytes).map_err(|error| TextError::NotUtf8 { byte: error.utf8_error().valid_up_to() })?;
    normalise(text)
}

/// A pasted text as it is trained on: without byte order mark, lines ended by LF, not empty, not too large.
pub fn normalise(text: String) -> Result<String, TextError> {
    check_size(text.len() as u64)?;
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    let text = if text.contains("\r\n") { text.replace("\r\n", "\n") } else { text };
    if text.is_empty() { Err(TextError::Empty) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_and_carriage_returns_are_dropped() {
        assert_eq!(decode(b"\xef\xbb\xbfa\r\nb\nc\rd".to_vec()), Ok("a\nb\nc\rd".into()));
    }

    #[test]
    fn an_empty_text_is_refused() {
        assert_eq!(decode(Vec::new()), Err(TextError::Empty));
        assert_eq!(decode(b"\xef\xbb\xbf".to_vec()), Err(TextError::Empty));
        assert_eq!(normalise(String::new()), Err(TextError::Empty));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused_with_their_place() {
        assert_eq!(decode(b"abc\xffdef".to_vec()), Err(TextError::NotUtf8 { byte: 3 }));
        assert_eq!(
            decode("caf\u{e9}".encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Err(TextError::NotUtf8 { byte: 6 })
        );
        assert_eq!(decode(b"ab\xe2\x82".to_vec()), Err(TextError::NotUtf8 { byte: 2 }));
    }

    #[test]
    fn size_is_checked_before_and_after_reading() {
        assert_eq!(check_size(MAX_BYTES as u64), Ok(()));
        assert_eq!(check_size(200_000_000), Err(TextError::TooLarge { bytes: 200_000_000 }));
        assert_eq!(check_size(u64::MAX), Err(TextError::TooLarge { bytes: u64::MAX }));
        assert_eq!(decode(vec![b'a'; MAX_BYTES + 1]), Err(TextError::TooLarge { bytes: 20_000_001 }));
        assert_eq!(normalise("a".repeat(MAX_BYTES)).map(|text| text.len()), Ok(MAX_BYTES));
    }
}
