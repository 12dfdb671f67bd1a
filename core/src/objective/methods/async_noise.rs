//! Training noise of SDAR-VL (arXiv:2512.14068): a level for each block, weights of the realised masks, a curriculum.

use super::{
    knobs::{BLOCK, block_fault, tokens},
    levels::Levels,
    masked,
};
use crate::{
    objective::{
        Canvas, Clean, Draws, Example, Method, Moment, Objective, Predictor, Quantity, Reading, View, beta::beta,
    },
    policy::{Description, Knob, Settings},
    text::Batch,
};

/// `L = sum_b w_b sum_{i in b, masked} -log p(x_i | noisy block b, blocks before b)`, per predicted token, on the linear
/// schedule, with three changes of masked block diffusion:
///
/// - levels `t_b` of their own for every block of a window (ABNS), in place of one per window;
/// - `w_b = n / K_b` with the `K_b` of `n` tokens that are masked (EMRS), in place of `1 / t_b`. For uniform `t`, `K` is
///   uniform in `0..=n`, so that this is `n / (n + 1)` of the bound, blocks without a mask being lost;
/// - `t ~ Beta(mu c, (1 - mu) c)`, with `mu` from 0.5 and `c` from 4 to the values set, linear in the run (PBNC). The
///   release's code for it is not public; this course is a reconstruction.
pub struct AsyncNoise;

const LEVELS: Knob = Knob {
    id: "levels",
    name: "Noise levels",
    unit: "",
    range: 0.0..=2.0,
    is_whole: true,
    default: 1.0,
    summary: "Whether the blocks of a window share one noise level, have their own, or have levels spread over the batch.",
};

const EFFECTIVE: Knob = Knob {
    id: "effective",
    name: "Effective weights",
    unit: "",
    range: 0.0..=1.0,
    is_whole: true,
    default: 1.0,
    summary: "1 weighs a block by the share of its tokens that is masked, 0 by the probability of a mask.",
};

const CURRICULUM: Knob = Knob {
    id: "curriculum",
    name: "Curriculum",
    unit: "",
    range: 0.0..=1.0,
    is_whole: true,
    default: 1.0,
    summary: "1 draws levels from a beta distribution that narrows over the run, 0 from all levels alike.",
};

const MEAN: Knob = Knob {
    id: "mean",
    name: "Final mean level",
    unit: "",
    range: 0.1..=0.9,
    is_whole: false,
    default: 0.7,
    summary: "The mean noise level at the end of the curriculum, which begins at 0.5.",
};

const CONCENTRATION: Knob = Knob {
    id: "concentration",
    name: "Final concentration",
    unit: "",
    range: 1.0..=100.0,
    is_whole: false,
    default: 25.0,
    summary: "How narrow the levels are at the end of the curriculum, which begins at 4: the variance falls with it.",
};

const DESCRIPTION: Description = Description {
    id: "async-noise",
    name: "Asynchronous block noise",
    summary: "Masks each block at a level of its own, weighs it by what is masked, and narrows the levels over the run.",
    source: "SDAR-VL, arXiv:2512.14068",
    knobs: &[BLOCK, LEVELS, EFFECTIVE, CURRICULUM, MEAN, CONCENTRATION],
    null: Some(&[("block", 4.0), ("levels", 2.0), ("effective", 0.0), ("curriculum", 0.0)]),
};

/// The mean and the concentration of the curriculum's first step.
const START: (f64, f64) = (0.5, 4.0);

/// The two parameters of a beta distribution with a mean and a concentration.
pub fn shape(mean: f64, concentration: f64) -> (f64, f64) {
    (mean * concentration, (1.0 - mean) * concentration)
}

/// The weight of each masked token where `masked` of `tokens` are masked (EMRS); their sum is `tokens` or 0.
pub fn effective_weight(masked: usize, tokens: usize) -> f64 {
    if masked == 0 { 0.0 } else { tokens as f64 / masked as f64 }
}

