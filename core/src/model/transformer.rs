//! The forward pass of one pre-norm transformer whose attention mask is an input.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use rand::Rng as _;

use tailblazer_kernels::{
    functions,
    model::{MaskKind, Model},
    plain,
    plan::Plan,
};

use super::{
    LayerLayout, Layout, Linear, Mask, Norm, ParameterSpec, Vocabulary, Weights, parameters::tensors, rope::Rope,
};
use crate::{
    experiment::{ModelConfig, Operations, Positions},
    objective::{Example, View, losses},
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
    /// Tokens that it predicts: the columns of its logits.
    pub vocabulary: usize,
    /// Tokens that it reads.
    read: usize,
    /// Descriptions of its parameters, in list order.
    pub specs: Vec<ParameterSpec>,
    layout: Layout,
    rope: Option<Rope>,
    device: Device,
    is_fused: bool,
    causal: PreparedView,
    kept: Arc<Mutex<Kept>>,
}

/// What a transformer keeps from batch to batch.
#[derive(Debug, Default)]
struct Kept {
    views: BTreeMap<View, PreparedView>,
    /// A plan for every shape of a batch, whose memory all plans of that shape share.
    plans: BTreeMap<[usize; 3], Plan>,
}

/// A view in the forms that a transformer computes with.
#[derive(Clone, Debug)]
pub struct PreparedView {
    view: View,
    /// What plain operations add to the scores.
    bias: Tensor<4>,
    /// What plain operations turn queries and keys by.
    rope: Option<Rope>,
    kind: MaskKind,
    allowed: Arc<Vec<bool>>,
    /// The plan of fused operations for each batch size.
    plans: Arc<Mutex<BTreeMap<usize, Plan>>>,
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
    pub fn new(
        config: &ModelConfig,
        vocabulary: impl Into<Vocabulary>,
        operations: Operations,
        device: &Device,
    ) -> Self {
        let vocabulary = vocabulary.into();
        let (layout, specs) = Layout::new(config, vocabulary);
        let rope = (config.positions == Positions::Rope)
            .then(|| Rope::new(config.context, config.width / config.heads, device));
        Self {
            config: config.clone(),
            vocabulary: vocabulary.predicted,
            read: vocabulary.read,
            specs,
            layout,
            causal: PreparedView::new(View::Causal { context: config.context }, rope.as_ref(), device),
            rope,
            device: device.clone(),
            is_fused: operations.fuse(config),
            kept: Arc::default(),
        }
    }

    /// Whether it computes with fused operations.
    pub fn is_fused(&self) -> bool {
        self.is_fused
    }

    /// The causal view of the whole context.
    pub fn causal(&self) -> &PreparedView {
        &self.causal
    }

    /// The device on which the tables lie and inputs are expected.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// A view in the forms that this transformer computes with.
    pub fn view(&self, view: View) -> PreparedView {
        if view == self.causal.view {
            return self.causal.clone();
        }
        let mut kept = self.kept.lock().expect("no holder panics");
        let make = || PreparedView::new(view, self.rope.as_ref(), &self.device);
        kept.views.entry(view).or_insert_with(make).clone()
    }

    /// What fused operations keep for batches of `batch` sequences under a view.
    pub fn plan(&self, view: &PreparedView, batch: usize) -> Plan {
        let mut plans = view.plans.lock().expect("no holder panics");
        plans.entry(batch).or_insert_with(|| self.new_plan(view, batch)).clone()
    }

    /// Its shape for batches of `[batch, time]` under a kind of mask.
    pub fn shape(&self, [batch, time]: [usize; 2], mask: MaskKind) -> Model {
        let ModelConfig { layers, heads, width, context, positions, bias, tied, .. } = self.config;
        let (vocabulary, outputs, rope) = (self.read, self.vocabulary, positions == Positions::Rope);
        let hidden = 4 * width;
        Model {
            batch,
            time,
            context,
            vocabulary,
            outputs,
            width,
            layers,
            heads,
            hidden,
            bias,
            rms: false,
            rope,
            tied,
            mask,
        }
    }

