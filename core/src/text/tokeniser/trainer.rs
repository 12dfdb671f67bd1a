//! Training of the BPE tokeniser, one merge at a time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::bpe::BpeTokeniser;
use super::pairs::{Pair, PairMap};
use super::pieces::Pieces;
use super::{MAX_VOCABULARY, MIN_BPE_VOCABULARY};
use crate::text::TextError;

/// One merge that training made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merge {
    /// Left token.
    pub left: u32,
    /// Right token.
    pub right: u32,
    /// The token that they become.
    pub token: u32,
    /// How often the pair stood in the text.
    pub count: u64,
}

/// Trains a BPE tokeniser in steps, so that whoever trains it can show progress and give way between them.
///
/// Every step merges the most frequent pair of neighbours; of equally frequent pairs the one with the smaller ids.
/// Training works on the distinct pieces of the text with their counts, and a merge touches only the pieces that
/// contain it. It ends before the wanted vocabulary when no pair occurs twice.
pub struct BpeTrainer {
    wanted: usize,
    merges: Vec<Pair>,
    /// Tokens of all distinct pieces, one piece after the other; a piece shrinks in place.
    tokens: Vec<u16>,
    pieces: Vec<Piece>,
    pairs: PairMap<Occurrences>,
    /// Holds for every pair an entry with at least its count; counts that fell since are corrected when they surface.
    queue: BinaryHeap<(u64, Reverse<Pair>)>,
    exhausted: bool,
}

struct Piece {
    start: usize,
    length: usize,
    count: u64,
}

#[derive(Default)]
struct Occurrences {
    count: u64,
    /// Pieces that contain the pair or once did, ascending.
    pieces: Vec<u32>,
}

impl Occurrences {
    fn add(&mut self, piece: u32, count: u64) {
        self.count += count;
        if self.pieces.last() != Some(&piece) {
            self.pieces.push(piece);
        }
    }
}

impl BpeTrainer {
    /// Counts the pieces and pairs of a text; `vocabulary` is the number of tokens to reach, 256 to 4096.
    pub fn new(text: &str, vocabulary: usize) -> Result<Self, TextError> {
        Self::of_texts(&[text], vocabulary)
    }

    /// As [`BpeTrainer::new`], for a tokeniser that several texts share. No piece spans two texts.
    pub fn of_texts(texts: &[&str], vocabulary: usize) -> Result<Self, TextError> {
        if !(MIN_BPE_VOCABULARY..=MAX_VOCABULARY).contains(&vocabulary) {
            return Err(TextError::Vocabulary { vocabulary });
        }
        if texts.iter().all(|text| text.is_empty()) {
            return Err(TextError::Empty);
        }
        let mut trainer = Self {
            wanted: vocabulary - MIN_BPE_VOCABULARY,
            merges: Vec::new(),
            tokens: Vec::new(),
            pieces: Vec::new(),
            pairs: PairMap::default(),
            queue: BinaryHeap::new(),
            exhausted: false,
        };
        trainer.count_pieces(texts);
        trainer.count_pairs();
        Ok(trainer)
    }

    fn count_pieces(&mut self, texts: &[&str]) {
        let mut known: HashMap<&str, usize> = HashMap::new();
        for piece in texts.iter().flat_map(|text| Pieces::new(text)) {
            let index = *known.entry(piece).or_insert_with(|| {
                let start = self.tokens.len();
                self.tokens.extend(piece.bytes().map(u16::from));
                self.pieces.push(Piece { start, length: piece.len(), count: 0 });
                self.pieces.len() - 1
            });
            self.pieces[index].count += 1;
        }
    }

    fn count_pairs(&mut self) {
        for (index, piece) in self.pieces.iter().enumerate() {
            for pair in self.tokens[piece.start..piece.start + piece.length].windows(2) {
                self.pairs.entry(Pair::new(pair[0], pair[1])).or_default().add(index as u32, piece.count);
            }
        }
        self.queue = self.pairs.iter().map(|(pair, found)| (found.count, Reverse(*pair))).collect();
    }

