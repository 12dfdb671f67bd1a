//! The decoders of the family, one per file. Adding one is its file and its line in [`FAMILY`].

mod ancestral;
mod arpc;
mod autoregressive;
mod bacd;
mod caching;
mod dynamic;
mod edit;
mod entropy_bounded;
mod factor;
mod first_hitting;
mod flash_block;
mod hierarchical;
mod knobs;
mod low_confidence;
mod next_block;
mod order;
mod remask;
mod s2d2;
mod selecting;
mod sequential;
mod tccf;
mod threshold;
mod uniform_ancestral;

#[cfg(test)]
pub use arpc::taken_back;
#[cfg(test)]
pub use knobs::settings;
#[cfg(test)]
pub use uniform_ancestral::posterior;

pub use knobs::sampling;

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
    &bacd::BACD,
    &tccf::Tccf,
    &s2d2::S2D2,
    &s2d2::EXACT,
    &edit::Edit,
    &remask::Remask,
    &arpc::Arpc,
    &caching::PREFIX_CACHE,
    &caching::DUAL_CACHE,
    &hierarchical::Hierarchical,
    &flash_block::FlashBlock,
    &next_block::NextBlock,
];
