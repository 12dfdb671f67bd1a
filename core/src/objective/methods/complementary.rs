//! Complementary masks, Fast-dLLM v2 (arXiv:2509.26328).

use super::{
    knobs::{BLOCK, SHIFT, block_fault, tokens},
    levels::Levels,
};
use crate::{
    objective::{Canvas, Clean, Draws, Example, Moment, Objective, Predictor, Quantity, Reading, View},
    policy::{Description, Knob, Settings},
    text::Batch,
};

/// `L = -(1 / n) sum_i log p(x_i | the view in which x_i is masked)`: every window is read twice, once with a mask and once
/// with its complement, so that each of `n` tokens is predicted exactly once. No loss has a weight.
///
/// As released, a token is predicted by the row before it; for the first token of a block that is a noisy row of the
/// block before in training, and the clean one in validation, as in decoding.
pub struct Complementary;

const COMPLEMENT: Knob = Knob {
    id: "complement",
    name: "Complement",
    unit: "",
    range: 0.0..=1.0,
    is_whole: true,
    default: 1.0,
    summary: "1 reads every window a second time with the other tokens masked; 0 reads it once.",
};

const DESCRIPTION: Description = Description {
    id: "complementary",
    name: "Complementary masks",
    summary: "Reads every window twice, with a mask and its complement, and predicts each token once.",
    source: "Fast-dLLM v2, arXiv:2509.26328",
    knobs: &[BLOCK, COMPLEMENT, SHIFT],
    null: None,
};

impl Complementary {
    fn is_shifted(settings: &Settings) -> bool {
        DESCRIPTION.value(settings, SHIFT.id) != 0.0
    }
}

impl Objective for Complementary {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn reading(&self, settings: &Settings, context: usize) -> Reading {
        let block = tokens(&DESCRIPTION, settings, &BLOCK, context);
        Reading { is_shifted: Self::is_shifted(settings), ..Reading::masked(block, Clean::Block) }
    }

    fn example(&self, settings: &Settings, windows: &Batch, vocabulary: usize, at: Moment) -> Example {
        let block = tokens(&DESCRIPTION, settings, &BLOCK, windows.context);
        let draws = Draws::training(windows, at);
        let levels = draws.stratified(block);
        let view = View::of_blocks(windows.context, block, Clean::Block);
        let predictor = if Self::is_shifted(settings) { Predictor::Before } else { Predictor::Own };
        let mut canvas = Canvas::new(windows);
        canvas.mask(&draws, block, vocabulary as u32, |index| (Levels::ALL.level(levels[index]), 1.0));
        if DESCRIPTION.value(settings, COMPLEMENT.id) == 0.0 {
            canvas.average();
            return canvas.example(view, predictor);
        }
        let mut other = Canvas::new(windows);
        for place in Canvas::blocks(windows, block).flatten().filter(|place| canvas.weights[*place] == 0.0) {
            other.noisy[place] = vocabulary as u32;
            other.weights[place] = 1.0;
        }
        let (mut example, other) = (canvas.example(view, predictor), other.example(view, predictor));
        example.batch += other.batch;
        example.tokens.extend(other.tokens);
        example.targets.extend(other.targets);
        example.weights.extend(other.weights);
        example
    }

    fn training_loss(&self, _settings: &Settings, _context: usize) -> Quantity {
        Quantity::MaskedCrossEntropy
    }

    fn fault(&self, settings: &Settings, context: usize) -> Option<(String, String)> {
        DESCRIPTION.fault(settings).or_else(|| block_fault(&DESCRIPTION, settings, &BLOCK, context))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_masks_share_no_token_and_leave_none_out() {
        let text: Vec<u32> = (0..200u32).map(|i| i * i % 7).collect();
        let windows = Batch::of_windows(&text, &[0, 50], 32);
        for step in 0..10 {
            let at = Moment { seed: 1, step, steps: 10, micro: 0 };
            let example = Complementary.example(&Settings::default(), &windows, 7, at);
            assert_eq!((example.batch, example.tokens.len()), (4, 4 * 64));
            for window in 0..2 {
                let sequence = |n: usize| &example.tokens[n * 64..][..64];
                let (one, other) = (sequence(window), sequence(2 + window));
                assert_eq!((one[0], one[32..] == other[32..]), (windows.inputs[window * 32], true));
                for position in 1..32 {
                    assert!((one[position] == 7) != (other[position] == 7));
                }
                // Each token is predicted once in the two views.
                for row in 0..31 {
                    let weight = |n: usize| example.weights[n * 64 + row];
                    let (one, other) = (weight(window), weight(2 + window));
                    assert_eq!((one.max(other), one.min(other)), (1.0 / 62f32, 0.0));
                }
            }
        }
    }
}
