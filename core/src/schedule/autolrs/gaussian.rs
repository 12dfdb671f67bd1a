//! A Gaussian process in one dimension (Rasmussen and Williams 2006, algorithm 2.1).

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// Distance in `0..=1` over which values are related. The released code fits it; ten points hardly tell.
pub const LENGTH: f64 = 0.3;

/// Variance of the noise, for values with variance 1.
pub const NOISE: f64 = 1e-4;

/// A process with the Matern-5/2 kernel of variance 1, on values that are standardised by their mean and population
/// standard deviation.
#[derive(Clone, Debug)]
pub struct Process {
    places: Vec<f64>,
    factor: Cholesky<f64, Dyn>,
    weights: DVector<f64>,
    mean: f64,
    deviation: f64,
    length: f64,
}

impl Process {
    /// The process through values at places in `0..=1`; none without a value, or when one is not finite.
    pub fn new(places: &[f64], values: &[f64], length: f64, noise: f64) -> Option<Self> {
        let count = places.len();
        let is_finite = places.iter().chain(values).all(|value| value.is_finite());
        if count == 0 || count != values.len() || !is_finite {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count as f64;
        // Values that are all alike have no scale.
        let deviation = if variance > 0.0 { variance.sqrt() } else { 1.0 };
        let standard = DVector::from_iterator(count, values.iter().map(|value| (value - mean) / deviation));
        let covariance = DMatrix::from_fn(count, count, |i, j| {
            matern(places[i] - places[j], length) + if i == j { noise } else { 0.0 }
        });
        let factor = Cholesky::new(covariance)?;
        let weights = factor.solve(&standard);
        Some(Self { places: places.to_vec(), factor, weights, mean, deviation, length })
    }

    /// Mean and standard deviation of the value at a place, in the unit of the values.
    pub fn predict(&self, place: f64) -> (f64, f64) {
        let related = self.places.iter().map(|other| matern(place - other, self.length));
        let related = DVector::from_iterator(self.places.len(), related);
        let variance = 1.0 - related.dot(&self.factor.solve(&related));
        (self.mean + self.deviation * related.dot(&self.weights), self.deviation * variance.max(0.0).sqrt())
    }

    /// `mean - kappa * deviation`: the lower confidence bound, whose minimum is tried next.
    pub fn lower_bound(&self, place: f64, kappa: f64) -> f64 {
        let (mean, deviation) = self.predict(place);
        mean - kappa * deviation
    }
}

/// `(1 + sqrt(5) r + 5 r^2 / 3) exp(-sqrt(5) r)`, with `r` the distance in lengths.
fn matern(distance: f64, length: f64) -> f64 {
    let r = 5f64.sqrt() * distance.abs() / length;
    (1.0 + r + r * r / 3.0) * (-r).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{autolrs::vectors, tests::numbers};

    #[test]
    fn predictions_agree_with_the_golden_values() {
        let golden = &vectors()["autolrs_gaussian_process"];
        let number = |value: &serde_json::Value| value.as_f64().expect("a number");
        let (length, noise) = (number(&golden["length_scale"]), number(&golden["noise"]));
        assert_eq!((length, noise), (LENGTH, NOISE));
        let process = Process::new(&numbers(&golden["X"]), &numbers(&golden["Y"]), length, noise).expect("a process");
        for case in golden["predictions"].as_array().expect("predictions") {
            let place = number(&case["x"]);
            let (mean, deviation) = process.predict(place);
            let bound = process.lower_bound(place, 1.96);
            for (found, key) in [(mean, "mean"), (deviation, "std"), (bound, "lcb_kappa_1.96")] {
                let expected = number(&case[key]);
                assert!((found - expected).abs() < 1e-9 * expected, "{key} at {place}: {found}, not {expected}");
            }
        }
    }

    #[test]
    fn values_that_are_alike_or_at_one_place_have_a_process() {
        let (mean, deviation) = Process::new(&[0.5], &[2.0], LENGTH, NOISE).expect("a process").predict(0.0);
        assert!(mean == 2.0 && deviation > 0.5, "{mean}, {deviation}");
        let (mean, _) = Process::new(&[0.2; 3], &[1.0, 2.0, 3.0], LENGTH, NOISE).expect("a process").predict(0.2);
        assert!((mean - 2.0).abs() < 1e-9);
        assert!(Process::new(&[], &[], LENGTH, NOISE).is_none());
        assert!(Process::new(&[0.5], &[f64::NAN], LENGTH, NOISE).is_none());
        assert!(Process::new(&[0.5], &[1.0, 2.0], LENGTH, NOISE).is_none());
    }
}