    /// Makes the next merge; none when the vocabulary is reached or no pair occurs twice.
    pub fn merge_next(&mut self) -> Option<Merge> {
        if self.is_done() {
            return None;
        }
        let Some((pair, found)) = self.most_frequent() else {
            self.exhausted = true;
            return None;
        };
        let token = (MIN_BPE_VOCABULARY + self.merges.len()) as u16;
        self.merges.push(pair);
        let mut made = Vec::new();
        for index in found.pieces {
            self.merge_in_piece(index, pair, token, &mut made);
        }
        made.sort_unstable();
        made.dedup();
        self.queue.extend(made.into_iter().filter_map(|pair| Some((self.pairs.get(&pair)?.count, Reverse(pair)))));
        Some(Merge { left: pair.left().into(), right: pair.right().into(), token: token.into(), count: found.count })
    }

    /// Takes the most frequent pair out of the table, if it occurs at least twice.
    fn most_frequent(&mut self) -> Option<(Pair, Occurrences)> {
        while let Some((count, Reverse(pair))) = self.queue.pop() {
            let present = self.pairs.get(&pair).map_or(0, |found| found.count);
            if present < 2 {
                self.pairs.remove(&pair);
            } else if present < count {
                self.queue.push((present, Reverse(pair)));
            } else {
                return self.pairs.remove(&pair).map(|found| (pair, found));
            }
        }
        None
    }

    /// Merges a pair in one piece, left to right, and moves the counts of the neighbouring pairs.
    fn merge_in_piece(&mut self, index: u32, pair: Pair, token: u16, made: &mut Vec<Pair>) {
        let Self { tokens, pieces, pairs, .. } = self;
        let piece = &mut pieces[index as usize];
        let count = piece.count;
        let ids = &mut tokens[piece.start..piece.start + piece.length];
        let mut replace = |old: Pair, new: Pair| {
            // The merged pair itself is no longer in the table: in "aaa" it is its own neighbour.
            if let Some(found) = pairs.get_mut(&old) {
                found.count -= count;
            }
            pairs.entry(new).or_default().add(index, count);
            made.push(new);
        };
        let (mut read, mut written) = (0, 0);
        while read < ids.len() {
            let merges = read + 1 < ids.len() && Pair::new(ids[read], ids[read + 1]) == pair;
            if merges {
                if written > 0 {
                    let before = ids[written - 1];
                    replace(Pair::new(before, pair.left()), Pair::new(before, token));
                }
                if let Some(after) = ids.get(read + 2) {
                    replace(Pair::new(pair.right(), *after), Pair::new(token, *after));
                }
            }
            ids[written] = if merges { token } else { ids[read] };
            written += 1;
            read += if merges { 2 } else { 1 };
        }
        piece.length = written;
    }

    /// Whether another merge can be made.
    pub fn is_done(&self) -> bool {
        self.exhausted || self.merges.len() == self.wanted
    }

    /// Merges made, and merges to make in all.
    pub fn progress(&self) -> (usize, usize) {
        (self.merges.len(), if self.exhausted { self.merges.len() } else { self.wanted })
    }

