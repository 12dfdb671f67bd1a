//! The methods of the family, one per file. Adding one is its file and its line in [`FAMILY`].

mod by_type;
mod ends;
mod farms;
mod knobs;
mod lamb;
mod lars;
mod llr;
mod llr_fit;
mod llr_gradient;
mod llr_map;
mod manual;
mod permuted;
mod random_matrix;
mod spectral;
mod trust;
mod uniform;
mod width;

pub use manual::Manual;

use super::Layerwise;

/// Every method, in the order of the page; the first one is the baseline.
pub const FAMILY: &[&dyn Layerwise] = &[
    &uniform::Uniform,
    &llr::LLR,
    &llr_map::SQUARE_ROOT,
    &llr_map::LOGARITHM,
    &llr_map::SIGMOID,
    &llr_fit::GOODNESS_OF_FIT,
    &llr_fit::FIX_FINGER,
    &llr_gradient::GRADIENT,
    &ends::Ends,
    &by_type::ByType,
    &farms::FARMS,
    &random_matrix::RANDOM_MATRIX,
    &permuted::PERMUTED,
    &Manual,
    &lars::LARS,
    &lamb::LAMB,
    &width::Width,
];
