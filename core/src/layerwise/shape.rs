//! Alpha without the effect of a matrix's shape: FARMS (Hu et al. 2025, arXiv:2506.06280), and the alpha of a random
//! matrix of the same shape (Marchenko and Pastur 1967).
//!
//! An untrained matrix already has an alpha that depends on its aspect ratio alone: 2.12 where it is square, 3.45 at
//! 1:4. Rates from plain alphas therefore favour the MLP from the first step on.

use std::f64::consts::PI;

use super::spectrum::{SpectrumError, of_matrix};

/// Which windows FARMS cuts out of a matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// `[rows, columns]` of every window.
    pub shape: [usize; 2],
    /// First rows.
    pub rows: Vec<usize>,
    /// First columns.
    pub columns: Vec<usize>,
}

impl Windows {
    /// Windows of `side` rows and `trunc(side aspect)` columns, up to `count` along each side of a matrix of this shape,
    /// `max(1, (length - window) / (count - 1))` apart; none where a window does not fit.
    pub fn new(shape: [usize; 2], side: usize, aspect: f64, count: usize) -> Option<Self> {
        let window = [side, (side as f64 * aspect) as usize];
        let starts = |length: usize, window: usize| {
            let room = length.checked_sub(window).filter(|_| window > 0 && count > 0)?;
            let step = (room / (count - 1).max(1)).max(1);
            let fit = count.min(room / step + 1);
            Some((0..fit).map(|index| index * step).collect())
        };
        Some(Self { shape: window, rows: starts(shape[0], window[0])?, columns: starts(shape[1], window[1])? })
    }
}

/// The pooled spectra of all windows, ascending (FARMS, arXiv:2506.06280); `values` are `[rows, columns]`, row by row.
pub fn pooled_spectrum<T: Copy + Into<f64>>(
    values: &[T],
    shape: [usize; 2],
    windows: &Windows,
) -> Result<Vec<f64>, SpectrumError> {
    let [height, width] = windows.shape;
    let mut pooled = Vec::new();
    for row in &windows.rows {
        for column in &windows.columns {
            let line = |line: usize| {
                let start = line.checked_mul(shape[1])?.checked_add(*column)?;
                values.get(start..start.checked_add(width)?)
            };
            let window: Vec<T> = (*row..row + height).filter_map(line).flatten().copied().collect();
            pooled.extend(of_matrix(&window, windows.shape)?);
        }
    }
    pooled.sort_by(f64::total_cmp);
    Ok(pooled)
}

/// PL_Alpha_Hill of an infinitely large matrix of independent entries with one variance, from its aspect ratio
/// `q = min / max` in `0 < q <= 1`.
///
/// With `x = (a + b) / 2 - (b - a) / 2 cos t` on the Marchenko-Pastur support `[a, b] = (1 -+ sqrt q)^2`, the density is
/// `(b - a)^2 / 4 sin^2 t / (2 pi q x)` in `t`; the median `m` halves its mass, and
/// `alpha = 1 + (1/2) / integral_{x > m} ln(x / m)`.
pub fn random_alpha(q: f64) -> Option<f64> {
    if !(q > 0.0 && q <= 1.0) {
        return None;
    }
    let (middle, half) = (1.0 + q, 2.0 * q.sqrt());
    let x = |t: f64| middle - half * t.cos();
    let density = |t: f64| half * half * t.sin().powi(2) / (2.0 * PI * q * x(t));
    // Only the mass above the median is integrated: the density is smooth there, whatever happens near x = 0. Newton's
    // iteration starts between the medians of the extremes, 0.83 at q = 1 and pi / 2 near q = 0.
    let mut t = 1.2;
    for _ in 0..8 {
        t += (integral(t, PI, density) - 0.5) / density(t);
    }
    let median = x(t);
    let alpha = 1.0 + 0.5 / integral(t, PI, |t| density(t) * (x(t) / median).ln());
    // Far from square, the support is too narrow for f64.
    alpha.is_finite().then_some(alpha)
}

/// The aspect ratio `min / max` of a shape, 0 where it has no entries.
pub fn aspect([rows, columns]: [usize; 2]) -> f64 {
    rows.min(columns) as f64 / rows.max(columns).max(1) as f64
}