    /// The tokeniser of the merges made so far.
    pub fn finish(self) -> BpeTokeniser {
        BpeTokeniser::new(self.merges)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn train(text: &str, vocabulary: usize) -> (Vec<Merge>, BpeTokeniser) {
        let mut trainer = BpeTrainer::new(text, vocabulary).unwrap();
        let merges = std::iter::from_fn(|| trainer.merge_next()).collect();
        assert!(trainer.is_done());
        (merges, trainer.finish())
    }

    /// The definition: recount everything, merge the best pair, repeat.
    fn reference(text: &str, vocabulary: usize) -> (Vec<(u32, u32)>, Vec<Vec<u32>>) {
        let mut pieces: Vec<Vec<u32>> = Pieces::new(text).map(|piece| piece.bytes().map(u32::from).collect()).collect();
        let mut merges = Vec::new();
        while 256 + merges.len() < vocabulary {
            let mut counts = std::collections::BTreeMap::<(u32, u32), u64>::new();
            for pair in pieces.iter().flat_map(|piece| piece.windows(2)) {
                *counts.entry((pair[0], pair[1])).or_default() += 1;
            }
            let Some((best, _)) = counts.into_iter().filter(|c| c.1 > 1).max_by_key(|c| (c.1, Reverse(c.0))) else {
                break;
            };
            let token = 256 + merges.len() as u32;
            merges.push(best);
            for piece in &mut pieces {
                let mut at = 0;
                while at + 1 < piece.len() {
                    if (piece[at], piece[at + 1]) == best {
                        piece.splice(at..at + 2, [token]);
                    }
                    at += 1;
                }
            }
        }
        (merges, pieces)
    }

    #[test]
    fn the_most_frequent_pair_is_merged_first_and_ties_go_to_smaller_ids() {
        let (merges, tokeniser) = train("low low low lower lower newest newest", 260);
        assert_eq!(merges[0], Merge { left: 108, right: 111, token: 256, count: 5 });
        assert_eq!(tokeniser.vocabulary(), 260);
        let (merges, _) = train("cd\nab\ncd\nab", 257);
        assert_eq!((merges[0].left, merges[0].right), (97, 98));
    }

    #[test]
    fn a_text_that_runs_out_of_pairs_gives_a_smaller_vocabulary() {
        let mut trainer = BpeTrainer::new("abab", 4096).unwrap();
        assert_eq!(trainer.progress(), (0, 3840));
        while trainer.merge_next().is_some() {}
        assert!(trainer.is_done());
        assert_eq!(trainer.progress(), (1, 1));
        assert_eq!(trainer.finish().vocabulary(), 257);
    }

    #[test]
    fn training_can_stop_at_any_merge() {
        let mut trainer = BpeTrainer::new("abababab", 300).unwrap();
        trainer.merge_next();
        assert_eq!(trainer.finish().vocabulary(), 257);
        assert!(BpeTrainer::new("abab", 256).unwrap().is_done());
    }

    #[test]
    fn texts_share_their_merges_and_no_piece_spans_two() {
        let merges = |texts: &[&str]| {
            let mut trainer = BpeTrainer::of_texts(texts, 300).unwrap();
            std::iter::from_fn(move || trainer.merge_next()).collect::<Vec<_>>()
        };
        let pair = |left, right, token, count| Merge { left, right, token, count };
        assert_eq!(merges(&["ab", "ab"]), [pair(97, 98, 256, 2)]);
        // "xy" occurs twice only where the texts are one.
        assert_eq!(merges(&["xy x", "y"]), []);
        assert_eq!(merges(&["xy x", "y\nxy"]), [pair(120, 121, 256, 2)]);
    }

    #[test]
    fn bad_vocabularies_and_empty_texts_are_refused() {
        for vocabulary in [0, 255, 4097, 1_000_000] {
            assert_eq!(BpeTrainer::new("abc", vocabulary).err(), Some(TextError::Vocabulary { vocabulary }));
        }
        assert_eq!(BpeTrainer::new("", 512).err(), Some(TextError::Empty));
    }

    proptest! {
        #[test]
        fn training_and_encoding_agree_with_the_definition(text in "([ab]{0,9}[abc ]{0,9}|\\PC{0,4}){1,8}", extra in 0usize..40) {
            prop_assume!(!text.is_empty());
            let (expected, pieces) = reference(&text, 256 + extra);
            let (merges, tokeniser) = train(&text, 256 + extra);
            let pairs: Vec<(u32, u32)> = merges.iter().map(|merge| (merge.left, merge.right)).collect();
            prop_assert_eq!(pairs, expected);
            prop_assert_eq!(tokeniser.encode(&text), pieces.concat());
        }
    }
}
