//! From a row of logits to probabilities, to a token, and to how sure that token is.

use rand::Rng as _;

use super::DecodeError;
use crate::random::{Purpose, stream};

/// How logits become the law that a token is drawn from: temperature, then top-k, then top-p, then min-p, as in the
/// `transformers` library.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Softmax temperature; 0 takes the likeliest token.
    pub temperature: f64,
    /// Only so many of the likeliest tokens; 0 for all.
    pub top_k: usize,
    /// Only the likeliest tokens that reach this share together, the one that crosses it too.
    pub top_p: f64,
    /// Only tokens with at least this share of the likeliest one's probability (Nguyen et al. 2024, arXiv:2407.01082).
    pub min_p: f64,
}

impl Sampling {
    /// The whole softmax at a temperature.
    pub fn plain(temperature: f64) -> Self {
        Self { temperature, top_k: 0, top_p: 1.0, min_p: 0.0 }
    }

    /// The probabilities of a row of finite logits.
    pub fn law(&self, logits: &[f32]) -> Vec<f64> {
        if self.temperature <= 0.0 {
            let mut law = vec![0.0; logits.len()];
            law[largest(logits)] = 1.0;
            return law;
        }
        let mut law = softmax(logits, self.temperature);
        if self.top_k == 0 && self.top_p >= 1.0 && self.min_p <= 0.0 {
            return law;
        }
        let order = descending(&law);
        let mut kept = if self.top_k == 0 { order.len() } else { self.top_k.min(order.len()) };
        if self.top_p < 1.0 {
            let all: f64 = order[..kept].iter().map(|token| law[*token]).sum();
            let mut sum = 0.0;
            let crossing = order[..kept].iter().position(|token| {
                sum += law[*token] / all;
                sum >= self.top_p
            });
            kept = crossing.map_or(kept, |index| index + 1);
        }
        let least = self.min_p * law[order[0]];
        kept = order[..kept].iter().take_while(|token| law[**token] >= least).count().max(1);
        order[kept..].iter().for_each(|token| law[*token] = 0.0);
        let sum: f64 = law.iter().sum();
        law.iter_mut().for_each(|share| *share /= sum);
        law
    }
}

/// What a draft says of one position.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The position.
    pub position: usize,
    /// The token drawn there.
    pub token: u32,
    /// The law that it was drawn from.
    pub law: Vec<f64>,
    /// The softmax at temperature 1.
    pub plain: Vec<f64>,
}

impl Guess {
    /// The token that a uniform number in `0.0..1.0` draws at a position.
    pub fn new(position: usize, logits: &[f32], sampling: &Sampling, uniform: f64) -> Self {
        let law = sampling.law(logits);
        Self { position, token: draw(&law, uniform) as u32, law, plain: softmax(logits, 1.0) }
    }

    /// The probability of the token in the law that it was drawn from (SDAR); in the plain softmax where that law knows
    /// only one token.
    pub fn sampled(&self) -> f64 {
        let share = self.law[self.token as usize];
        if share < 1.0 { share } else { self.plain() }
    }

    /// The probability of the token at temperature 1 (LLaDA, Fast-dLLM, TDAR).
    pub fn plain(&self) -> f64 {
        self.plain[self.token as usize]
    }

    /// How much likelier the likeliest token is than the second one, at temperature 1 (Dream).
    pub fn margin(&self) -> f64 {
        margin(&self.plain)
    }

    /// `1 - entropy / ln(vocabulary)`, at temperature 1.
    pub fn certainty(&self) -> f64 {
        let most = (self.plain.len() as f64).ln();
        if most > 0.0 { (1.0 - self.entropy() / most).clamp(0.0, 1.0) } else { 1.0 }
    }

    /// The entropy of the plain softmax in nats.
    pub fn entropy(&self) -> f64 {
        entropy(&self.plain)
    }

    /// The five likeliest tokens at temperature 1.
    pub fn alternatives(&self) -> Vec<(u32, f32)> {
        descending(&self.plain).into_iter().take(5).map(|token| (token as u32, self.plain[token] as f32)).collect()
    }
}

/// Refuses logits that are no numbers; a token that is ruled out may have minus infinity.
pub fn check(logits: &[f32]) -> Result<(), DecodeError> {
    let is_bad = |logit: &f32| logit.is_nan() || *logit == f32::INFINITY;
    if logits.iter().any(is_bad) || !logits.iter().any(|logit| logit.is_finite()) {
        return Err(DecodeError::NotFinite);
    }
    Ok(())
}

/// `softmax(logits / temperature)`, in f64; the temperature is above 0.
pub fn softmax(logits: &[f32], temperature: f64) -> Vec<f64> {
    let top = f64::from(logits[largest(logits)]);
    let mut shares: Vec<f64> = logits.iter().map(|logit| ((f64::from(*logit) - top) / temperature).exp()).collect();
    let sum: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
    shares
}

/// The index that a uniform number in `0.0..1.0` draws from probabilities, or from weights of any sum above 0.
pub fn draw(law: &[f64], uniform: f64) -> usize {
    let mut rest = uniform * law.iter().sum::<f64>();
    let mut last = 0;
    for (index, share) in law.iter().enumerate().filter(|(_, share)| **share > 0.0) {
        rest -= share;
        last = index;
        if rest < 0.0 {
            break;
        }
    }
    last
}

