//! Control: the multipliers of LLR, given to the wrong matrices.

use rand::Rng as _;

use super::{
    knobs::{ACTIVE, DIVISOR, EVERY, LEAST, NULL, PER_LAYER, RAMP, REVERSED, S1, S2},
    llr::LLR,
    spectral::Spectral,
};
use crate::{
    policy::{Description, Knob},
    random::{Purpose, stream},
};

/// Which permutation.
const DRAW: Knob = Knob {
    id: "draw",
    name: "Draw",
    unit: "",
    range: 0.0..=1000.0,
    is_whole: true,
    default: 0.0,
    summary: "Which random permutation, besides the run's seed.",
};

/// LLR's multipliers among the hidden matrices in a random order, which a run keeps: the same rates with the link between
/// a matrix and its spectrum cut. Embedding and head keep theirs.
pub const PERMUTED: Spectral = Spectral {
    description: &Description {
        id: "llr-permuted",
        name: "LLR, permuted",
        summary: "Gives LLR's multipliers to randomly chosen matrices.",
        source: "Permutation control of He et al. 2026, arXiv:2605.22297",
        knobs: &[S1, S2, DRAW, EVERY, RAMP, ACTIVE, LEAST, DIVISOR, REVERSED, PER_LAYER],
        null: Some(NULL),
    },
    arrange: |permuted, settings, at, multipliers| {
        // Drawn for the run and not for the moment, so that a matrix keeps the place that it got.
        let mut random = stream(at.seed, Purpose::Layers, 0, permuted.value(settings, &DRAW) as u64);
        let mut drawn: Vec<(u64, f64)> =
            multipliers.iter().map(|multiplier| (random.next_u64(), *multiplier)).collect();
        drawn.sort_by_key(|(key, _)| *key);
        for (multiplier, (_, drawn)) in multipliers.iter_mut().zip(drawn) {
            *multiplier = drawn;
        }
    },
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
    fn the_same_multipliers_go_to_other_matrices_and_the_seed_decides() {
        let parameters = parameters(3, 48, |layer, role| Some(2.0 + layer as f64 * 0.3 + role as u8 as f64 * 0.07));
        let multipliers = |method: &Spectral, seed, update, draw| {
            let settings = Settings([("draw".to_owned(), draw)].into());
            let all = method.multipliers(&settings, &parameters, Moment { seed, update, steps: 1000 });
            let is_hidden = |(index, _): &(usize, f64)| parameters[*index].role.is_hidden();
            let (hidden, others): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(is_hidden);
            let ends = others.into_iter().filter(|(index, _)| parameters[*index].role.is_end()).collect::<Vec<_>>();
            (hidden.into_iter().map(|(_, multiplier)| multiplier).collect::<Vec<_>>(), ends)
        };
        let (plain, plain_ends) = multipliers(&LLR, 1, 1, 0.0);
        let (drawn, drawn_ends) = multipliers(&PERMUTED, 1, 1, 0.0);
        assert_eq!(plain_ends, drawn_ends);
        assert_ne!(plain, drawn);
        let sorted = |mut list: Vec<f64>| {
            list.sort_by(f64::total_cmp);
            list
        };
        assert_eq!(sorted(plain), sorted(drawn.clone()));
        assert_eq!(multipliers(&PERMUTED, 1, 200, 0.0).0, drawn, "a run keeps its permutation");
        assert_ne!(multipliers(&PERMUTED, 2, 1, 0.0).0, drawn);
        assert_ne!(multipliers(&PERMUTED, 1, 1, 1.0).0, drawn);
    }
}
