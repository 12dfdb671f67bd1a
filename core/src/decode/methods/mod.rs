//! The decoders of the family, one per file. Adding one is its file and its line in [`FAMILY`].

mod ancestral;
mod autoregressive;
mod dynamic;
mod entropy_bounded;
mod factor;
mod first_hitting;
mod knobs;
mod low_confidence;
mod order;
mod selecting;
mod sequential;
mod threshold;
mod uniform_ancestral;

use super::Decoder;

/// Every decoder, in the order of the page; the first one is the baseline.
pub const FAMILY: &[&dyn Decoder] = &[
    &autoregressive::Autoregressive,
    &low_confidence::STATIC,
    &dynamic::DYNAMIC,
    &sequential::SEQUENTIAL,
    &entropy_bounded::ENTROPY_BOUNDED,
    &threshold::THRESHOLDED,
    &factor::FACTOR,
    &order::RANDOM,
    &order::MARGIN,
    &order::ENTROPY,
    &first_hitting::FIRST_HITTING,
    &ancestral::Ancestral,
    &uniform_ancestral::UniformAncestral,
];