impl AsyncNoise {
    /// One level per block.
    fn levels(settings: &Settings, draws: &mut Draws, block: usize, windows: &Batch, at: Moment) -> Vec<f64> {
        let value = |knob: &Knob| DESCRIPTION.value(settings, knob.id);
        let mut levels = match value(&LEVELS) as usize {
            // One for each window, spread over the windows.
            0 => draws.stratified(windows.context.max(1)),
            1 => draws.independent(block),
            _ => draws.stratified(block),
        };
        if value(&CURRICULUM) != 0.0 {
            let progress = at.step as f64 / at.steps.saturating_sub(1).max(1) as f64;
            let course = |from: f64, knob: &Knob| {
                let (low, high) = (*knob.range.start(), *knob.range.end());
                let to = Some(value(knob)).filter(|to| to.is_finite()).unwrap_or(knob.default).clamp(low, high);
                from + (to - from) * progress.min(1.0)
            };
            let (a, b) = shape(course(START.0, &MEAN), course(START.1, &CONCENTRATION));
            levels.fill_with(|| beta(&mut draws.random, a, b));
        } else {
            levels.iter_mut().for_each(|level| *level = Levels::ALL.level(*level));
        }
        if value(&LEVELS) as usize == 0 {
            let blocks = windows.context.div_ceil(block);
            levels = levels.into_iter().flat_map(|level| std::iter::repeat_n(level, blocks)).collect();
        }
        levels
    }
}

impl Objective for AsyncNoise {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn reading(&self, settings: &Settings, context: usize) -> Reading {
        Reading::masked(tokens(&DESCRIPTION, settings, &BLOCK, context), Clean::Block)
    }

    fn example(&self, settings: &Settings, windows: &Batch, vocabulary: usize, at: Moment) -> Example {
        let block = tokens(&DESCRIPTION, settings, &BLOCK, windows.context);
        let mut draws = Draws::training(windows, at);
        let levels = Self::levels(settings, &mut draws, block, windows, at);
        let mut canvas = Canvas::new(windows);
        canvas
            .mask(&draws, block, vocabulary as u32, |index| (levels[index], 1.0 / levels[index].max(Levels::ALL.low)));
        if DESCRIPTION.value(settings, EFFECTIVE.id) != 0.0 {
            for places in Canvas::blocks(windows, block) {
                let masked = canvas.weights[places.clone()].iter().filter(|weight| **weight > 0.0).count();
                let weight = effective_weight(masked, places.len());
                canvas.weights[places].iter_mut().filter(|weight| **weight > 0.0).for_each(|own| *own = weight);
            }
        }
        canvas.example(View::of_blocks(windows.context, block, Clean::Block), Predictor::Own)
    }

    fn training_loss(&self, settings: &Settings, _context: usize) -> Quantity {
        let is_changed = [&EFFECTIVE, &CURRICULUM].iter().any(|knob| DESCRIPTION.value(settings, knob.id) != 0.0);
        if is_changed { Quantity::MaskedCrossEntropy } else { Quantity::Bound }
    }

    fn fault(&self, settings: &Settings, context: usize) -> Option<(String, String)> {
        DESCRIPTION.fault(settings).or_else(|| block_fault(&DESCRIPTION, settings, &BLOCK, context))
    }

    fn null_of(&self) -> Option<(Method, Settings)> {
        Some((Method::of(&masked::Masked), Settings([(BLOCK.id.to_owned(), 4.0)].into())))
    }

