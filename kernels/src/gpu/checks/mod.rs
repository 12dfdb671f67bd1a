//! Checks of every kernel against f64, for whoever can launch a [`Dispatch`].
//!
//! Each check takes a launcher, so that the same checks run natively, through burn and in a browser. A check panics with
//! what differs. Outputs start as NaN and every buffer ends in guard values: a value that is not written and a write
//! beyond the end are both found. Gradients are held to central differences of the f64 forward.

mod attention;
mod linear;
mod norm;
mod optimiser;
pub mod reference;
mod rest;
mod step;

use super::dispatch::Dispatch;

pub use attention::attention;
pub use linear::linear;
pub use norm::norm;
pub use optimiser::optimiser;
pub use rest::{cross_entropy, embedding, newton_schulz};
pub use step::{Reference, step};
#[cfg(test)]
pub(crate) use step::{SMALL, allows};

/// Launches a dispatch: uploads the buffers, runs it and downloads them again.
pub type Run<'a> = dyn FnMut(&Dispatch, &mut [Vec<u32>]) + 'a;

/// A check: it panics when a kernel is wrong.
pub type Check = fn(&mut Run);

/// All checks by name.
pub const ALL: [(&str, Check); 8] = [
    ("linear", linear),
    ("norm", norm),
    ("attention", attention),
    ("cross_entropy", cross_entropy),
    ("embedding", embedding),
    ("optimiser", optimiser),
    ("newton_schulz", newton_schulz),
    ("step", step),
];

const GUARD: u32 = 0x7fc0_beef;

/// Launches a dispatch on named buffers; the names must be the dispatch's.
pub(super) fn call(run: &mut Run, dispatch: &Dispatch, buffers: &mut [(&'static str, &mut Data)]) {
    let names: Vec<_> = buffers.iter().map(|(name, _)| *name).collect();
    assert_eq!(dispatch.buffers, names, "buffers of {}", dispatch.kernel.name);
    if dispatch.is_empty() {
        return;
    }
    let guarded = |data: &Data| data.0.iter().copied().chain([GUARD; 64]).collect();
    let mut words: Vec<Vec<u32>> = buffers.iter().map(|(_, data)| guarded(data)).collect();
    run(dispatch, &mut words);
    for ((name, data), mut words) in buffers.iter_mut().zip(words) {
        let guard = words.split_off(data.0.len());
        assert!(guard.iter().all(|word| *word == GUARD), "{} writes beyond {name}", dispatch.kernel.name);
        data.0 = words;
    }
}

/// The words of a buffer.
#[derive(Clone, Debug, Default)]
pub(super) struct Data(pub Vec<u32>);

impl Data {
    /// Numbers.
    pub fn floats(values: &[f64]) -> Self {
        Self(values.iter().map(|value| (*value as f32).to_bits()).collect())
    }

    /// A result that is still to be written.
    pub fn poison(length: usize) -> Self {
        Self(vec![f32::NAN.to_bits(); length])
    }

    /// Zeros.
    pub fn zeros(length: usize) -> Self {
        Self(vec![0; length])
    }

    /// The numbers.
    pub fn values(&self) -> Vec<f64> {
        self.0.iter().map(|word| f64::from(f32::from_bits(*word))).collect()
    }
}

/// Numbers that look random and are the same everywhere, rounded to f32.
pub(super) struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    /// Between -1 and 1.
    pub fn list(&mut self, length: usize) -> Vec<f64> {
        (0..length).map(|_| f64::from(((f64::from(self.bits()) / f64::from(1u32 << 30)) - 1.0) as f32)).collect()
    }
}

/// Panics unless the numbers agree to 1e-4 of the largest expected one.
pub(super) fn close(what: &str, found: &[f64], expected: &[f64]) {
    close_above(what, found, expected, 1e-3);
}

/// As [`close`], where differences of numbers as large as `floor` may have cancelled.
pub(super) fn close_above(what: &str, found: &[f64], expected: &[f64], floor: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: length");
    let scale = expected.iter().fold(floor, |scale, value| scale.max(value.abs()));
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= 1e-4 * scale, "{what}: {found} at {at}, not {expected} (scale {scale})");
    }
}

/// The gradient of a function by central differences.
pub(super) fn slope(at: &[f64], function: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let mut point = at.to_vec();
    let step = 1e-5;
    (0..at.len())
        .map(|i| {
            point[i] = at[i] + step;
            let above = function(&point);
            point[i] = at[i] - step;
            let below = function(&point);
            point[i] = at[i];
            (above - below) / (2.0 * step)
        })
        .collect()
}

/// The inner product.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
