//! Making the list of launches.

use std::sync::Arc;

use super::buffers::{Buffer, Launch, Phase, Saved, Scratch, View};
use crate::{
    gpu::{
        dispatch::Dispatch,
        ops::{
            Attention, Embedding, Epilogue, Linear, Norm, Optimiser, Rule, Splits, cross_entropy, product_transposed,
        },
    },
    model::{MaskKind, Model, Offsets, Part},
};

/// A training step of a [`Model`].
#[derive(Clone, Debug)]
pub struct Step {
    /// The model.
    pub model: Model,
    /// How a gradient becomes an update.
    pub rule: Rule,
    /// Where its parameters lie.
    pub offsets: Offsets,
    /// How the partial gradients are kept.
    pub splits: Splits,
    /// The launches in order.
    pub launches: Vec<Launch>,
}

impl Step {
    /// The step of a model. With `accumulate`, gradients are added to those of the micro-batch before.
    pub fn new(model: Model, rule: Rule, accumulate: bool) -> Self {
        let offsets = model.offsets();
        let splits = Splits::choose(model.rows(), offsets.flat.length);
        let (launches, phase) = (Vec::new(), Phase::Forward);
        let mut builder = Builder { model, rule, offsets, splits, accumulate, launches, phase };
        builder.forward();
        builder.phase = Phase::Backward;
        builder.backward();
        builder.phase = Phase::Update;
        builder.update();
        let Builder { offsets, launches, .. } = builder;
        Self { model, rule, offsets, splits, launches }
    }

    /// Every buffer that a launch binds, once.
    pub fn buffers(&self) -> Vec<Buffer> {
        let mut buffers = Vec::new();
        for view in self.launches.iter().flat_map(|launch| &launch.views) {
            if !buffers.contains(&view.buffer) {
                buffers.push(view.buffer);
            }
        }
        buffers
    }
}

struct Builder {
    model: Model,
    rule: Rule,
    offsets: Offsets,
    splits: Splits,
    accumulate: bool,
    launches: Vec<Launch>,
    phase: Phase,
}

impl Builder {
    fn launch(&mut self, dispatch: Dispatch, views: Vec<View>) {
        assert_eq!(dispatch.buffers.len(), views.len(), "buffers of {}", dispatch.kernel.name);
        self.launches.push(Launch { dispatch: Arc::new(dispatch), views, phase: self.phase });
    }

    fn forward(&mut self) {
        let Model { batch, time, vocabulary, outputs, width, layers, rope, tied, .. } = self.model;
        let embedding = Embedding { batch, time, vocabulary, width, positions: !rope };
        let mut views = vec![Buffer::Tokens.into(), weights(0)];
        views.extend((!rope).then(|| weights(self.offsets.positions())));
        views.push(saved(0, Saved::Stream));
        self.launch(embedding.forward(), views);
        for layer in 0..layers {
            self.layer_forward(layer);
        }

        let (scale, bias) = self.offsets.norm();
        self.norm_forward(layers, Saved::Stream, (scale, bias), Saved::AttentionStatistics, Saved::AttentionNormed);
        let head = self.offsets.head();
        let views = vec![saved(layers, Saved::AttentionNormed), weights(head), Buffer::Logits.into()];
        let rows = self.model.rows();
        let dispatch = if tied {
            product_transposed(rows, width, outputs)
        } else {
            Linear::new(rows, width, outputs).forward(Epilogue::NONE)
        };
        self.launch(dispatch, views);
        let views =
            [Buffer::Logits, Buffer::Targets, Buffer::LossWeights, Buffer::Loss, Buffer::Scratch(Scratch::Logits)];
        self.launch(cross_entropy(rows, outputs, true), views.map(View::from).to_vec());
    }

