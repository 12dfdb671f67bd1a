//! Bounds of a network that knows several block sizes (BlockGen, arXiv:2606.02241).

use super::Example;

/// The bounds of all sizes together, in nats per predicted token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ladder {
    /// The mean of the sizes' bounds.
    pub jensen: f64,
    /// The bound of the model that draws a size for each sequence. Bounds that are estimates make it a little too low, the
    /// less so the more draws they are a mean of.
    pub log_sum_exp: f64,
}

impl Ladder {
    /// From the shares of the sizes and the bounds of every sequence at each size, in nats of the sequence, `[size]
    /// [sequence]`; `tokens` are predicted in each.
    pub fn new(shares: &[f64], bounds: &[Vec<f64>], tokens: usize) -> Self {
        let sequences = bounds.iter().map(Vec::len).min().unwrap_or(0);
        let mean = |of: fn(&[f64], &[f64]) -> f64| {
            let at = |sequence: usize| bounds.iter().map(|bounds| bounds[sequence]).collect::<Vec<_>>();
            let sum: f64 = (0..sequences).map(|sequence| of(shares, &at(sequence))).sum();
            sum / (sequences * tokens) as f64
        };
        Self { jensen: mean(jensen), log_sum_exp: mean(log_sum_exp) }
    }
}

/// What each sequence of a validation batch cost in nats, from the losses of all rows without their weights.
pub fn of_sequences(example: &Example, row_losses: &[f32]) -> Vec<f64> {
    let (time, tokens) = (example.view.time(), example.view.context() - 1);
    let scale = (example.batch * tokens) as f64;
    let weighted = |(weight, loss): (&f32, &f32)| f64::from(*weight) * f64::from(*loss) * scale;
    let of_sequence = |(weights, losses): (&[f32], &[f32])| weights.iter().zip(losses).map(weighted).sum();
    example.weights.chunks(time).zip(row_losses.chunks(time)).map(of_sequence).collect()
}

/// `-sum_i g_i l_i`, with the weights `g` and `l_i = -bound_i` of one sequence in nats: the mean of the sizes' bounds.
pub fn jensen(weights: &[f64], bounds: &[f64]) -> f64 {
    weights.iter().zip(bounds).map(|(weight, bound)| weight * bound).sum()
}

/// `-log sum_i g_i exp(l_i)`, in nats of one sequence: the bound of the model that draws a block size once and then
/// generates. It is never above [`jensen`]. Sums over a batch mean nothing here: apply it to each sequence.
pub fn log_sum_exp(weights: &[f64], bounds: &[f64]) -> f64 {
    let used = || weights.iter().zip(bounds).filter(|(weight, _)| **weight > 0.0);
    let least = used().map(|(_, bound)| *bound).fold(f64::INFINITY, f64::min);
    least - used().map(|(weight, bound)| weight * (least - bound).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        layerwise::golden::{close, number, numbers},
        objective::{Clean, Reading, golden::vectors},
        text::Batch,
    };

    #[test]
    fn bounds_of_equal_weights_are_golden() {
        let golden = &vectors()["likelihood"]["bounds_equal_weights"];
        let bounds: Vec<f64> = numbers(&golden["minus_nelbo"]).iter().map(|l| -l).collect();
        assert!(close(jensen(&[1.0 / 3.0; 3], &bounds), number(&golden["jensen"]), 1e-9));
        assert!(close(log_sum_exp(&[1.0 / 3.0; 3], &bounds), number(&golden["lse"]), 1e-9));
    }

    proptest! {
        #[test]
        fn the_mixture_is_between_its_best_size_and_the_mean(
            pairs in prop::collection::vec((0.01f64..1.0, 0.0f64..2000.0), 1..6),
        ) {
            let sum: f64 = pairs.iter().map(|(weight, _)| weight).sum();
            let (weights, bounds): (Vec<_>, Vec<_>) = pairs.iter().map(|(weight, bound)| (weight / sum, *bound)).unzip();
            let least = bounds.iter().copied().fold(f64::INFINITY, f64::min);
            let found = log_sum_exp(&weights, &bounds);
            prop_assert!(least - 1e-9 <= found && found <= jensen(&weights, &bounds) + 1e-9);
        }
    }

    #[test]
    fn a_mixture_is_drawn_for_each_sequence() {
        // Either size is certain of one sequence and worse at the other by 2 nats.
        let ladder = Ladder::new(&[0.5, 0.5], &[vec![3.0, 1.0], vec![1.0, 3.0]], 4);
        let of_sequence = 1.0 - (0.5 * (1.0 + (-2f64).exp())).ln();
        assert!(close(ladder.jensen, 2.0 / 4.0, 1e-12) && close(ladder.log_sum_exp, of_sequence / 4.0, 1e-12));
    }

    #[test]
    fn every_sequence_has_its_own_nats() {
        let text: Vec<u32> = (0..200u32).map(|i| i * i % 7).collect();
        let windows = Batch::of_windows(&text, &[0, 50, 100], 16);
        let example = Reading::masked(4, Clean::Block).validation(&windows, 7, 1, 0);
        // A loss of 1, 2 and 3 nats per token of the three sequences.
        let losses: Vec<f32> = (0..3 * 32).map(|row| 1.0 + (row / 32) as f32).collect();
        for (sequence, nats) in of_sequences(&example, &losses).into_iter().enumerate() {
            assert!(close(nats, 15.0 * (1 + sequence) as f64, 1e-6), "{nats}");
        }
    }

    #[test]
    fn sizes_without_a_weight_do_not_count() {
        assert_eq!(log_sum_exp(&[0.0, 1.0], &[0.0, 5.0]), 5.0);
    }
}
