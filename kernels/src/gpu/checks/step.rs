//! A whole training step against an f64 transformer.

use std::collections::HashMap;

use super::{Data, Numbers, Run, call, close, reference, slope};
use crate::{
    cpu::AdamW,
    gpu::{
        ops::{Optimiser, Rope, Rule, mask_words},
        step::{Buffer, Launch, Phase, Step},
    },
    model::{MaskKind, Model},
    update::{self, Group, Update},
};

/// The transformer of a [`Model`] in f64, on weights in the flat layout.
pub struct Reference<'a> {
    /// Its shape.
    pub model: Model,
    /// Which key a query attends.
    pub allows: &'a dyn Fn(usize, usize) -> bool,
}

impl Reference<'_> {
    /// The weighted sum of losses.
    pub fn loss(&self, weights: &[f64], tokens: &[u32], targets: &[u32], factors: &[f64]) -> f64 {
        let logits = self.logits(weights, tokens);
        let rows = logits.chunks(self.model.outputs).zip(targets).zip(factors);
        rows.map(|((logits, target), factor)| factor * reference::cross_entropy(logits, *target as usize)).sum()
    }

    /// Logits, `[rows, outputs]`.
    pub fn logits(&self, weights: &[f64], tokens: &[u32]) -> Vec<f64> {
        let Model { batch, time, outputs, width, layers, heads, hidden, bias, rms, rope, tied, .. } = self.model;
        let flat = self.model.offsets().flat;
        let mut list =
            flat.offsets.iter().zip(&flat.lengths).map(|(offset, length)| &weights[*offset..offset + length]);
        let mut next = || list.next().expect("a parameter");
        let table = next();
        let mut x: Vec<f64> =
            tokens.iter().flat_map(|token| table[*token as usize * width..][..width].iter().copied()).collect();
        if !rope {
            let places = next();
            x.iter_mut().enumerate().for_each(|(at, x)| *x += places[at % (time * width)]);
        }
        let mut pair = || (next(), if bias { next() } else { &[] });
        let map = |x: &[f64], (weight, bias): (&[f64], &[f64])| {
            let inputs = x.len() / (batch * time);
            let outputs = weight.len() / inputs;
            let mut y = reference::product(x, weight, inputs, outputs);
            y.iter_mut().enumerate().for_each(|(at, y)| *y += bias.get(at % outputs).unwrap_or(&0.0));
            y
        };
        let add = |x: &mut Vec<f64>, y: Vec<f64>| x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
        for _ in 0..layers {
            let [query, key, value, output, up, down, first, second] = [(); 8].map(|()| pair());
            let normed = reference::norm(&x, first.0, first.1, rms);
            let qkv = [query, key, value].map(|part| map(&normed, part)).concat();
            let shape = reference::Heads { batch, time, heads, channels: width / heads, rope, allows: self.allows };
            add(&mut x, map(&reference::attention(&qkv, &shape), output));
            let normed = reference::norm(&x, second.0, second.1, rms);
            let rise: Vec<f64> = map(&normed, up).into_iter().map(reference::gelu).collect();
            debug_assert_eq!(rise.len(), batch * time * hidden);
            add(&mut x, map(&rise, down));
        }
        let last = pair();
        let x = reference::norm(&x, last.0, last.1, rms);
        let head = if tied { reference::transpose(&table[..outputs * width], width) } else { next().to_vec() };
        reference::product(&x, &head, width, outputs)
    }
}

/// A small model whose sizes are no multiples of any tile.
pub(crate) const SMALL: Model = Model {
    batch: 2,
    time: 5,
    context: 6,
    vocabulary: 11,
    outputs: 11,
    width: 8,
    layers: 2,
    heads: 2,
    hidden: 12,
    bias: true,
    rms: false,
    rope: true,
    tied: true,
    mask: MaskKind::Causal,
};

/// Which key a query attends in these checks; the data have a query that attends nothing, and holes elsewhere.
pub(crate) fn allows(mask: MaskKind, query: usize, key: usize) -> bool {
    match mask {
        MaskKind::Full => true,
        MaskKind::Causal => key <= query,
        MaskKind::Bits => query != 2 && (query + key) % 3 != 1,
    }
}

/// Loss, logits, gradient and update of small models with every choice of the wiring, and of one whose weights are all 0.
pub fn step(run: &mut Run) {
    let model = SMALL;
    one(run, model, 1.0);
    one(run, model, 0.0);
    one(run, Model { outputs: 10, rope: false, tied: false, mask: MaskKind::Bits, ..model }, 1.0);
    one(
        run,
        Model {
            bias: false,
            heads: 1,
            vocabulary: 12,
            outputs: 9,
            hidden: 32,
            rms: true,
            mask: MaskKind::Full,
            ..model
        },
        1.0,
    );
}

