//! The law itself: predictions, and how far they are from a run.

use super::{AnnealingError, Run, Sums, sums};

/// `L = L0 + A * S1^-alpha - C * S2`, with all parameters at least 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Law {
    /// `L0`: the loss that no training goes below while the rate stays, in nats.
    pub l0: f64,
    /// `A`: nats that are left when S1 is 1.
    pub a: f64,
    /// `C`: nats per unit of S2.
    pub c: f64,
    /// `alpha`: the power of S1.
    pub alpha: f64,
    /// `lambda`: what the momentum of S2 keeps in a step, at least 0 and below 1.
    pub lambda: f64,
}

/// How far predictions are from a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracy {
    /// Mean of the absolute errors, in nats.
    pub mean_error: f64,
    /// Mean of the absolute errors, each as a share of its loss.
    pub relative_error: f64,
    /// The largest absolute error, in nats.
    pub max_error: f64,
    /// Share of the variance of the losses that is explained; none when all losses are alike.
    pub r2: Option<f64>,
    /// The loss at the last step.
    pub last_loss: f64,
    /// What was predicted for it.
    pub last_predicted: f64,
}

/// A loss with its sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub s1: f64,
    pub s2: f64,
    pub loss: f64,
    pub step: usize,
}

impl Law {
    /// The loss at given sums.
    pub fn at(&self, s1: f64, s2: f64) -> f64 {
        self.l0 + self.a * s1.powf(-self.alpha) - self.c * s2
    }

    /// The loss after every update of a run with these learning rates.
    pub fn predict(&self, rates: &[f64]) -> Vec<f64> {
        let Sums { s1, s2 } = sums(rates, self.lambda);
        s1.into_iter().zip(s2).map(|(s1, s2)| self.at(s1, s2)).collect()
    }

    /// Holds the law to the losses of a run.
    ///
    /// # Errors
    /// When the run has no loss, or when its rates or losses are no sound numbers.
    pub fn accuracy(&self, run: Run) -> Result<Accuracy, AnnealingError> {
        self.accuracy_on(&samples(&[run], self.lambda)?).ok_or(AnnealingError::TooFew { points: 0, steps: 0 })
    }

    /// The same for losses whose sums are known; none when there are no losses.
    pub(super) fn accuracy_on(&self, samples: &[Sample]) -> Option<Accuracy> {
        let last = samples.iter().max_by_key(|sample| sample.step)?;
        let count = samples.len() as f64;
        let error = |sample: &Sample| sample.loss - self.at(sample.s1, sample.s2);
        let mean = samples.iter().map(|sample| sample.loss).sum::<f64>() / count;
        let errors = || samples.iter().map(|sample| error(sample).abs());
        let left: f64 = samples.iter().map(|sample| error(sample).powi(2)).sum();
        let all: f64 = samples.iter().map(|sample| (sample.loss - mean).powi(2)).sum();
        Some(Accuracy {
            mean_error: errors().sum::<f64>() / count,
            relative_error: errors().zip(samples).map(|(error, sample)| error / sample.loss).sum::<f64>() / count,
            max_error: errors().fold(0.0, f64::max),
            r2: Some(1.0 - left / all).filter(|r2| r2.is_finite()),
            last_loss: last.loss,
            last_predicted: self.at(last.s1, last.s2),
        })
    }
}

/// The losses of some runs with their sums, checked.
pub fn samples(runs: &[Run], lambda: f64) -> Result<Vec<Sample>, AnnealingError> {
    if !(0.0..1.0).contains(&lambda) {
        return Err(AnnealingError::Lambda(lambda));
    }
    let mut samples = Vec::new();
    for (run, Run { rates, points }) in (1..).zip(runs) {
        if let Some((step, rate)) = rates.iter().enumerate().find(|(_, rate)| !(0.0..=1e6).contains(*rate)) {
            return Err(AnnealingError::Rate { run, step, rate: *rate });
        }
        let Sums { s1, s2 } = sums(rates, lambda);
        for point in *points {
            let (step, loss) = (point.step, point.loss);
            let (Some(s1), Some(s2)) = (s1.get(step).copied(), s2.get(step).copied()) else {
                return Err(AnnealingError::Step { run, step, rates: rates.len() });
            };
            if !(loss.is_finite() && loss > 0.0) {
                return Err(AnnealingError::Loss { run, step, loss });
            }
            if s1 <= 0.0 {
                return Err(AnnealingError::NoProgress { run, step });
            }
            samples.push(Sample { s1, s2, loss, step });
        }
    }
    Ok(samples)
}
