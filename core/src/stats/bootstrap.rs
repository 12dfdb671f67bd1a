//! The percentile bootstrap of a mean (Efron 1979, "Bootstrap methods: another look at the jackknife").

use crate::{
    random::{Purpose, stream},
    text::uniform::below,
};

/// Resamples of an interval. With 9,999 the percentiles 2.5 and 97.5 are the 250th values from either end, without
/// interpolation (Davison and Hinkley 1997, section 5.3).
pub const RESAMPLES: usize = 9_999;

/// Pairs from which the interval means something. From `n` values `binomial(2 n - 1, n)` different resamples can be
/// drawn: 6,435 from 8, but 3 from 2 and 35 from 4, whose percentiles are just the extremes.
pub const LEAST_PAIRS: usize = 8;

/// The values outside the interval on either side: `(RESAMPLES + 1) * 0.025`.
const OUTSIDE: usize = 250;

/// The 95 % percentile interval of a mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bootstrap {
    /// Fewer than [`LEAST_PAIRS`] pairs: there are too few different resamples for percentiles.
    TooFew,
    /// The percentiles 2.5 and 97.5 of the means of [`RESAMPLES`] resamples, in nats.
    Interval {
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
    },
}

impl Bootstrap {
    /// The interval of the mean of `values`. It depends on the values and their order alone: resample `i` draws its
    /// indices from `(0, Purpose::Bootstrap, values, i)`.
    pub fn of_mean(values: &[f64]) -> Self {
        let count = values.len();
        if count < LEAST_PAIRS {
            return Self::TooFew;
        }
        let mean = |resample: usize| {
            let mut random = stream(0, Purpose::Bootstrap, count as u64, resample as u64);
            // The sum of distances to the first value: identical values have exactly their mean.
            let sum: f64 = (0..count).map(|_| values[below(&mut random, count as u64) as usize] - values[0]).sum();
            values[0] + sum / count as f64
        };
        let mut means: Vec<f64> = (0..RESAMPLES).map(mean).collect();
        means.sort_unstable_by(f64::total_cmp);
        Self::Interval { low: means[OUTSIDE - 1], high: means[RESAMPLES - OUTSIDE] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_pairs_have_no_interval() {
        assert_eq!(Bootstrap::of_mean(&[]), Bootstrap::TooFew);
        assert_eq!(Bootstrap::of_mean(&[1.0; LEAST_PAIRS - 1]), Bootstrap::TooFew);
    }

    #[test]
    fn identical_values_have_a_point() {
        assert_eq!(Bootstrap::of_mean(&[0.1; 9]), Bootstrap::Interval { low: 0.1, high: 0.1 });
    }

    #[test]
    fn the_interval_of_two_values_is_that_of_the_binomial() {
        // Of 100 values half are 1: the resampled mean is Binomial(100, 1/2) / 100, with percentiles 0.40 and 0.60.
        let values: Vec<f64> = (0..100).map(|i| f64::from(i % 2)).collect();
        let Bootstrap::Interval { low, high } = Bootstrap::of_mean(&values) else { panic!("an interval") };
        assert!((low - 0.40).abs() < 0.0101 && (high - 0.60).abs() < 0.0101, "{low} to {high}");
    }

    #[test]
    fn the_interval_is_the_same_every_time_and_turns_with_the_sign() {
        let values = [0.3, -0.1, 0.25, 0.0, 0.125, -0.5, 0.75, 0.2];
        let found = Bootstrap::of_mean(&values);
        assert_eq!(found, Bootstrap::of_mean(&values));
        let Bootstrap::Interval { low, high } = found else { panic!("an interval") };
        assert!(low < high);
        assert_eq!(Bootstrap::of_mean(&values.map(|v| -v)), Bootstrap::Interval { low: -high, high: -low });
    }
}
