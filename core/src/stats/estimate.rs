//! A mean with its interval.

use super::quantile;

/// The 0.975 quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A mean and the ends of its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Estimate {
    /// The mean of values with Student's interval; one value alone has none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        let count = finite.len();
        if count == 0 {
            return None;
        }
        let mean = finite.iter().sum::<f64>() / count as f64;
        if count == 1 {
            return Some(Self { mean, low: mean, high: mean });
        }
        let variance = finite.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1) as f64;
        let half = quantile(0.975, count - 1) * (variance / count as f64).sqrt();
        Some(Self { mean, low: mean - half, high: mean + half })
    }

    /// A share with Wilson's interval (Wilson 1927); none without a trial.
    pub fn of_share(hits: usize, trials: usize) -> Option<Self> {
        if trials == 0 {
            return None;
        }
        let (n, mean) = (trials as f64, hits as f64 / trials as f64);
        let scale = 1.0 + Z * Z / n;
        let middle = (mean + Z * Z / (2.0 * n)) / scale;
        let half = Z / scale * (mean * (1.0 - mean) / n + Z * Z / (4.0 * n * n)).sqrt();
        // Rounding must not push an end beyond the share itself.
        Some(Self { mean, low: (middle - half).clamp(0.0, mean), high: (middle + half).clamp(mean, 1.0) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wilsons_interval_agrees_with_the_tables() {
        let share = Estimate::of_share(8, 10).expect("trials");
        assert!((share.low - 0.490_162).abs() < 1e-5 && (share.high - 0.943_318).abs() < 1e-5, "{share:?}");
        let none = Estimate::of_share(0, 10).expect("trials");
        assert!(none.low == 0.0 && (none.high - 0.277_53).abs() < 1e-5, "{none:?}");
        assert_eq!(Estimate::of_share(0, 0), None);
    }

    #[test]
    fn students_interval_agrees_with_the_tables() {
        let estimate = Estimate::of(&[1.0, 2.0, 3.0]).expect("values");
        let half = 4.302_652_7 / 3f64.sqrt();
        assert!((estimate.high - 2.0 - half).abs() < 1e-5, "{estimate:?}");
        assert_eq!(Estimate::of(&[f64::NAN]), None);
        assert_eq!(Estimate::of(&[2.0]), Some(Estimate { mean: 2.0, low: 2.0, high: 2.0 }));
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_mean(hits in 0usize..50, more in 0usize..50) {
            if let Some(Estimate { mean, low, high }) = Estimate::of_share(hits, hits + more) {
                prop_assert!((0.0..=mean).contains(&low) && (mean..=1.0).contains(&high));
            }
        }
    }
}
