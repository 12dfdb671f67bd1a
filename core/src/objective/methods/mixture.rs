//! A mixture of block sizes, BlockGen (arXiv:2606.02241).

use super::{
    levels::Levels,
    masked,
    uniform::{self, Shares},
};
use crate::{
    objective::{Clean, Draws, Example, Method, Moment, Noise, Objective, Reading},
    policy::{Description, Knob, Settings},
    random::{Purpose, stream},
    text::{Batch, uniform::uniform as uniform_number},
};

/// `L = sum_B g_B L_B`, the loss of block diffusion with blocks of `B` tokens, of which each micro-batch has one.
///
/// The clean half is causal from token to token, so that one network, and one cache, serves all sizes. Blocks of one
/// token read pure noise. The sizes follow a sequence of low discrepancy, `u = frac(u_0 + 0.618.. step + 0.414.. micro)`,
/// so that their shares are met early.
pub struct Mixture;

const fn weight(id: &'static str, name: &'static str, default: f64) -> Knob {
    Knob {
        id,
        name,
        unit: "",
        range: 0.0..=1.0,
        is_whole: false,
        default,
        summary: "How often this block size is trained on, relative to the other sizes.",
    }
}

/// The sizes, with the knobs of their weights.
const SIZES: [(usize, Knob); 6] = [
    (1, weight("weight-1", "Weight of 1", 0.1)),
    (2, weight("weight-2", "Weight of 2", 0.0)),
    (4, weight("weight-4", "Weight of 4", 0.2)),
    (8, weight("weight-8", "Weight of 8", 0.0)),
    (16, weight("weight-16", "Weight of 16", 0.7)),
    (32, weight("weight-32", "Weight of 32", 0.0)),
];

const NOISE: Knob = Knob {
    id: "noise",
    name: "Noise",
    unit: "",
    range: 0.0..=1.0,
    is_whole: true,
    default: 0.0,
    summary: "Whether tokens are masked or replaced by uniformly drawn ones.",
};

const KNOBS: [Knob; 7] = {
    let [(_, one), (_, two), (_, four), (_, eight), (_, sixteen), (_, most)] = SIZES;
    [one, two, four, eight, sixteen, most, NOISE]
};

const DESCRIPTION: Description = Description {
    id: "mixture",
    name: "Mixture of block sizes",
    summary: "Trains one network on several block sizes, from next-token prediction to large blocks.",
    source: "BlockGen, arXiv:2606.02241",
    knobs: &KNOBS,
    null: Some(&[("weight-1", 1.0), ("weight-4", 0.0), ("weight-16", 0.0)]),
};

/// The first size at which the sum of weights passes `u` of the whole sum.
fn size_at(weights: &[(usize, f64)], u: f64) -> usize {
    let whole: f64 = weights.iter().map(|(_, weight)| weight).sum();
    let mut sum = 0.0;
    let passes = |(_, weight): &&(usize, f64)| {
        sum += weight;
        sum > u * whole
    };
    weights.iter().find(passes).or(weights.last()).map_or(1, |(size, _)| *size)
}

impl Mixture {
    /// Sizes with a weight, ascending, as far as they fit in the context; blocks of one token where there are none.
    fn weights(settings: &Settings, context: usize) -> Vec<(usize, f64)> {
        let weights = SIZES.iter().map(|(size, knob)| (*size, DESCRIPTION.value(settings, knob.id)));
        let used: Vec<_> = weights.filter(|(size, weight)| *weight > 0.0 && *size <= context).collect();
        if used.is_empty() { vec![(1, 1.0)] } else { used }
    }

    fn largest(settings: &Settings, context: usize) -> usize {
        Self::weights(settings, context).last().map_or(1, |(size, _)| *size)
    }

    fn is_uniform(settings: &Settings) -> bool {
        DESCRIPTION.value(settings, NOISE.id) != 0.0
    }

    fn block(settings: &Settings, context: usize, at: Moment) -> usize {
        let start = uniform_number(&mut stream(at.seed, Purpose::Noise, u64::MAX, 0));
        let golden = (5f64.sqrt() - 1.0) / 2.0;
        let u = start + (golden * at.step as f64).fract() + ((2f64.sqrt() - 1.0) * at.micro as f64).fract();
        size_at(&Self::weights(settings, context), u.fract())
    }
}

