//! A whole training step of the transformer, chained from the fused operations.
//!
//! Everything that the backward pass needs lies in memory that the step keeps, so that after the first step nothing is
//! allocated. Weights and gradients are flat lists, see [`Offsets`].

use std::ops::Range;

use super::{
    Activation, AttentionGradients, AttentionInputs, AttentionMask, AttentionShape, InputGradient, LinearGradients,
    LinearShape, LinearWeights, NormKind, Operand, RopeTable, Rotation, Workspace, attention, attention_backward,
    cross_entropy, embed, embed_backward, linear, linear_backward, matmul, norm, norm_backward,
};
use crate::model::{MaskKind, Model, Offsets, Part, Spans};

/// A transformer on batches of one shape, with the memory of its passes.
#[derive(Debug)]
pub struct Step {
    model: Model,
    offsets: Offsets,
    rope: Option<RopeTable>,
    mask: Vec<bool>,
    /// The residual stream before each layer and behind the last, `[rows, width]` each.
    streams: Vec<Vec<f32>>,
    layers: Vec<Layer>,
    /// Of the last norm.
    moments: Vec<f32>,
    normed: Vec<f32>,
    logits: Vec<f32>,
    gradients: Gradients,
    workspace: Workspace,
}

/// What a layer's backward pass needs of its forward pass.
#[derive(Debug)]
struct Layer {
    attention_moments: Vec<f32>,
    attention_normed: Vec<f32>,
    qkv: Vec<f32>,
    kept: Vec<f32>,
    attended: Vec<f32>,
    /// The residual stream between attention and MLP.
    middle: Vec<f32>,
    mlp_moments: Vec<f32>,
    mlp_normed: Vec<f32>,
    gelu_slopes: Vec<f32>,
    hidden: Vec<f32>,
}

/// Gradients of activations; each is used again by every layer.
#[derive(Debug, Default)]
struct Gradients {
    logits: Vec<f32>,
    stream: Vec<f32>,
    normed: Vec<f32>,
    hidden: Vec<f32>,
    attended: Vec<f32>,
    qkv: Vec<f32>,
}

impl Step {
    /// A step of a model whose time steps have these positions; `mask`, `[time, time]`, is read for
    /// [`MaskKind::Bits`] only.
    pub fn new(model: Model, positions: impl IntoIterator<Item = usize>, mask: Vec<bool>) -> Self {
        let Model { batch, time, width, heads, hidden, layers, .. } = model;
        let rows = model.rows();
        let kept = AttentionShape { batch, heads, channels: width / heads, queries: time, keys: time }.kept();
        let zeros = |length: usize| vec![0.0; length];
        let layer = || Layer {
            attention_moments: zeros(2 * rows),
            attention_normed: zeros(rows * width),
            qkv: zeros(rows * 3 * width),
            kept: zeros(kept),
            attended: zeros(rows * width),
            middle: zeros(rows * width),
            mlp_moments: zeros(2 * rows),
            mlp_normed: zeros(rows * width),
            gelu_slopes: zeros(rows * hidden),
            hidden: zeros(rows * hidden),
        };
        Self {
            model,
            offsets: model.offsets(),
            rope: model.rope.then(|| RopeTable::new(width / heads, positions)),
            mask,
            streams: (0..=layers).map(|_| zeros(rows * width)).collect(),
            layers: (0..layers).map(|_| layer()).collect(),
            moments: zeros(2 * rows),
            normed: zeros(rows * width),
            logits: zeros(rows * model.outputs),
            gradients: Gradients::default(),
            workspace: Workspace::new(),
        }
    }

    /// Takes another mask from here on.
    pub fn set_mask(&mut self, mask: &[bool]) {
        self.mask.clear();
        self.mask.extend_from_slice(mask);
    }

    /// Logits of every position, `[rows, outputs]`, of tokens `[rows]`.
    pub fn logits(&mut self, weights: &[f32], tokens: &[i32]) -> &[f32] {
        self.forward(weights, tokens);
        &self.logits
    }

    /// The weighted loss of every row, `[rows]`, into `losses`.
    pub fn losses(
        &mut self,
        weights: &[f32],
        tokens: &[i32],
        targets: &[i32],
        loss_weights: &[f32],
        losses: &mut [f32],
    ) {
        self.forward(weights, tokens);
        cross_entropy(&self.logits, targets, loss_weights, losses, None);
    }

