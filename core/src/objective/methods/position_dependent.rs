//! Masks that prefer late places, Efficient-DLM (Fu et al. 2025, arXiv:2512.14067).

use super::{
    knobs::{BLOCK, block_fault, tokens},
    levels::Levels,
};
use crate::{
    objective::{Canvas, Clean, Draws, Example, Moment, Objective, Predictor, Quantity, Reading, View},
    policy::{Description, Knob, Settings},
    text::Batch,
};

/// `L = sum_b E_t (1 / t) sum_{i in b, masked} -log p(x_i | noisy block b, blocks before b)`, per predicted token, where
/// exactly `k = round(t n)` of a block's `n` tokens are masked, drawn one after the other with odds
/// `w_i = exp(beta (1 - t) i)` (Gumbel top-k), `beta = ln 2 / (lambda n)`.
///
/// This weight is no longer a bound's: the validation loss has uniform masks.
pub struct PositionDependent;

const LAMBDA: Knob = Knob {
    id: "lambda",
    name: "Half-life",
    unit: "blocks",
    range: 0.001..=1000.0,
    is_whole: false,
    default: 0.1,
    summary: "The odds of a mask halve over this share of a block from its end; small values mask the end alone.",
};

const DESCRIPTION: Description = Description {
    id: "position-dependent",
    name: "Position-dependent masks",
    summary: "Masks late tokens of a block more often, as a decoder leaves them for last.",
    source: "Fu et al. 2025, arXiv:2512.14067",
    knobs: &[BLOCK, LAMBDA],
    null: None,
};

/// `log w_i` of the `i`-th token of a block.
pub fn log_weight(index: usize, tokens: usize, level: f64, lambda: f64) -> f64 {
    std::f64::consts::LN_2 / (lambda * tokens as f64) * (1.0 - level) * index as f64
}

impl Objective for PositionDependent {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn reading(&self, settings: &Settings, context: usize) -> Reading {
        Reading::masked(tokens(&DESCRIPTION, settings, &BLOCK, context), Clean::Block)
    }

    fn example(&self, settings: &Settings, windows: &Batch, vocabulary: usize, at: Moment) -> Example {
        let block = tokens(&DESCRIPTION, settings, &BLOCK, windows.context);
        let lambda = DESCRIPTION.value(settings, LAMBDA.id);
        let draws = Draws::training(windows, at);
        let levels = draws.stratified(block);
        let mut canvas = Canvas::new(windows);
        for (places, uniform) in Canvas::blocks(windows, block).zip(levels) {
            let (level, first) = (Levels::ALL.level(uniform), places.start);
            // The largest of `log w + gumbel` are a draw without replacement.
            let key = |place: usize| log_weight(place - first, block, level, lambda) - (-draws.masks[place].ln()).ln();
            let mut order: Vec<(f64, usize)> = places.map(|place| (key(place), place)).collect();
            order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
            let count = (level * order.len() as f64).round() as usize;
            for (_, place) in order.into_iter().take(count) {
                canvas.noisy[place] = vocabulary as u32;
                canvas.weights[place] = 1.0 / level;
            }
        }
        canvas.example(View::of_blocks(windows.context, block, Clean::Block), Predictor::Own)
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
    use crate::{
        layerwise::golden::{assert_close, number, numbers},
        objective::golden::vectors,
    };

    #[test]
    fn weights_of_places_are_golden() {
        for case in vectors()["selectors"]["position_dependent_mask"].as_array().expect("cases") {
            let (tokens, level, lambda) = (number(&case["B"]) as usize, number(&case["t"]), number(&case["lambda"]));
            let powers: Vec<f64> = (0..tokens).map(|index| log_weight(index, tokens, level, lambda).exp()).collect();
            let weights: Vec<f64> = powers.iter().map(|power| power / powers.iter().sum::<f64>()).collect();
            assert_close(&weights, &numbers(&case["weights"]), 1e-9, "weights");
        }
    }

    /// How often each place of the second to last blocks is masked, and the counts that occur with their weights.
    fn masks(lambda: f64) -> [f64; 8] {
        let text: Vec<u32> = (0..200u32).map(|i| i * i % 7).collect();
        let windows = Batch::of_windows(&text, &[0, 50, 20, 30], 32);
        let settings = Settings([("block".to_owned(), 8.0), ("lambda".to_owned(), lambda)].into());
        let mut shares = [0.0; 8];
        for step in 0..500 {
            let at = Moment { seed: 1, step, steps: 10, micro: 0 };
            let example = PositionDependent.example(&settings, &windows, 7, at);
            for sequence in 0..4 {
                for row in 8..32 {
                    let at = sequence * 64 + row;
                    let is_masked = example.tokens[at] == 7;
                    assert_eq!(is_masked, example.weights[at] > 0.0);
                    shares[row % 8] += if is_masked { 1.0 / 6000.0 } else { 0.0 };
                }
                // The count is the level, which the weight tells, times the tokens, rounded.
                for block in 1..4 {
                    let rows = sequence * 64 + 8 * block..sequence * 64 + 8 * block + 8;
                    let weights: Vec<f64> = example.weights[rows].iter().map(|w| f64::from(*w) * 124.0).collect();
                    let Some(weight) = weights.iter().find(|weight| **weight > 0.0) else { continue };
                    let count = weights.iter().filter(|weight| **weight > 0.0).count() as f64;
                    assert!((count - 8.0 / weight).abs() <= 0.5 + 1e-4, "{count} {weight}");
                }
            }
        }
        shares
    }

    #[test]
    fn late_places_are_masked_more_often_and_the_half_life_says_by_how_much() {
        let (late, alike, end) = (masks(0.1), masks(1000.0), masks(0.001));
        assert!(late.windows(2).all(|pair| pair[1] > pair[0] - 0.02) && late[7] - late[0] > 0.3, "{late:?}");
        assert!(alike.iter().all(|share| (share - 0.5).abs() < 0.03), "{alike:?}");
        // A block's last place is left out where no token is masked, at levels below 1 / 16.
        assert!((end[7] - 15.0 / 16.0).abs() < 0.02 && (end[0] - 1.0 / 16.0).abs() < 0.02, "{end:?}");
    }
}
