//! Tail exponents of a spectrum: alpha in `p(x) ~ x^-alpha` for `x >= xmin`.
//!
//! Martin and Mahoney 2021 (arXiv:1810.01075) fit weight spectra; PL_Alpha_Hill is Zhou et al. 2023, TempBalance
//! (arXiv:2312.00359), as the released trainers of TempBalance, AlphaDecay and LLR execute it.

use serde::{Deserialize, Serialize};

/// How the threshold of the tail is chosen; all fits share Hill's (1975) maximum-likelihood exponent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// PL_Alpha_Hill as released: the threshold is `z[i]`, `i = trunc(N / divisor)`, the upper median for `divisor` 2.
    Median {
        /// What the number of eigenvalues is divided by, at least 1; 2 is the median.
        divisor: f64,
    },
    /// Hill's estimator as the papers print it: with `k = N / 2` values above a threshold that is one eigenvalue below
    /// the released one.
    Hill,
    /// The threshold with the smallest Kolmogorov-Smirnov distance between spectrum and fit (Clauset, Shalizi and
    /// Newman 2009, arXiv:0706.1062), without an upper cut or a least length of the tail.
    GoodnessOfFit,
    /// The same among the thresholds near the peak of the spectrum's histogram (WeightWatcher's `fix_fingers`).
    FixFinger,
}

impl Fit {
    /// PL_Alpha_Hill with the median as threshold, the fit of every released LLR run.
    pub const MEDIAN: Self = Self::Median { divisor: 2.0 };

    /// The tail of a spectrum, whose eigenvalues are ascending.
    ///
    /// There is none when the spectrum is not ascending, finite and at least 0, or when what lies above the threshold
    /// is flat or includes 0.
    pub fn tail(self, eigenvalues: &[f64]) -> Option<Tail> {
        let is_spectrum = |z: &[f64]| z.iter().all(|z| z.is_finite() && *z >= 0.0) && z.is_sorted();
        if !is_spectrum(eigenvalues) {
            return None;
        }
        let count = eigenvalues.len();
        match self {
            Self::Median { divisor } if divisor >= 1.0 => tail_from(eigenvalues, (count as f64 / divisor) as usize, 0),
            Self::Median { .. } => None,
            Self::Hill => tail_from(eigenvalues, (count - count / 2).checked_sub(1)?, 1),
            Self::GoodnessOfFit => best(eigenvalues, |_| true),
            Self::FixFinger => {
                let peak = histogram_peak(eigenvalues)?;
                // A logarithm as the lower bound of a linear value: WeightWatcher's slip, kept because every published
                // fit with this name has it. There is no lower bound in effect where the peak is below about 1.
                let (low, high) = ((0.95 * peak).log10(), 1.5 * peak);
                best(eigenvalues, |z| low <= z && z <= high)
            }
        }
    }
}

/// A fitted tail.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tail {
    /// The exponent, above 1.
    pub alpha: f64,
    /// Kolmogorov-Smirnov distance between the tail and its fit, in `0..=1`.
    pub distance: f64,
    /// Index of the threshold in the ascending spectrum.
    pub start: usize,
    /// The threshold itself.
    pub xmin: f64,
}

/// The eigenvalues above `1e-5`; all of them when there is none (`filter_zeros` of the released code).
pub fn without_zeros(eigenvalues: &[f64]) -> &[f64] {
    match eigenvalues.partition_point(|z| *z <= 1e-5) {
        zeros if zeros < eigenvalues.len() => &eigenvalues[zeros..],
        _ => eigenvalues,
    }
}

/// `alpha = 1 + (n - unused) / sum_{j >= i} ln(z_j / z_i)`, with `n = N - i` values from the threshold `z_i` on.
///
/// The released estimator counts the threshold among its terms, where it adds 0 (`unused` 0); Hill's does not (1).
fn tail_from(eigenvalues: &[f64], start: usize, unused: usize) -> Option<Tail> {
    let tail = eigenvalues.get(start..)?;
    let xmin = *tail.first()?;
    // The sum of differences, not the difference of two large sums.
    let logarithms: Vec<f64> = tail.iter().map(|z| (z / xmin).ln()).collect();
    let sum: f64 = logarithms.iter().sum();
    let alpha = 1.0 + (tail.len() - unused) as f64 / sum;
    if !(alpha > 1.0 && alpha.is_finite()) {
        return None;
    }
    // D = max_j | 1 - (z_j / z_i)^(1 - alpha) - j / n |
    let deviation =
        |(j, logarithm): (usize, &f64)| (1.0 - ((1.0 - alpha) * logarithm).exp() - j as f64 / tail.len() as f64).abs();
    let distance = logarithms.iter().enumerate().map(deviation).fold(0.0, f64::max);
    Some(Tail { alpha, distance, start, xmin })
}