    /// The weighted loss of every row into `losses`, and the gradient of their sum into `gradient`, flat; it must be 0
    /// in the gaps of the list.
    pub fn gradient(
        &mut self,
        weights: &[f32],
        tokens: &[i32],
        targets: &[i32],
        loss_weights: &[f32],
        losses: &mut [f32],
        gradient: &mut [f32],
    ) {
        self.forward(weights, tokens);
        let Model { width, hidden, outputs, .. } = self.model;
        let rows = self.model.rows();
        let Gradients { logits, stream, normed, hidden: to_hidden, attended, qkv } = &mut self.gradients;
        for (buffer, length) in [
            (&mut *logits, rows * outputs),
            (stream, rows * width),
            (normed, rows * width),
            (to_hidden, rows * hidden),
            (attended, rows * width),
            (qkv, rows * 3 * width),
        ] {
            buffer.resize(length, 0.0);
        }
        cross_entropy(&self.logits, targets, loss_weights, losses, Some(logits));
        self.head_backward(weights, gradient);
        let spans = self.offsets.norm_spans();
        let last = &self.streams[self.model.layers];
        let to = (&mut self.gradients.stream[..], false);
        norm_gradient(self.model, weights, &spans, last, &self.moments, &self.gradients.normed, to, gradient);
        for layer in (0..self.model.layers).rev() {
            self.layer_backward(layer, weights, gradient);
        }
        let [table, positions] =
            disjoint(gradient, [Some(self.offsets.embedding_span()), self.offsets.positions_span()]);
        let table = table.expect("every model has an embedding");
        embed_backward(&self.gradients.stream, tokens, self.model.time, table, self.model.tied, positions);
    }

    /// Bytes that the step keeps.
    pub fn bytes(&self) -> usize {
        let Gradients { logits, stream, normed, hidden, attended, qkv } = &self.gradients;
        let layers = self.layers.iter().flat_map(|layer| {
            let normed = [&layer.attention_moments, &layer.attention_normed, &layer.mlp_moments, &layer.mlp_normed];
            let rest = [&layer.qkv, &layer.kept, &layer.attended, &layer.middle, &layer.gelu_slopes, &layer.hidden];
            normed.into_iter().chain(rest)
        });
        let ends = [&self.moments, &self.normed, &self.logits, logits, stream, normed, hidden, attended, qkv];
        let numbers: usize = self.streams.iter().chain(layers).chain(ends).map(Vec::capacity).sum();
        numbers * size_of::<f32>() + self.workspace.bytes()
    }

    fn forward(&mut self, weights: &[f32], tokens: &[i32]) {
        let Model { time, width, outputs, layers, .. } = self.model;
        let rows = self.model.rows();
        assert_eq!(weights.len(), self.offsets.flat.length, "weights in the flat layout");
        assert_eq!(tokens.len(), rows, "a token for every row");
        let table = &weights[self.offsets.embedding_span()];
        let positions = self.offsets.positions_span().map(|span| &weights[span]);
        embed(table, positions, tokens, time, &mut self.streams[0]);
        for layer in 0..layers {
            self.layer_forward(layer, weights);
        }
        let spans = self.offsets.norm_spans();
        let last = &self.streams[layers];
        norm_values(self.model, weights, &spans, last, &mut self.moments, &mut self.normed);
        let (workspace, logits) = (&mut self.workspace, &mut self.logits);
        match self.offsets.head_span() {
            Some(head) => {
                let shape = LinearShape { rows, inputs: width, outputs };
                let head = [LinearWeights { matrix: &weights[head], bias: None }];
                linear(shape, &self.normed, &head, Activation::None, None, logits, workspace);
            }
            None => {
                let table = Operand::Transposed(&table[..outputs * width]);
                matmul([rows, width, outputs], Operand::Plain(&self.normed), table, false, logits, workspace);
            }
        }
    }

