//! Windows of text on which an objective puts its noise, token by token.

use super::{Draws, Example, Loss, View};
use crate::text::{Batch, uniform::below};

/// The row whose logits predict a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predictor {
    /// The noisy row at the token's own place.
    Own,
    /// The noisy row before it.
    Before,
    /// The noisy row before it, for the first token of a block the clean one, which a decoder has from its cache.
    BeforeOrClean,
}

/// Noisy tokens, with what predicting each of them weighs. The first token of a window stays as it is.
pub struct Canvas<'a> {
    windows: &'a Batch,
    /// Tokens as the network reads them, `[batch, context]`.
    pub noisy: Vec<u32>,
    /// What the loss of predicting each token weighs in a mean over predicted tokens, `[batch, context]`.
    pub weights: Vec<f64>,
    /// The same for predicting it from the clean row before it, beside that.
    pub clean_weights: Vec<f64>,
}

impl<'a> Canvas<'a> {
    /// Windows without noise, nothing predicted.
    pub fn new(windows: &'a Batch) -> Self {
        let none = vec![0.0; windows.inputs.len()];
        Self { windows, noisy: windows.inputs.clone(), weights: none.clone(), clean_weights: none }
    }

    /// Tokens that can be predicted: all but the first of each window.
    pub fn predictable(windows: &Batch) -> usize {
        windows.batch * (windows.context - windows.context.min(1))
    }

    /// The places of every block's tokens in `[batch, context]`, without the first of each window.
    pub fn blocks(windows: &Batch, block: usize) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let (batch, context) = (windows.batch, windows.context);
        (0..batch).flat_map(move |window| {
            (0..context).step_by(block).map(move |first| {
                let at = window * context;
                at + first.max(1)..at + (first + block).min(context)
            })
        })
    }

    /// Masks each token with its block's probability, and gives the masked ones its block's weight; `noise` says both of
    /// each block of the batch.
    pub fn mask(&mut self, draws: &Draws, block: usize, mask: u32, noise: impl Fn(usize) -> (f64, f64)) {
        for (index, places) in Self::blocks(self.windows, block).enumerate() {
            let (probability, weight) = noise(index);
            for place in places.filter(|place| draws.masks[*place] < probability) {
                self.noisy[place] = mask;
                self.weights[place] = weight;
            }
        }
    }

    /// Masks a uniformly drawn number `k` of the `n` tokens of each block and weighs them with `n / k`: an unbiased
    /// estimate of the bound whose weights do not grow without end, and the likelihood itself for blocks of one token.
    ///
    /// `L = sum_k (1 / k) E_{|S| = k} sum_{i in S} -log p(x_i | x without S)` (the estimator of LLaDA's evaluation, Nie et
    /// al. 2025, arXiv:2502.09992, within each block).
    pub fn mask_subsets(&mut self, draws: &Draws, block: usize, mask: u32) {
        let levels = draws.spread(block);
        for (places, level) in Self::blocks(self.windows, block).zip(levels) {
            let mut order: Vec<usize> = places.collect();
            if order.is_empty() {
                continue;
            }
            let count = order.len().min(1 + (level * order.len() as f64) as usize);
            order.sort_unstable_by(|a, b| draws.masks[*a].total_cmp(&draws.masks[*b]));
            for place in &order[..count] {
                self.noisy[*place] = mask;
                self.weights[*place] = order.len() as f64 / count as f64;
            }
        }
    }

    /// Replaces each token with a uniformly drawn one, with its block's probability.
    pub fn replace(&mut self, draws: &mut Draws, block: usize, vocabulary: usize, probability: impl Fn(usize) -> f64) {
        let drawn: Vec<u32> = self.noisy.iter().map(|_| below(&mut draws.random, vocabulary as u64) as u32).collect();
        for (index, places) in Self::blocks(self.windows, block).enumerate() {
            let probability = probability(index);
            for place in places.filter(|place| draws.masks[*place] < probability) {
                self.noisy[place] = drawn[place];
            }
        }
    }

    /// Multiplies the weights, so that they are a mean over the tokens that are predicted in this batch.
    pub fn average(&mut self) {
        let predicted = self.weights.iter().filter(|weight| **weight > 0.0).count().max(1);
        let factor = Self::predictable(self.windows) as f64 / predicted as f64;
        self.weights.iter_mut().for_each(|weight| *weight *= factor);
    }

    /// The batch that a network is trained on.
    pub fn example(self, view: View, predictor: Predictor) -> Example {
        let Batch { batch, context, .. } = *self.windows;
        let time = view.time();
        let has_clean = matches!(view, View::Halves { .. });
        let mut tokens = Vec::with_capacity(batch * time);
        for (noisy, clean) in self.noisy.chunks(context).zip(self.windows.inputs.chunks(context)) {
            tokens.extend_from_slice(noisy);
            if has_clean {
                tokens.extend_from_slice(clean);
            }
        }
        let scale = 1.0 / Self::predictable(self.windows).max(1) as f64;
        // Rows without a weight have the token at their own place for a target.
        let (mut targets, mut sums) = (Vec::with_capacity(batch * time), vec![0.0; batch * time]);
        for window in self.windows.inputs.chunks(context) {
            (0..time / context).for_each(|_| targets.extend_from_slice(window));
        }
        let mut add = |row: usize, place: usize, weight: f64| {
            if weight > 0.0 {
                targets[row] = self.windows.inputs[place];
                sums[row] += weight * scale;
            }
        };
        for place in (0..batch * context).filter(|place| place % context > 0) {
            let (first, position) = (place / context * time, place % context);
            let row = match predictor {
                Predictor::Own => position,
                Predictor::BeforeOrClean if has_clean && position % view.block() == 0 => context + position - 1,
                Predictor::Before | Predictor::BeforeOrClean => position - 1,
            };
            add(first + row, place, self.weights[place]);
            if has_clean {
                add(first + context + position - 1, place, self.clean_weights[place]);
            }
        }
        let weights = sums.into_iter().map(|weight| weight as f32).collect();
        Example { view, batch, tokens, targets, weights, loss: Loss::CrossEntropy }
    }
}
