//! What the tests of the kernels share: random numbers and comparison with f64.

/// A small generator (SplitMix64), so that tests repeat.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `0..1`.
    pub(super) fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// An integer below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.uniform() * bound as f64) as usize
    }

    /// Standard normal numbers.
    pub(super) fn normal(&mut self, count: usize) -> Vec<f32> {
        (0..count)
            .map(
                #[inline(always)]
                |_| {
                    let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
                    (radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()) as f32
                },
            )
            .collect()
    }
}

/// Asserts that all numbers agree to `tolerance` times the largest expected one (at least 1).
#[track_caller]
pub(super) fn assert_close(found: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(1.0f64, |scale, x| scale.max(x.abs()));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - expected).abs();
        assert!(error <= tolerance * scale, "at {i}: {found}, not {expected} (scale {scale})");
    }
}

/// Numbers in f64.
pub(super) fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|x| f64::from(*x)).collect()
}

/// The derivative of `function` at `x` along every coordinate, by central differences.
pub(super) fn slopes(x: &[f64], function: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    const STEP: f64 = 1e-5;
    let mut at = x.to_vec();
    (0..x.len())
        .map(|i| {
            at[i] = x[i] + STEP;
            let above = function(&at);
            at[i] = x[i] - STEP;
            let below = function(&at);
            at[i] = x[i];
            (above - below) / (2.0 * STEP)
        })
        .collect()
}

/// The sum of products.
pub(super) fn dot(a: &[f64], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * f64::from(*b)).sum()
}

/// The standard normal distribution: its power series near zero, its continued fraction in the tails.
pub(super) fn normal_distribution(x: f64) -> f64 {
    let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if x.abs() < 3.0 {
        let (mut term, mut sum) = (x, x);
        for n in 1..80 {
            term *= x * x / (2 * n + 1) as f64;
            sum += term;
        }
        return 0.5 + density * sum;
    }
    let z = x.abs();
    let fraction = (1..120).rev().fold(z, |fraction, n| z + f64::from(n) / fraction);
    let tail = density / fraction;
    if x < 0.0 { tail } else { 1.0 - tail }
}