    fn layer_forward(&mut self, layer: usize, weights: &[f32]) {
        let (model, workspace) = (self.model, &mut self.workspace);
        let spans = |part| self.offsets.spans(layer, part);
        let (before, after) = self.streams.split_at_mut(layer + 1);
        let (stream, next) = (&before[layer], &mut after[0]);
        let kept = &mut self.layers[layer];

        let norm = spans(Part::AttentionNorm);
        norm_values(model, weights, &norm, stream, &mut kept.attention_moments, &mut kept.attention_normed);
        let maps = QKV.map(|part| map_weights(weights, &spans(part)));
        let shape = shape_of(model, Part::Query);
        linear(shape, &kept.attention_normed, &maps, Activation::None, None, &mut kept.qkv, workspace);
        let shape = attention_shape(model);
        let (inputs, rotation) = (AttentionInputs::Together(&kept.qkv), rotation(self.rope.as_ref()));
        let mask = attention_mask(model, &self.mask);
        attention(shape, inputs, rotation, mask, &mut kept.attended, &mut kept.kept, workspace);
        let map = [map_weights(weights, &spans(Part::Output))];
        let shape = shape_of(model, Part::Output);
        linear(shape, &kept.attended, &map, Activation::None, Some(stream), &mut kept.middle, workspace);

        let norm = spans(Part::MlpNorm);
        norm_values(model, weights, &norm, &kept.middle, &mut kept.mlp_moments, &mut kept.mlp_normed);
        let map = [map_weights(weights, &spans(Part::Up))];
        let gelu = Activation::Gelu(Some(&mut kept.gelu_slopes));
        linear(shape_of(model, Part::Up), &kept.mlp_normed, &map, gelu, None, &mut kept.hidden, workspace);
        let map = [map_weights(weights, &spans(Part::Down))];
        let shape = shape_of(model, Part::Down);
        linear(shape, &kept.hidden, &map, Activation::None, Some(&kept.middle), next, workspace);
    }

    /// From the gradient of the logits to that of the last norm's output.
    fn head_backward(&mut self, weights: &[f32], gradient: &mut [f32]) {
        let Model { width, outputs, .. } = self.model;
        let (rows, workspace) = (self.model.rows(), &mut self.workspace);
        let Gradients { logits, normed: dx, .. } = &mut self.gradients;
        match self.offsets.head_span() {
            Some(head) => {
                let shape = LinearShape { rows, inputs: width, outputs };
                let map = [LinearWeights { matrix: &weights[head.clone()], bias: None }];
                let mut gradients = [LinearGradients { matrix: Some(&mut gradient[head]), bias: None }];
                let dx = Some(InputGradient { gradient: dx, accumulate: false });
                linear_backward(shape, &self.normed, &map, None, logits, dx, &mut gradients, workspace);
            }
            None => {
                let table = self.offsets.embedding_span();
                let head = table.start..table.start + outputs * width;
                let weights = Operand::Plain(&weights[head.clone()]);
                matmul([rows, outputs, width], Operand::Plain(logits), weights, false, dx, workspace);
                let (logits, normed) = (Operand::Transposed(logits), Operand::Plain(&self.normed));
                matmul([outputs, rows, width], logits, normed, false, &mut gradient[head.clone()], workspace);
                gradient[head.end..table.end].fill(0.0);
            }
        }
    }

    fn layer_backward(&mut self, layer: usize, weights: &[f32], gradient: &mut [f32]) {
        let (model, workspace, kept) = (self.model, &mut self.workspace, &self.layers[layer]);
        let Gradients { stream, normed, hidden, attended, qkv, .. } = &mut self.gradients;
        let spans = |part| self.offsets.spans(layer, part);
        let mut map = |part: Part, x: &[f32], slopes: Option<&[f32]>, dy: &[f32], dx: &mut [f32], dw: &mut [f32]| {
            let spans = spans(part);
            let weights = [map_weights(weights, &spans)];
            let mut gradients = [map_gradients(dw, spans)];
            let dx = Some(InputGradient { gradient: dx, accumulate: false });
            linear_backward(shape_of(model, part), x, &weights, slopes, dy, dx, &mut gradients, workspace);
        };

        map(Part::Down, &kept.hidden, None, stream, hidden, gradient);
        map(Part::Up, &kept.mlp_normed, Some(&kept.gelu_slopes), hidden, normed, gradient);
        let (norm, moments) = (spans(Part::MlpNorm), &kept.mlp_moments);
        norm_gradient(model, weights, &norm, &kept.middle, moments, normed, (stream, true), gradient);

        map(Part::Output, &kept.attended, None, stream, attended, gradient);
        let inputs = AttentionInputs::Together(&kept.qkv);
        let (mask, rotation) = (attention_mask(model, &self.mask), rotation(self.rope.as_ref()));
        let to = AttentionGradients::Together(qkv);
        attention_backward(attention_shape(model), inputs, rotation, mask, &kept.kept, attended, to, workspace);
        let maps = QKV.map(|part| map_weights(weights, &spans(part)));
        let [a, b, c] = QKV.map(spans);
        let [a_matrix, a_bias, b_matrix, b_bias, c_matrix, c_bias] =
            disjoint(gradient, [Some(a.matrix), a.bias, Some(b.matrix), b.bias, Some(c.matrix), c.bias]);
        let mut gradients = [(a_matrix, a_bias), (b_matrix, b_bias), (c_matrix, c_bias)]
            .map(|(matrix, bias)| LinearGradients { matrix, bias });
        let dx = Some(InputGradient { gradient: normed, accumulate: false });
        let shape = shape_of(model, Part::Query);
        linear_backward(shape, &kept.attention_normed, &maps, None, qkv, dx, &mut gradients, workspace);
        let (norm, x, moments) = (spans(Part::AttentionNorm), &self.streams[layer], &kept.attention_moments);
        norm_gradient(model, weights, &norm, x, moments, normed, (stream, true), gradient);
    }
}