    fn layer_forward(&mut self, layer: usize) {
        let norm = self.norm_at(layer, Part::AttentionNorm);
        self.norm_forward(layer, Saved::Stream, norm, Saved::AttentionStatistics, Saved::AttentionNormed);
        let qkv = self.qkv(layer);
        let mut views = vec![saved(layer, Saved::AttentionNormed), weights(self.offsets.part(layer, Part::Query))];
        views.extend(self.bias(layer, Part::Query));
        views.push(saved(layer, Saved::Qkv));
        self.launch(qkv.forward(Epilogue::NONE), views);

        let attention = self.attention();
        if self.model.rope {
            self.launch(attention.rotate(), vec![Buffer::Angles.into(), saved(layer, Saved::Qkv)]);
        }
        let mut views = vec![saved(layer, Saved::Qkv)];
        views.extend(self.mask());
        views.extend([saved(layer, Saved::Scores), saved(layer, Saved::Attended)]);
        self.launch(attention.forward(), views);

        self.map_forward(layer, Part::Output, Saved::Attended, &[Saved::Stream, Saved::Middle], Epilogue::RESIDUAL);
        let norm = self.norm_at(layer, Part::MlpNorm);
        self.norm_forward(layer, Saved::Middle, norm, Saved::MlpStatistics, Saved::MlpNormed);
        self.map_forward(layer, Part::Up, Saved::MlpNormed, &[Saved::Pre, Saved::Hidden], Epilogue::GELU);
        self.map_forward(layer, Part::Down, Saved::Hidden, &[Saved::Middle, Saved::Stream], Epilogue::RESIDUAL);
    }

    /// A map whose last result is stored, with the buffers that its epilogue binds before it.
    fn map_forward(&mut self, layer: usize, part: Part, from: Saved, to: &[Saved], epilogue: Epilogue) {
        let mut views = vec![saved(layer, from), weights(self.offsets.part(layer, part))];
        views.extend(self.bias(layer, part));
        // The stream behind a layer is the stream before the next one.
        let place = |(at, saved_as): (usize, &Saved)| {
            let next = *saved_as == Saved::Stream && at + 1 == to.len();
            saved(layer + usize::from(next), *saved_as)
        };
        views.extend(to.iter().enumerate().map(place));
        self.launch(self.map(layer, part).forward(epilogue), views);
    }

    fn norm_forward(
        &mut self,
        layer: usize,
        x: Saved,
        (at, bias): (usize, Option<usize>),
        statistics: Saved,
        y: Saved,
    ) {
        let mut views = vec![saved(layer, x), weights(at)];
        views.extend(bias.map(|bias| weights(at + bias)));
        views.extend([saved(layer, statistics), saved(layer, y)]);
        self.launch(self.norm(bias).forward(), views);
    }

    fn backward(&mut self) {
        let Model { batch, time, vocabulary, outputs, width, layers, rope, tied, .. } = self.model;
        let (rows, splits, accumulate) = (self.model.rows(), self.splits, self.accumulate);
        let (normed, logits) = (saved(layers, Saved::AttentionNormed), scratch(Scratch::Logits));
        let head = self.offsets.head();
        // A tied head is the embedding, [outputs, width]: as a map it goes from the logits to the width.
        let (map, input_gradient, pair) = if tied {
            let map = Linear::new(rows, outputs, width);
            (map, map.forward(Epilogue::NONE), [logits, normed])
        } else {
            let map = Linear::new(rows, width, outputs);
            (map, map.input_gradient(false, false), [normed, logits])
        };
        self.launch(input_gradient, vec![logits, weights(head), scratch(Scratch::Normed)]);
        self.launch(map.weight_gradient(splits, accumulate), vec![pair[0], pair[1], parts(head)]);
        self.norm_backward(layers, Saved::Stream, self.offsets.norm(), Saved::AttentionStatistics, false);
        for layer in (0..layers).rev() {
            self.layer_backward(layer);
        }

        let embedding = Embedding { batch, time, vocabulary, width, positions: !rope };
        let stream = scratch(Scratch::Stream);
        let views = vec![Buffer::Tokens.into(), stream, parts(0)];
        let there = match (accumulate, tied) {
            (true, _) => vocabulary,
            (false, true) => outputs,
            (false, false) => 0,
        };
        self.launch(embedding.gradient(splits, there), views);
        if !rope {
            let views = vec![stream, parts(self.offsets.positions())];
            self.launch(embedding.position_gradient(splits, accumulate), views);
        }
    }

