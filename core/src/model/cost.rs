//! What a training step costs: parameters, floating-point operations and memory, predicted from the shape.

use super::{Vocabulary, specs};
use crate::experiment::{ModelConfig, Operations, Positions};

/// Predicted cost of training on batches of some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Trainable numbers.
    pub parameters: usize,
    /// Floating-point operations of one micro-batch, forward and backward.
    pub flops: f64,
    /// Bytes of the largest single tensor.
    pub largest_tensor: u64,
    /// Bytes at the peak: weights, gradients, two moments, and the activations kept for the backward pass.
    pub memory: u64,
}

impl Cost {
    /// The cost of a configuration for batches of `batch` sequences of `time` rows.
    pub fn of(config: &ModelConfig, operations: Operations, vocabulary: Vocabulary, [batch, time]: [usize; 2]) -> Self {
        let (rows, width) = ((batch * time) as u64, config.width as u64);
        let (time, layers, heads) = (time as u64, config.layers as u64, config.heads as u64);
        let specs = specs(config, vocabulary);
        let Vocabulary { read, predicted } = vocabulary;
        let (read, vocabulary) = (read as u64, predicted as u64);
        let parameters: usize = specs.iter().map(|spec| spec.len()).sum();

        // A matrix product costs 2 operations per weight and row forward, 4 backward; attention adds two products of
        // `time` by `width` per row.
        let matrices: u64 = layers * 12 * width * width + width * vocabulary;
        let flops = 6.0 * rows as f64 * (matrices + layers * 2 * time * width) as f64;

        let weights = parameters as u64;
        if operations.fuse(config) {
            // Kept per layer, in units of `rows * width`: streams (2), norms (2), queries, keys, values and attention (4),
            // the MLP before and after GELU (8); once: their gradients (10). Gradients of parameters are summed in up to
            // 8 parts of at most 128 MiB together.
            let activations = rows * (layers * 16 * width + 10 * width + 2 * vocabulary);
            let parts = (8 * weights).min(32 << 20).max(weights);
            let largest = parts.max(rows * vocabulary).max(rows * 4 * width);
            let memory = 4 * (4 * weights + parts + activations);
            return Self { parameters, flops, largest_tensor: 4 * largest, memory };
        }
        // Plain operations keep every intermediate result.
        let scores = batch as u64 * heads * time * time;
        let rope = if config.positions == Positions::Rope { 8 } else { 0 };
        // Tensors kept per layer, in units of `rows * width`: norms (2 x 3), projections and attention (10), the
        // rotation, the MLP (4 wide: before and after GELU and its intermediate results), residuals.
        let per_layer = rows * width * (6 + 10 + rope + 16 + 4) + 4 * scores;
        let activations = layers * per_layer + 4 * rows * vocabulary + 4 * rows * width;
        let largest = scores.max(rows * vocabulary).max(rows * 4 * width).max(read * width).max(4 * width * width);
        Self { parameters, flops, largest_tensor: 4 * largest, memory: 4 * (4 * weights + activations) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::ModelPreset;

    /// Matrix products of the two shapes, counted by hand: about 0.6 GFLOP for gpt-nano and 3.7 for gpt-micro.
    #[test]
    fn operations_agree_with_counts_by_hand() {
        let mut config = ModelConfig::default();
        let nano = Cost::of(&config, Operations::Fused, 65.into(), [16, 64]);
        assert!((0.5e9..0.75e9).contains(&nano.flops), "{}", nano.flops);
        ModelPreset::Micro.apply(&mut config);
        let micro = Cost::of(&config, Operations::Fused, 65.into(), [12, 64]);
        assert!((3.4e9..4.2e9).contains(&micro.flops), "{}", micro.flops);
    }

    #[test]
    fn the_largest_tensor_is_the_scores_when_the_context_is_long() {
        let config = ModelConfig { context: 2048, ..Default::default() };
        assert_eq!(Cost::of(&config, Operations::Plain, 65.into(), [4, 2048]).largest_tensor, 4 * 4 * 3 * 2048 * 2048);
    }
}
