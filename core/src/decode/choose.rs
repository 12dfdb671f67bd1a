//! One token from one row of logits.

use rand::Rng as _;

use crate::random::{Purpose, stream};

/// The token drawn from `softmax(logits / temperature)` with the random number of `(seed, step, index)`; the
/// likeliest token at temperature 0.
pub fn choose(logits: &[f32], temperature: f64, seed: u32, step: u64, index: u64) -> u32 {
    let likeliest = (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap_or(0);
    if temperature <= 0.0 {
        return likeliest as u32;
    }
    let top = f64::from(logits[likeliest]);
    let weights: Vec<f64> = logits.iter().map(|logit| ((f64::from(*logit) - top) / temperature).exp()).collect();
    let uniform = stream(seed, Purpose::Sample, step, index).next_u32() as f64 / 2f64.powi(32);
    let mut rest = uniform * weights.iter().sum::<f64>();
    for (token, weight) in weights.iter().enumerate() {
        rest -= weight;
        if rest < 0.0 {
            return token as u32;
        }
    }
    likeliest as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_follow_the_softmax() {
        let logits = [0.0, 1.0, 2.0];
        let mut counts = [0.0; 3];
        let draws = 20_000;
        for index in 0..draws {
            counts[choose(&logits, 0.5, 1, 0, index) as usize] += 1.0 / draws as f64;
        }
        let weights = [1.0, 2f64.exp(), 4f64.exp()];
        for (count, weight) in counts.iter().zip(weights) {
            assert!((count - weight / weights.iter().sum::<f64>()).abs() < 0.01);
        }
    }

    #[test]
    fn temperature_zero_takes_the_likeliest_and_nan_does_not_panic() {
        assert_eq!(choose(&[0.0, 3.0, 1.0], 0.0, 1, 0, 0), 1);
        choose(&[f32::NAN, 3.0], 0.0, 1, 0, 0);
        choose(&[f32::NAN, 3.0], 1.0, 1, 0, 0);
    }
}
