//! The forward pass of one pre-norm transformer whose attention mask is an input.

use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use rand::Rng as _;

use tailblazer_kernels::plain;

use super::{LayerLayout, Layout, Linear, Mask, Norm, ParameterSpec, Weights, rope::Rope};
use crate::{
    experiment::{ModelConfig, Positions},
    random::{Purpose, stream},
};

/// A pre-norm transformer (GPT-2's block) with GELU MLPs four times as wide as the residual stream.
///
/// It holds no weights: they are an argument of [`Transformer::forward`], so that training can pass tracked tensors,
/// evaluation plain ones, and a comparison two sets.
#[derive(Clone, Debug)]
pub struct Transformer {
    /// Its configuration.
    pub config: ModelConfig,
    /// Tokens that it knows.
    pub vocabulary: usize,
    /// Descriptions of its parameters, in list order.
    pub specs: Vec<ParameterSpec>,
    layout: Layout,
    rope: Option<Rope>,
    device: Device,
}

/// Which activations a training step drops; a pure function of its numbers.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    /// The experiment's seed.
    pub seed: u32,
    /// The micro-batch, counted over the whole run.
    pub step: u64,
}

impl Transformer {
    /// A transformer for a vocabulary on a device.
    pub fn new(config: &ModelConfig, vocabulary: usize, device: &Device) -> Self {
        let (layout, specs) = Layout::new(config, vocabulary);
        let rope = (config.positions == Positions::Rope)
            .then(|| Rope::new(config.context, config.width / config.heads, device));
        Self { config: config.clone(), vocabulary, specs, layout, rope, device: device.clone() }
    }

    /// The device on which the tables lie and inputs are expected.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// A mask as a summand of the scores on this transformer's device, `[1, 1, queries, keys]`.
    pub fn mask(&self, mask: &Mask) -> Tensor<4> {
        mask.bias(&self.device)
    }

    /// Token ids as a tensor, `[batch, time]`.
    pub fn tokens(&self, ids: &[u32], batch: usize) -> Tensor<2, Int> {
        let ids: Vec<i32> = ids.iter().map(|id| *id as i32).collect();
        let time = ids.len() / batch;
        Tensor::from_data(TensorData::new(ids, [batch, time]), &self.device)
    }

    /// Logits of every position, `[batch * time, vocabulary]`, from tokens `[batch, time]` and a mask from
    /// [`Transformer::mask`], `[1, 1, time, time]`. With `dropout`, activations are dropped as in training.
    pub fn forward(
        &self,
        weights: &Weights,
        tokens: Tensor<2, Int>,
        mask: &Tensor<4>,
        dropout: Option<Dropout>,
    ) -> Tensor<2> {
        let [batch, time] = tokens.dims();
        let width = self.config.width;
        let mut sites = Sites { rate: self.config.dropout, dropout, next: 0 };

        let embedding = &weights[self.layout.embedding];
        let mut x = embedding.clone().select(0, tokens.reshape([batch * time])); // [batch * time, width]
        if let Some(positions) = self.layout.positions {
            let positions = weights[positions].clone().narrow(0, 0, time).reshape([1, time, width]);
            x = (x.reshape([batch, time, width]) + positions).reshape([batch * time, width]);
        }
        x = sites.drop(x);

        for layer in &self.layout.layers {
            let normed = norm(x.clone(), layer.attention_norm, weights);
            let attended = self.attend(normed, layer, weights, [batch, time], mask, &mut sites);
            x = x + sites.drop(linear(attended, layer.output, weights));

            let normed = norm(x.clone(), layer.mlp_norm, weights);
            let hidden = activation::gelu(linear(normed, layer.up, weights)); // [batch * time, 4 * width]
            x = x + sites.drop(linear(hidden, layer.down, weights));
        }

        let x = norm(x, self.layout.norm, weights);
        match self.layout.head {
            Some(head) => x.matmul(weights[head].clone()),
            None => x.matmul(embedding.clone().transpose()),
        }
    }

    /// Multi-head attention without its output projection: `[batch * time, width]` to the same.
    fn attend(
        &self,
        x: Tensor<2>,
        layer: &LayerLayout,
        weights: &Weights,
        [batch, time]: [usize; 2],
        mask: &Tensor<4>,
        sites: &mut Sites,
    ) -> Tensor<2> {
        let (heads, width) = (self.config.heads, self.config.width);
        let split = |map: Linear| {
            let y = linear(x.clone(), map, weights).reshape([batch, time, heads, width / heads]);
            y.swap_dims(1, 2) // [batch, heads, time, channels]
        };
        let rotate = |x: Tensor<4>| self.rope.as_ref().map_or_else(|| x.clone(), |rope| rope.rotate(x.clone()));
        let (query, key, value) = (rotate(split(layer.query)), rotate(split(layer.key)), split(layer.value));
        plain::attention(query, key, value, mask.clone(), |shares| sites.drop(shares))
            .swap_dims(1, 2)
            .reshape([batch * time, width])
    }
}

