//! Training to correct tokens that are already there, LLaDA 2.1 (arXiv:2602.08676).

use super::{
    knobs::{BLOCK, HIGH, LOW, block_fault, fault, interval_fault, tokens},
    levels::Levels,
    masked,
};
use crate::{
    objective::{Canvas, Clean, Draws, Example, Method, Moment, Objective, Predictor, Quantity, Reading, View},
    policy::{Description, Knob, Settings},
    text::{
        Batch,
        uniform::{below, uniform},
    },
};

/// The loss of masked block diffusion, plus `weight * -log p(x_i)` of every token of the noisy half without a mask, of
/// which a share is replaced by uniformly drawn ones: the network learns which of the tokens that it reads are wrong, and
/// which ones to leave alone.
pub struct MaskAndEdit;

const SHARE: Knob = Knob {
    id: "share",
    name: "Corrupted share",
    unit: "",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.15,
    summary: "The share of tokens without a mask that is replaced by uniformly drawn ones.",
};

const WEIGHT: Knob = Knob {
    id: "weight",
    name: "Editing weight",
    unit: "",
    range: 0.0..=100.0,
    is_whole: false,
    default: 1.0,
    summary: "What the loss of tokens without a mask weighs beside the loss of masked ones.",
};

const DESCRIPTION: Description = Description {
    id: "mask-and-edit",
    name: "Masks and edits",
    summary: "Restores masked tokens and corrects wrong ones, so that a decoder can edit what it wrote.",
    source: "LLaDA 2.1, arXiv:2602.08676",
    knobs: &[BLOCK, LOW, HIGH, SHARE, WEIGHT],
    null: Some(&[("block", 4.0), ("share", 0.0), ("weight", 0.0)]),
};

impl Objective for MaskAndEdit {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn reading(&self, settings: &Settings, context: usize) -> Reading {
        let edits = DESCRIPTION.value(settings, SHARE.id) > 0.0 && DESCRIPTION.value(settings, WEIGHT.id) > 0.0;
        Reading { edits, ..Reading::masked(tokens(&DESCRIPTION, settings, &BLOCK, context), Clean::Block) }
    }

    fn example(&self, settings: &Settings, windows: &Batch, vocabulary: usize, at: Moment) -> Example {
        let block = tokens(&DESCRIPTION, settings, &BLOCK, windows.context);
        let levels = Levels::of(&DESCRIPTION, settings);
        let (share, weight) = (DESCRIPTION.value(settings, SHARE.id), DESCRIPTION.value(settings, WEIGHT.id));
        let mut draws = Draws::training(windows, at);
        let uniforms = draws.stratified(block);
        let mut canvas = Canvas::new(windows);
        canvas.mask(&draws, block, vocabulary as u32, |index| match block {
            1 => (1.0, 1.0),
            _ => levels.noise(uniforms[index]),
        });
        for place in Canvas::blocks(windows, block).flatten() {
            let (chance, other) = (uniform(&mut draws.random), below(&mut draws.random, vocabulary as u64));
            if canvas.weights[place] == 0.0 {
                canvas.weights[place] = weight;
                if chance < share {
                    canvas.noisy[place] = other as u32;
                }
            }
        }
        canvas.example(View::of_blocks(windows.context, block, Clean::Block), Predictor::Own)
    }

    fn training_loss(&self, _settings: &Settings, _context: usize) -> Quantity {
        Quantity::MaskedCrossEntropy
    }

    fn fault(&self, settings: &Settings, context: usize) -> Option<(String, String)> {
        let first = DESCRIPTION.fault(settings).or_else(|| block_fault(&DESCRIPTION, settings, &BLOCK, context));
        first.or_else(|| interval_fault(&DESCRIPTION, settings)).or_else(|| {
            let is_one = DESCRIPTION.value(settings, BLOCK.id) == 1.0;
            if is_one { fault(&BLOCK, 1.0, "at least 2, as all tokens of smaller blocks are masked") } else { None }
        })
    }

    fn null_of(&self) -> Option<(Method, Settings)> {
        Some((Method::of(&masked::Masked), Settings([(BLOCK.id.to_owned(), 4.0)].into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_tokens_without_a_mask_is_wrong_and_all_of_them_are_predicted() {
        let text: Vec<u32> = (0..400u32).map(|i| i * i % 50).collect();
        let windows = Batch::of_windows(&text, &[0, 50, 100, 150], 64);
        let (mut wrong, mut visible) = (0f64, 0f64);
        for step in 0..200 {
            let at = Moment { seed: 1, step, steps: 10, micro: 0 };
            let example = MaskAndEdit.example(&Settings::default(), &windows, 50, at);
            for sequence in 0..4 {
                for row in 1..64 {
                    let at = sequence * 128 + row;
                    assert!(example.weights[at] > 0.0);
                    if example.tokens[at] != 50 {
                        assert_eq!(example.weights[at], 1.0 / 252f32);
                        visible += 1.0;
                        wrong += if example.tokens[at] == example.targets[at] { 0.0 } else { 1.0 };
                    }
                }
            }
        }
        // A token is replaced by itself once in 50 times.
        let share = wrong / visible;
        assert!((share - 0.15 * 49.0 / 50.0).abs() < 0.008, "{share}");
    }
}
