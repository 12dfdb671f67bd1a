//! A mask in the form that the kernels read.

use std::ops::Range;

use super::{AttentionMask, AttentionShape, QUERY_BLOCK};

/// Added to the score of a forbidden pair: no score changes it, its exponential is 0, and sums of two stay finite.
const FORBIDDEN: f32 = -1e30;

/// A maximum below this means that every pair of the row is forbidden.
pub(in super::super) const ALL_FORBIDDEN: f32 = -1e29;

/// For every block of queries, the spans of keys that some of them attend, in tiles of keys.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Spans {
    spans: Vec<Range<usize>>,
    /// Where each block's spans end.
    ends: Vec<usize>,
}

impl Spans {
    /// Writes the mask as a summand of the scores, `[queries, padded]`, and finds the spans. Keys from `shape.keys` to
    /// `padded`, a multiple of `tile`, are forbidden.
    pub(super) fn prepare(
        &mut self,
        shape: AttentionShape,
        mask: AttentionMask<'_>,
        tile: usize,
        padded: usize,
        summand: &mut [f32],
    ) {
        let AttentionShape { queries, keys, .. } = shape;
        if let AttentionMask::Data(allowed) = mask {
            assert_eq!(allowed.len(), queries * keys, "a mask of [queries, keys]");
        }
        for (query, row) in summand.chunks_exact_mut(padded.max(1)).take(queries).enumerate() {
            let open = match mask {
                AttentionMask::Full => keys,
                AttentionMask::Causal => (query + 1 + keys).saturating_sub(queries),
                AttentionMask::Data(allowed) => {
                    for (number, allowed) in row.iter_mut().zip(&allowed[query * keys..][..keys]) {
                        *number = if *allowed { 0.0 } else { FORBIDDEN };
                    }
                    row[keys..].fill(FORBIDDEN);
                    continue;
                }
            };
            row[..open].fill(0.0);
            row[open..].fill(FORBIDDEN);
        }

        self.spans.clear();
        self.ends.clear();
        for first in (0..queries).step_by(QUERY_BLOCK) {
            let rows = &summand[first * padded..(first + QUERY_BLOCK).min(queries) * padded];
            let begin = self.spans.len();
            for key in (0..padded).step_by(tile) {
                let attended = match mask {
                    AttentionMask::Full => true,
                    // The last query of the block attends the most keys.
                    AttentionMask::Causal => rows[rows.len() - padded + key] == 0.0,
                    AttentionMask::Data(_) => rows.chunks_exact(padded).any(|row| row[key..key + tile].contains(&0.0)),
                };
                if !attended {
                    continue;
                }
                match self.spans[begin..].last_mut() {
                    Some(last) if last.end == key => last.end = key + tile,
                    _ => self.spans.push(key..key + tile),
                }
            }
            self.ends.push(self.spans.len());
        }
    }

    /// Bytes that it holds.
    pub(in super::super) fn bytes(&self) -> usize {
        self.spans.capacity() * size_of::<Range<usize>>() + self.ends.capacity() * size_of::<usize>()
    }

    /// The spans of a block of queries.
    #[inline(always)]
    pub(super) fn of(&self, block: usize) -> &[Range<usize>] {
        let begin = if block == 0 { 0 } else { self.ends[block - 1] };
        &self.spans[begin..self.ends[block]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(queries: usize, keys: usize, mask: AttentionMask<'_>) -> Vec<Vec<[usize; 2]>> {
        let shape = AttentionShape { batch: 1, heads: 1, channels: 1, queries, keys };
        let padded = keys.next_multiple_of(8);
        let mut spans = Spans::default();
        spans.prepare(shape, mask, 8, padded, &mut vec![0.0; queries * padded]);
        (0..queries.div_ceil(QUERY_BLOCK))
            .map(|block| spans.of(block).iter().map(|span| [span.start, span.end]).collect())
            .collect()
    }

    #[test]
    fn forbidden_tiles_are_skipped() {
        assert_eq!(spans(32, 32, AttentionMask::Causal), [vec![[0, 16]], vec![[0, 32]]]);
        assert_eq!(spans(17, 9, AttentionMask::Full), [vec![[0, 16]], vec![[0, 16]]]);
        assert_eq!(spans(2, 20, AttentionMask::Causal), [vec![[0, 24]]]);
        let apart: Vec<bool> =
            (0..32 * 32).map(|pair| pair / 32 < 16 && [0, 7, 8, 30].contains(&(pair % 32))).collect();
        assert_eq!(spans(32, 32, AttentionMask::Data(&apart)), [vec![[0, 16], [24, 32]], vec![]]);
        assert!(spans(0, 4, AttentionMask::Full).is_empty());
        assert_eq!(spans(2, 0, AttentionMask::Full), [Vec::<[usize; 2]>::new()]);
    }
}
