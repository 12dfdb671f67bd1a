//! Numbers of a beta distribution, by exact rejection.

use rand_chacha::ChaCha8Rng;

use crate::text::uniform::uniform;

/// A draw from `Beta(a, b)`, with density `x^(a-1) (1-x)^(b-1) / B(a, b)` in `0.0..=1.0`; `a` and `b` are positive.
///
/// Cheng 1978, "Generating beta variates with nonintegral shape parameters", algorithm BB, where both are above 1, and
/// Johnk 1964 elsewhere.
pub fn beta(random: &mut ChaCha8Rng, a: f64, b: f64) -> f64 {
    if a.min(b) > 1.0 { cheng(random, a, b) } else { johnk(random, a, b) }
}

/// With `lambda = sqrt((s - 2) / (2ab - s))`, `s = a + b`, a log-logistic proposal of shape `lambda` is accepted by the
/// ratio of the densities.
fn cheng(random: &mut ChaCha8Rng, a: f64, b: f64) -> f64 {
    let (least, most, sum) = (a.min(b), a.max(b), a + b);
    let shape = ((sum - 2.0) / (2.0 * a * b - sum)).sqrt();
    let slope = least + 1.0 / shape;
    loop {
        let (first, second) = (uniform(random), uniform(random));
        let odds = shape * (first / (1.0 - first)).ln();
        let proposal = least * odds.exp();
        let ratio = slope * odds - 4f64.ln() + sum * (sum / (most + proposal)).ln();
        if proposal.is_finite() && ratio >= (first * first * second).ln() {
            let share = proposal / (most + proposal);
            return if a <= b { share } else { 1.0 - share };
        }
    }
}

/// `u^(1/a) / (u^(1/a) + v^(1/b))`, where the sum is at most 1.
fn johnk(random: &mut ChaCha8Rng, a: f64, b: f64) -> f64 {
    loop {
        let (first, second) = (uniform(random).powf(1.0 / a), uniform(random).powf(1.0 / b));
        let sum = first + second;
        if sum > 0.0 && sum <= 1.0 {
            return first / sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{Beta, ContinuousCDF as _};

    use super::*;
    use crate::random::{Purpose, stream};

    /// The largest distance between the empirical and the true distribution (Kolmogorov and Smirnov).
    #[test]
    fn draws_have_the_distribution() {
        for (index, (a, b)) in [(2.0, 2.0), (17.5, 7.5), (40.0, 10.0), (1.2, 9.0), (1.6, 0.4), (0.5, 0.5), (1.0, 1.0)]
            .into_iter()
            .enumerate()
        {
            let mut random = stream(9, Purpose::Noise, 0, index as u64);
            let mut drawn: Vec<f64> = (0..20_000).map(|_| beta(&mut random, a, b)).collect();
            drawn.sort_unstable_by(f64::total_cmp);
            let truth = Beta::new(a, b).expect("a distribution");
            let distance = |(index, x): (usize, &f64)| (truth.cdf(*x) - (index as f64 + 0.5) / 20_000.0).abs();
            let largest = drawn.iter().enumerate().map(distance).fold(0.0, f64::max);
            // Beyond 1.95 / sqrt(n) once in a thousand times.
            assert!(largest < 1.95 / 20_000f64.sqrt(), "Beta({a}, {b}): {largest}");
        }
    }
}
