//! Which tokens a step sees.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    corpus::hexadecimal,
    uniform::{below, uniform},
};
use crate::random::{Purpose, stream};

/// Windows of a text: what the model reads, and the token that follows each token it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Tokens read, row by row: `[batch, context]`.
    pub inputs: Vec<u32>,
    /// The token after each token read: `[batch, context]`.
    pub targets: Vec<u32>,
    /// Number of windows.
    pub batch: usize,
    /// Tokens of a window.
    pub context: usize,
}

impl Batch {
    /// The windows of `context` tokens that begin at `starts`; each needs `context + 1` tokens from its start on.
    pub fn of_windows(tokens: &[u32], starts: &[usize], context: usize) -> Self {
        Self::of_rows(starts.iter().map(|start| &tokens[*start..]), context)
    }

    /// The windows at the starts of `rows`; each needs `context + 1` tokens.
    fn of_rows<'a>(rows: impl ExactSizeIterator<Item = &'a [u32]> + Clone, context: usize) -> Self {
        let batch = rows.len();
        let shifted = |shift: usize| rows.clone().flat_map(|row| &row[shift..shift + context]).copied().collect();
        Self { inputs: shifted(0), targets: shifted(1), batch, context }
    }
}

/// Training batches as a pure function of seed, step and micro-batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batches {
    /// Seed of the run.
    pub seed: u32,
    /// Windows of a batch.
    pub batch: usize,
    /// Tokens of a window.
    pub context: usize,
}

impl Batches {
    /// The batch of one step and micro-batch: windows that begin anywhere, each place equally likely.
    ///
    /// `tokens` must have more than `context` tokens, which [`Dataset::new`](super::Dataset::new) guarantees.
    pub fn get(&self, tokens: &[u32], step: u64, micro: u64) -> Batch {
        self.drawn(step, micro, || tokens)
    }

    /// As [`Batches::get`], with each window of `earlier` in place of `tokens` with a probability of `replay`.
    ///
    /// What is replayed with one probability is replayed with every greater one too, so that runs that differ in it
    /// share as many windows as they can.
    pub fn replaying(&self, tokens: &[u32], earlier: &[u32], replay: f64, step: u64, micro: u64) -> Batch {
        let mut random = stream(self.seed, Purpose::Replay, step, micro);
        self.drawn(step, micro, || if uniform(&mut random) < replay { earlier } else { tokens })
    }

    /// A batch whose windows come each from a text of its own. A window costs one number, whatever its text.
    fn drawn<'a>(&self, step: u64, micro: u64, mut text: impl FnMut() -> &'a [u32]) -> Batch {
        let mut random = stream(self.seed, Purpose::Batch, step, micro);
        let mut row = || {
            let tokens = text();
            let places = (tokens.len() - self.context) as u64;
            &tokens[below(&mut random, places) as usize..]
        };
        let rows: Vec<&[u32]> = (0..self.batch).map(|_| row()).collect();
        Batch::of_rows(rows.into_iter(), self.context)
    }
}

/// Where the validation windows begin: at most `windows`, evenly spread over the tokens, always the same.
///
/// No token is predicted twice, so there are at most `(tokens - 1) / context` of them.
pub fn validation_windows(tokens: usize, context: usize, windows: usize) -> Vec<usize> {
    let predicted = tokens.saturating_sub(1);
    let count = windows.min(predicted.checked_div(context).unwrap_or(0));
    (0..count).map(|window| (window as u64 * predicted as u64 / count as u64) as usize).collect()
}

/// A running digest of all tokens that were trained on: equal on every device for one link.
///
/// A chain of SHA-256, `d' = SHA-256(d, inputs, targets)` with 32-bit little-endian tokens, from `d = 0`: unlike the
/// inner state of one long SHA-256, `d` can go into a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchDigest([u8; 32]);

impl BatchDigest {
    /// Adds a batch.
    pub fn add(&mut self, batch: &Batch) {
        let tokens = batch.inputs.iter().chain(&batch.targets);
        let bytes: Vec<u8> = tokens.flat_map(|token| token.to_le_bytes()).collect();
        self.0 = Sha256::new().chain_update(self.0).chain_update(bytes).finalize().into();
    }