/// Simpson's rule on 256 intervals.
fn integral(from: f64, to: f64, f: impl Fn(f64) -> f64) -> f64 {
    const INTERVALS: usize = 256;
    let width = (to - from) / INTERVALS as f64;
    let weight = |index: usize| match index {
        0 | INTERVALS => 1.0,
        _ if index % 2 == 1 => 4.0,
        _ => 2.0,
    };
    (0..=INTERVALS).map(|index| weight(index) * f(from + width * index as f64)).sum::<f64>() * width / 3.0
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::Rng as _;
    use serde_json::Value;

    use super::*;
    use crate::{
        layerwise::{
            golden::{alphas, close, number, numbers, sine_matrix},
            tail::Fit,
        },
        random::{Purpose, stream},
    };

    fn count(case: &Value, key: &str) -> usize {
        number(&case[key]) as usize
    }

    fn assert_windows(case: &Value, shape: [usize; 2]) -> Windows {
        let windows = Windows::new(shape, count(case, "nr"), number(&case["aspect"]), count(case, "ops"));
        let windows = windows.expect("the windows fit");
        for (key, found) in [("row_starts", &windows.rows), ("col_starts", &windows.columns)] {
            let expected: Vec<usize> = numbers(&case[key]).iter().map(|start| *start as usize).collect();
            assert_eq!(*found, expected, "{case}");
        }
        windows
    }

    #[test]
    fn the_golden_windows_lie_where_they_should() {
        for case in alphas()["farms_windows"].as_array().expect("cases") {
            assert_windows(case, [count(case, "rows"), count(case, "cols")]);
        }
    }

    #[test]
    fn the_golden_matrix_has_its_farms_alpha() {
        let case = &alphas()["farms"];
        let windows = assert_windows(case, [64, 96]);
        assert_eq!(windows.rows.len() * windows.columns.len() * 32, count(case, "eigenvalues"));
        let pooled = pooled_spectrum(&sine_matrix(64, 96), [64, 96], &windows).expect("finite values");
        let tail = Fit::MEDIAN.tail(&pooled);
        assert!(close(tail.expect("a tail").alpha, number(&case["alpha"]), 1e-8), "{tail:?}");
    }

    /// The golden limits come from a sum over 400,001 points, whose median is one of them: they are good to 1e-5.
    #[test]
    fn random_matrices_have_the_golden_limits() {
        for case in alphas()["marchenko_pastur_limits"].as_array().expect("cases") {
            let found = random_alpha(number(&case["q"])).expect("an aspect ratio");
            assert!(close(found, number(&case["alpha"]), 1e-5), "{case}: {found}");
        }
        // mpmath, with 25 digits.
        for (q, expected) in [(1.0, 2.121680279668026), (0.375, 2.990988829203209), (0.25, 3.454586291445812)] {
            let found = random_alpha(q).expect("an aspect ratio");
            assert!(close(found, expected, 1e-9), "{q}: {found}");
        }
        assert_eq!([0.0, -1.0, 1.5, f64::NAN].map(random_alpha), [None; 4]);
        for q in [f64::MIN_POSITIVE, 1e-12, 1e-3] {
            assert!(random_alpha(q).is_none_or(|alpha| alpha > 10.0 && alpha.is_finite()), "{q}");
        }
    }

    fn gaussian([rows, columns]: [usize; 2], draw: u64) -> Vec<f32> {
        let mut random = stream(1, Purpose::Weights, draw, (rows * columns) as u64);
        let mut uniform = || (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        // The sum of twelve uniform numbers is normal enough for a spectrum.
        (0..rows * columns).map(|_| ((0..12).map(|_| uniform()).sum::<f64>() - 6.0) as f32 * 0.02).collect()
    }

    fn shape(case: &Value) -> [usize; 2] {
        let shape = numbers(&case["shape"]);
        [shape[0] as usize, shape[1] as usize]
    }

    /// The golden values are of one draw each, which scatter by 0.05 to 0.1 at side 128; these are means.
    #[test]
    fn random_matrices_have_the_golden_alphas_of_their_shape() {
        const DRAWS: u64 = 6;
        for case in alphas()["gaussian_samples_seed_0"]["plain"].as_array().expect("cases") {
            for (key, fit) in [("A", Fit::MEDIAN), ("P", Fit::Hill)] {
                let alpha = |draw| {
                    let eigenvalues = of_matrix(&gaussian(shape(case), draw), shape(case)).expect("a spectrum");
                    fit.tail(&eigenvalues).expect("a tail").alpha
                };
                let found = (0..DRAWS).map(alpha).sum::<f64>() / DRAWS as f64;
                assert!((found - number(&case[key])).abs() < 0.1, "{case}: {key} {found}");
            }
        }
    }

    #[test]
    fn farms_forgets_the_shape() {
        for case in alphas()["gaussian_samples_seed_0"]["farms"].as_array().expect("cases") {
            let windows = assert_windows(case, shape(case));
            let pooled = pooled_spectrum(&gaussian(shape(case), 0), shape(case), &windows).expect("finite values");
            let tail = Fit::MEDIAN.tail(&pooled);
            assert!((tail.expect("a tail").alpha - number(&case["alpha"])).abs() < 0.05, "{case}: {tail:?}");
        }
    }

    #[test]
    fn windows_that_do_not_fit_are_refused() {
        for (shape, side, aspect, count) in [
            ([8, 8], 9, 1.0, 2),
            ([8, 8], 5, 2.0, 2),
            ([8, 8], 0, 1.0, 2),
            ([8, 8], 4, f64::NAN, 2),
            ([8, 8], 4, 1.0, 0),
        ] {
            assert_eq!(Windows::new(shape, side, aspect, count), None);
        }
        assert_eq!(Windows::new([8, 8], 4, 1.0, 1).expect("one window").rows, [0]);
        let windows = Windows::new([8, 8], 4, 1.0, 2).expect("four windows");
        assert!(pooled_spectrum(&[0.0f32; 5], [8, 8], &windows).is_err());
    }
}
