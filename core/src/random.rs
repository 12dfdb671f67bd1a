//! Counter-based randomness: a pure function of (seed, purpose, step, index).
//!
//! Nothing hands a generator around, so that two arms with one seed see the same batches whatever else differs
//! between them, and a resumed run draws what the uninterrupted run would have drawn.

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// What a stream of random numbers is for; different purposes never share numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// Initial weights; the index is the parameter's.
    Weights = 1,
    /// Training windows; the index is the micro-batch's.
    Batch = 2,
    /// Dropped activations; the index counts dropout sites.
    Dropout = 3,
    /// Sampled tokens; the index is the token's.
    Sample = 4,
    /// Problems of a synthetic task; the index is the problem's.
    Task = 5,
    /// The order of the lines of a corpus.
    Shuffle = 6,
    /// Which training windows come from the text that was learned before; the index is the micro-batch's.
    Replay = 7,
    /// Noise levels, masks and replaced tokens of a training batch; the index is the micro-batch's.
    Noise = 8,
    /// The same of a validation batch, at step 0; the index is the draw's.
    ValidationNoise = 9,
    /// The choices of a decoder beside its sampled tokens; the index is the choice's.
    Decode = 10,
    /// The order of layerwise multipliers in a permutation control; the index is the draw's.
    Layers = 16,
    /// Resamples of paired differences; the step is the number of pairs, the index the resample's.
    Bootstrap = 17,
}

/// The stream of random numbers for one `(seed, purpose, step, index)`: ChaCha8 keyed with the four numbers.
pub fn stream(seed: u32, purpose: Purpose, step: u64, index: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[0..4].copy_from_slice(&seed.to_le_bytes());
    key[4..8].copy_from_slice(&(purpose as u32).to_le_bytes());
    key[8..16].copy_from_slice(&step.to_le_bytes());
    key[16..24].copy_from_slice(&index.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests {
    use rand::Rng as _;

    use super::*;

    #[test]
    fn every_coordinate_changes_the_stream() {
        let draw = |seed, purpose, step, index| stream(seed, purpose, step, index).next_u64();
        let base = draw(1, Purpose::Batch, 2, 3);
        assert_eq!(base, draw(1, Purpose::Batch, 2, 3));
        for other in [
            draw(2, Purpose::Batch, 2, 3),
            draw(1, Purpose::Sample, 2, 3),
            draw(1, Purpose::Batch, 3, 3),
            draw(1, Purpose::Batch, 2, 4),
        ] {
            assert_ne!(base, other);
        }
    }
}
