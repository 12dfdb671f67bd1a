//! The random numbers of a batch, in an order that makes objectives comparable.

use rand_chacha::ChaCha8Rng;

use super::Moment;
use crate::{
    random::{Purpose, stream},
    text::{Batch, uniform::uniform},
};

/// The uniform numbers behind one batch's noise.
///
/// Every objective draws the same numbers in the same order: one that rotates all levels, one per token for the level
/// of the block that begins there, one per token for its mask, and then what an objective needs beyond that. So two
/// arms with one seed see the same uniforms, whatever their blocks and schedules.
pub struct Draws {
    batch: usize,
    context: usize,
    rotation: f64,
    levels: Vec<f64>,
    /// One number per token, `[batch, context]`: it is corrupted where this is below a probability.
    pub masks: Vec<f64>,
    /// What follows them.
    pub random: ChaCha8Rng,
}

impl Draws {
    /// Those of a training batch.
    pub fn training(windows: &Batch, at: Moment) -> Self {
        Self::new(windows, stream(at.seed, Purpose::Noise, at.step as u64, at.micro as u64))
    }

    /// Those of a validation batch.
    pub fn validation(windows: &Batch, seed: u32, draw: u64) -> Self {
        Self::new(windows, stream(seed, Purpose::ValidationNoise, 0, draw))
    }

    fn new(windows: &Batch, mut random: ChaCha8Rng) -> Self {
        let (batch, context) = (windows.batch, windows.context);
        let rotation = uniform(&mut random);
        let mut per_token = || (0..batch * context).map(|_| uniform(&mut random)).collect();
        let (levels, masks) = (per_token(), per_token());
        Self { batch, context, rotation, levels, masks, random }
    }

    /// One number per block, `[batch, blocks]`, each uniform in `0.0..1.0` and all of them evenly spread, as BD3-LM draws
    /// its levels: those of one window are close to each other.
    pub fn stratified(&self, block: usize) -> Vec<f64> {
        stratified(&self.independent(block), self.rotation)
    }

    /// The same, but those of one window are evenly spread too, and those of one place over the windows: for estimates
    /// that must be close for each window.
    pub fn spread(&self, block: usize) -> Vec<f64> {
        const GOLDEN: f64 = 0.618_033_988_749_894_8;
        let own = self.independent(block);
        let blocks = self.context.div_ceil(block);
        let part = |index: usize| {
            let (window, place) = (index / blocks, index % blocks);
            let shift = ((GOLDEN * window as f64).fract() * blocks as f64) as usize;
            (place + shift) % blocks * self.batch + window
        };
        own.iter()
            .enumerate()
            .map(|(index, uniform)| in_part(*uniform, part(index), own.len(), self.rotation))
            .collect()
    }

    /// One number per block, `[batch, blocks]`, independent of each other.
    pub fn independent(&self, block: usize) -> Vec<f64> {
        let firsts = (0..self.batch).flat_map(|window| (0..self.context).step_by(block).map(move |i| (window, i)));
        firsts.map(|(window, first)| self.levels[window * self.context + first]).collect()
    }
}

/// `frac((u_k + k) / n + rotation)`: one number in each of `n` equal parts of `0.0..1.0`.
///
/// The release has no rotation. Without it the first block of a batch always gets the lowest level and the last one the
/// highest, so that the estimate of a fixed window, and of each place in a window, is biased.
pub fn stratified(uniforms: &[f64], rotation: f64) -> Vec<f64> {
    let of_part = |(part, uniform): (usize, &f64)| in_part(*uniform, part, uniforms.len(), rotation);
    uniforms.iter().enumerate().map(of_part).collect()
}

/// A uniform number brought into one of several equal parts.
fn in_part(uniform: f64, part: usize, parts: usize, rotation: f64) -> f64 {
    ((uniform + part as f64) / parts as f64 + rotation).fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        layerwise::golden::{assert_close, numbers},
        objective::golden::vectors,
    };

    fn windows(batch: usize, context: usize) -> Batch {
        let tokens: Vec<u32> = (0..1000).collect();
        Batch::of_windows(&tokens, &vec![0; batch], context)
    }

    #[test]
    fn stratified_levels_are_golden() {
        for case in vectors()["likelihood"]["stratified_t"].as_array().expect("cases") {
            assert_close(&stratified(&numbers(&case["u"]), 0.0), &numbers(&case["t"]), 1e-12, "t");
        }
    }

    #[test]
    fn there_is_one_level_in_every_part_and_each_is_uniform() {
        let windows = windows(4, 8);
        let mut means = [0.0; 8];
        for step in 0..4000 {
            let at = Moment { seed: 5, step, steps: 4000, micro: 0 };
            let levels = Draws::training(&windows, at).stratified(4);
            assert!(levels.iter().all(|level| (0.0..1.0).contains(level)));
            for (mean, level) in means.iter_mut().zip(&levels) {
                *mean += level / 4000.0;
            }
            let mut sorted = levels.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            // Neighbours are at most two parts apart.
            assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] <= 0.25 + 1e-12));
        }
        // The standard error of each mean is 0.0046.
        assert!(means.iter().all(|mean| (mean - 0.5).abs() < 0.02), "{means:?}");
    }

    #[test]
    fn spread_levels_cover_the_batch_each_window_and_each_place() {
        let windows = windows(8, 32);
        let mut means = [0.0; 64];
        let largest_gap = |levels: &[f64]| {
            let mut sorted = levels.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            let around = sorted[0] + 1.0 - sorted[sorted.len() - 1];
            sorted.windows(2).map(|pair| pair[1] - pair[0]).fold(around, f64::max)
        };
        for draw in 0..4000 {
            let levels = Draws::validation(&windows, 5, draw).spread(4);
            // Neighbours are at most two parts apart, in the batch and in each window.
            assert!(largest_gap(&levels) <= 2.0 / 64.0 + 1e-12);
            assert!(levels.chunks(8).all(|window| largest_gap(window) <= 2.0 / 8.0 + 1e-12));
            // At one place the shifts of the windows are as far apart as multiples of the golden ratio.
            let place: Vec<f64> = levels.iter().copied().step_by(8).collect();
            assert!(largest_gap(&place) <= 0.5);
            means.iter_mut().zip(&levels).for_each(|(mean, level)| *mean += level / 4000.0);
        }
        assert!(means.iter().all(|mean| (mean - 0.5).abs() < 0.02), "{means:?}");
    }

    #[test]
    fn draws_are_a_function_of_seed_step_and_micro_batch_and_blocks_share_them() {
        let windows = windows(2, 8);
        let at = Moment { seed: 1, step: 2, steps: 9, micro: 3 };
        let masks = |at| Draws::training(&windows, at).masks;
        assert_eq!(masks(at), masks(at));
        for other in [Moment { seed: 2, ..at }, Moment { step: 3, ..at }, Moment { micro: 4, ..at }] {
            assert_ne!(masks(at), masks(other));
        }
        assert_ne!(Draws::validation(&windows, 1, 0).masks, Draws::validation(&windows, 1, 1).masks);
        let (fine, coarse) =
            (Draws::training(&windows, at).independent(2), Draws::training(&windows, at).independent(4));
        assert_eq!([fine[0], fine[2], fine[4], fine[6]], coarse[..]);
    }
}