    fn layer_backward(&mut self, layer: usize) {
        self.map_backward(layer, Part::Down, Scratch::Stream, Saved::Hidden, Scratch::Hidden, Some(Saved::Pre));
        self.map_backward(layer, Part::Up, Scratch::Hidden, Saved::MlpNormed, Scratch::Normed, None);
        let norm = self.norm_at(layer, Part::MlpNorm);
        self.norm_backward(layer, Saved::Middle, norm, Saved::MlpStatistics, true);
        self.map_backward(layer, Part::Output, Scratch::Stream, Saved::Attended, Scratch::Attended, None);

        let attention = self.attention();
        let angles = self.model.rope.then(|| Buffer::Angles.into());
        let (qkv, dy, scores) = (saved(layer, Saved::Qkv), scratch(Scratch::Attended), saved(layer, Saved::Scores));
        let mut views = vec![qkv, dy, saved(layer, Saved::Attended)];
        views.extend(self.mask().into_iter().chain(angles));
        views.extend([scores, scratch(Scratch::Qkv)]);
        self.launch(attention.query_gradient(), views);
        let mut views = vec![qkv, dy, scores];
        views.extend(self.mask().into_iter().chain(angles));
        views.push(scratch(Scratch::Qkv));
        self.launch(attention.key_value_gradient(), views);

        self.map_backward(layer, Part::Query, Scratch::Qkv, Saved::AttentionNormed, Scratch::Normed, None);
        let norm = self.norm_at(layer, Part::AttentionNorm);
        self.norm_backward(layer, Saved::Stream, norm, Saved::AttentionStatistics, true);
    }

    /// Gradients of a map's input and weights; `pre` when its input came from a GELU.
    fn map_backward(&mut self, layer: usize, part: Part, dy: Scratch, x: Saved, dx: Scratch, pre: Option<Saved>) {
        let map = if matches!(part, Part::Query) { self.qkv(layer) } else { self.map(layer, part) };
        let at = self.offsets.part(layer, part);
        let mut views = vec![scratch(dy), weights(at)];
        views.extend(pre.map(|pre| saved(layer, pre)));
        views.push(scratch(dx));
        self.launch(map.input_gradient(pre.is_some(), false), views);
        let views = vec![saved(layer, x), scratch(dy), parts(at)];
        self.launch(map.weight_gradient(self.splits, self.accumulate), views);
    }

    fn norm_backward(
        &mut self,
        layer: usize,
        x: Saved,
        (at, bias): (usize, Option<usize>),
        statistics: Saved,
        add: bool,
    ) {
        let dispatch = self.norm(bias).gradient(self.splits, add, self.accumulate);
        let (x, statistics) = (saved(layer, x), saved(layer, statistics));
        let views = vec![scratch(Scratch::Normed), x, statistics, weights(at), scratch(Scratch::Stream), parts(at)];
        self.launch(dispatch, views);
    }

    fn update(&mut self) {
        let optimiser = Optimiser { length: self.offsets.flat.length, rule: self.rule };
        let views = [Buffer::Parts, Buffer::Gradient, Buffer::Squares].map(View::from).to_vec();
        self.launch(optimiser.reduce(self.splits), views);
        let (lars, parameters) = (self.rule == Rule::Lars, self.offsets.flat.lengths.len());
        let mut launch = |dispatch: Dispatch, buffers: [Option<Buffer>; 7]| {
            self.launch(dispatch, buffers.into_iter().flatten().map(View::from).collect());
        };
        let [settings, group_of, gradient, squares, first, second, weights, factors] = [
            Buffer::Settings,
            Buffer::GroupOf,
            Buffer::Gradient,
            Buffer::Squares,
            Buffer::First,
            Buffer::Second,
            Buffer::Weights,
            Buffer::Factors,
        ]
        .map(Some);
        let second = second.filter(|_| optimiser.has_second());
        if !lars {
            launch(optimiser.update(), [settings, group_of, gradient, squares, first, second, weights]);
        }
        if optimiser.is_scaled() {
            let of_lars = |buffer: Option<Buffer>| buffer.filter(|_| lars);
            launch(optimiser.trust(parameters), [settings, gradient, of_lars(squares), weights, factors, None, None]);
            let buffers = [of_lars(settings), group_of, gradient, factors, of_lars(first), weights, None];
            launch(optimiser.scaled(parameters), buffers);
        }
    }