    /// The digest so far, hexadecimal.
    pub fn hex(&self) -> String {
        hexadecimal(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tokens that tell their place.
    fn tokens(n: usize) -> Vec<u32> {
        (0..n as u32).collect()
    }

    #[test]
    fn batches_and_their_digest_are_fixed() {
        // Golden: the same on every platform, or links would not mean the same batches everywhere.
        let batches = Batches { seed: 1337, batch: 4, context: 3 };
        let mut digest = BatchDigest::default();
        let mut starts = Vec::new();
        for step in 0..2 {
            let batch = batches.get(&tokens(1_003_854), step, 0);
            starts.extend(batch.inputs.iter().step_by(3).copied());
            digest.add(&batch);
        }
        assert_eq!(starts, [698176, 403986, 734798, 280761, 480889, 859068, 839549, 276638]);
        assert_eq!(digest.hex(), "c0ecb9fdf4ffbcd4480479d490e3ab205c4f24e3e5b0b6776a86fe6ec03469a8");
    }

    /// Which windows come from the earlier text, whose tokens are all above `1 << 20`.
    fn replayed(batches: Batches, replay: f64, step: u64) -> Vec<bool> {
        let earlier: Vec<u32> = (1 << 20..(1 << 20) + 500).collect();
        let batch = batches.replaying(&tokens(5_000), &earlier, replay, step, 0);
        batch.inputs.chunks(batches.context).map(|row| row[0] >= 1 << 20).collect()
    }

    #[test]
    fn a_share_of_the_windows_is_replayed() {
        let batches = Batches { seed: 7, batch: 64, context: 4 };
        let count = |replay| (0..200).flat_map(|step| replayed(batches, replay, step)).filter(|is| *is).count();
        assert_eq!((count(0.0), count(1.0), count(f64::NAN)), (0, 12_800, 0));
        // Within four standard deviations of the binomial distribution.
        for replay in [0.05, 0.5] {
            let (expected, deviation) = (12_800.0 * replay, (12_800.0f64 * replay * (1.0 - replay)).sqrt());
            assert!((count(replay) as f64 - expected).abs() < 4.0 * deviation, "{replay}: {}", count(replay));
        }
    }

    #[test]
    fn without_replay_batches_are_those_of_the_one_text() {
        let batches = Batches { seed: 1337, batch: 9, context: 3 };
        for step in 0..20 {
            let (text, earlier) = (tokens(1000), tokens(77));
            assert_eq!(batches.replaying(&text, &earlier, 0.0, step, 1), batches.get(&text, step, 1));
            assert_eq!(batches.replaying(&text, &earlier, 1.0, step, 1), batches.get(&earlier, step, 1));
        }
    }

    #[test]
    fn replay_is_fixed_and_grows_with_its_share() {
        let batches = Batches { seed: 1337, batch: 16, context: 3 };
        // Golden, for the same reason as the batches.
        let drawn: String = replayed(batches, 0.25, 3).iter().map(|is| if *is { '1' } else { '0' }).collect();
        assert_eq!(drawn, "0000010010000100");
        for step in 0..50 {
            let (less, more) = (replayed(batches, 0.1, step), replayed(batches, 0.3, step));
            assert!(less.iter().zip(more).all(|(less, more)| more || !less));
        }
    }

    #[test]
    fn every_place_is_drawn() {
        let batch = Batches { seed: 1, batch: 1000, context: 4 }.get(&tokens(10), 0, 0);
        let starts: std::collections::BTreeSet<u32> = batch.inputs.iter().step_by(4).copied().collect();
        assert_eq!(starts.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn the_digest_depends_on_order_and_survives_a_checkpoint() {
        let batches = Batches { seed: 1, batch: 2, context: 4 };
        let (first, second) = (batches.get(&tokens(50), 0, 0), batches.get(&tokens(50), 1, 0));
        let digest = |order: [&Batch; 2]| {
            let mut digest = BatchDigest::default();
            order.into_iter().for_each(|batch| digest.add(batch));
            digest
        };
        assert_ne!(digest([&first, &second]), digest([&second, &first]));
        let saved = serde_json::to_string(&digest([&first, &second])).unwrap();
        assert_eq!(serde_json::from_str::<BatchDigest>(&saved).unwrap(), digest([&first, &second]));
    }

    #[test]
    fn validation_windows_fill_a_text_that_just_fits() {
        assert_eq!(validation_windows(9, 4, 64), [0, 4]);
        assert_eq!(validation_windows(8, 4, 64), [0]);
        assert_eq!(validation_windows(4, 4, 64), [0; 0]);
        assert_eq!(validation_windows(0, 4, 64), [0; 0]);
        assert_eq!(validation_windows(20_000_000, 64, 65_536).len(), 65_536);
    }

    proptest! {
        #[test]
        fn batches_are_windows_with_targets_one_ahead(seed: u32, step: u64, micro in 0u64..8, n in 2usize..500, part in 0.0..1.0) {
            let context = 1 + ((n - 2) as f64 * part) as usize;
            let batches = Batches { seed, batch: 5, context };
            let batch = batches.get(&tokens(n), step, micro);
            prop_assert_eq!((batch.batch, batch.context), (5, context));
            prop_assert_eq!((batch.inputs.len(), batch.targets.len()), (5 * context, 5 * context));
            prop_assert!(batch.inputs.iter().zip(&batch.targets).all(|(input, target)| input + 1 == *target));
            for row in batch.inputs.chunks(context) {
                prop_assert!(row.windows(2).all(|pair| pair[0] + 1 == pair[1]));
            }
            prop_assert!(batch.targets.iter().all(|target| (*target as usize) < n));
            prop_assert_eq!(batches.get(&tokens(n), step, micro), batch);
        }

        #[test]
        fn validation_windows_fit_never_overlap_and_span_the_text(n in 0usize..5000, context in 1usize..200, windows in 0usize..300) {
            let starts = validation_windows(n, context, windows);
            prop_assert_eq!(starts.len(), windows.min(n.saturating_sub(1) / context));
            prop_assert!(starts.windows(2).all(|pair| pair[0] + context <= pair[1]));
            prop_assert!(starts.iter().all(|start| start + context < n));
            if !starts.is_empty() {
                let gap = (n - 1) / starts.len() + 1;
                prop_assert!(n - starts[starts.len() - 1] <= gap + 1);
            }
        }
    }
}
