//! Byte-pair encoding (Sennrich, Haddow, Birch 2016, arXiv:1508.07909) over bytes (Radford et al. 2019).

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::pairs::{Pair, PairMap};
use super::pieces::{LONGEST_PIECE, Pieces};
use super::{MAX_VOCABULARY, MIN_BPE_VOCABULARY, UNKNOWN};

/// No merge joins these two tokens.
const NONE: u16 = u16::MAX;

/// Tokens made by merging neighbours: ids below 256 are bytes, id `256 + n` is the result of merge `n`.
///
/// Within each piece of the text (a word with the space before it, a number, a run of marks or of whitespace) the
/// earliest merge that applies is made first, until none applies. Every text can be encoded, and decoding returns it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u32, u32)>", into = "Vec<(u32, u32)>")]
pub struct BpeTokeniser {
    merges: Vec<Pair>,
    tokens: Vec<Vec<u8>>,
    results: PairMap<u16>,
}

impl BpeTokeniser {
    /// Merges in the order in which they are made; the caller guarantees that each joins two earlier tokens.
    pub(super) fn new(merges: Vec<Pair>) -> Self {
        let mut tokens: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![byte]).collect();
        let mut results = PairMap::default();
        for pair in &merges {
            results.insert(*pair, tokens.len() as u16);
            tokens.push([&tokens[pair.left() as usize][..], &tokens[pair.right() as usize]].concat());
        }
        Self { merges, tokens, results }
    }

    /// The tokens of a text.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let mut ids = Vec::with_capacity(text.len() / 3);
        let mut known: HashMap<&str, Range<usize>> = HashMap::new();
        let mut piece_ids = Piece::default();
        for piece in Pieces::new(text) {
            if let Some(range) = known.get(piece) {
                ids.extend_from_within(range.clone());
            } else {
                let start = ids.len();
                ids.extend(piece_ids.merge(self, piece.as_bytes()).iter().map(|id| u32::from(*id)));
                known.insert(piece, start..ids.len());
            }
        }
        ids
    }

    /// The text of tokens; what is not UTF-8 becomes U+FFFD, and so does an id outside the vocabulary.
    pub fn decode(&self, ids: &[u32]) -> String {
        let mut bytes = Vec::with_capacity(ids.len() * 3);
        for id in ids {
            bytes.extend_from_slice(self.bytes(*id).unwrap_or(UNKNOWN.as_bytes()));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Number of tokens: 256 and one for every merge.
    pub fn vocabulary(&self) -> usize {
        self.tokens.len()
    }

    /// The bytes of a token.
    pub fn bytes(&self, id: u32) -> Option<&[u8]> {
        self.tokens.get(id as usize).map(Vec::as_slice)
    }

    fn result(&self, left: u16, right: u16) -> u16 {
        self.results.get(&Pair::new(left, right)).copied().unwrap_or(NONE)
    }
}

/// Room for the tokens of one piece, and beside each token the result of merging it with the next.
#[derive(Default)]
struct Piece {
    ids: Vec<u16>,
    results: Vec<u16>,
}

impl Piece {
    fn merge(&mut self, tokeniser: &BpeTokeniser, bytes: &[u8]) -> &[u16] {
        let Self { ids, results } = self;
        ids.clear();
        ids.extend(bytes.iter().map(|byte| u16::from(*byte)));
        results.clear();
        results.extend(ids.windows(2).map(|pair| tokeniser.result(pair[0], pair[1])));
        // The earliest merge has the smallest result, and the first of several minima is the leftmost.
        while let Some((at, result)) = results.iter().copied().enumerate().min_by_key(|(_, result)| *result)
            && result != NONE
        {
            ids[at] = result;
            ids.remove(at + 1);
            results.remove(at);
            if at > 0 {
                results[at - 1] = tokeniser.result(ids[at - 1], result);
            }
            if at < results.len() {
                results[at] = tokeniser.result(result, ids[at + 1]);
            }
        }
        ids
    }
}

impl PartialEq for BpeTokeniser {
    fn eq(&self, other: &Self) -> bool {
        self.merges == other.merges
    }
}

impl From<BpeTokeniser> for Vec<(u32, u32)> {
    fn from(tokeniser: BpeTokeniser) -> Self {
        tokeniser.merges.iter().map(|pair| (pair.left().into(), pair.right().into())).collect()
    }
}

impl TryFrom<Vec<(u32, u32)>> for BpeTokeniser {
    type Error = &'static str;

    fn try_from(merges: Vec<(u32, u32)>) -> Result<Self, Self::Error> {
        if merges.len() > MAX_VOCABULARY - MIN_BPE_VOCABULARY {
            return Err("a BPE tokeniser has at most 3840 merges");
        }
        let mut lengths = vec![1; MIN_BPE_VOCABULARY];
        let mut pairs = Vec::with_capacity(merges.len());
        let mut seen = PairMap::default();
        for (left, right) in merges {
            let (Some(a), Some(b)) = (lengths.get(left as usize), lengths.get(right as usize)) else {
                return Err("a merge must join two earlier tokens");
            };
            // Longer tokens cannot come from training, and chained doublings would fill the memory.
            if a + b > LONGEST_PIECE {
                return Err("a token is longer than a piece of text can be");
            }
            lengths.push(a + b);
            let pair = Pair::new(left as u16, right as u16);
            if seen.insert(pair, ()).is_some() {
                return Err("a pair is merged twice");
            }
            pairs.push(pair);
        }
        Ok(Self::new(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokeniser(merges: &[(u32, u32)]) -> BpeTokeniser {
        BpeTokeniser::try_from(merges.to_vec()).unwrap()
    }

    #[test]
    fn earlier_merges_come_first() {
        let (a, b, c) = (97, 98, 99);
        let bc_first = tokeniser(&[(b, c), (a, b)]);
        assert_eq!(bc_first.encode("abc"), [a, 256]);
        assert_eq!(bc_first.encode("abab"), [257, 257]);
        let chained = tokeniser(&[(a, a), (256, 256)]);
        assert_eq!(chained.encode("aaaaaaa"), [257, 256, a]);
        assert_eq!(chained.encode("aaa aaa"), [256, a, 32, 256, a]);
    }

    #[test]
    fn merges_stay_within_a_piece() {
        let tokeniser = tokeniser(&[(97, 32), (32, 98)]);
        assert_eq!(tokeniser.encode("a b"), [97, 257]);
    }
}
