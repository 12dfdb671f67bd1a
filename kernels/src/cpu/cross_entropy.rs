//! Softmax cross-entropy with a weight per row, and its gradient in the same pass.
//!
//! `loss = weight (log sum_j exp(logit_j) - logit_target)` and `dlogits = weight (softmax(logits) - onehot(target))`.
//! A row of weight 0 is ignored: its loss and gradient are 0 whatever its logits and target are. For a mean over
//! the rows that count, the caller divides the weights by their sum.

use super::{
    exp::exp,
    simd::{Level, Simd, SimdBase, dispatch, fold, larger, splat, update},
};

/// The losses, `[rows]`, of `logits`, `[rows, vocabulary]`, and with `dlogits` the gradient of their sum.
///
/// # Panics
/// If a row's target is not in the vocabulary although its weight is not 0.
pub fn cross_entropy(
    logits: &[f32],
    targets: &[i32],
    weights: &[f32],
    losses: &mut [f32],
    mut dlogits: Option<&mut [f32]>,
) {
    let rows = targets.len();
    assert!(weights.len() == rows && losses.len() == rows, "a weight and a loss for every target");
    assert!(dlogits.as_ref().is_none_or(|dlogits| dlogits.len() == logits.len()), "a gradient as large as the logits");
    if rows == 0 {
        return;
    }
    let vocabulary = logits.len() / rows;
    assert_eq!(logits.len(), rows * vocabulary, "logits of [rows, vocabulary]");
    dispatch!(Level::new(), simd => {
        for row in 0..rows {
            let numbers = row * vocabulary..(row + 1) * vocabulary;
            let dlogits = dlogits.as_mut().map(|dlogits| &mut dlogits[numbers.clone()]);
            losses[row] = if weights[row] == 0.0 {
                if let Some(dlogits) = dlogits {
                    dlogits.fill(0.0);
                }
                0.0
            } else {
                let target = usize::try_from(targets[row]).ok().filter(|target| *target < vocabulary);
                let target = target.expect("a target in the vocabulary");
                row_loss(simd, &logits[numbers], target, weights[row], dlogits)
            };
        }
    });
}

#[inline(always)]
fn row_loss<S: Simd>(simd: S, logits: &[f32], target: usize, weight: f32, dlogits: Option<&mut [f32]>) -> f32 {
    let [most] = fold(
        simd,
        [logits],
        [f32::MIN],
        [f32::MIN],
        #[inline(always)]
        |[most], [x]| [larger::<S>(most, x)],
    );
    let most = most.reduce_max();
    let shift = splat(simd, most);
    let sum = if let Some(dlogits) = dlogits {
        update(
            simd,
            [&mut *dlogits],
            [logits],
            #[inline(always)]
            |_, [x]| [exp(simd, x - shift)],
        );
        let [sum] = fold(
            simd,
            [&*dlogits],
            [0.0],
            [0.0],
            #[inline(always)]
            |[sum], [e]| [sum + e],
        );
        let sum = sum.reduce_sum();
        let factor = splat(simd, weight / sum);
        update(
            simd,
            [&mut *dlogits],
            [],
            #[inline(always)]
            |[e], []| [e * factor],
        );
        dlogits[target] -= weight;
        sum
    } else {
        // The lanes beyond the end must add nothing: their exponential is 0.
        let [sum] = fold(
            simd,
            [logits],
            [f32::MIN],
            [0.0],
            #[inline(always)]
            |[sum], [x]| [sum + exp(simd, x - shift)],
        );
        sum.reduce_sum()
    };
    weight * ((most - logits[target]) + sum.ln())
}

/// Multiplies row `r` of `x`, `[factors.len(), width]`, by `factors[r]`: the chain rule for losses that are not summed.
pub fn scale_rows(x: &mut [f32], factors: &[f32]) {
    if factors.is_empty() || x.is_empty() {
        return;
    }
    assert!(x.len().is_multiple_of(factors.len()), "a factor for every row");
    let width = x.len() / factors.len();
    dispatch!(Level::new(), simd => {
        for (row, factor) in x.chunks_exact_mut(width).zip(factors) {
            let factor = splat(simd, *factor);
            update(simd, [row], [], #[inline(always)] |[x], []| [x * factor]);
        }
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::testing::*, *};

    fn reference(logits: &[f64], targets: &[i32], weights: &[f32]) -> Vec<f64> {
        let vocabulary = logits.len() / targets.len();
        logits
            .chunks_exact(vocabulary)
            .zip(targets)
            .zip(weights)
            .map(|((row, target), weight)| {
                let most = row.iter().fold(f64::MIN, |most, x| most.max(*x));
                let sum: f64 = row.iter().map(|x| (x - most).exp()).sum();
                f64::from(*weight) * (most + sum.ln() - row[*target as usize])
            })
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(80))]
        #[test]
        fn loss_and_gradient_agree_with_f64(rows in 1usize..6, vocabulary in 1usize..70, ignored: bool, seed: u64) {
            let mut random = Random::new(seed);
            let logits = random.normal(rows * vocabulary);
            let targets: Vec<i32> = (0..rows).map(|_| random.below(vocabulary) as i32).collect();
            let weights: Vec<f32> =
                (0..rows).map(|row| if ignored && row % 2 == 0 { 0.0 } else { random.uniform() as f32 }).collect();
            let (mut losses, mut dlogits) = (vec![9.0; rows], vec![9.0; logits.len()]);
            cross_entropy(&logits, &targets, &weights, &mut losses, Some(&mut dlogits));
            let x = wide(&logits);
            assert_close(&losses, &reference(&x, &targets, &weights), 1e-5);
            let expected = slopes(&x, |x| reference(x, &targets, &weights).iter().sum());
            assert_close(&dlogits, &expected, 1e-5);
            let mut alone = vec![9.0; rows];
            cross_entropy(&logits, &targets, &weights, &mut alone, None);
            assert_close(&alone, &reference(&x, &targets, &weights), 1e-5);
        }
    }

    #[test]
    fn logits_of_ten_thousand_and_ignored_rows_are_defined() {
        let logits = [1e4, -1e4, -1e4, 1e4, f32::NAN, f32::INFINITY];
        let (mut losses, mut dlogits) = ([9.0; 3], [9.0; 6]);
        cross_entropy(&logits, &[0, 0, -100], &[1.0, 0.5, 0.0], &mut losses, Some(&mut dlogits));
        assert_eq!(losses, [0.0, 1e4, 0.0]);
        assert_eq!(dlogits, [0.0, 0.0, -0.5, 0.5, 0.0, 0.0]);
        cross_entropy(&[], &[], &[], &mut [], None);
    }

    #[test]
    fn all_weights_zero_give_zeros() {
        let (mut losses, mut dlogits) = ([9.0; 2], [9.0; 4]);
        cross_entropy(&[1.0; 4], &[0, 1], &[0.0; 2], &mut losses, Some(&mut dlogits));
        assert_eq!((losses, dlogits), ([0.0; 2], [0.0; 4]));
    }

    #[test]
    #[should_panic(expected = "a target in the vocabulary")]
    fn a_target_outside_the_vocabulary_is_refused() {
        cross_entropy(&[1.0; 2], &[2], &[1.0], &mut [0.0], None);
    }

    #[test]
    fn rows_are_scaled() {
        let mut x = [1.0, 2.0, 3.0, 4.0];
        scale_rows(&mut x, &[2.0, -1.0]);
        assert_eq!(x, [2.0, 4.0, -3.0, -4.0]);
        scale_rows(&mut [], &[]);
    }
}
