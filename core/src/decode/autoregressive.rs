//! Autoregressive decoding: one forward per token.

use super::choose;
use crate::{
    experiment::SampleConfig,
    model::{Transformer, Weights},
    train::TrainError,
};

/// A sample that grows token by token.
pub struct Sampler {
    tokens: Vec<u32>,
    prompt: usize,
    temperature: f64,
    seed: u32,
    step: u64,
}

impl Sampler {
    /// A sample that continues `prompt`, which must not be empty, with the random numbers of training step `step`.
    pub fn new(prompt: Vec<u32>, config: &SampleConfig, seed: u32, step: usize) -> Self {
        Self { prompt: prompt.len(), tokens: prompt, temperature: config.temperature, seed, step: step as u64 }
    }

    /// The tokens drawn so far, without the prompt.
    pub fn drawn(&self) -> &[u32] {
        &self.tokens[self.prompt..]
    }

    /// Draws the next token from the last `context` tokens.
    pub async fn draw(&mut self, transformer: &Transformer, weights: &Weights) -> Result<(), TrainError> {
        let context = transformer.config.context;
        let seen = &self.tokens[self.tokens.len().saturating_sub(context)..];
        // Padding to the full context keeps one shape, and so one set of compiled kernels; the causal mask hides it.
        let mut window = seen.to_vec();
        window.resize(context, 0);
        let logits = transformer.forward(weights, transformer.tokens(&window, 1), transformer.causal());
        let last = logits.narrow(0, seen.len() - 1, 1).into_data_async().await?;
        let index = self.drawn().len() as u64;
        self.tokens.push(choose(
            &last.iter::<f32>().collect::<Vec<_>>(),
            self.temperature,
            self.seed,
            self.step,
            index,
        ));
        Ok(())
    }
}

/// Continues every prompt by `length` tokens, each time with the likeliest token, all prompts in one batch.
///
/// Prompts may differ in length but none may be empty; only the last `context` tokens are seen.
pub async fn complete_greedily(
    transformer: &Transformer,
    weights: &Weights,
    prompts: &[Vec<u32>],
    length: usize,
) -> Result<Vec<Vec<u32>>, TrainError> {
    let context = transformer.config.context;
    let mut rows: Vec<Vec<u32>> = prompts.to_vec();
    for _ in 0..length {
        let mut inputs = Vec::with_capacity(rows.len() * context);
        let mut lasts = Vec::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            let seen = &row[row.len().saturating_sub(context)..];
            inputs.extend_from_slice(seen);
            inputs.resize((index + 1) * context, 0);
            lasts.push((index * context + seen.len() - 1) as u32);
        }
        let logits = transformer.forward(weights, transformer.tokens(&inputs, rows.len()), transformer.causal());
        let lasts = transformer.tokens(&lasts, 1).squeeze_dim(0);
        let logits: Vec<f32> = logits.select(0, lasts).into_data_async().await?.iter::<f32>().collect();
        for (row, logits) in rows.iter_mut().zip(logits.chunks_exact(transformer.vocabulary)) {
            row.push(choose(logits, 0.0, 0, 0, 0));
        }
    }
    Ok(rows.into_iter().zip(prompts).map(|(row, prompt)| row[prompt.len()..].to_vec()).collect())
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use futures::executor::block_on;

    use super::*;
    use crate::{
        experiment::{ModelConfig, Operations},
        model::initialise,
    };

    fn model() -> (Transformer, Weights) {
        let device = Device::flex();
        let transformer =
            Transformer::new(&ModelConfig { context: 8, ..Default::default() }, 7, Operations::Fused, &device);
        let weights = initialise(&transformer.specs, 5, &device);
        (transformer, weights)
    }

    #[test]
    fn a_batch_completes_like_each_prompt_alone_and_like_the_sampler_at_temperature_zero() {
        let (transformer, weights) = model();
        let prompts = vec![vec![1, 2, 3], vec![4], (0..12).map(|i| i % 7).collect::<Vec<u32>>()];
        let together = block_on(complete_greedily(&transformer, &weights, &prompts, 10)).expect("flex does not fail");
        for (prompt, expected) in prompts.iter().zip(&together) {
            let alone = block_on(complete_greedily(&transformer, &weights, std::slice::from_ref(prompt), 10));
            assert_eq!(&alone.expect("flex does not fail")[0], expected);
            let config = SampleConfig { temperature: 0.0, ..Default::default() };
            let mut sampler = Sampler::new(prompt.clone(), &config, 1, 1);
            for _ in 0..10 {
                block_on(sampler.draw(&transformer, &weights)).expect("flex does not fail");
            }
            assert_eq!(sampler.drawn(), expected);
        }
    }
}
