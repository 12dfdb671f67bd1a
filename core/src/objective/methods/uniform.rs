//! Uniform-state block diffusion (UDLM, Schiff et al. 2024, arXiv:2412.10193; Duo, Sahoo et al. 2025, arXiv:2506.10892;
//! in blocks: BlockGen, arXiv:2606.02241).

use super::knobs::{BLOCK, block_fault, tokens};
use crate::{
    objective::{Canvas, Clean, Draws, Example, Loss, Moment, Noise, Objective, Predictor, Reading, View},
    policy::{Description, Settings},
    text::Batch,
};

/// `L = sum_b int_0^1 sum_{i in b} loss(alpha, x_i, z_i, p_i) d alpha`, per predicted token, where each token stays with
/// probability `alpha` and is replaced by a uniformly drawn one otherwise; the loss is
/// [`loss`](crate::objective::uniform_loss::loss).
///
/// Blocks of one token read pure noise and have the plain cross-entropy, which is their likelihood.
pub struct Uniform;

/// The share of clean tokens stays this far from 0 and 1, as released.
pub const EPSILON: f64 = 1e-3;

const DESCRIPTION: Description = Description {
    id: "uniform",
    name: "Uniform-state block diffusion",
    summary: "Restores tokens of each block that were replaced by others, without being told which ones.",
    source: "Schiff et al. 2024, arXiv:2412.10193; Sahoo et al. 2025, arXiv:2506.10892",
    knobs: &[BLOCK],
    null: None,
};

/// How the shares of clean tokens are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shares {
    /// All alike, as released.
    Alike,
    /// Shares near 1 more often, with smaller weights: the mean loss is the same, its variance far smaller, as the loss
    /// of a replaced token grows like `1 / (1 - alpha)`.
    NearOne,
}

impl Shares {
    /// A share of clean tokens and the weight of its loss, from a uniform number.
    fn of(self, uniform: f64) -> (f64, f64) {
        match self {
            Self::Alike => (1.0 - EPSILON - (1.0 - 2.0 * EPSILON) * uniform, 1.0 - 2.0 * EPSILON),
            Self::NearOne => {
                // `1 - alpha = r^2` with a uniform `r`, whose weight is the density's inverse, `2 r`.
                let (least, most) = (EPSILON.sqrt(), (1.0 - EPSILON).sqrt());
                let root = least + (most - least) * uniform;
                (1.0 - root * root, 2.0 * root * (most - least))
            }
        }
    }
}

/// A batch whose blocks keep shares of clean tokens between the epsilons.
pub fn example(
    windows: &Batch,
    vocabulary: usize,
    (block, clean): (usize, Clean),
    shares: Shares,
    mut draws: Draws,
) -> Example {
    let uniforms = match shares {
        Shares::Alike => draws.stratified(block),
        Shares::NearOne => draws.spread(block),
    };
    let share = |index: usize| if block == 1 { (0.0, 1.0) } else { shares.of(uniforms[index]) };
    let mut canvas = Canvas::new(windows);
    canvas.replace(&mut draws, block, vocabulary, |index| 1.0 - share(index).0);
    let mut alphas = vec![0.5; windows.inputs.len()];
    for (index, places) in Canvas::blocks(windows, block).enumerate() {
        for place in places {
            (alphas[place], canvas.weights[place]) = share(index);
        }
    }
    let view = View::of_blocks(windows.context, block, clean);
    let example = canvas.example(view, Predictor::Own);
    if block == 1 {
        return example;
    }
    let (time, context) = (view.time(), windows.context);
    let of_row = |row: usize| match row % time {
        position if position < context => alphas[row / time * context + position] as f32,
        _ => 0.5,
    };
    let alphas = (0..windows.batch * time).map(of_row).collect();
    Example { loss: Loss::Uniform { alphas }, ..example }
}

impl Objective for Uniform {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn reading(&self, settings: &Settings, context: usize) -> Reading {
        let block = tokens(&DESCRIPTION, settings, &BLOCK, context);
        Reading { noise: Noise::Uniform, ..Reading::masked(block, Clean::Block) }
    }

    fn example(&self, settings: &Settings, windows: &Batch, vocabulary: usize, at: Moment) -> Example {
        let block = tokens(&DESCRIPTION, settings, &BLOCK, windows.context);
        example(windows, vocabulary, (block, Clean::Block), Shares::Alike, Draws::training(windows, at))
    }

    fn fault(&self, settings: &Settings, context: usize) -> Option<(String, String)> {
        DESCRIPTION.fault(settings).or_else(|| block_fault(&DESCRIPTION, settings, &BLOCK, context))
    }
}
