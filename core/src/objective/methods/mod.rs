//! The methods of the family, one per file. Adding one is its file and its line in [`FAMILY`].

mod complementary;
mod context_causal;
mod growth;
mod knobs;
mod levels;
mod masked;
mod mdlm;
mod next_token;
mod progressive;
mod uniform;

use super::Objective;

/// Every method, in the order of the page; the first one is the baseline.
pub const FAMILY: &[&dyn Objective] = &[
    &next_token::NextToken,
    &masked::Masked,
    &mdlm::Mdlm,
    &uniform::Uniform,
    &complementary::Complementary,
    &context_causal::ContextCausal,
    &progressive::Progressive,
];