    /// A plan whose memory is that of all plans of the same shape.
    fn new_plan(&self, view: &PreparedView, batch: usize) -> Plan {
        let (time, mask) = (view.view.time(), view.kind);
        let model = self.shape([batch, time], mask);
        if mask != MaskKind::Bits {
            return Plan::new(model, view.view.positions(), Vec::new());
        }
        let mut kept = self.kept.lock().expect("no holder panics");
        let make = || Plan::new(model, view.view.positions(), view.allowed.to_vec());
        kept.plans.entry([batch, time, view.view.context()]).or_insert_with(make).with_mask(view.allowed.to_vec())
    }

    /// Weighted losses of a batch, whose sum is the batch's loss in nats.
    pub fn losses(&self, weights: &Weights, example: &Example) -> Tensor<1> {
        if self.is_fused {
            let (plan, batch) = self.fused(example);
            return functions::losses(&plan, weights, batch);
        }
        let view = self.view(example.view);
        let logits = self.forward(weights, self.tokens(&example.tokens, example.batch), &view);
        losses(logits, example)
    }

    /// A batch for fused operations, and its plan.
    pub fn fused(&self, example: &Example) -> (Plan, functions::Batch) {
        let plan = self.plan(&self.view(example.view), example.batch);
        let row = |ids: &[u32]| self.tokens(ids, 1).reshape([ids.len()]);
        let weights = TensorData::new(example.weights.clone(), [example.weights.len()]);
        let loss_weights = Tensor::from_data(weights, &self.device);
        (plan, functions::Batch { tokens: row(&example.tokens), targets: row(&example.targets), loss_weights })
    }

    /// Token ids as a tensor, `[batch, time]`.
    pub fn tokens(&self, ids: &[u32], batch: usize) -> Tensor<2, Int> {
        let ids: Vec<i32> = ids.iter().map(|id| *id as i32).collect();
        let time = ids.len() / batch;
        Tensor::from_data(TensorData::new(ids, [batch, time]), &self.device)
    }

    /// Logits of every position, `[batch * time, vocabulary]`, from tokens `[batch, time]` under a view of `time`
    /// rows.
    pub fn forward(&self, weights: &Weights, tokens: Tensor<2, Int>, view: &PreparedView) -> Tensor<2> {
        if self.is_fused {
            let [batch, time] = tokens.dims();
            functions::logits(&self.plan(view, batch), weights, tokens.reshape([batch * time]))
        } else {
            self.forward_plain(&tensors(&self.specs, weights), tokens, view, None)
        }
    }

    /// [`Transformer::forward`] from burn's primitives, on parameters one by one, which may be tracked. With `dropout`,
    /// activations are dropped as in training.
    pub fn forward_plain(
        &self,
        weights: &[Tensor<2>],
        tokens: Tensor<2, Int>,
        view: &PreparedView,
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
            let attended = self.attend(normed, layer, weights, [batch, time], view, &mut sites);
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
        weights: &[Tensor<2>],
        [batch, time]: [usize; 2],
        view: &PreparedView,
        sites: &mut Sites,
    ) -> Tensor<2> {
        let (heads, width) = (self.config.heads, self.config.width);
        let split = |map: Linear| {
            let y = linear(x.clone(), map, weights).reshape([batch, time, heads, width / heads]);
            y.swap_dims(1, 2) // [batch, heads, time, channels]
        };
        let rotate = |x: Tensor<4>| view.rope.as_ref().map_or_else(|| x.clone(), |rope| rope.rotate(x.clone()));
        let (query, key, value) = (rotate(split(layer.query)), rotate(split(layer.key)), split(layer.value));
        plain::attention(query, key, value, view.bias.clone(), |shares| sites.drop(shares))
            .swap_dims(1, 2)
            .reshape([batch * time, width])
    }
}

impl PreparedView {
    fn new(view: View, rope: Option<&Rope>, device: &Device) -> Self {
        let mask = Mask::of(view);
        let (kind, allowed) = mask.kernel();
        let allowed = Arc::new(allowed);
        let parts = view.time().checked_div(view.context()).unwrap_or(1);
        let rope = rope.map(|rope| rope.repeated(view.context(), parts));
        Self { view, bias: mask.bias(device), rope, kind, allowed, plans: Arc::default() }
    }
}

fn linear(x: Tensor<2>, map: Linear, weights: &[Tensor<2>]) -> Tensor<2> {
    plain::linear(x, &weights[map.weight], map.bias.map(|bias| &weights[bias]))
}

