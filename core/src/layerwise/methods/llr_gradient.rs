//! LLR on the spectra of gradients, `alpha_metric = 'grad'` in the released code (He et al. 2026, arXiv:2605.22297).

use super::{
    super::{Fit, Measure},
    knobs::DIVISOR,
    llr::LLR,
    spectral::Spectral,
};
use crate::policy::Description;

/// [`LLR`] with the tail of each matrix's gradient in place of its own: of the step that comes next, before clipping.
pub const GRADIENT: Spectral = Spectral {
    description: &Description {
        id: "llr-gradient",
        name: "LLR, gradients",
        summary: "LLR with the spectral tails of the gradients instead of the weights; the charts still show the weights'.",
        source: "He et al. 2026, arXiv:2605.22297, released code",
        ..*LLR.description
    },
    measure: |llr, settings| Measure::GradientTail(Fit::Median { divisor: llr.value(settings, &DIVISOR) }),
    ..LLR
};