/// The tail with the smallest distance among all thresholds but the largest eigenvalue; the longest one on a tie.
fn best(eigenvalues: &[f64], is_candidate: impl Fn(f64) -> bool) -> Option<Tail> {
    let starts = 0..eigenvalues.len().saturating_sub(1);
    let tails = starts.filter(|start| is_candidate(eigenvalues[*start])).map(|start| tail_from(eigenvalues, start, 0));
    tails.flatten().min_by(|a, b| a.distance.total_cmp(&b.distance))
}

/// The lower edge of the fullest of 100 bins of equal width in `log10 z`, the first one on a tie.
fn histogram_peak(eigenvalues: &[f64]) -> Option<f64> {
    const BINS: usize = 100;
    let logarithms: Vec<f64> = eigenvalues.iter().filter(|z| **z > 0.0).map(|z| z.log10()).collect();
    let (low, high) = (*logarithms.first()?, *logarithms.last()?);
    if low == high {
        return None;
    }
    let mut counts = [0usize; BINS];
    for logarithm in logarithms {
        let bin = (logarithm - low) / (high - low) * BINS as f64;
        counts[(bin as usize).min(BINS - 1)] += 1;
    }
    let (peak, _) = counts.iter().enumerate().rev().max_by_key(|(_, count)| **count)?;
    Some(10f64.powf(low + (high - low) * peak as f64 / BINS as f64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::layerwise::{
        golden::{alphas, close, number, numbers, sine_matrix},
        spectrum::of_matrix,
    };

    fn assert_tail(name: &str, found: Option<Tail>, expected: &Value) {
        let found = found.unwrap_or_else(|| panic!("{name}: no tail"));
        assert!(close(found.alpha, number(&expected["alpha"]), 1e-10), "{name}: {found:?}, not {expected}");
        assert!((found.distance - number(&expected["D"])).abs() < 1e-10, "{name}: {found:?}, not {expected}");
        assert_eq!(found.start as u64, expected["i"], "{name}");
    }

    fn spectrum(case: &Value) -> Vec<f64> {
        let mut eigenvalues = numbers(&case["eigenvalues"]);
        eigenvalues.sort_by(f64::total_cmp);
        eigenvalues
    }

    #[test]
    fn every_golden_spectrum_has_its_tails() {
        let golden = alphas();
        for case in golden["cases"].as_array().expect("cases") {
            let (name, eigenvalues) = (case["name"].as_str().expect("a name"), spectrum(case));
            assert_tail(name, Fit::MEDIAN.tail(&eigenvalues), &case["A"]);
            let hill = Fit::Hill.tail(&eigenvalues).expect(name);
            assert!(close(hill.alpha, number(&case["P"]), 1e-10), "{name}: {hill:?}");
            for (fit, key) in [(Fit::GoodnessOfFit, "goodness_of_fit"), (Fit::FixFinger, "fix_finger")] {
                if let Some(expected) = case.get(key) {
                    assert_tail(&format!("{name}, {key}"), fit.tail(&eigenvalues), expected);
                }
            }
        }
    }

    #[test]
    fn the_golden_options_are_kept() {
        for case in alphas()["options"].as_array().expect("options") {
            let (name, eigenvalues) = (case["name"].as_str().expect("a name"), spectrum(case));
            let divisor = case.get("xmin_pos").map_or(2.0, number);
            let used = if case.get("filter_zeros").is_some() { without_zeros(&eigenvalues) } else { &eigenvalues };
            let tail = Fit::Median { divisor }.tail(used);
            assert_tail(name, tail, &case["A"]);
            assert_eq!((used.len() - tail.expect(name).start) as u64, case["A"]["n"], "{name}");
        }
        assert_eq!(without_zeros(&[0.0, 1e-6]), [0.0, 1e-6]);
    }

    #[test]
    fn the_golden_matrices_have_their_alphas() {
        let golden = &alphas()["sine_matrices"];
        let tolerance = number(&golden["tolerance"]);
        for case in golden["cases"].as_array().expect("cases") {
            let shape = numbers(&case["shape"]);
            let [rows, columns] = [shape[0] as usize, shape[1] as usize];
            let eigenvalues = of_matrix(&sine_matrix(rows, columns), [rows, columns]).expect("a spectrum");
            let alpha = |fit: Fit| fit.tail(&eigenvalues).expect("a tail").alpha;
            for (key, found) in [
                ("sum", eigenvalues.iter().sum()),
                ("max", eigenvalues[eigenvalues.len() - 1]),
                ("z_at_half", eigenvalues[eigenvalues.len() / 2]),
                ("A", alpha(Fit::MEDIAN)),
                ("P", alpha(Fit::Hill)),
            ] {
                assert!(close(found, number(&case[key]), tolerance), "{rows}x{columns} {key}: {found}");
            }
        }
    }

    /// Hilbert matrices stress the arithmetic. From side 16 on, the threshold is below the rounding noise of a Gram
    /// matrix: there is no tail then, rather than a wrong one.
    #[test]
    fn the_golden_hilbert_matrices_are_measured_or_refused() {
        for case in alphas()["hilbert_f32_stress"]["cases"].as_array().expect("cases") {
            let side = number(&case["n"]) as usize;
            let entry = |index: usize| 1.0 / ((index / side + index % side + 1) as f64);
            let matrix: Vec<f64> = (0..side * side).map(entry).collect();
            let tail = Fit::MEDIAN.tail(&of_matrix(&matrix, [side, side]).expect("a spectrum"));
            match side {
                8 => assert!(close(tail.expect("a tail").alpha, number(&case["A_f64"]), 1e-8), "{tail:?}"),
                _ => assert_eq!(tail, None, "{side}"),
            }
        }
    }

    #[test]
    fn spectra_without_a_tail_are_refused() {
        let fits = [Fit::MEDIAN, Fit::Hill, Fit::GoodnessOfFit, Fit::FixFinger, Fit::Median { divisor: 0.0 }];
        for spectrum in [
            &[][..],
            &[1.0],
            &[0.0; 4],
            &[3.0; 6],
            &[2.0, 1.0],
            &[1.0, f64::NAN, 2.0],
            &[-1.0, 2.0],
            &[1.0, f64::INFINITY],
        ] {
            for fit in fits {
                assert_eq!(fit.tail(spectrum), None, "{fit:?} of {spectrum:?}");
            }
        }
        assert_eq!(Fit::MEDIAN.tail(&[0.0, 0.0, 0.0, 1.0]), None);
    }

    proptest! {
        #[test]
        fn alpha_does_not_depend_on_the_scale(
            mut eigenvalues in prop::collection::vec(1e-3..1e3f64, 2..64), scale in 1e-6..1e6f64,
        ) {
            eigenvalues.sort_by(f64::total_cmp);
            let scaled: Vec<f64> = eigenvalues.iter().map(|z| z * scale).collect();
            for fit in [Fit::MEDIAN, Fit::Hill] {
                let (plain, scaled) = (fit.tail(&eigenvalues), fit.tail(&scaled));
                prop_assert_eq!(plain.is_some(), scaled.is_some());
                if let (Some(plain), Some(scaled)) = (plain, scaled) {
                    prop_assert!(close(scaled.alpha, plain.alpha, 1e-6), "{:?} {:?}", plain, scaled);
                }
            }
        }

        #[test]
        fn any_numbers_have_a_sound_tail_or_none(eigenvalues in prop::collection::vec(any::<f64>(), 0..24)) {
            let mut sorted = eigenvalues.clone();
            sorted.sort_by(f64::total_cmp);
            for spectrum in [eigenvalues, sorted.iter().map(|z| z.abs()).collect(), sorted] {
                for fit in [Fit::MEDIAN, Fit::Hill, Fit::GoodnessOfFit, Fit::FixFinger] {
                    if let Some(tail) = fit.tail(&spectrum) {
                        prop_assert!(tail.alpha > 1.0 && tail.alpha.is_finite() && tail.xmin >= 0.0, "{:?}", tail);
                        prop_assert!(tail.start < spectrum.len());
                    }
                }
            }
        }
    }
}
