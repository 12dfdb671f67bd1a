//! Control: LLR with alpha minus what a random matrix of the same shape has (Marchenko and Pastur 1967).

use super::{
    super::{aspect, random_alpha},
    knobs::{ACTIVE, EVERY, LEAST, NULL, PER_LAYER, RAMP, REVERSED, S1, S2},
    llr::LLR,
    spectral::Spectral,
};
use crate::policy::Description;

/// LLR on `alpha - alpha_random(min / max)`: what training has changed about the tail. Before training all differences
/// are near 0, where plain LLR already gives the MLP the largest rate.
pub const RANDOM_MATRIX: Spectral = Spectral {
    description: &Description {
        id: "llr-random-matrix",
        name: "LLR, minus random",
        summary: "LLR with each alpha less that of a random matrix of the same shape.",
        source: "Marchenko and Pastur 1967; control of He et al. 2026, arXiv:2605.22297",
        knobs: &[S1, S2, EVERY, RAMP, ACTIVE, LEAST, REVERSED, PER_LAYER],
        null: Some(NULL),
    },
    exponent: |parameter| Some(parameter.alpha? - random_alpha(aspect(parameter.shape))?),
    ..LLR
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        layerwise::{Layerwise as _, Moment, golden::parameters},
        policy::Settings,
    };

    #[test]
    fn untrained_matrices_of_any_shape_count_the_same() {
        let at = Moment { seed: 1, update: 1, steps: 100 };
        let mut untrained = parameters(2, 48, |_, _| None);
        for parameter in untrained.iter_mut().filter(|parameter| parameter.role.is_hidden()) {
            parameter.alpha = random_alpha(aspect(parameter.shape));
        }
        assert_eq!(RANDOM_MATRIX.multipliers(&Settings::default(), &untrained, at), vec![1.0; untrained.len()]);
        assert!(LLR.multipliers(&Settings::default(), &untrained, at).contains(&5.0), "plain LLR tells them apart");
    }
}
