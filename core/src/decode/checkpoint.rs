//! The weights of a moment, to decode from on the CPU.

use std::sync::Arc;

use tailblazer_kernels::{
    cpu::{Attention, Incremental, Rows},
    model::MaskKind,
};

use super::{Cached, distribution};
use crate::{
    model::{ParameterSpec, Transformer, Weights, flat},
    objective::{Example, Loss, Noise, Quantity, Reading, uniform_loss},
    session::{Saved, SavedTensor, TextQuality},
    text::Batch,
    train::TrainError,
};

/// A network with its weights in the memory of the CPU.
///
/// Whatever device a model trains on, it decodes on the CPU: a forward over one block of a model this small takes less
/// time than a GPU takes to answer, and its tokens are the same everywhere.
#[derive(Clone)]
pub struct Checkpoint {
    /// How it reads.
    pub reading: Reading,
    /// Its shape.
    pub transformer: Transformer,
    pub(super) weights: Arc<Vec<f32>>,
}

/// Draws of noise for the bound of one text.
const DRAWS: u64 = 4;

impl Checkpoint {
    /// Reads the weights from their device.
    pub async fn read(transformer: &Transformer, weights: &Weights, reading: Reading) -> Result<Self, TrainError> {
        let weights = weights.clone().into_data_async().await?.iter::<f32>().collect();
        Ok(Self { weights: Arc::new(weights), transformer: transformer.clone(), reading })
    }

    /// The weights after so many steps, for a message.
    pub fn saved(&self, step: usize) -> Saved {
        let flat = flat(&self.transformer.specs);
        let tensor = |(index, spec): (usize, &ParameterSpec)| SavedTensor {
            name: spec.name.clone(),
            shape: spec.shape,
            start: 4 * flat.span(index).start,
        };
        Saved {
            step,
            tensors: self.transformer.specs.iter().enumerate().map(tensor).collect(),
            bytes: self.weights.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }

    /// A network that has committed nothing.
    pub fn network(&self) -> Cached {
        Cached::new(self.clone())
    }

    pub(super) fn incremental(&self) -> Incremental {
        Incremental::new(self.transformer.shape([1, 1], MaskKind::Bits))
    }

    /// What a text of at least two tokens, all of them, is worth under the model with blocks of so many tokens; none while
    /// masks stand in it.
    pub fn quality(&self, text: &[u32], block: usize, seed: u32) -> Option<TextQuality> {
        if text.iter().any(|token| *token as usize >= self.transformer.vocabulary) {
            return None;
        }
        let reading = self.reading.at_block(block);
        let context = text.len() - 1;
        let windows = match reading.noise {
            Noise::None => Batch::of_windows(text, &[0], context),
            _ => Batch { inputs: text.to_vec(), targets: text.to_vec(), batch: 1, context: text.len() },
        };
        let quantity = reading.measure();
        let draws = if quantity == Quantity::Likelihood { 1 } else { DRAWS };
        let estimates: Vec<f64> = (0..draws)
            .map(|draw| {
                let example = reading.validation(&windows, self.transformer.vocabulary, seed, draw);
                self.losses(&example).iter().sum()
            })
            .collect();
        let count = estimates.len() as f64;
        let nats = estimates.iter().sum::<f64>() / count;
        let squares: f64 = estimates.iter().map(|estimate| (estimate - nats).powi(2)).sum();
        let error = (draws > 1).then(|| (squares / (count - 1.0) / count).sqrt());
        Some(TextQuality { nats, error, quantity, entropy: entropy(text, self.transformer.vocabulary) })
    }

    /// Nats per token of a text behind a prompt, under a network that predicts the next token; only what fits in the
    /// context is judged.
    pub fn likelihood(&self, prompt: &[u32], text: &[u32]) -> f64 {
        let whole: Vec<u32> = prompt.iter().chain(text).copied().take(self.transformer.config.context + 1).collect();
        let Some(context) = whole.len().checked_sub(1).filter(|context| *context >= prompt.len().max(1)) else {
            return f64::NAN;
        };
        let mut example = Reading::next_token().validation(
            &Batch::of_windows(&whole, &[0], context),
            self.transformer.vocabulary,
            0,
            0,
        );
        let first = prompt.len().saturating_sub(1);
        let judged = (context - first) as f32;
        example.weights.iter_mut().enumerate().for_each(|(row, weight)| {
            *weight = if row < first { 0.0 } else { 1.0 / judged };
        });
        self.losses(&example).iter().sum()
    }

    /// Weighted losses of the rows of one sequence.
    fn losses(&self, example: &Example) -> Vec<f64> {
        let (view, vocabulary) = (example.view, self.transformer.vocabulary);
        let (time, positions) = (view.time(), view.positions());
        let tokens: Vec<i32> = example.tokens.iter().map(|token| *token as i32).collect();
        let allowed: Vec<bool> = (0..time * time).map(|pair| view.allows(pair / time, pair % time)).collect();
        let rows = Rows {
            tokens: &tokens,
            positions: &positions,
            allowed: &allowed,
            sees: 0,
            keep: 0,
            attention: Attention::Whole,
        };
        let logits = self.incremental().forward(&self.weights, rows);
        let loss = |row: usize| {
            let weight = f64::from(example.weights[row]);
            if weight == 0.0 {
                return 0.0;
            }
            let probabilities = distribution::softmax(&logits[row * vocabulary..][..vocabulary], 1.0);
            let target = example.targets[row] as usize;
            let loss = match &example.loss {
                Loss::CrossEntropy => -probabilities[target].ln(),
                Loss::Uniform { alphas } => {
                    let (alpha, noisy) = (f64::from(alphas[row]), example.tokens[row] as usize);
                    uniform_loss::loss(alpha, target, noisy, &probabilities)
                }
            };
            weight * loss
        };
        (0..time).map(loss).collect()
    }
}

/// The entropy of a text's distribution of tokens, in nats.
fn entropy(text: &[u32], vocabulary: usize) -> f64 {
    let mut counts = vec![0.0f64; vocabulary];
    text.iter().for_each(|token| counts[*token as usize] += 1.0);
    counts.iter_mut().for_each(|count| *count /= text.len() as f64);
    distribution::entropy(&counts)
}