fn norm(x: Tensor<2>, norm: Norm, weights: &[Tensor<2>]) -> Tensor<2> {
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

    fn logits(config: &ModelConfig, ids: &[u32], batch: usize) -> Vec<f32> {
        logits_with(config, Operations::Fused, ids, batch)
    }

    fn logits_with(config: &ModelConfig, operations: Operations, ids: &[u32], batch: usize) -> Vec<f32> {
        let device = Device::flex();
        let transformer = Transformer::new(config, 11, operations, &device);
        let weights = initialise(&transformer.specs, 3, &device);
        let view = transformer.view(View::Causal { context: ids.len() / batch });
        transformer.forward(&weights, transformer.tokens(ids, batch), &view).into_data().iter::<f32>().collect()
    }

    #[test]
    fn the_kernels_lay_parameters_out_as_the_specs_do() {
        for (positions, bias, tied) in
            [(Positions::Rope, false, true), (Positions::Learned, true, false), (Positions::Learned, false, true)]
        {
            let config = ModelConfig { context: 8, positions, bias, tied, ..Default::default() };
            let transformer = Transformer::new(&config, 11, Operations::Fused, &Device::flex());
            let plan = transformer.plan(transformer.causal(), 2);
            assert_eq!(plan.offsets().flat, crate::model::flat(&transformer.specs));
        }
    }

    #[test]
    fn fused_and_plain_operations_agree() {
        for (positions, bias, tied) in [(Positions::Rope, false, true), (Positions::Learned, true, false)] {
            let config = ModelConfig { context: 8, positions, bias, tied, ..Default::default() };
            let run =
                |operations| logits_with(&config, operations, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4, 5], 2);
            let (fused, plain) = (run(Operations::Fused), run(Operations::Plain));
            assert_eq!(fused.len(), plain.len());
            for (fused, plain) in fused.iter().zip(&plain) {
                assert!((fused - plain).abs() < 1e-5, "{fused} against {plain}");
            }
        }
    }

    #[test]
    fn a_causal_mask_hides_the_future() {
        for positions in [Positions::Rope, Positions::Learned] {
            let config = ModelConfig { context: 8, positions, bias: true, tied: false, ..Default::default() };
            let a = logits(&config, &[1, 2, 3, 4, 5, 6], 1);
            let b = logits(&config, &[1, 2, 3, 9, 9, 9], 1);
            assert_eq!(a[..3 * 11], b[..3 * 11]);
            assert_ne!(a[3 * 11..4 * 11], b[3 * 11..4 * 11]);
        }
    }

    #[test]
    fn rows_of_a_batch_do_not_see_each_other() {
        let config = ModelConfig { context: 4, ..Default::default() };
        let both = logits(&config, &[1, 2, 3, 4, 5, 6, 7, 8], 2);
        let alone = logits(&config, &[5, 6, 7, 8], 1);
        for (x, y) in both[4 * 11..].iter().zip(&alone) {
            assert!((x - y).abs() < 1e-5, "{x} {y}");
        }
    }

    #[test]
    fn positions_matter() {
        for positions in [Positions::Rope, Positions::Learned] {
            let config = ModelConfig { context: 8, positions, ..Default::default() };
            let a = logits(&config, &[1, 2, 3], 1);
            let b = logits(&config, &[2, 1, 3], 1);
            assert_ne!(a[22..], b[22..], "{positions:?}");
        }
    }

    #[test]
    fn dropout_is_a_function_of_seed_and_step() {
        let run = |dropout, seed, step| {
            let device = Device::flex();
            let config = ModelConfig { context: 4, dropout, ..Default::default() };
            let transformer = Transformer::new(&config, 11, Operations::Fused, &device);
            let weights = tensors(&transformer.specs, &initialise(&transformer.specs, 3, &device));
            let tokens = transformer.tokens(&[1, 2, 3, 4], 1);
            let dropout = Some(Dropout { seed, step });
            let logits = transformer.forward_plain(&weights, tokens, transformer.causal(), dropout);
            logits.into_data().iter::<f32>().collect::<Vec<_>>()
        };
        assert_eq!(run(0.3, 1, 1), run(0.3, 1, 1));
        assert_ne!(run(0.3, 1, 1), run(0.3, 1, 2));
        assert_ne!(run(0.3, 1, 1), run(0.3, 2, 1));
        assert_eq!(run(0.0, 1, 1), run(0.0, 2, 2));
    }
}
