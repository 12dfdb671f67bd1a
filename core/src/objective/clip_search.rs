//! The search for the interval of noise levels whose loss varies least (BD3-LM, Arriola et al. 2025, arXiv:2503.09573).

use super::Example;

/// An interval of noise levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lowest level.
    pub low: f64,
    /// The highest level.
    pub high: f64,
}

/// What one block lost at its noise level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockLoss {
    /// The noise level, in `0.0..=1.0`.
    pub level: f64,
    /// The weighted loss of its tokens in nats.
    pub loss: f64,
}

/// A batch at all noise levels, whose losses say which interval to train on.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// The batch.
    pub example: Example,
    /// Tokens of a block.
    pub block: usize,
    /// The noise level of each block, `[batch, blocks]`.
    pub levels: Vec<f64>,
}

impl Probe {
    /// What each block lost, from the losses of all rows without their weights, `[batch, time]`.
    pub fn blocks(&self, row_losses: &[f32]) -> Vec<BlockLoss> {
        let (context, time) = (self.example.view.context(), self.example.view.time());
        let weighted = |row: usize| f64::from(self.example.weights[row]) * f64::from(row_losses[row]);
        // The weights are of a mean over the batch; a block's own loss has none of that.
        let scale = (self.example.batch * (context - 1)) as f64;
        let firsts = (0..self.example.batch).flat_map(|n| (0..context).step_by(self.block).map(move |i| (n, i)));
        let loss = |(window, first): (usize, usize)| {
            let rows = first..(first + self.block).min(context);
            rows.map(|position| weighted(window * time + position)).sum::<f64>() * scale
        };
        firsts.map(loss).zip(&self.levels).map(|(loss, level)| BlockLoss { level: *level, loss }).collect()
    }
}

/// Blocks that an interval must have for its variance to count.
const LEAST: usize = 30;

/// The intervals of the release: widths 0.5 to 0.9, left edges on a grid of 0.05, and nearly all levels.
pub fn candidates() -> Vec<Interval> {
    let clipped = (10..=18).step_by(2).flat_map(|width| (0..=20 - width).map(move |left| (left, left + width)));
    let twentieth = |count: i32| f64::from(count) / 20.0;
    let clipped = clipped.map(|(low, high)| Interval { low: twentieth(low).max(1e-3), high: twentieth(high) });
    clipped.chain([Interval { low: 1e-3, high: 1.0 }]).collect()
}

/// The candidate in which the recorded blocks' losses have the smallest variance; none where there are too few blocks.
///
/// The release runs every candidate; here one run at all levels serves each of them with the blocks whose levels it
/// holds, which has the same variance in expectation.
pub fn least_variance(losses: &[BlockLoss]) -> Option<Interval> {
    let variance = |interval: &Interval| {
        let is_in =
            |block: &&BlockLoss| (interval.low..=interval.high).contains(&block.level) && block.loss.is_finite();
        let inside: Vec<f64> = losses.iter().filter(is_in).map(|block| block.loss).collect();
        let count = inside.len() as f64;
        let mean = inside.iter().sum::<f64>() / count;
        let squares = inside.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>();
        (inside.len() >= LEAST).then(|| squares / (count - 1.0))
    };
    let scored = candidates().into_iter().filter_map(|interval| Some((interval, variance(&interval)?)));
    scored.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(interval, _)| interval)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use crate::text::uniform::uniform;

    /// Blocks at levels spread over all, with a loss that varies as the closure says around 1.
    fn blocks(deviation: impl Fn(f64) -> f64) -> Vec<BlockLoss> {
        let mut random = stream(3, Purpose::Noise, 0, 0);
        let mut block = |index: usize| {
            let level = (index as f64 + 0.5) / 4000.0;
            let side = if uniform(&mut random) < 0.5 { -1.0 } else { 1.0 };
            BlockLoss { level, loss: 1.0 + side * deviation(level) }
        };
        (0..4000).map(&mut block).collect()
    }

    #[test]
    fn the_intervals_are_those_of_the_release() {
        let all = candidates();
        assert_eq!(all.len(), 11 + 9 + 7 + 5 + 3 + 1);
        assert!(all.iter().all(|interval| interval.low >= 1e-3 && interval.high <= 1.0));
        assert!(all.contains(&Interval { low: 0.45, high: 0.95 }) && all.contains(&Interval { low: 0.3, high: 0.8 }));
    }

    #[test]
    fn the_calmest_interval_is_found() {
        let found = least_variance(&blocks(|level| if (0.3..=0.8).contains(&level) { 0.1 } else { 2.0 }));
        assert_eq!(found, Some(Interval { low: 0.3, high: 0.8 }));
        let found = least_variance(&blocks(|level| 0.1 + 10.0 * (level - 0.7).powi(2)));
        assert_eq!(found, Some(Interval { low: 0.45, high: 0.95 }));
    }

    #[test]
    fn too_few_blocks_say_nothing_and_losses_that_are_not_numbers_are_left_out() {
        assert_eq!(least_variance(&[BlockLoss { level: 0.5, loss: 1.0 }; 29]), None);
        let mut all = blocks(|level| if level < 0.5 { 5.0 } else { 0.1 });
        all.push(BlockLoss { level: 0.75, loss: f64::NAN });
        assert_eq!(least_variance(&all), Some(Interval { low: 0.5, high: 1.0 }));
    }
}