fn linear(x: Tensor<2>, map: Linear, weights: &Weights) -> Tensor<2> {
    plain::linear(x, &weights[map.weight], map.bias.map(|bias| &weights[bias]))
}

fn norm(x: Tensor<2>, norm: Norm, weights: &Weights) -> Tensor<2> {
    plain::layer_norm(x, &weights[norm.scale], norm.bias.map(|bias| &weights[bias]))
}

/// The places of a forward pass where activations are dropped, counted in order.
struct Sites {
    rate: f64,
    dropout: Option<Dropout>,
    next: u64,
}

impl Sites {
    /// Drops activations with the configured probability and scales up the rest (Srivastava et al. 2014).
    ///
    /// The choice is drawn here and not by the device, so that it is the same on every device.
    fn drop<const D: usize>(&mut self, x: Tensor<D>) -> Tensor<D> {
        let Some(Dropout { seed, step }) = self.dropout.filter(|_| self.rate > 0.0) else {
            return x;
        };
        let mut random = stream(seed, Purpose::Dropout, step, self.next);
        self.next += 1;
        let threshold = (self.rate * 2f64.powi(32)) as u32;
        let scale = (1.0 / (1.0 - self.rate)) as f32;
        let shape = x.dims();
        let kept = (0..shape.iter().product()).map(|_| if random.next_u32() < threshold { 0.0 } else { scale });
        let kept = Tensor::<D>::from_data(TensorData::new(kept.collect::<Vec<f32>>(), shape), &x.device());
        x * kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::initialise;

    fn logits(config: &ModelConfig, ids: &[u32], batch: usize, dropout: Option<Dropout>) -> Vec<f32> {
        let device = Device::flex();
        let transformer = Transformer::new(config, 11, &device);
        let weights = initialise(&transformer.specs, 3, &device);
        let mask = transformer.mask(&Mask::causal(ids.len() / batch));
        transformer
            .forward(&weights, transformer.tokens(ids, batch), &mask, dropout)
            .into_data()
            .iter::<f32>()
            .collect()
    }

    #[test]
    fn a_causal_mask_hides_the_future() {
        for positions in [Positions::Rope, Positions::Learned] {
            let config = ModelConfig { context: 8, positions, bias: true, tied: false, ..Default::default() };
            let a = logits(&config, &[1, 2, 3, 4, 5, 6], 1, None);
            let b = logits(&config, &[1, 2, 3, 9, 9, 9], 1, None);
            assert_eq!(a[..3 * 11], b[..3 * 11]);
            assert_ne!(a[3 * 11..4 * 11], b[3 * 11..4 * 11]);
        }
    }

    #[test]
    fn rows_of_a_batch_do_not_see_each_other() {
        let config = ModelConfig { context: 4, ..Default::default() };
        let both = logits(&config, &[1, 2, 3, 4, 5, 6, 7, 8], 2, None);
        let alone = logits(&config, &[5, 6, 7, 8], 1, None);
        for (x, y) in both[4 * 11..].iter().zip(&alone) {
            assert!((x - y).abs() < 1e-5, "{x} {y}");
        }
    }

    #[test]
    fn positions_matter() {
        for positions in [Positions::Rope, Positions::Learned] {
            let config = ModelConfig { context: 8, positions, ..Default::default() };
            let a = logits(&config, &[1, 2, 3], 1, None);
            let b = logits(&config, &[2, 1, 3], 1, None);
            assert_ne!(a[22..], b[22..], "{positions:?}");
        }
    }

    #[test]
    fn dropout_is_a_function_of_seed_and_step() {
        let config = ModelConfig { context: 4, dropout: 0.3, ..Default::default() };
        let run = |seed, step| logits(&config, &[1, 2, 3, 4], 1, Some(Dropout { seed, step }));
        assert_eq!(run(1, 1), run(1, 1));
        assert_ne!(run(1, 1), run(1, 2));
        assert_ne!(run(1, 1), run(2, 1));
        let plain = logits(
            &ModelConfig { dropout: 0.0, ..config.clone() },
            &[1, 2, 3, 4],
            1,
            Some(Dropout { seed: 1, step: 1 }),
        );
        assert_eq!(plain, logits(&config, &[1, 2, 3, 4], 1, None));
    }
}