    fn names(&self, knob: &str) -> &'static [&'static str] {
        if knob == LEVELS.id { &["One per window", "One per block", "One per block, spread"] } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        layerwise::golden::{close, number},
        objective::golden::vectors,
    };

    fn settings(values: &[(&str, f64)]) -> Settings {
        Settings(values.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect())
    }

    fn windows(batch: usize, context: usize) -> Batch {
        let text: Vec<u32> = (0..1000u32).map(|i| i * i % 7).collect();
        let starts: Vec<usize> = (0..batch).map(|window| 3 * window).collect();
        Batch::of_windows(&text, &starts, context)
    }

    /// The sum of weights of every block but a window's first, for many steps, `[step][window][block]`.
    fn sums(settings: &Settings, block: usize, steps: usize) -> Vec<Vec<Vec<f64>>> {
        let windows = windows(8, 8 * block);
        let scale = Canvas::predictable(&windows) as f64;
        let of_step = |step| {
            let example = AsyncNoise.example(settings, &windows, 7, Moment { seed: 2, step, steps, micro: 0 });
            let time = example.view.time();
            let sum = |weights: &[f32]| weights.iter().map(|weight| f64::from(*weight)).sum::<f64>() * scale;
            let of_window = |weights: &[f32]| weights[..time / 2].chunks(block).skip(1).map(sum).collect();
            example.weights.chunks(time).map(of_window).collect()
        };
        (0..steps).map(of_step).collect()
    }

    #[test]
    fn shapes_of_the_curriculum_are_golden() {
        for case in vectors()["other"]["beta_curriculum"].as_array().expect("cases") {
            let (a, b) = shape(number(&case["mu"]), number(&case["C"]));
            assert!(close(a, number(&case["a"]), 1e-12) && close(b, number(&case["b"]), 1e-12));
            let variance = a * b / ((a + b).powi(2) * (a + b + 1.0));
            assert!(
                close(variance, number(&case["variance"]), 1e-9) && close(variance.sqrt(), number(&case["sd"]), 1e-9)
            );
        }
    }

    #[test]
    fn effective_weights_sum_to_the_tokens_of_every_block_with_a_mask() {
        for case in vectors()["other"]["emrs"].as_array().expect("cases") {
            let block = number(&case["B"]) as usize;
            let settings = settings(&[("block", block as f64), ("curriculum", 0.0)]);
            let all: Vec<f64> = sums(&settings, block, 400).concat().concat();
            let empty = all.iter().filter(|sum| **sum == 0.0).count() as f64 / all.len() as f64;
            assert!(all.iter().all(|sum| *sum == 0.0 || (sum - block as f64).abs() < 1e-4));
            // 22,400 blocks.
            assert!((empty - number(&case["p_no_mask"])).abs() < 0.012, "{empty}");
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            assert!(close(mean, number(&case["mean_constant_ce"]), 0.015), "{mean}");
        }
    }

    #[test]
    fn counts_of_masks_are_uniform_for_uniform_levels() {
        let windows = windows(8, 32);
        let settings = settings(&[("curriculum", 0.0)]);
        let mut counts = [0f64; 5];
        for step in 0..1000 {
            let example = AsyncNoise.example(&settings, &windows, 7, Moment { seed: 4, step, steps: 1, micro: 0 });
            for block in example.tokens.chunks(64).flat_map(|sequence| sequence[..32].chunks(4).skip(1)) {
                counts[block.iter().filter(|token| **token == 7).count()] += 1.0;
            }
        }
        let expected = 56_000.0 / 5.0;
        let chi_square: f64 = counts.iter().map(|count| (count - expected).powi(2) / expected).sum();
        // 18.5 once in a thousand times, with four degrees of freedom.
        assert!(chi_square < 18.5, "{counts:?}");
    }

    #[test]
    fn levels_of_their_own_divide_the_variance_of_a_window_by_its_blocks() {
        // The part of the variance that levels cause: that of the mean of the levels in a window, here of 7 blocks.
        let variance = |levels: f64| {
            let settings = settings(&[("levels", levels), ("curriculum", 0.0)]);
            let windows = windows(1, 32);
            let mean = |step: usize| {
                let at = Moment { seed: 4, step, steps: 1, micro: 0 };
                let mut draws = Draws::training(&windows, at);
                let levels = AsyncNoise::levels(&settings, &mut draws, 4, &windows, at);
                levels.iter().sum::<f64>() / levels.len() as f64
            };
            let means: Vec<f64> = (0..20_000).map(mean).collect();
            let centre = means.iter().sum::<f64>() / 20_000.0;
            means.iter().map(|mean| (mean - centre).powi(2)).sum::<f64>() / 20_000.0
        };
        let ratio = variance(1.0) / variance(0.0);
        assert!((ratio - 1.0 / 8.0).abs() < 0.01, "{ratio}");
    }

    #[test]
    fn the_curriculum_moves_and_narrows_the_levels() {
        let windows = windows(16, 64);
        let moments = |step: usize| {
            let at = Moment { seed: 4, step, steps: 101, micro: 0 };
            let mut draws = Draws::training(&windows, at);
            let levels = AsyncNoise::levels(&Settings::default(), &mut draws, 1, &windows, at);
            let mean = levels.iter().sum::<f64>() / levels.len() as f64;
            (mean, levels.iter().map(|level| (level - mean).powi(2)).sum::<f64>() / levels.len() as f64)
        };
        for (step, mean, variance) in [(0, 0.5, 0.05), (100, 0.7, 0.7 * 0.3 / 26.0)] {
            let found = moments(step);
            assert!((found.0 - mean).abs() < 0.03 && close(found.1, variance, 0.15), "{found:?}");
        }
    }
}