fn one(run: &mut Run, model: Model, factor: f64) {
    let allows = |query: usize, key: usize| allows(model.mask, query, key);
    let reference = Reference { model, allows: &allows };
    let step = Step::new(model, Rule::AdamW, false);
    let flat = &step.offsets.flat;
    let mut numbers = Numbers::new(3);
    let mut weights = vec![0.0; flat.length];
    for (offset, length) in flat.offsets.iter().zip(&flat.lengths) {
        weights[*offset..offset + length].copy_from_slice(&numbers.list(*length));
    }
    weights.iter_mut().for_each(|weight| *weight *= factor);
    let rows = model.rows();
    let mut ids = |below: usize| -> Vec<u32> { (0..rows).map(|_| numbers.bits() % below as u32).collect() };
    let (tokens, targets) = (ids(model.vocabulary), ids(model.outputs));
    let factors: Vec<f64> = (0..rows).map(|row| if row == 3 { 0.0 } else { 1.0 / rows as f64 }).collect();

    let mut buffers: HashMap<Buffer, Data> =
        step.buffers().into_iter().map(|buffer| (buffer, Data::poison(step.size(buffer, 1)))).collect();
    let rule = update::Rule::AdamW(AdamW { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, update: 1 });
    let groups = vec![Group { learning_rate: 0.01, decay: 0.1, is_scaled: false }];
    let settings = Optimiser::settings(&Update { rule, clip: 1.0, gradient_scale: 0.5, groups }, flat);
    let angles = Rope::table(0..model.time, model.width / model.heads);
    let doubles = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
    for (buffer, data) in [
        (Buffer::Tokens, Data(tokens.clone())),
        (Buffer::Targets, Data(targets.clone())),
        (Buffer::LossWeights, Data::floats(&factors)),
        (Buffer::Mask, Data(mask_words(model.time, allows))),
        (Buffer::Angles, Data::floats(&doubles(&angles))),
        (Buffer::Settings, Data::floats(&doubles(&settings))),
        (Buffer::GroupOf, Data::zeros(step.size(Buffer::GroupOf, 1))),
        (Buffer::Weights, Data::floats(&weights)),
        (Buffer::First, Data::zeros(flat.length)),
        (Buffer::Second, Data::zeros(flat.length)),
        (Buffer::Parts, Data::zeros(step.size(Buffer::Parts, 1))),
    ] {
        buffers.insert(buffer, data);
    }

    // Two equal micro-batches, then one update with half of their sum.
    let again = Step::new(model, Rule::AdamW, true);
    let (update, first): (Vec<_>, Vec<_>) = step.launches.iter().partition(|launch| launch.phase == Phase::Update);
    let second = again.launches.iter().filter(|launch| launch.phase < Phase::Update);
    for launch in first.into_iter().chain(second).chain(update) {
        replay(run, launch, &mut buffers);
    }

    let values = |buffer| buffers[&buffer].values();
    close("logits", &values(Buffer::Logits), &reference.logits(&weights, &tokens));
    let loss = |weights: &[f64]| reference.loss(weights, &tokens, &targets, &factors);
    close("loss", &[values(Buffer::Loss).iter().sum()], &[loss(&weights)]);
    let gradient = slope(&weights, loss);
    let twice: Vec<f64> = gradient.iter().map(|g| 2.0 * g).collect();
    close("gradient", &values(Buffer::Gradient), &twice);
    let norm = super::dot(&gradient, &gradient).sqrt();
    let l1 = gradient.iter().map(|value| value.abs()).sum::<f64>();
    close("norms", &values(Buffer::Squares)[step.size(Buffer::Squares, 1) - 2..], &[l1, norm]);
    let scale = (1.0 / (norm + 1e-6)).min(1.0);
    for (at, (found, before)) in values(Buffer::Weights).iter().zip(&weights).enumerate() {
        let g = scale * gradient[at];
        // The first update has the size of the rate wherever the gradient is clearly not zero.
        if g.abs() > 1e-4 {
            let expected = before * (1.0 - 0.01 * 0.1) - 0.01 * g / (g.abs() + 1e-8);
            assert!((found - expected).abs() < 1e-5, "weight {at} became {found}, not {expected}");
        }
    }
}

/// Runs one launch of a step on named buffers and stores what it writes.
fn replay(run: &mut Run, launch: &Launch, buffers: &mut HashMap<Buffer, Data>) {
    let mut parts: Vec<Data> =
        launch.views.iter().map(|view| Data(buffers[&view.buffer].0[view.offset..].to_vec())).collect();
    let mut named: Vec<(&'static str, &mut Data)> = launch.dispatch.buffers.iter().copied().zip(&mut parts).collect();
    call(run, &launch.dispatch, &mut named);
    let source = launch.dispatch.source(false);
    for (binding, (view, part)) in launch.views.iter().zip(parts).enumerate() {
        if launch.dispatch.writes(&source, binding) {
            buffers.get_mut(&view.buffer).expect("it was bound").0.splice(view.offset.., part.0);
        }
    }
}
