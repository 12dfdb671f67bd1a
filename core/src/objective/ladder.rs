//! Bounds of a network that knows several block sizes (BlockGen, arXiv:2606.02241).

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
        objective::golden::vectors,
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
    fn sizes_without_a_weight_do_not_count() {
        assert_eq!(log_sum_exp(&[0.0, 1.0], &[0.0, 5.0]), 5.0);
    }
}
