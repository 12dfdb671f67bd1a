//! The sentences of a verdict, as the page shows them.

use super::{MOST_SEEDS, Verdict, Word};

/// The most decimals that are shown.
const MOST_DECIMALS: usize = 12;

impl Verdict {
    /// The difference with its interval: "B − A = −0.031 ± 0.018 nats/char over 4 seeds".
    pub fn difference(&self, unit: &str) -> String {
        let [a, b] = self.pairs.arms;
        format!("{b} − {a} = {} {unit} over {}", self.estimate(), seeds(self.seeds()))
    }

    /// Mean and half width: "−0.031 ± 0.018".
    ///
    /// The half width has two significant digits and the mean as many decimals; both get more where two digits would
    /// make the printed interval contradict the word.
    pub fn estimate(&self) -> String {
        let (mean, half) = (self.mean, self.half_width);
        if half == 0.0 {
            return format!("{} ± 0", signed(mean, decimals(mean, 3)));
        }
        let is_decided = self.is_decided();
        let shown = |value: f64, decimals: usize| rounded(value, decimals).parse::<f64>().unwrap_or(value);
        let tells = |decimals: &usize| (shown(mean.abs(), *decimals) > shown(half, *decimals)) == is_decided;
        let least = decimals(half, 2);
        let decimals = (least..=MOST_DECIMALS).find(tells).unwrap_or(MOST_DECIMALS);
        format!("{} ± {}", signed(mean, decimals), grouped(&rounded(half, decimals)))
    }

    /// The word, and what is missing: "not distinguishable yet: 2 more seeds would tell at this spread".
    pub fn conclusion(&self) -> String {
        match (self.word, self.more_seeds) {
            (Word::NotDistinguishable, Some(1)) => {
                "not distinguishable yet: 1 more seed would tell at this spread".into()
            }
            (Word::NotDistinguishable, Some(more)) => {
                format!("not distinguishable yet: {more} more seeds would tell at this spread")
            }
            (Word::NotDistinguishable, None) if self.mean == 0.0 => {
                "not distinguishable: the mean difference is 0".into()
            }
            (Word::NotDistinguishable, None) => {
                format!("not distinguishable: more than {MOST_SEEDS} seeds would be needed at this spread")
            }
            (word, _) => word.to_string(),
        }
    }
}

/// "1 seed", "4 seeds".
pub fn seeds(count: usize) -> String {
    if count == 1 { "1 seed".into() } else { format!("{count} seeds") }
}

/// Decimals with which a number has so many significant digits, after rounding.
fn decimals(value: f64, significant: i32) -> usize {
    // The exponent of the rounded number: 0.0996 with two digits is 1.0e-1.
    let digits = usize::try_from(significant - 1).unwrap_or(0);
    let written = format!("{value:.digits$e}");
    let exponent = written.rsplit('e').next().and_then(|exponent| exponent.parse::<i32>().ok()).unwrap_or(0);
    if value == 0.0 { 0 } else { usize::try_from(significant - 1 - exponent).unwrap_or(0).min(MOST_DECIMALS) }
}

fn rounded(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}")
}

/// A number with its sign, a true minus for one below 0; a number that is rounded to 0 has none.
fn signed(value: f64, decimals: usize) -> String {
    let digits = rounded(value.abs(), decimals);
    let sign = match digits.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        true => "",
        false if value < 0.0 => "−",
        false => "+",
    };
    format!("{sign}{}", grouped(&digits))
}

/// Commas between groups of three digits before the point.
fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut text = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_carry_a_true_minus_and_commas() {
        let cases = [
            (-0.0312, 3, "−0.031"),
            (0.0244, 3, "+0.024"),
            (-0.0004, 3, "0.000"),
            (0.0, 0, "0"),
            (-1_234_567.8, 0, "−1,234,568"),
            (123.4, 1, "+123.4"),
            (-1234.5, 1, "−1,234.5"),
        ];
        for (value, decimals, expected) in cases {
            assert_eq!(signed(value, decimals), expected);
        }
    }

    #[test]
    fn decimals_follow_the_rounded_number() {
        let cases = [(0.0182, 3), (0.0996, 2), (0.5, 2), (0.12, 2), (1.84, 1), (12.0, 0), (3456.0, 0), (1e-300, 12)];
        for (value, expected) in cases {
            assert_eq!(decimals(value, 2), expected, "{value}");
        }
        assert_eq!(decimals(0.0, 3), 0);
    }
}
