//! What many decodes of a decoder came to: speed and quality with their intervals, and how far its confidence can be
//! trusted.

use tailblazer_core::{
    decode::Meter,
    objective::Quantity,
    session::{DecoderSetup, Measured},
    stats::Estimate,
};

use crate::t;

/// Bins of a calibration.
pub const BINS: usize = 10;

/// What is measured of a decoder, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// The place of its decoder.
    pub place: usize,
    /// The arm whose network decoded, by the place of its run.
    pub run: usize,
    /// What was measured.
    pub setup: DecoderSetup,
    /// The value of the knob that a sweep changes; none outside a sweep.
    pub knob: Option<f64>,
    /// What came of it.
    pub measured: Measured,
    /// Nats per token of each text under the judge.
    pub judged: Option<Vec<f64>>,
}

/// What a quality is; different ones never share an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    /// The share of problems that are answered exactly.
    Exact,
    /// Nats per token under a network that was trained on the next token.
    Judge,
    /// Nats per token under the model itself.
    Own(Quantity),
}

impl Quality {
    /// Its words at an axis.
    pub fn words(self) -> &'static str {
        match self {
            Self::Exact => t!("answered exactly"),
            Self::Judge => t!("judge, nats per token"),
            Self::Own(Quantity::Likelihood) => t!("under the model, nats per token"),
            Self::Own(Quantity::Bound) => t!("bound under the model, nats per token"),
            Self::Own(Quantity::MaskedCrossEntropy) => t!("masked cross-entropy, nats per token"),
        }
    }

    /// Whether more of it is better.
    pub fn is_share(self) -> bool {
        self == Self::Exact
    }
}

/// Tokens for each forward that drafts or verifies; where none does, as in a network that predicts the next token, for
/// each forward.
pub fn speed(meter: &Meter) -> Option<f64> {
    meter.tokens_per_forward().or_else(|| meter.tokens_per_any_forward())
}

impl Measurement {
    /// Tokens per forward.
    pub fn speed(&self) -> Option<Estimate> {
        Estimate::of(&self.measured.meters.iter().filter_map(speed).collect::<Vec<_>>())
    }

    /// The best that is known of its quality: exactness for a task, else a judge's opinion, else the model's own.
    pub fn quality(&self) -> Option<(Quality, Estimate)> {
        let measured = &self.measured;
        if let Some(exact) = &measured.exact {
            let hits = exact.iter().filter(|exact| **exact).count();
            return Some((Quality::Exact, Estimate::of_share(hits, exact.len())?));
        }
        if let Some(nats) = &self.judged {
            return Some((Quality::Judge, Estimate::of(nats)?));
        }
        Some((Quality::Own(measured.quantity), Estimate::of(&measured.nats)?))
    }

    /// How often its tokens are right, by their confidence.
    pub fn calibration(&self) -> Vec<Bin> {
        calibration(&self.measured.confidences)
    }
}

/// Tokens of about one confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Their mean confidence.
    pub confidence: f64,
    /// The share of them that is right.
    pub right: Estimate,
    /// How many they are.
    pub count: usize,
}

/// Bins of equal width that have tokens.
pub fn calibration(confidences: &[(f32, bool)]) -> Vec<Bin> {
    let mut bins = [(0.0, 0, 0); BINS];
    for (confidence, is_right) in confidences.iter().filter(|(confidence, _)| confidence.is_finite()) {
        let confidence = f64::from(*confidence).clamp(0.0, 1.0);
        let bin = &mut bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
        *bin = (bin.0 + confidence, bin.1 + usize::from(*is_right), bin.2 + 1);
    }
    let bin = |(sum, right, count): (f64, usize, usize)| {
        Some(Bin { confidence: sum / count as f64, right: Estimate::of_share(right, count)?, count })
    };
    bins.into_iter().filter_map(bin).collect()
}

/// The mean distance of confidence and truth, weighted by tokens (expected calibration error).
pub fn miscalibration(bins: &[Bin]) -> Option<f64> {
    let all: usize = bins.iter().map(|bin| bin.count).sum();
    let part = |bin: &Bin| bin.count as f64 * (bin.confidence - bin.right.mean).abs();
    (all > 0).then(|| bins.iter().map(part).sum::<f64>() / all as f64)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use tailblazer_core::policy::Chosen;

    use super::*;

    /// A measurement of as many decodes as there are nats.
    pub fn measurement(place: usize, tokens: usize, forwards: usize, nats: &[f64]) -> Measurement {
        let meter = |index: usize| Meter { tokens, drafts: forwards + index % 2, ..Meter::default() };
        Measurement {
            place,
            run: 0,
            setup: DecoderSetup { decoder: Chosen::default(), block: None, temperature: 0.0, checkpoint: None },
            knob: None,
            measured: Measured {
                id: 0,
                step: 100,
                meters: (0..nats.len()).map(meter).collect(),
                exact: None,
                nats: nats.to_vec(),
                quantity: Quantity::Bound,
                confidences: (0..100).map(|i| (i as f32 / 100.0, i % 3 > 0)).collect(),
                texts: Vec::new(),
                seconds: 1.0,
            },
            judged: None,
        }
    }

    #[test]
    fn a_task_counts_answers_and_a_judge_goes_before_the_model() {
        let mut one = measurement(0, 16, 8, &[1.0, 2.0, 3.0]);
        let quality = |one: &Measurement| one.quality().expect("a quality").0;
        assert_eq!(quality(&one), Quality::Own(Quantity::Bound));
        one.judged = Some(vec![1.0, 1.5]);
        assert_eq!(quality(&one), Quality::Judge);
        one.measured.exact = Some(vec![true, false]);
        assert_eq!(one.quality().map(|(kind, of)| (kind, of.mean)), Some((Quality::Exact, 0.5)));
    }

    #[test]
    fn a_network_that_only_commits_has_a_speed() {
        assert_eq!(speed(&Meter { tokens: 8, commits: 8, ..Meter::default() }), Some(1.0));
        assert_eq!(speed(&Meter { tokens: 8, drafts: 2, commits: 8, ..Meter::default() }), Some(4.0));
        assert_eq!(speed(&Meter::default()), None);
    }

    #[test]
    fn a_perfect_forecaster_is_calibrated() {
        let tokens: Vec<(f32, bool)> = (0..10)
            .flat_map(|tenth| (0..20).map(move |i| ((2 * tenth + 1) as f32 / 20.0, i < 2 * tenth + 1)))
            .collect();
        let bins = calibration(&tokens);
        assert_eq!(bins.len(), BINS);
        assert!(miscalibration(&bins).expect("tokens") < 1e-6);
        assert_eq!(miscalibration(&[]), None);
    }

    proptest! {
        #[test]
        fn every_token_is_in_one_bin(tokens in prop::collection::vec((any::<f32>(), any::<bool>()), 0..80)) {
            let finite = tokens.iter().filter(|(confidence, _)| confidence.is_finite()).count();
            prop_assert_eq!(calibration(&tokens).iter().map(|bin| bin.count).sum::<usize>(), finite);
        }
    }
}
