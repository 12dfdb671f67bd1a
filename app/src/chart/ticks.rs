//! Scales and their ticks.

/// A map from values to pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Values at the two ends.
    pub domain: (f64, f64),
    /// Pixels at the two ends.
    pub range: (f64, f64),
    /// Whether equal ratios, not equal differences, take equal room.
    pub log: bool,
}

impl Scale {
    /// A scale of equal differences.
    pub fn linear(domain: (f64, f64), range: (f64, f64)) -> Self {
        Self { domain, range, log: false }
    }

    /// A scale of equal ratios; the domain must be positive.
    pub fn logarithmic(domain: (f64, f64), range: (f64, f64)) -> Self {
        Self { domain, range, log: true }
    }

    /// The pixel of a value.
    pub fn map(&self, value: f64) -> f64 {
        let (a, b) = self.domain;
        // Differences of logarithms, because the quotient of the ends may be beyond f64.
        let share = if self.log { (value.ln() - a.ln()) / (b.ln() - a.ln()) } else { (value - a) / (b - a) };
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    /// The value of a pixel.
    pub fn invert(&self, pixel: f64) -> f64 {
        let (a, b) = self.domain;
        let share = (pixel - self.range.0) / (self.range.1 - self.range.0);
        if self.log { (a.ln() + share * (b.ln() - a.ln())).exp() } else { a + share * (b - a) }
    }

    /// The pixel of a value, kept inside the range.
    pub fn clamp(&self, value: f64) -> f64 {
        let (low, high) = (self.range.0.min(self.range.1), self.range.0.max(self.range.1));
        self.map(value).clamp(low, high)
    }
}

/// Round values from `low` to `high`, about `count` of them: steps of 1, 2 or 5 times a power of ten.
pub fn linear(low: f64, high: f64, count: usize) -> Vec<f64> {
    let step = nice_step((high - low) / count.max(1) as f64);
    if step <= 0.0 || !step.is_finite() {
        return Vec::new();
    }
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|i| i as f64 * step).collect()
}

/// The least of 1, 2, 5 times a power of ten that is at least `step`.
pub fn nice_step(step: f64) -> f64 {
    if !(step > 0.0 && step.is_finite()) {
        return 0.0;
    }
    let unit = 10f64.powf(step.log10().floor());
    let nice = [1.0, 2.0, 5.0].into_iter().find(|m| m * unit >= step * (1.0 - 1e-9));
    nice.unwrap_or(10.0) * unit
}

/// Round values on a logarithmic scale, at least `gap` pixels apart, the roundest first in line.
pub fn logarithmic(scale: &Scale, gap: f64) -> Vec<f64> {
    const LEVELS: [&[f64]; 4] =
        [&[1.0], &[2.0, 5.0], &[3.0, 4.0, 7.0, 1.5, 2.5], &[3.5, 6.0, 8.0, 1.25, 1.75, 2.25, 4.5]];
    let (low, high) = scale.domain;
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let mut kept: Vec<f64> = Vec::new();
    for level in LEVELS {
        for decade in decades.clone() {
            for multiple in level {
                let value = multiple * 10f64.powi(decade);
                let inside = value.is_finite() && value >= low * (1.0 - 1e-9) && value <= high * (1.0 + 1e-9);
                let free = kept.iter().all(|other| (scale.map(*other) - scale.map(value)).abs() >= gap);
                if inside && free {
                    kept.push(value);
                }
            }
        }
    }
    kept.sort_by(f64::total_cmp);
    kept
}

/// A tick's label with as many decimals as its neighbours need.
pub fn label(value: f64) -> String {
    use crate::workspace::format;
    if value != 0.0 && (value.abs() < 1e-3 || value.abs() >= 1e5) {
        return format::scientific(value);
    }
    if value.abs() >= 1_000.0 && value.fract() == 0.0 {
        return format::integer(value as usize);
    }
    // Steps such as 0.1 are not exact in binary.
    let rounded = (value * 1e6).round() / 1e6;
    format!("{rounded}").replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(linear(0.0, 2000.0, 5), [0.0, 500.0, 1000.0, 1500.0, 2000.0]);
        assert_eq!(linear(0.0, 4.4e-3, 5).len(), 5);
        assert!(linear(0.0, 0.0, 5).is_empty());
    }

    #[test]
    fn logarithmic_ticks_keep_their_distance() {
        let scale = Scale::logarithmic((1.5, 4.5), (300.0, 0.0));
        let ticks = logarithmic(&scale, 24.0);
        assert!(ticks.contains(&2.0) && ticks.contains(&4.0) && ticks.contains(&2.5));
        assert!(ticks.windows(2).all(|pair| (scale.map(pair[0]) - scale.map(pair[1])).abs() >= 24.0));
    }

    #[test]
    fn scales_invert() {
        for scale in [Scale::linear((0.0, 8.0), (40.0, 600.0)), Scale::logarithmic((0.5, 8.0), (300.0, 6.0))] {
            for value in [0.7, 1.0, 7.9] {
                assert!((scale.invert(scale.map(value)) - value).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn labels_are_short() {
        assert_eq!(label(0.1 + 0.2), "0.3");
        assert_eq!(label(2.25), "2.25");
        assert_eq!(label(1200.0), "1,200");
        assert_eq!(label(4e-4), "4e−4");
    }
}
