//! The methods of the family, one per file. Adding one is its file and its line in [`FAMILY`].

mod async_noise;
mod complementary;
mod context_causal;
mod growth;
mod knobs;
mod levels;
mod mask_and_edit;
mod masked;
mod mdlm;
mod mixture;
pub(super) mod next_block;
pub(super) mod next_token;
mod position_dependent;
mod progressive;
pub(super) mod uniform;

use super::Objective;

/// Every method, in the order of the page; the first one is the baseline.
pub const FAMILY: &[&dyn Objective] = &[
    &next_token::NextToken,
    &masked::Masked,
    &mdlm::Mdlm,
    &uniform::Uniform,
    &mixture::Mixture,
    &complementary::Complementary,
    &context_causal::ContextCausal,
    &position_dependent::PositionDependent,
    &async_noise::AsyncNoise,
    &progressive::Progressive,
    &mask_and_edit::MaskAndEdit,
    &next_block::NextBlock,
];
