//! The loss of one token under uniform-state diffusion (UDLM, Schiff et al. 2024, arXiv:2412.10193; Duo, Sahoo et al.
//! 2025, arXiv:2506.10892), per unit of the share `alpha` of clean tokens.
//!
//! All functions take the clean token `x`, the noisy token `z` and the network's probabilities `p` of `N` tokens, and are
//! the bound's integrand for `alpha' = -1`: its integral over `alpha` from 0 to 1 is the bound. They are not negative, and
//! 0 where `p` is certain of `x`. What is best for them is `p(x_i | all noisy tokens but z_i)`, not `p(x_i | z)`.

/// `a_j = N alpha [j = x] + 1 - alpha` and `b_j = N alpha p_j + 1 - alpha`.
fn marginal(alpha: f64, count: f64, share: f64) -> f64 {
    count * alpha * share + 1.0 - alpha
}

/// The definition:
/// `L = -(1 / N alpha) (N / a_z - N / b_z - sum_j (a_j / a_z) (log b_z - log b_j + log a_j - log a_z))`.
pub fn loss(alpha: f64, clean: usize, noisy: usize, probabilities: &[f64]) -> f64 {
    let count = probabilities.len() as f64;
    let a = |token: usize| marginal(alpha, count, if token == clean { 1.0 } else { 0.0 });
    let b = |token: usize| marginal(alpha, count, probabilities[token]);
    let (a_z, b_z) = (a(noisy), b(noisy));
    let term = |token: usize| a(token) / a_z * (b_z.ln() - b(token).ln() + a(token).ln() - a_z.ln());
    let sum: f64 = (0..probabilities.len()).map(term).sum();
    -(count / a_z - count / b_z - sum) / (count * alpha)
}

/// The same from three numbers alone: `sum_j log b_j`, `b_z` and `b_x`. With `c = (1 - alpha) / (N alpha + 1 - alpha)`
/// and `S = sum_j log b_j - N log b_z`, the sum of the definition is `-c S + (N - 1) c log c` where `x = z`, and
/// `-S - (N alpha / (1 - alpha)) (log b_x - log b_z) - log c / c` elsewhere.
pub fn closed_loss(alpha: f64, clean: usize, noisy: usize, probabilities: &[f64]) -> f64 {
    let count = probabilities.len() as f64;
    let b = |token: usize| marginal(alpha, count, probabilities[token]);
    let b_z = b(noisy);
    let c = (1.0 - alpha) / marginal(alpha, count, 1.0);
    let logarithms = (0..probabilities.len()).map(|token| b(token).ln()).sum::<f64>() - count * b_z.ln();
    let (a_z, sum) = if clean == noisy {
        (marginal(alpha, count, 1.0), -c * logarithms + (count - 1.0) * c * c.ln())
    } else {
        let between = count * alpha / (1.0 - alpha) * (b(clean).ln() - b_z.ln());
        (1.0 - alpha, -logarithms - between - c.ln() / c)
    };
    -(count / a_z - count / b_z - sum) / (count * alpha)
}

