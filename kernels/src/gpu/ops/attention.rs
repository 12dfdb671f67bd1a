//! Multi-head attention with rotary positions and a mask.

use super::kernel;
use crate::gpu::dispatch::{Dispatch, Kernel, count};
use crate::gpu::template::Constant::{self, F32, Flag};
use crate::model::MaskKind;

const ROPE: Kernel = kernel!("rope");
const FORWARD: Kernel = kernel!("attention");
const QUERY_GRADIENT: Kernel = kernel!("attention_query_gradient");
const KEY_VALUE_GRADIENT: Kernel = kernel!("attention_key_value_gradient");

/// Packs a rule into the words of [`MaskKind::Bits`]: row after row, bit `key % 32` of word `key / 32`.
pub fn mask_words(time: usize, allows: impl Fn(usize, usize) -> bool) -> Vec<u32> {
    let words = time.div_ceil(32);
    (0..time * words)
        .map(|at| {
            let (query, first) = (at / words, at % words * 32);
            (first..time.min(first + 32)).filter(|key| allows(query, *key)).fold(0, |word, key| word | 1 << (key % 32))
        })
        .collect()
}

/// Rotary positions, base 10000, half-split.
#[derive(Clone, Copy, Debug)]
pub struct Rope;

impl Rope {
    /// The angles' cosines and sines, `[positions, channels]`, for a list of positions: row after row, half a row of
    /// cosines and half a row of sines. A block-diffusion pass may give two halves of a sequence equal positions.
    pub fn table(positions: impl IntoIterator<Item = usize>, channels: usize) -> Vec<f32> {
        let half = channels / 2;
        let angle = |position, c| position as f64 * 10_000f64.powf(-(c as f64) / half as f64);
        let row = |position| {
            let part = |function: fn(f64) -> f64| (0..half).map(move |c| function(angle(position, c)) as f32);
            part(f64::cos).chain(part(f64::sin))
        };
        positions.into_iter().flat_map(row).collect()
    }
}

/// Attention over `batch` sequences of `time` positions with `heads` heads of `channels` channels.
///
/// Queries, keys and values are the planes of one buffer `[3, batch * time, heads * channels]`, as
/// [`Linear`](super::Linear) with three planes writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attention {
    /// Sequences.
    pub batch: usize,
    /// Positions of each.
    pub time: usize,
    /// Heads.
    pub heads: usize,
    /// Channels of a head; even with rotary positions.
    pub channels: usize,
    /// Which key a query attends.
    pub mask: MaskKind,
    /// Whether queries and keys are turned.
    pub rope: bool,
}

impl Attention {
    /// Turns queries and keys in place. Buffers: `angles` (of [`Rope::table`]), `qkv`.
    pub fn rotate(&self) -> Dispatch {
        let lanes = if self.in_fours() { 4 } else { 1 };
        let turns = 2 * self.batch * self.time * self.heads * (self.channels / 2 / lanes);
        Dispatch::new(ROPE, turns, [Some("angles"), Some("qkv")], self.constants(1))
    }

    /// Buffers: `qkv` (turned), `mask` (with bits), `statistics` `[rows, heads, 2]` (written), `y` `[rows, width]`.
    pub fn forward(&self) -> Dispatch {
        let queries = self.per_invocation(2);
        let mask = self.mask_buffer();
        let buffers = [Some("qkv"), mask, Some("statistics"), Some("y")];
        let constants = self.constants(queries).into_iter().chain([("QUERIES", count(queries))]).collect();
        Dispatch::new(FORWARD, self.invocations(queries), buffers, constants)
    }

    /// The gradient of the queries before their rotation, plane 0 of `dqkv`; runs before [`Self::key_value_gradient`].
    ///
    /// Buffers: `qkv` (turned), `dy`, `y`, `mask` (with bits), `angles` (with rotary positions), `statistics`,
    /// `dqkv` `[3, rows, width]`.
    pub fn query_gradient(&self) -> Dispatch {
        let queries = self.per_invocation(3);
        let angles = self.rope.then_some("angles");
        let buffers =
            [Some("qkv"), Some("dy"), Some("y"), self.mask_buffer(), angles, Some("statistics"), Some("dqkv")];
        let constants = self.constants(queries).into_iter().chain([("QUERIES", count(queries))]).collect();
        Dispatch::new(QUERY_GRADIENT, self.invocations(queries), buffers, constants)
    }