const QKV: [Part; 3] = [Part::Query, Part::Key, Part::Value];

fn shape_of(model: Model, part: Part) -> LinearShape {
    let Model { width, hidden, .. } = model;
    let (inputs, outputs) = match part {
        Part::Up => (width, hidden),
        Part::Down => (hidden, width),
        _ => (width, width),
    };
    LinearShape { rows: model.rows(), inputs, outputs }
}

fn attention_shape(model: Model) -> AttentionShape {
    let Model { batch, time, width, heads, .. } = model;
    AttentionShape { batch, heads, channels: width / heads, queries: time, keys: time }
}

fn attention_mask(model: Model, mask: &[bool]) -> AttentionMask<'_> {
    match model.mask {
        MaskKind::Full => AttentionMask::Full,
        MaskKind::Causal => AttentionMask::Causal,
        MaskKind::Bits => AttentionMask::Data(mask),
    }
}

fn rotation(table: Option<&RopeTable>) -> Option<Rotation<'_>> {
    table.map(|table| Rotation { queries: table, keys: table })
}

fn norm_kind(model: Model) -> NormKind {
    if model.rms { NormKind::Rms } else { NormKind::Layer }
}

fn norm_values(model: Model, weights: &[f32], spans: &Spans, x: &[f32], moments: &mut [f32], out: &mut [f32]) {
    let bias = spans.bias.clone().map(|bias| &weights[bias]);
    norm(norm_kind(model), x, &weights[spans.matrix.clone()], bias, moments, out);
}

/// The gradient of a norm's input into `to`, or added to it, and of its scale and bias into `gradient`.
#[allow(clippy::too_many_arguments)]
fn norm_gradient(
    model: Model,
    weights: &[f32],
    spans: &Spans,
    x: &[f32],
    moments: &[f32],
    dy: &[f32],
    (to, accumulate): (&mut [f32], bool),
    gradient: &mut [f32],
) {
    let [scale, bias] = disjoint(gradient, [Some(spans.matrix.clone()), spans.bias.clone()]);
    let scale = scale.expect("every norm has a scale");
    norm_backward(norm_kind(model), x, &weights[spans.matrix.clone()], moments, dy, to, accumulate, scale, bias);
}

fn map_weights<'a>(weights: &'a [f32], spans: &Spans) -> LinearWeights<'a> {
    LinearWeights { matrix: &weights[spans.matrix.clone()], bias: spans.bias.clone().map(|bias| &weights[bias]) }
}

fn map_gradients(gradient: &mut [f32], spans: Spans) -> LinearGradients<'_> {
    let [matrix, bias] = disjoint(gradient, [Some(spans.matrix), spans.bias]);
    LinearGradients { matrix, bias }
}

/// Several parts of a list at once; a part that is missing stays missing.
fn disjoint<const N: usize>(list: &mut [f32], parts: [Option<Range<usize>>; N]) -> [Option<&mut [f32]>; N] {
    let is_there = parts.each_ref().map(Option::is_some);
    // An empty part overlaps nothing.
    let slices = list.get_disjoint_mut(parts.map(Option::unwrap_or_default)).expect("parameters do not overlap");
    let mut is_there = is_there.into_iter();
    slices.map(|slice| is_there.next().unwrap_or_default().then_some(slice))
}

#[cfg(test)]
mod tests {
    use super::{super::testing::Random, *};
    use crate::{
        gpu::checks::{Reference, SMALL, allows},
        model::tests::nano,
    };

    fn step(model: Model) -> Step {
        let pairs = (0..model.time * model.time).map(|at| allows(model.mask, at / model.time, at % model.time));
        Step::new(model, 0..model.time, pairs.collect())
    }