impl Objective for Mixture {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn reading(&self, settings: &Settings, context: usize) -> Reading {
        let noise = if Self::is_uniform(settings) { Noise::Uniform } else { Noise::Mask };
        let sizes = Self::weights(settings, context).into_iter().map(|(size, _)| size).collect();
        Reading { noise, sizes, ..Reading::masked(Self::largest(settings, context), Clean::Token) }
    }

    fn example(&self, settings: &Settings, windows: &Batch, vocabulary: usize, at: Moment) -> Example {
        let block = Self::block(settings, windows.context, at);
        let draws = Draws::training(windows, at);
        if Self::is_uniform(settings) {
            return uniform::example(windows, vocabulary, (block, Clean::Token), Shares::Alike, draws);
        }
        let levels = (block > 1).then_some(&Levels::ALL);
        masked::training(windows, vocabulary, (block, Clean::Token), levels, &draws)
    }

    fn shares(&self, settings: &Settings, context: usize) -> Vec<(usize, f64)> {
        let weights = Self::weights(settings, context);
        let whole: f64 = weights.iter().map(|(_, weight)| weight).sum();
        weights.into_iter().map(|(size, weight)| (size, weight / whole)).collect()
    }

    fn fault(&self, settings: &Settings, context: usize) -> Option<(String, String)> {
        DESCRIPTION.fault(settings).or_else(|| {
            let value = |knob: &Knob| DESCRIPTION.value(settings, knob.id);
            if SIZES.iter().all(|(_, knob)| value(knob) == 0.0) {
                let sentence = format!("{} is 0, like all others: choose a size to train on.", SIZES[0].1.name);
                return Some((SIZES[0].1.id.to_owned(), sentence));
            }
            let is_odd = |(size, knob): &&(usize, Knob)| value(knob) > 0.0 && !context.is_multiple_of(*size);
            let (_, knob) = SIZES.iter().find(is_odd)?;
            let sentence = format!(
                "{} is {}: choose 0, as blocks of that size do not divide the context of {context}.",
                knob.name,
                value(knob)
            );
            Some((knob.id.to_owned(), sentence))
        })
    }

    fn null_of(&self) -> Option<(Method, Settings)> {
        Some((Method::of(&masked::Masked), Settings([("block".to_owned(), 1.0)].into())))
    }

    fn names(&self, knob: &str) -> &'static [&'static str] {
        if knob == NOISE.id { &["Mask", "Uniform"] } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_their_shares_early() {
        for seed in 0..20 {
            let mut counts = [0; 17];
            for step in 0..100 {
                counts[Mixture::block(&Settings::default(), 64, Moment { seed, step, steps: 100, micro: 0 })] += 1;
            }
            for (size, share) in [(1, 10i32), (4, 20), (16, 70)] {
                assert!((counts[size] - share).abs() <= 2, "seed {seed}: {} of {size}", counts[size]);
            }
        }
    }

    #[test]
    fn shares_sum_to_one() {
        let settings = Settings([("weight-1".to_owned(), 1.0), ("weight-4".to_owned(), 0.3)].into());
        assert_eq!(Mixture.shares(&settings, 64), [(1, 0.5), (4, 0.15), (16, 0.35)]);
        assert_eq!(Mixture.reading(&settings, 64).sizes, [1, 4, 16]);
    }

    #[test]
    fn micro_batches_of_one_step_differ() {
        let block = |micro| Mixture::block(&Settings::default(), 64, Moment { seed: 3, step: 7, steps: 100, micro });
        assert!((0..8).map(block).any(|size| size != block(0)));
    }

    #[test]
    fn the_inverse_of_the_weights_is_exact_at_its_edges() {
        let weights = [(1, 1.0), (4, 1.0), (16, 2.0)];
        let found: Vec<usize> = [0.0, 0.24, 0.25, 0.49, 0.5, 0.99, 1.0].map(|u| size_at(&weights, u)).to_vec();
        assert_eq!(found, [1, 1, 4, 4, 16, 16, 16]);
    }
}