    /// The gradients of keys (before their rotation) and values, planes 1 and 2 of `dqkv`.
    ///
    /// Buffers: `qkv` (turned), `dy`, `statistics`, `mask` (with bits), `angles` (with rotary positions), `dqkv`.
    pub fn key_value_gradient(&self) -> Dispatch {
        let keys = self.per_invocation(4);
        let angles = self.rope.then_some("angles");
        let buffers = [Some("qkv"), Some("dy"), Some("statistics"), self.mask_buffer(), angles, Some("dqkv")];
        let constants = self.constants(keys).into_iter().chain([("KEYS", count(keys))]).collect();
        Dispatch::new(KEY_VALUE_GRADIENT, self.invocations(keys), buffers, constants)
    }

    fn mask_buffer(&self) -> Option<&'static str> {
        (self.mask == MaskKind::Bits).then_some("mask")
    }

    /// Queries or keys of one invocation that keeps `vectors` vectors of channels for each.
    ///
    /// Two halve the loads (a third less time on SwiftShader), but double the registers and the time to compile, which
    /// for wide heads exceeds what a short run saves.
    fn per_invocation(&self, vectors: usize) -> usize {
        if self.channels * vectors <= 64 { 2 } else { 1 }
    }

    fn invocations(&self, per_invocation: usize) -> usize {
        self.batch * self.heads * self.time.div_ceil(per_invocation)
    }

    fn in_fours(&self) -> bool {
        self.channels.is_multiple_of(8)
    }

    fn constants(&self, per_invocation: usize) -> Vec<(&'static str, Constant)> {
        let chunks = if self.in_fours() { self.channels / 4 } else { self.channels };
        let sides = if chunks.is_multiple_of(2) { 2 } else { 1 };
        vec![
            ("VEC4", Flag(self.in_fours())),
            ("MASK", Flag(self.mask == MaskKind::Bits)),
            ("CAUSAL", Flag(self.mask == MaskKind::Causal)),
            ("ROPE", Flag(self.rope)),
            ("BATCH", count(self.batch)),
            ("TIME", count(self.time)),
            ("HEADS", count(self.heads)),
            ("CHANNELS", count(self.channels)),
            ("CHUNKS", count(chunks)),
            ("SIDES", count(sides)),
            ("HALF", count(chunks / sides)),
            ("TILES", count(self.time.div_ceil(per_invocation))),
            ("MASK_WORDS", count(self.time.div_ceil(32))),
            ("SCALE", F32(1.0 / (self.channels as f32).sqrt())),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_bind_what_the_dispatch_names() {
        for mask in [MaskKind::Full, MaskKind::Causal, MaskKind::Bits] {
            for (channels, rope) in [(16, true), (5, false), (6, true), (64, true), (4, false)] {
                let attention = Attention { batch: 2, time: 7, heads: 3, channels, mask, rope };
                for dispatch in [attention.forward(), attention.query_gradient(), attention.key_value_gradient()] {
                    dispatch.check();
                    assert!(dispatch.buffers.len() <= 7);
                }
                if rope {
                    attention.rotate().check();
                }
            }
        }
    }

    #[test]
    fn bits_follow_the_rule() {
        let words = mask_words(40, |query, key| key <= query);
        assert_eq!(words.len(), 80);
        assert_eq!((words[0], words[1], words[2 * 39], words[2 * 39 + 1]), (1, 0, u32::MAX, 0xff));
    }

    #[test]
    fn angles_start_at_zero_and_slow_down() {
        let table = Rope::table([0, 3], 4);
        assert_eq!(table[..4], [1.0, 1.0, 0.0, 0.0]);
        assert!((table[4] - 3f32.cos()).abs() < 1e-6 && (table[7] - 0.03f32.sin()).abs() < 1e-6);
    }
}
