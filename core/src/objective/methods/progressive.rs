//! Blocks that grow in stages, TDAR (arXiv:2602.09555).

use super::{
    growth::sizes,
    knobs::{BLOCK, FIRST, LAST, RATIO, growth_fault, tokens},
    levels::Levels,
    masked,
};
use crate::{
    objective::{Clean, Draws, Example, Method, Moment, Objective, Reading},
    policy::{Description, Knob, Settings},
    text::Batch,
};

/// Masked block diffusion whose block grows from stage to stage, `first, first * ratio, ..., last`, in stages of equal
/// length. How long the paper's stages are is not known.
pub struct Progressive;

const START: Knob = Knob { default: 4.0, ..FIRST };

const DESCRIPTION: Description = Description {
    id: "progressive",
    name: "Progressive blocks",
    summary: "Trains masked block diffusion in stages of equal length, each with larger blocks.",
    source: "TDAR, arXiv:2602.09555",
    knobs: &[START, LAST, RATIO],
    null: Some(&[("first", 4.0), ("last", 4.0)]),
};

impl Progressive {
    fn sizes(settings: &Settings, context: usize) -> Vec<usize> {
        let size = |knob: &Knob| tokens(&DESCRIPTION, settings, knob, context);
        sizes(size(&START), tokens(&DESCRIPTION, settings, &RATIO, usize::MAX), size(&LAST))
    }

    fn last(settings: &Settings, context: usize) -> usize {
        tokens(&DESCRIPTION, settings, &LAST, context)
    }
}

impl Objective for Progressive {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn reading(&self, settings: &Settings, context: usize) -> Reading {
        Reading {
            sizes: Self::sizes(settings, context),
            ..Reading::masked(Self::last(settings, context), Clean::Block)
        }
    }

    fn example(&self, settings: &Settings, windows: &Batch, vocabulary: usize, at: Moment) -> Example {
        let sizes = Self::sizes(settings, windows.context);
        let stage = at.step.saturating_mul(sizes.len()) / at.steps.max(1);
        let block = sizes[stage.min(sizes.len() - 1)];
        let levels = (block > 1).then_some(&Levels::ALL);
        masked::training(windows, vocabulary, (block, Clean::Block), levels, &Draws::training(windows, at))
    }

    fn fault(&self, settings: &Settings, context: usize) -> Option<(String, String)> {
        DESCRIPTION.fault(settings).or_else(|| growth_fault(&DESCRIPTION, settings, context))
    }

    fn null_of(&self) -> Option<(Method, Settings)> {
        Some((Method::of(&masked::Masked), Settings([(BLOCK.id.to_owned(), 4.0)].into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_of_equal_length() {
        let text: Vec<u32> = (0..200u32).map(|i| i * i % 7).collect();
        let windows = Batch::of_windows(&text, &[0, 50], 32);
        let block = |step: usize| {
            let at = Moment { seed: 1, step, steps: 90, micro: 0 };
            Progressive.example(&Settings::default(), &windows, 7, at).view.block()
        };
        let blocks: Vec<usize> = [0, 29, 30, 59, 60, 89].map(block).to_vec();
        assert_eq!(blocks, [4, 4, 8, 8, 16, 16]);
    }
}
