//! Masked block diffusion, BD3-LM (Arriola et al. 2025, arXiv:2503.09573).

use super::{
    knobs::{BLOCK, HIGH, LOW, SCHEDULE, block_fault, interval_fault, tokens},
    levels::Levels,
};
use crate::{
    objective::{
        Canvas, Clean, Draws, Example, Moment, Noise, NoiseSchedule, Objective, Predictor, Quantity, Reading, View,
    },
    policy::{Description, Knob, Settings},
    text::Batch,
};

/// `L = sum_b E_t w(t) sum_{i in b, masked} -log p(x_i | noisy block b, blocks before b)`, per predicted token, with
/// `t ~ U(low, high)`, each token masked with probability `p(t)`, and `w = p' / p`.
///
/// Above a lowest level of 0.5 all weights are 1, as in the release. A clipped interval is for training alone: its
/// loss is no bound.
pub struct Masked;

/// Whether all tokens are masked where blocks are one token.
const ALL: Knob = Knob {
    id: "all",
    name: "All masked at block 1",
    unit: "",
    range: 0.0..=1.0,
    is_whole: true,
    default: 1.0,
    summary: "1 masks every token where blocks are one token, which is next-token prediction; 0 draws levels there too.",
};

const DESCRIPTION: Description = Description {
    id: "masked",
    name: "Masked block diffusion",
    summary: "Restores masked tokens of each block from the rest of the block and the clean blocks before it.",
    source: "Arriola et al. 2025, arXiv:2503.09573",
    knobs: &[BLOCK, SCHEDULE, LOW, HIGH, ALL],
    null: None,
};

/// A training batch whose blocks have these levels; all masked where `levels` is none.
pub fn training(windows: &Batch, vocabulary: usize, block: usize, levels: Option<&Levels>, at: Moment) -> Example {
    let draws = Draws::training(windows, at);
    let uniforms = draws.stratified(block);
    let mut canvas = Canvas::new(windows);
    let noise = |index: usize| levels.map_or((1.0, 1.0), |levels| levels.noise(uniforms[index]));
    canvas.mask(&draws, block, vocabulary as u32, noise);
    canvas.example(View::of_blocks(windows.context, block, Clean::Block), Predictor::Own)
}

/// A validation batch of blocks that predict in place.
pub fn validation(windows: &Batch, vocabulary: usize, block: usize, clean: Clean, seed: u32, draw: u64) -> Example {
    let mut canvas = Canvas::new(windows);
    canvas.mask_subsets(&Draws::validation(windows, seed, draw), block, vocabulary as u32);
    canvas.example(View::of_blocks(windows.context, block, clean), Predictor::Own)
}

/// What the validation loss of blocks of this size is.
pub fn measure(block: usize) -> Quantity {
    if block == 1 { Quantity::Likelihood } else { Quantity::Bound }
}

impl Masked {
    fn levels(settings: &Settings, block: usize) -> Option<Levels> {
        let is_all = block == 1 && DESCRIPTION.value(settings, ALL.id) != 0.0;
        (!is_all).then(|| Levels::of(&DESCRIPTION, settings))
    }
}

impl Objective for Masked {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn reading(&self, settings: &Settings, context: usize) -> Reading {
        let block = tokens(&DESCRIPTION, settings, &BLOCK, context);
        Reading { noise: Noise::Mask, clean: Clean::Block, block, sizes: vec![block], is_shifted: false, edits: false }
    }

    fn example(&self, settings: &Settings, windows: &Batch, vocabulary: usize, at: Moment) -> Example {
        let block = tokens(&DESCRIPTION, settings, &BLOCK, windows.context);
        training(windows, vocabulary, block, Self::levels(settings, block).as_ref(), at)
    }

    fn validation(&self, settings: &Settings, windows: &Batch, vocabulary: usize, seed: u32, draw: u64) -> Example {
        let block = tokens(&DESCRIPTION, settings, &BLOCK, windows.context);
        validation(windows, vocabulary, block, Clean::Block, seed, draw)
    }

    fn measure(&self, settings: &Settings, context: usize) -> Quantity {
        measure(tokens(&DESCRIPTION, settings, &BLOCK, context))
    }

    fn training_loss(&self, settings: &Settings, context: usize) -> Quantity {
        let block = tokens(&DESCRIPTION, settings, &BLOCK, context);
        Self::levels(settings, block).map_or(Quantity::Likelihood, |levels| levels.quantity())
    }

    fn fault(&self, settings: &Settings, context: usize) -> Option<(String, String)> {
        let first = DESCRIPTION.fault(settings).or_else(|| block_fault(&DESCRIPTION, settings, &BLOCK, context));
        first.or_else(|| interval_fault(&DESCRIPTION, settings))
    }

    fn names(&self, knob: &str) -> &'static [&'static str] {
        if knob == SCHEDULE.id { NoiseSchedule::NAMES } else { &[] }
    }
}