/// A uniform number in `0.0..1.0`, the one of its coordinates.
pub fn uniform(seed: u32, purpose: Purpose, step: u64, index: u64) -> f64 {
    f64::from(stream(seed, purpose, step, index).next_u32()) / 2f64.powi(32)
}

/// `-sum p ln p`, in nats.
pub fn entropy(law: &[f64]) -> f64 {
    -law.iter().filter(|share| **share > 0.0).map(|share| share * share.ln()).sum::<f64>()
}

/// The difference of the two largest probabilities.
pub fn margin(law: &[f64]) -> f64 {
    let (mut first, mut second) = (0.0, 0.0);
    for share in law {
        if *share > first {
            (first, second) = (*share, first);
        } else if *share > second {
            second = *share;
        }
    }
    first - second
}

/// The indices from the largest value to the smallest; equal values keep their order.
pub fn descending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    order
}

/// The index of the largest logit, the first one of equals.
pub fn largest(logits: &[f32]) -> usize {
    (1..logits.len()).fold(0, |best, index| if logits[index] > logits[best] { index } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logits(law: &[f64]) -> Vec<f32> {
        law.iter().map(|share| share.ln() as f32).collect()
    }

    fn assert_near(found: &[f64], expected: &[f64]) {
        assert!(found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn truncations_keep_what_they_say_and_the_token_that_crosses() {
        let row = logits(&[0.5, 0.3, 0.15, 0.05]);
        let plain = Sampling::plain(1.0);
        assert_near(&plain.law(&row), &[0.5, 0.3, 0.15, 0.05]);
        assert_near(&Sampling { top_k: 2, ..plain }.law(&row), &[0.625, 0.375, 0.0, 0.0]);
        assert_near(&Sampling { top_k: 9, ..plain }.law(&row), &plain.law(&row));
        assert_near(&Sampling { top_p: 0.6, ..plain }.law(&row), &[0.625, 0.375, 0.0, 0.0]);
        assert_near(&Sampling { top_p: 0.0, ..plain }.law(&row), &[1.0, 0.0, 0.0, 0.0]);
        assert_near(&Sampling { min_p: 0.25, ..plain }.law(&row), &[10.0 / 19.0, 6.0 / 19.0, 3.0 / 19.0, 0.0]);
        assert_near(&Sampling { min_p: 1.0, ..plain }.law(&row), &[1.0, 0.0, 0.0, 0.0]);
        assert_near(&Sampling { top_k: 3, top_p: 0.52, ..plain }.law(&row), &[1.0, 0.0, 0.0, 0.0]);
        assert_near(&Sampling::plain(0.0).law(&row), &[1.0, 0.0, 0.0, 0.0]);
        assert_near(&Sampling::plain(0.5).law(&row), &[0.25 / 0.365, 0.09 / 0.365, 0.0225 / 0.365, 0.0025 / 0.365]);
    }

    #[test]
    fn large_logits_stay_numbers_and_what_is_no_number_is_refused() {
        let law = Sampling::plain(1e-3).law(&[1e4, -1e4, 1e4]);
        assert_near(&law, &[0.5, 0.0, 0.5]);
        assert_eq!(check(&[1e4, f32::NEG_INFINITY]), Ok(()));
        for row in [[f32::NAN, 0.0], [f32::INFINITY, 0.0], [f32::NEG_INFINITY; 2]] {
            assert_eq!(check(&row), Err(DecodeError::NotFinite));
        }
    }

    #[test]
    fn draws_follow_the_law_and_never_leave_it() {
        let (law, draws) = ([0.0, 0.2, 0.0, 0.7, 0.1, 0.0], 100_000);
        let mut counts = [0.0; 6];
        for index in 0..draws {
            counts[draw(&law, uniform(7, Purpose::Decode, 0, index))] += 1.0 / draws as f64;
        }
        for (count, share) in counts.iter().zip(law) {
            assert!((count - share).abs() < 0.005, "{counts:?}");
        }
        assert_eq!((draw(&law, 0.0), draw(&law, 1.0 - 1e-16)), (1, 4));
    }

    #[test]
    fn a_guess_knows_how_sure_it_is_by_every_definition() {
        let row = logits(&[0.5, 0.3, 0.2]);
        let warm = Guess::new(4, &row, &Sampling { top_k: 2, ..Sampling::plain(1.0) }, 0.7);
        assert_eq!((warm.position, warm.token), (4, 1));
        assert_near(&[warm.sampled(), warm.plain(), warm.margin()], &[0.375, 0.3, 0.2]);
        let greedy = Guess::new(4, &row, &Sampling::plain(0.0), 0.7);
        assert_eq!(greedy.token, 0);
        assert_near(&[greedy.sampled(), greedy.plain()], &[0.5, 0.5]);
        let entropy = -(0.5f64 * 0.5f64.ln() + 0.3 * 0.3f64.ln() + 0.2 * 0.2f64.ln());
        assert_near(&[greedy.entropy(), greedy.certainty()], &[entropy, 1.0 - entropy / 3f64.ln()]);
        assert_eq!(greedy.alternatives().iter().map(|(token, _)| *token).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
