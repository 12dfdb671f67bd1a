//! Pairs of tokens, and a map over them that is quick enough for millions of look-ups.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Two neighbouring tokens; the order is by the left token, then by the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Pair(u32);

impl Pair {
    /// Ids are below 4096, so that 16 bits hold each.
    pub(super) fn new(left: u16, right: u16) -> Self {
        Self(u32::from(left) << 16 | u32::from(right))
    }

    pub(super) fn left(self) -> u16 {
        (self.0 >> 16) as u16
    }

    pub(super) fn right(self) -> u16 {
        self.0 as u16
    }
}

/// A map from pairs. Its order reaches no result: whoever iterates over it puts the pairs into an order of their own.
pub(super) type PairMap<V> = HashMap<Pair, V, BuildHasherDefault<PairHasher>>;

/// Multiplicative hashing: the default hash resists chosen keys, which costs most of the time here and gains nothing.
#[derive(Default)]
pub(super) struct PairHasher(u64);

impl Hasher for PairHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        let mixed = (self.0 ^ u64::from(value)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }
}