    fn attention(&self) -> Attention {
        let Model { batch, time, heads, width, mask, rope, .. } = self.model;
        Attention { batch, time, heads, channels: width / heads, mask, rope }
    }

    fn mask(&self) -> Option<View> {
        (self.model.mask == MaskKind::Bits).then(|| Buffer::Mask.into())
    }

    fn qkv(&self, layer: usize) -> Linear {
        self.map(layer, Part::Query).with_planes(3, self.offsets.plane_stride(layer))
    }

    fn map(&self, layer: usize, part: Part) -> Linear {
        let Model { width, hidden, .. } = self.model;
        let (inputs, outputs) = match part {
            Part::Up => (width, hidden),
            Part::Down => (hidden, width),
            _ => (width, width),
        };
        Linear::new(self.model.rows(), inputs, outputs).with_bias(self.offsets.to_bias(layer, part))
    }

    fn bias(&self, layer: usize, part: Part) -> Option<View> {
        self.offsets.to_bias(layer, part).map(|to_bias| weights(self.offsets.part(layer, part) + to_bias))
    }

    fn norm(&self, bias_offset: Option<usize>) -> Norm {
        Norm { rms: self.model.rms, ..Norm::layer(self.model.rows(), self.model.width, bias_offset) }
    }

    fn norm_at(&self, layer: usize, part: Part) -> (usize, Option<usize>) {
        (self.offsets.part(layer, part), self.offsets.to_bias(layer, part))
    }
}

fn weights(offset: usize) -> View {
    View { buffer: Buffer::Weights, offset }
}

fn parts(offset: usize) -> View {
    View { buffer: Buffer::Parts, offset }
}

fn saved(layer: usize, which: Saved) -> View {
    Buffer::Saved(layer, which).into()
}

fn scratch(which: Scratch) -> View {
    Buffer::Scratch(which).into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{flat::BLOCK, model::tests::nano};

    #[test]
    fn a_step_of_gpt_nano_stays_within_its_budget() {
        let step = Step::new(nano(), Rule::AdamW, false);
        assert_eq!(step.launches.len(), 70);
        for (rule, launches) in [(Rule::Sgd, 70), (Rule::Lion, 70), (Rule::Lamb, 72), (Rule::Lars, 71)] {
            assert_eq!(Step::new(nano(), rule, false).launches.len(), launches, "{rule:?}");
        }
        let pipelines: HashSet<_> = step.launches.iter().map(|launch| launch.dispatch.key()).collect();
        assert!(pipelines.len() <= 40, "{}", pipelines.len());
    }

    #[test]
    fn views_start_at_blocks_and_bind_what_the_sources_name() {
        for (bias, rope, tied, mask) in [
            (true, false, false, MaskKind::Bits),
            (true, true, true, MaskKind::Full),
            (false, false, true, MaskKind::Causal),
        ] {
            let model = Model { bias, rope, tied, mask, ..nano() };
            let rule = if rope { Rule::Lamb } else { Rule::Lars };
            let steps = [rule, Rule::AdamW].map(|rule| Step::new(model, rule, bias));
            for (step, launch) in steps.iter().flat_map(|step| step.launches.iter().map(move |launch| (step, launch))) {
                launch.dispatch.check();
                assert!(launch.dispatch.buffers.len() <= 7, "{}", launch.dispatch.kernel.name);
                for view in &launch.views {
                    assert!(view.offset.is_multiple_of(BLOCK) && view.offset < step.size(view.buffer, 1));
                }
            }
        }
    }

    /// The browser refuses a dispatch in which a buffer that is written is bound a second time.
    #[test]
    fn what_a_launch_writes_is_bound_once() {
        let launches =
            [Rule::AdamW, Rule::Sgd, Rule::Lamb, Rule::Lars].map(|rule| Step::new(nano(), rule, false).launches);
        for launch in launches.into_iter().flatten() {
            let source = launch.dispatch.source(false);
            for (binding, view) in launch.views.iter().enumerate() {
                if launch.dispatch.writes(&source, binding) {
                    let count = launch.views.iter().filter(|other| other.buffer == view.buffer).count();
                    assert_eq!(count, 1, "{} binds {:?} twice", launch.dispatch.kernel.name, view.buffer);
                }
            }
        }
    }
}
