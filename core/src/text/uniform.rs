//! Uniform numbers that are the same on every platform.

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

/// A uniform number in `0..bound`; 0 when `bound` is 0.
///
/// The upper half of a 64 by 64 bit product: rand samples `usize` by its width, which differs between a browser and
/// a native program, and promises no values across versions. The bias is below `bound / 2^64`.
pub(crate) fn below(random: &mut ChaCha8Rng, bound: u64) -> u64 {
    ((u128::from(random.next_u64()) * u128::from(bound)) >> 64) as u64
}

/// A uniform number in `0.0..1.0`, a multiple of `2^-53`.
pub(crate) fn uniform(random: &mut ChaCha8Rng) -> f64 {
    (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Puts `items` into a uniformly drawn order (Fisher and Yates).
pub(super) fn shuffle<T>(random: &mut ChaCha8Rng, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(random, last as u64 + 1) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};

    #[test]
    fn numbers_are_below_the_bound_and_all_of_them_occur() {
        let mut random = stream(1, Purpose::Batch, 0, 0);
        let mut seen = [0; 7];
        for _ in 0..7000 {
            seen[below(&mut random, 7) as usize] += 1;
        }
        assert!(seen.iter().all(|n| (850..1150).contains(n)), "{seen:?}");
        assert_eq!(below(&mut random, 1), 0);
        assert!(below(&mut random, u64::MAX) < u64::MAX);
    }

    #[test]
    fn values_are_fixed() {
        // These values hold a link to its batches: a change here changes every recorded run.
        let mut random = stream(1337, Purpose::Batch, 3, 1);
        let drawn: Vec<u64> = (0..4).map(|_| below(&mut random, 1_000_000)).collect();
        assert_eq!(drawn, [86184, 588654, 379903, 950388]);
    }

    #[test]
    fn shares_are_at_least_0_below_1_and_0_5_on_average() {
        let mut random = stream(1, Purpose::Replay, 0, 0);
        let drawn: Vec<f64> = (0..10_000).map(|_| uniform(&mut random)).collect();
        assert!(drawn.iter().all(|share| (0.0..1.0).contains(share)));
        assert!((drawn.iter().sum::<f64>() / 1e4 - 0.5).abs() < 0.02);
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        shuffle(&mut stream(2, Purpose::Task, 0, 0), &mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
