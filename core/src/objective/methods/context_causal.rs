//! Growth from next-token prediction to block diffusion, NBDiff (arXiv:2512.06776).

use super::{
    growth::{grown, sizes},
    knobs::{FIRST, INTERVAL, LAST, RATIO, growth_fault, tokens},
    levels::Levels,
};
use crate::{
    objective::{Canvas, Clean, Draws, Example, Moment, Objective, Predictor, Quantity, Reading, View},
    policy::{Description, Knob, Settings},
    text::Batch,
};

/// `L = mean_{i masked} -log p(x_i | noisy block, tokens before it) + lambda mean_i -log p(x_i | x before i)`.
///
/// The clean half is causal from token to token, so one cache serves every block size, and its rows are a next-token
/// model, which the second loss trains. A token is predicted by the row before it: the first one of a block by the clean
/// row, all others by noisy ones. The block grows as `b(s) = min(last, first ratio^floor(s / interval))`; at one token
/// the first loss is next-token prediction itself.
pub struct ContextCausal;

const LAMBDA: Knob = Knob {
    id: "lambda",
    name: "Next-token weight",
    unit: "",
    range: 0.0..=100.0,
    is_whole: false,
    default: 0.5,
    summary: "What the next-token loss of the clean half weighs beside the loss of masked tokens.",
};

const DESCRIPTION: Description = Description {
    id: "context-causal",
    name: "From tokens to blocks",
    summary: "Starts at next-token prediction and lets the block grow, with a next-token loss beside the masked one.",
    source: "NBDiff, arXiv:2512.06776",
    knobs: &[FIRST, LAST, RATIO, INTERVAL, LAMBDA],
    null: None,
};

impl ContextCausal {
    fn block(settings: &Settings, context: usize, at: Moment) -> usize {
        let size = |knob: &Knob| tokens(&DESCRIPTION, settings, knob, context);
        let ratio = tokens(&DESCRIPTION, settings, &RATIO, usize::MAX);
        let interval = DESCRIPTION.value(settings, INTERVAL.id) * at.steps as f64;
        grown(at.step as f64, interval, size(&FIRST), ratio, size(&LAST))
    }

    fn last(settings: &Settings, context: usize) -> usize {
        tokens(&DESCRIPTION, settings, &LAST, context)
    }
}

impl Objective for ContextCausal {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn reading(&self, settings: &Settings, context: usize) -> Reading {
        let (first, last) = (tokens(&DESCRIPTION, settings, &FIRST, context), Self::last(settings, context));
        let sizes = sizes(first, tokens(&DESCRIPTION, settings, &RATIO, usize::MAX), last);
        Reading { sizes, is_shifted: true, ..Reading::masked(last, Clean::Token) }
    }

    fn example(&self, settings: &Settings, windows: &Batch, vocabulary: usize, at: Moment) -> Example {
        let block = Self::block(settings, windows.context, at);
        let draws = Draws::training(windows, at);
        let levels = draws.stratified(block);
        let mut canvas = Canvas::new(windows);
        let probability = |index: usize| if block == 1 { 1.0 } else { Levels::ALL.level(levels[index]) };
        canvas.mask(&draws, block, vocabulary as u32, |index| (probability(index), 1.0));
        canvas.average();
        canvas.clean_weights.fill(DESCRIPTION.value(settings, LAMBDA.id));
        canvas.example(View::halves(windows.context, block, Clean::Token), Predictor::BeforeOrClean)
    }

    fn training_loss(&self, _settings: &Settings, _context: usize) -> Quantity {
        Quantity::MaskedCrossEntropy
    }

    fn fault(&self, settings: &Settings, context: usize) -> Option<(String, String)> {
        DESCRIPTION.fault(settings).or_else(|| growth_fault(&DESCRIPTION, settings, context))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows() -> Batch {
        let text: Vec<u32> = (0..200u32).map(|i| i * i % 7).collect();
        Batch::of_windows(&text, &[0, 50], 32)
    }

    #[test]
    fn at_one_token_it_is_next_token_prediction_of_the_clean_half() {
        let settings = Settings([("last".into(), 1.0), ("lambda".into(), 0.0)].into());
        let at = Moment { seed: 1, step: 5, steps: 10, micro: 0 };
        let example = ContextCausal.example(&settings, &windows(), 7, at);
        for (row, weight) in example.weights.iter().enumerate() {
            let is_predicted = (32..63).contains(&(row % 64));
            assert_eq!(*weight, if is_predicted { (1.0 / 62.0) as f32 } else { 0.0 });
            if is_predicted {
                assert_eq!(example.targets[row], example.tokens[row + 1]);
            }
        }
        assert_eq!(example, ContextCausal.validation(&settings, &windows(), 7, 1, 0));
    }

    #[test]
    fn the_block_grows_and_the_next_token_loss_has_its_weight() {
        let blocks: Vec<usize> = (0..1000)
            .step_by(125)
            .map(|step| {
                let at = Moment { seed: 1, step, steps: 1000, micro: 0 };
                let example = ContextCausal.example(&Settings::default(), &windows(), 7, at);
                let sum: f64 = example.weights.iter().map(|weight| f64::from(*weight)).sum();
                assert!((sum - 1.5).abs() < 1e-6, "{sum}");
                example.view.block()
            })
            .collect();
        assert_eq!(blocks, [1, 2, 4, 8, 16, 16, 16, 16]);
        assert_eq!(ContextCausal.reading(&Settings::default(), 32).sizes, [1, 2, 4, 8, 16]);
    }
}
