//! Windows of text on which an objective puts its noise, token by token.

use super::{Draws, Example, Loss, View};
use crate::text::Batch;

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
}

impl<'a> Canvas<'a> {
    /// Windows without noise, nothing predicted.
    pub fn new(windows: &'a Batch) -> Self {
        Self { windows, noisy: windows.inputs.clone(), weights: vec![0.0; windows.inputs.len()] }
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
        let levels = draws.stratified(block);
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
        let (mut targets, mut weights) = (vec![0; batch * time], vec![0.0; batch * time]);
        for (place, token) in self.windows.inputs.iter().enumerate() {
            let (window, position) = (place / context, place % context);
            let row = match predictor {
                Predictor::Own => position,
                _ if position == 0 => continue,
                Predictor::BeforeOrClean if has_clean && position % view.block() == 0 => context + position - 1,
                Predictor::Before | Predictor::BeforeOrClean => position - 1,
            };
            targets[window * time + row] = *token;
            weights[window * time + row] = (self.weights[place] * scale) as f32;
        }
        Example { view, batch, tokens, targets, weights, loss: Loss::CrossEntropy }
    }
}
