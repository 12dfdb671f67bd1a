//! Masked block diffusion, BD3-LM (Arriola et al. 2025, arXiv:2503.09573).

use super::{
    knobs::{BLOCK, HIGH, LOW, SCHEDULE, block_fault, interval_fault, tokens},
    levels::Levels,
};
use crate::{
    objective::{
        BlockLoss, Canvas, Clean, Draws, Example, Interval, Moment, NoiseSchedule, Objective, Predictor, Probe,
        Quantity, Reading, View, clip_search::least_variance,
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

/// Whether the interval is searched.
const SEARCH: Knob = Knob {
    id: "search",
    name: "Search the interval",
    unit: "",
    range: 0.0..=1.0,
    is_whole: true,
    default: 0.0,
    summary: "1 chooses the interval of levels whose loss varies least, anew at each validation.",
};

const DESCRIPTION: Description = Description {
    id: "masked",
    name: "Masked block diffusion",
    summary: "Restores masked tokens of each block from the rest of the block and the clean blocks before it.",
    source: "Arriola et al. 2025, arXiv:2503.09573",
    knobs: &[BLOCK, SCHEDULE, LOW, HIGH, SEARCH, ALL],
    null: None,
};

/// A training batch whose blocks have these levels; all masked where `levels` is none.
pub fn training(
    windows: &Batch,
    vocabulary: usize,
    (block, clean): (usize, Clean),
    levels: Option<&Levels>,
    draws: &Draws,
) -> Example {
    let uniforms = draws.stratified(block);
    let mut canvas = Canvas::new(windows);
    let noise = |index: usize| levels.map_or((1.0, 1.0), |levels| levels.noise(uniforms[index]));
    canvas.mask(draws, block, vocabulary as u32, noise);
    canvas.example(View::of_blocks(windows.context, block, clean), Predictor::Own)
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
        Reading::masked(tokens(&DESCRIPTION, settings, &BLOCK, context), Clean::Block)
    }

    fn example(&self, settings: &Settings, windows: &Batch, vocabulary: usize, at: Moment) -> Example {
        let block = tokens(&DESCRIPTION, settings, &BLOCK, windows.context);
        let levels = Self::levels(settings, block);
        let draws = Draws::training(windows, at);
        training(windows, vocabulary, (block, Clean::Block), levels.as_ref(), &draws)
    }

    fn training_loss(&self, settings: &Settings, context: usize) -> Quantity {
        let block = tokens(&DESCRIPTION, settings, &BLOCK, context);
        match Self::levels(settings, block) {
            None => Quantity::Likelihood,
            // The interval changes during the run.
            Some(_) if DESCRIPTION.value(settings, SEARCH.id) != 0.0 => Quantity::MaskedCrossEntropy,
            Some(levels) => levels.quantity(),
        }
    }

    fn fault(&self, settings: &Settings, context: usize) -> Option<(String, String)> {
        let first = DESCRIPTION.fault(settings).or_else(|| block_fault(&DESCRIPTION, settings, &BLOCK, context));
        first.or_else(|| interval_fault(&DESCRIPTION, settings))
    }

    fn names(&self, knob: &str) -> &'static [&'static str] {
        if knob == SCHEDULE.id { NoiseSchedule::NAMES } else { &[] }
    }

    #[cfg(feature = "engine")]
    fn probe(&self, settings: &Settings, windows: &Batch, vocabulary: usize, seed: u32, draw: u64) -> Option<Probe> {
        let block = tokens(&DESCRIPTION, settings, &BLOCK, windows.context);
        let levels = Self::levels(settings, block)?;
        if DESCRIPTION.value(settings, SEARCH.id) == 0.0 {
            return None;
        }
        let levels = Levels { low: Levels::ALL.low, high: Levels::ALL.high, ..levels };
        let draws = Draws::validation(windows, seed, draw);
        let of_blocks = draws.stratified(block).into_iter().map(|uniform| levels.level(uniform)).collect();
        let example = training(windows, vocabulary, (block, Clean::Block), Some(&levels), &draws);
        Some(Probe { example, block, levels: of_blocks })
    }

    #[cfg(feature = "engine")]
    fn tuned(&self, settings: &Settings, losses: &[BlockLoss]) -> Settings {
        let mut tuned = settings.clone();
        if let Some(Interval { low, high }) = least_variance(losses) {
            tuned.0.extend([(LOW.id.to_owned(), low), (HIGH.id.to_owned(), high)]);
        }
        tuned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows() -> Batch {
        let tokens: Vec<u32> = (0..200u32).map(|i| i * i % 7).collect();
        Batch::of_windows(&tokens, &[0, 9, 18, 27, 36, 45, 54, 63], 64)
    }

    fn settings(values: &[(&str, f64)]) -> Settings {
        Settings(values.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect())
    }

    #[test]
    fn at_block_1_every_token_is_masked_and_weighs_the_same_in_training_and_validation() {
        let (settings, at) = (settings(&[("block", 1.0)]), Moment { seed: 1, step: 0, steps: 9, micro: 0 });
        let example = Masked.example(&settings, &windows(), 7, at);
        for draw in 0..5 {
            assert_eq!(example, Masked.validation(&settings, &windows(), 7, 1, draw));
        }
        for (row, weight) in example.weights.iter().enumerate() {
            let is_predicted = (1..64).contains(&(row % 128));
            assert_eq!(*weight, if is_predicted { (1.0 / (8.0 * 63.0)) as f32 } else { 0.0 });
            assert_eq!(example.tokens[row] == 7, is_predicted);
        }
        assert_eq!(Masked.measure(&settings, 64), Quantity::Likelihood);
        assert_eq!(Masked.training_loss(&settings, 64), Quantity::Likelihood);
    }

    #[test]
    fn arms_with_other_schedules_and_blocks_share_their_masks() {
        let at = Moment { seed: 1, step: 4, steps: 9, micro: 0 };
        let masked = |settings: &Settings| -> Vec<bool> {
            let example = Masked.example(settings, &windows(), 7, at);
            let time = example.view.time();
            let noisy = example.tokens.chunks(time).flat_map(|sequence| &sequence[..64]);
            noisy.map(|token| *token == 7).collect()
        };
        let (linear, square) = (masked(&settings(&[])), masked(&settings(&[("schedule", 1.0)])));
        // `t^2 < t`: what is masked on the square schedule is masked on the linear one.
        assert!(linear.iter().zip(&square).all(|(linear, square)| *linear || !square) && linear != square);
    }

    #[test]
    fn the_search_probes_all_levels_and_sets_the_interval() {
        let on = settings(&[("search", 1.0), ("low", 0.3), ("high", 0.4)]);
        assert_eq!(Masked.probe(&settings(&[]), &windows(), 7, 1, 0), None);
        let probe = Masked.probe(&on, &windows(), 7, 1, 0).expect("a probe");
        assert_eq!(probe.levels.len(), 8 * 16);
        assert!(probe.levels.iter().any(|level| *level < 0.1) && probe.levels.iter().any(|level| *level > 0.9));
        let blocks = probe.blocks(&vec![1.0; probe.example.tokens.len()]);
        // With a loss of 1 a block loses its count of masks over the level.
        for (index, (block, places)) in blocks.iter().zip(Canvas::blocks(&windows(), 4)).enumerate() {
            let (window, context) = (index / 16, 64);
            let row = |place: usize| window * 128 + place % context;
            let count = places.filter(|place| probe.example.tokens[row(*place)] == 7).count() as f64;
            assert!((block.loss - count / block.level).abs() < 1e-4 * block.loss.max(1.0), "{index}");
        }
        assert_eq!(Masked.training_loss(&on, 64), Quantity::MaskedCrossEntropy);
        let tuned = Masked.tuned(&on, &blocks);
        let interval = (tuned.0["low"], tuned.0["high"]);
        assert_ne!(interval, (0.3, 0.4));
        assert_eq!(Masked.fault(&tuned, 64), None);
        assert_eq!(Masked.tuned(&on, &[]), on);
    }
}
