//! Learning rates over layers: one multiplier of the schedule's rate per parameter, from the spectra of the weights,
//! from norms, or by rule.
//!
//! How the parts meet in a run: at every event of a method's [`Cadence`], what it wants to [`Measure`] is put into its
//! [`Parameter`]s; [`Layerwise::multipliers`] answers with one multiplier for each, and [`MultiplierRamp`] leads there.
//! Everything is a pure function of plain numbers: weights come as slices, or as ready Gram matrices.

mod esd;
#[cfg(test)]
pub(crate) mod golden;
mod map;
mod measure;
mod methods;
mod parameter;
mod ramp;
mod shape;
pub mod spectrum;
mod tail;
#[cfg(test)]
mod tests;

pub use esd::{Bin, Esd, tail_line};
pub use map::Map;
pub use measure::{Measure, Spectrum};
pub use methods::{FAMILY, Manual};
pub use parameter::{Moment, Norms, Parameter};
pub use ramp::{Cadence, MultiplierRamp, RateRamp};
pub use shape::{Windows, aspect, pooled_spectrum, random_alpha};
pub use tail::{Fit, Tail, without_zeros};

use crate::policy::{Choice, Description, Family, Settings};

/// A method of the family: how the learning rate differs between parameters.
pub trait Layerwise: Sync {
    /// What it is, where it comes from and what can be set.
    fn description(&self) -> &'static Description;

    /// What must be measured before [`Self::multipliers`] is asked.
    fn measure(&self, _settings: &Settings) -> Measure {
        Measure::Nothing
    }

    /// When it wants to be asked, in a run of so many steps.
    fn cadence(&self, _settings: &Settings, _steps: usize) -> Cadence {
        Cadence::ONCE
    }

    /// One multiplier per parameter of the flat list, finite and at least 0 for sound settings. What was not measured
    /// or is not adapted has the multiplier 1, and a bias that of the matrix or scale that it follows.
    fn multipliers(&self, settings: &Settings, parameters: &[Parameter], at: Moment) -> Vec<f64>;

    /// The first setting that cannot be used in a run of so many steps, with a sentence that says what to do.
    fn fault(&self, settings: &Settings, _steps: usize) -> Option<(String, String)> {
        self.description().fault(settings)
    }

    /// The matrices that the method should adapt and cannot, with the reason.
    fn skipped(&self, _settings: &Settings, _parameters: &[Parameter]) -> Vec<Skipped> {
        Vec::new()
    }
}

/// A method of [`FAMILY`]; in links and messages it is its id.
pub type Method = Choice<dyn Layerwise>;

impl Family for dyn Layerwise {
    const WORD: &'static str = "layerwise method";

    fn members() -> &'static [&'static Self] {
        FAMILY
    }

    fn about(&self) -> &'static Description {
        self.description()
    }
}

/// A matrix that keeps the multiplier 1 because its spectrum says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its index in the flat list.
    pub index: usize,
    /// Why.
    pub reason: Reason,
}

/// Why a spectrum says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It has fewer eigenvalues than the method's threshold.
    #[error("Its spectrum has {eigenvalues} eigenvalues, fewer than {least}: lower the threshold or widen the model.")]
    TooFew {
        /// Eigenvalues of the matrix.
        eigenvalues: usize,
        /// The threshold.
        least: usize,
    },
    /// No tail could be fitted: the upper half of the spectrum is flat, zero or not finite, or was not measured.
    #[error("Its spectrum has no tail to fit: it keeps the plain learning rate.")]
    NoTail,
}