    fn weights(model: Model, random: &mut Random) -> Vec<f32> {
        let flat = model.offsets().flat;
        let mut weights = vec![0.0; flat.length];
        for index in 0..flat.lengths.len() {
            let span = flat.span(index);
            let values = random.normal(span.len());
            weights[span].iter_mut().zip(values).for_each(|(weight, value)| *weight = value * 0.5);
        }
        weights
    }

    fn ids(model: Model, shift: usize) -> Vec<i32> {
        below(model.vocabulary, model.rows(), shift)
    }

    fn below(bound: usize, rows: usize, shift: usize) -> Vec<i32> {
        (0..rows).map(|row| ((row * 7 + shift) % bound) as i32).collect()
    }

    /// Losses against an f64 transformer, and the gradient against its central differences, for every wiring.
    #[test]
    fn losses_and_gradients_agree_with_f64() {
        for model in [
            SMALL,
            Model { outputs: 10, rope: false, tied: false, mask: MaskKind::Bits, ..SMALL },
            Model { outputs: 9, bias: false, heads: 1, rms: true, mask: MaskKind::Full, ..SMALL },
        ] {
            let weights = weights(model, &mut Random::new(4));
            let (tokens, targets) = (ids(model, 3), below(model.outputs, model.rows(), 5));
            let factors: Vec<f32> = (0..model.rows()).map(|row| if row == 3 { 0.0 } else { 0.1 }).collect();
            let mut losses = vec![f32::NAN; model.rows()];
            let mut gradient = vec![0.0; weights.len()];
            let mut step = step(model);
            step.gradient(&weights, &tokens, &targets, &factors, &mut losses, &mut gradient);

            let allowed = |query, key| allows(model.mask, query, key);
            let reference = Reference { model, allows: &allowed };
            let doubles = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
            let words = |ids: &[i32]| ids.iter().map(|id| *id as u32).collect::<Vec<_>>();
            let (tokens, targets, factors) = (words(&tokens), words(&targets), doubles(&factors));
            let mut point = doubles(&weights);
            let loss = reference.loss(&point, &tokens, &targets, &factors);
            assert!((losses.iter().sum::<f32>() as f64 - loss).abs() < 1e-5 * loss, "{losses:?} against {loss}");
            let largest = gradient.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
            let flat = &model.offsets().flat;
            for at in (0..flat.lengths.len()).flat_map(|index| flat.span(index)) {
                let mut slope = |change: f64| {
                    let before = point[at];
                    point[at] += change;
                    let loss = reference.loss(&point, &tokens, &targets, &factors);
                    point[at] = before;
                    loss
                };
                let slope = (slope(1e-5) - slope(-1e-5)) / 2e-5;
                let error = (f64::from(gradient[at]) - slope).abs();
                assert!(error < 1e-5 * f64::from(largest), "{model:?}: {} at {at}, not {slope}", gradient[at]);
            }
        }
    }

    #[test]
    fn memory_stops_growing_after_the_first_step() {
        let model = Model { batch: 2, ..nano() };
        let mut step = step(model);
        let weights = weights(model, &mut Random::new(1));
        let (tokens, factors) = (ids(model, 3), vec![1.0; model.rows()]);
        let (mut losses, mut gradient) = (vec![0.0; model.rows()], vec![0.0; weights.len()]);
        let mut run = || {
            step.gradient(&weights, &tokens, &tokens, &factors, &mut losses, &mut gradient);
            step.bytes()
        };
        let first = run();
        assert!((0..5).all(|_| run() == first));
    }

    #[test]
    fn extreme_batches_have_finite_gradients() {
        for (weight, factor) in [(0.0, 1.0), (1.0, 0.0), (30.0, 1.0)] {
            let mut weights = weights(SMALL, &mut Random::new(2));
            weights.iter_mut().for_each(|value| *value *= weight);
            let (tokens, factors) = (ids(SMALL, 1), vec![factor; SMALL.rows()]);
            let (mut losses, mut gradient) = (vec![f32::NAN; SMALL.rows()], vec![0.0; weights.len()]);
            step(SMALL).gradient(&weights, &tokens, &tokens, &factors, &mut losses, &mut gradient);
            assert!(losses.iter().chain(&gradient).all(|value| value.is_finite()), "{weight} {factor}");
            assert!(factor > 0.0 || gradient.iter().all(|value| *value == 0.0));
        }
    }
}