/// The derivatives of the loss with respect to the logits of `p = softmax(logits)`.
///
/// `dL/dp_k = [k = z] N (1 / (a_z b_z) - 1 / b_z^2) - a_k / (a_z b_k)`, and `dL/dlogit_k = p_k (dL/dp_k - sum_j p_j
/// dL/dp_j)`.
pub fn gradient(alpha: f64, clean: usize, noisy: usize, probabilities: &[f64]) -> Vec<f64> {
    let count = probabilities.len() as f64;
    let a = |token: usize| marginal(alpha, count, if token == clean { 1.0 } else { 0.0 });
    let b = |token: usize| marginal(alpha, count, probabilities[token]);
    let (a_z, b_z) = (a(noisy), b(noisy));
    let slope = |token: usize| {
        let own = if token == noisy { count / (a_z * b_z) - count / (b_z * b_z) } else { 0.0 };
        own - a(token) / (a_z * b(token))
    };
    let mean: f64 = probabilities.iter().enumerate().map(|(token, p)| p * slope(token)).sum();
    probabilities.iter().enumerate().map(|(token, p)| p * (slope(token) - mean)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        layerwise::golden::{close, number, numbers},
        objective::golden::vectors,
    };

    fn softmax(logits: &[f64]) -> Vec<f64> {
        let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.iter().map(|power| power / sum).collect()
    }

    #[test]
    fn losses_are_golden() {
        for case in vectors()["uniform_state"]["duo_loss"].as_array().expect("cases") {
            let (alpha, clean) = (number(&case["alpha"]), number(&case["x0"]) as usize);
            let probabilities = numbers(&case["p"]);
            for (noisy, expected) in numbers(&case["loss_for_z"]).into_iter().enumerate() {
                assert!(close(loss(alpha, clean, noisy, &probabilities), expected, 1e-9), "{case} at {noisy}");
                assert!(close(closed_loss(alpha, clean, noisy, &probabilities), expected, 1e-9), "{case} at {noisy}");
            }
        }
    }

    proptest! {
        #[test]
        fn both_forms_agree_are_not_negative_and_have_the_slopes_of_their_gradient(
            logits in prop::collection::vec(-4.0f64..4.0, 2..30),
            alpha in 0.001f64..0.999,
            (clean, noisy) in (0usize..30, 0usize..30),
        ) {
            let (clean, noisy) = (clean % logits.len(), noisy % logits.len());
            let of = |logits: &[f64]| loss(alpha, clean, noisy, &softmax(logits));
            let found = of(&logits);
            prop_assert!(found >= -1e-9);
            let closed = closed_loss(alpha, clean, noisy, &softmax(&logits));
            prop_assert!((found - closed).abs() <= 1e-9 * found.abs().max(1.0), "{found} {closed}");
            for (token, slope) in gradient(alpha, clean, noisy, &softmax(&logits)).into_iter().enumerate() {
                let moved = |by: f64| {
                    let mut logits = logits.clone();
                    logits[token] += by;
                    of(&logits)
                };
                let difference = (moved(1e-4) - moved(-1e-4)) / 2e-4;
                prop_assert!((slope - difference).abs() <= 1e-5 * found.abs().max(1.0), "{slope} {difference}");
            }
        }
    }

    #[test]
    fn certainty_of_the_clean_token_costs_nothing() {
        for noisy in 0..3 {
            assert!(loss(0.6, 1, noisy, &[0.0, 1.0, 0.0]).abs() < 1e-12);
        }
    }

    /// `KL(q(x_s | z, x) || q(x_s | z, p)) / dt` for a small step, of the posteriors of the discrete chain.
    #[test]
    fn the_loss_is_the_limit_of_the_divergence_of_posteriors() {
        let (alpha, step) = (0.6, 1e-6);
        let probabilities = [0.7, 0.2, 0.1];
        let posterior = |noisy: usize, p: &[f64]| -> Vec<f64> {
            let (t, s, n) = (alpha, alpha + step, 3.0);
            let ratio = t / s;
            let below = t * n * p[noisy] + 1.0 - t;
            let of = |j: usize| {
                let own = if j == noisy { t * n * p[j] + ratio - t } else { 0.0 };
                (own + (s - t) * p[j] + (1.0 - ratio) * (1.0 - s) / n) / below
            };
            (0..3).map(of).collect()
        };
        for noisy in 0..3 {
            let (truth, guess) = (posterior(noisy, &[1.0, 0.0, 0.0]), posterior(noisy, &probabilities));
            let divergence: f64 = truth.iter().zip(&guess).map(|(q, p)| q * (q / p).ln()).sum();
            let expected = loss(alpha, 0, noisy, &probabilities);
            assert!((divergence / step - expected).abs() < 1e-4, "{} {expected}", divergence / step);
        }
    }

    /// The integral over `alpha` of the expected loss of a denoiser, by the midpoint rule in a variable that is dense
    /// where the loss is steep.
    fn integral(expected: impl Fn(f64) -> f64) -> f64 {
        const PARTS: usize = 20_000;
        let at = |part: usize| {
            let u = (part as f64 + 0.5) / PARTS as f64;
            let alpha = 1.0 - u * u * u;
            expected(alpha) * 3.0 * u * u
        };
        (0..PARTS).map(at).sum::<f64>() / PARTS as f64
    }

    fn noise(alpha: f64, count: usize, clean: usize, noisy: usize) -> f64 {
        let own = if clean == noisy { alpha } else { 0.0 };
        own + (1.0 - alpha) / count as f64
    }

    #[test]
    fn the_prior_is_best_for_a_single_token_and_the_posterior_is_worse() {
        let golden = &vectors()["uniform_state"]["one_token_data"];
        let prior = numbers(&golden["prior"]);
        let mean = |alpha: f64, denoiser: &dyn Fn(usize) -> Vec<f64>| -> f64 {
            let pairs = (0..9).map(|pair| (pair / 3, pair % 3));
            pairs.map(|(x, z)| prior[x] * noise(alpha, 3, x, z) * loss(alpha, x, z, &denoiser(z))).sum()
        };
        let of_prior = integral(|alpha| mean(alpha, &|_| prior.clone()));
        let posterior = |alpha: f64, z: usize| -> Vec<f64> {
            let joint: Vec<f64> = (0..3).map(|x| prior[x] * noise(alpha, 3, x, z)).collect();
            joint.iter().map(|mass| mass / joint.iter().sum::<f64>()).collect()
        };
        let of_posterior = integral(|alpha| mean(alpha, &|z| posterior(alpha, z)));
        assert!((of_prior - number(&golden["entropy"])).abs() < 1e-4, "{of_prior}");
        assert!(close(of_prior, number(&golden["x_theta_prior"]), 1e-3));
        assert!(close(of_posterior, number(&golden["x_theta_posterior"]), 1e-3), "{of_posterior}");
    }

    /// The mean of the losses of both tokens of a pair. The denoiser gets the law `(own, other)` and both noisy tokens, and
    /// gives the masses of its own token.
    fn mean_of_pairs(
        joint: &[Vec<f64>],
        alpha: f64,
        denoiser: impl Fn(&dyn Fn(usize, usize) -> f64, usize, usize) -> [f64; 2],
    ) -> f64 {
        let of_case = |case: usize| {
            let [is_first, own, other, own_noisy, other_noisy] = [0, 1, 2, 3, 4].map(|place| case >> place & 1);
            let mass = |own: usize, other: usize| if is_first == 1 { joint[own][other] } else { joint[other][own] };
            let masses = denoiser(&mass, own_noisy, other_noisy);
            let probabilities = masses.map(|mass| mass / (masses[0] + masses[1]));
            let weight = mass(own, other) * noise(alpha, 2, own, own_noisy) * noise(alpha, 2, other, other_noisy);
            weight * loss(alpha, own, own_noisy, &probabilities)
        };
        (0..32).map(of_case).sum()
    }

    #[test]
    fn what_the_other_tokens_say_is_best_for_two_tokens() {
        let golden = &vectors()["uniform_state"]["two_token_data"];
        let joint: Vec<Vec<f64>> = golden["joint"].as_array().expect("rows").iter().map(numbers).collect();
        let leave_one_out = |alpha: f64| {
            mean_of_pairs(&joint, alpha, |mass, _, other_noisy| {
                let other = |own, other| mass(own, other) * noise(alpha, 2, other, other_noisy);
                [0, 1].map(|own| other(own, 0) + other(own, 1))
            })
        };
        let full = |alpha: f64| {
            mean_of_pairs(&joint, alpha, |mass, own_noisy, other_noisy| {
                let other = |own, other| mass(own, other) * noise(alpha, 2, other, other_noisy);
                [0, 1].map(|own| (other(own, 0) + other(own, 1)) * noise(alpha, 2, own, own_noisy))
            })
        };
        let found = integral(leave_one_out);
        assert!((found - number(&golden["entropy"])).abs() < 1e-3, "{found}");
        assert!(close(found, number(&golden["leave_one_out"]), 1e-3), "{found}");
        let found = integral(full);
        assert!(close(found, number(&golden["full_posterior"]), 1e-3), "{found}");
    }
}
