//! From gradients to updates.
//!
//! An optimiser is one file here and one line in [`FAMILY`]: the picker, the link, the checks and the tests follow from
//! its [`Description`]. What it computes comes in two forms. Every optimiser is written with tensor operations on flat
//! lists, [`Optimiser::step`], and most are also a [`Rule`] of the fused kernels.

mod adam_hd;
mod adamw;
#[cfg(feature = "engine")]
mod clip;
mod knobs;
mod lamb;
mod lars;
mod lion;
mod method;
mod muon;
#[cfg(feature = "engine")]
mod per_parameter;
mod sgd;
#[cfg(all(test, feature = "engine"))]
mod tests;
#[cfg(feature = "engine")]
mod updater;

pub use adam_hd::AdamHd;
pub use adamw::AdamW;
#[cfg(feature = "engine")]
pub use clip::{clip, global_norms};
pub use knobs::{BETA1, BETA2, EPSILON};
pub use lamb::Lamb;
pub use lars::Lars;
pub use lion::Lion;
pub use method::Method;
pub use muon::Muon;
#[cfg(feature = "engine")]
pub use per_parameter::PerParameter;
pub use sgd::Sgd;
#[cfg(feature = "engine")]
pub use updater::{Inputs, Memory, SavedUpdater, Updater};

#[cfg(feature = "engine")]
use burn::tensor::Tensor;
#[cfg(feature = "engine")]
use tailblazer_kernels::{functions::State, update::Rule};

#[cfg(feature = "engine")]
use crate::experiment::OptimiserConfig;
use crate::policy::Description;
use crate::schedule::refined::Norm;

/// Every optimiser, in the order of the picker; the first one is the baseline.
pub const FAMILY: &[&dyn Optimiser] = &[&AdamW, &Sgd, &Lion, &Lamb, &Lars, &Muon, &AdamHd];

/// How a gradient becomes a change of the weights.
pub trait Optimiser: Sync {
    /// What it is, where it comes from and what can be set.
    fn description(&self) -> &'static Description;

    /// A peak learning rate to start from: the best of a few for the default model over 400 steps. Optimisers differ in
    /// it by orders of magnitude.
    fn peak(&self) -> f64;

    /// A weight decay to start from, which goes with [`Optimiser::peak`]: what a step takes off is their product.
    fn decay(&self) -> f64;

    /// The norm of the gradient from which a schedule for it is refined: l2 where steps grow with the gradient, l1 where
    /// every weight's gradient is scaled by itself.
    fn norm(&self) -> Norm {
        Norm::L1
    }

    /// Update number `update`, from 1 on, as a rule of the fused kernels; without one they compute [`Optimiser::step`].
    #[cfg(feature = "engine")]
    fn rule(&self, _config: &OptimiserConfig, _update: i32) -> Option<Rule> {
        None
    }

    /// One update with tensor operations, from a flat gradient that is clipped already. The gaps of the lists must
    /// stay 0, and nothing may be read back from the device.
    #[cfg(feature = "engine")]
    fn step(&self, inputs: &Inputs, state: &mut State, memory: &mut Memory, gradient: Tensor<1>);
}
