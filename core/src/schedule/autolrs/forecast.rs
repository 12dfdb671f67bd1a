//! The loss at the end of a stage, forecast from its first steps.

/// `y(x) = a * exp(b * x) + c`, with `x` in steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// What is still to fall at `x = 0`, in nats.
    pub a: f64,
    /// The rate of the fall, below 0, per step.
    pub b: f64,
    /// Where the loss goes, in nats.
    pub c: f64,
}

/// Slower falls than this are refused: over a probe they are a straight line, and their limit is anything.
const SLOWEST: f64 = 1e-4;

/// Faster falls are over within a step.
const FASTEST: f64 = 5.0;

impl Forecast {
    /// The loss after `x` steps.
    pub fn at(&self, x: f64) -> f64 {
        self.a * (self.b * x).exp() + self.c
    }
}

/// The exponential that is closest to the losses at `x = 0, 1, 2, ...` by least squares, as in the released code: `a` and
/// `c` in closed form, `b` by a search along `ln(-b)`.
///
/// None for fewer than four losses, for losses that are not finite, and when the best `b` is above `-1e-4`; the last loss
/// is then the best forecast.
pub fn forecast(losses: &[f64]) -> Option<Forecast> {
    if losses.len() < 4 || losses.iter().any(|loss| !loss.is_finite()) {
        return None;
    }
    let residual = |q: f64| with_rate(losses, -q.exp()).1;
    // The residual has more than one valley when the losses are noisy: the best of a grid, then golden section.
    const GRID: usize = 64;
    // The grid reaches beyond the slowest fall, so that a straight line is seen to be one.
    let (low, high) = ((0.01 * SLOWEST).ln(), FASTEST.ln());
    let width = (high - low) / GRID as f64;
    let place = |i: usize| low + width * i as f64;
    let best = (0..=GRID).min_by(|i, j| residual(place(*i)).total_cmp(&residual(place(*j))))?;
    let q = golden_section(residual, place(best) - width, (place(best) + width).min(high));
    let (found, _) = with_rate(losses, -q.exp());
    let is_sound = found.b <= -SLOWEST && found.a.is_finite() && found.c.is_finite();
    is_sound.then_some(found)
}

/// The best `a` and `c` for a `b`, and the sum of squares that they leave.
fn with_rate(losses: &[f64], b: f64) -> (Forecast, f64) {
    let count = losses.len() as f64;
    let powers = || (0..losses.len()).map(|x| (b * x as f64).exp());
    let (mean_power, mean_loss) = (powers().sum::<f64>() / count, losses.iter().sum::<f64>() / count);
    let (mut square, mut product) = (0.0, 0.0);
    for (power, loss) in powers().zip(losses) {
        square += (power - mean_power).powi(2);
        product += (power - mean_power) * (loss - mean_loss);
    }
    let a = product / square;
    let found = Forecast { a, b, c: mean_loss - a * mean_power };
    let left = powers().zip(losses).map(|(power, loss)| (loss - found.a * power - found.c).powi(2)).sum();
    (found, left)
}

/// The minimum of a function with one valley between two places.
fn golden_section(value: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let ratio = 0.5 * (5f64.sqrt() - 1.0);
    let (mut left, mut right) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut of_left, mut of_right) = (value(left), value(right));
    for _ in 0..80 {
        if of_left <= of_right {
            (high, right, of_right) = (right, left, of_left);
            left = high - ratio * (high - low);
            of_left = value(left);
        } else {
            (low, left, of_left) = (left, right, of_right);
            right = low + ratio * (high - low);
            of_right = value(right);
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{autolrs::vectors, tests::numbers};

    #[test]
    fn the_golden_exponential_is_found() {
        let golden = &vectors()["autolrs_forecast"];
        let number = |key: &str| golden[key].as_f64().expect("a number");
        let found = forecast(&numbers(&golden["y"])).expect("a forecast");
        let pairs = [
            (found.a, "a"),
            (found.b, "b"),
            (found.c, "c"),
            (found.at(30.0), "y_at_30"),
            (found.at(100.0), "y_at_100"),
        ];
        for (found, key) in pairs {
            let expected = number(key);
            assert!((found - expected).abs() < 1e-9 * expected.abs(), "{key}: {found}, not {expected}");
        }
    }

    #[test]
    fn fast_slow_and_rising_exponentials_are_found() {
        for (a, b, c) in [(2.0, -2.0, 1.0), (1.0, -0.02, 3.0), (-0.5, -0.3, 2.5)] {
            let law = Forecast { a, b, c };
            let losses: Vec<f64> = (0..16).map(|x| law.at(f64::from(x))).collect();
            let found = forecast(&losses).expect("a forecast");
            assert!((found.at(100.0) - law.at(100.0)).abs() < 1e-6, "{found:?}, not {law:?}");
        }
    }

    #[test]
    fn noise_moves_a_forecast_little() {
        let losses: Vec<f64> =
            (0..16).map(|x| 2.0 + (-0.2 * f64::from(x)).exp() + if x % 2 == 0 { 0.01 } else { -0.01 }).collect();
        let found = forecast(&losses).expect("a forecast").at(100.0);
        assert!((found - 2.0).abs() < 0.05, "{found}");
    }

    #[test]
    fn what_is_no_exponential_is_refused() {
        let line: Vec<f64> = (0..10).map(|x| 3.0 - 0.1 * f64::from(x)).collect();
        assert_eq!(forecast(&line), None);
        for losses in [&[][..], &[3.0, 2.0, 1.5], &[3.0, f64::NAN, 2.0, 1.0], &[f64::INFINITY; 9]] {
            assert_eq!(forecast(losses), None);
        }
    }

    #[test]
    fn a_flat_line_forecasts_itself_or_nothing() {
        assert!(forecast(&[2.0; 10]).is_none_or(|found| (found.at(100.0) - 2.0).abs() < 1e-9));
    }
}
