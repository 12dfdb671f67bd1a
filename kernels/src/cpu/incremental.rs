//! Forwards that compute some rows of a sequence and take the keys and values of earlier ones from a cache.

use super::{
    Activation, AttentionInputs, AttentionMask, AttentionShape, LinearShape, LinearWeights, NormKind, Operand,
    RopeTable, Rotation, Workspace, attention, linear, matmul, norm,
};
use crate::model::{Model, Offsets, Part, Spans};

/// A transformer on one sequence, with the keys and values of the rows that it was told to keep.
///
/// Keys are kept before their rotation, so that what is kept belongs to a token and its position alone.
#[derive(Clone, Debug)]
pub struct Incremental {
    model: Model,
    offsets: Offsets,
    /// Of every position of the context.
    rope: Option<RopeTable>,
    layers: Vec<Kept>,
    positions: Vec<usize>,
    workspace: Workspace,
}

/// A layer's keys and values, `[kept, width]` each; while a forward runs, those of its rows stand behind them.
#[derive(Clone, Debug, Default)]
struct Kept {
    keys: Vec<f32>,
    values: Vec<f32>,
    external: External,
}

/// The attention of some rows over some keys: outputs `[rows, width]`, and the logarithm of each softmax's denominator,
/// `[heads, rows]`.
#[derive(Clone, Debug, Default)]
struct External {
    outputs: Vec<f32>,
    normalisers: Vec<f32>,
}

/// The rows of a forward.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Their tokens.
    pub tokens: &'a [i32],
    /// Their positions.
    pub positions: &'a [usize],
    /// Which row attends which row, `[rows, rows]`.
    pub allowed: &'a [bool],
    /// How many kept rows, counted from the first one, every row attends.
    pub sees: usize,
    /// If not 0, the first so many rows are kept behind the first `sees` ones, in place of all that were there.
    pub keep: usize,
    /// What happens to the attention over kept rows.
    pub attention: Attention,
}

/// What happens to the attention over kept rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attention {
    /// It is computed together with that of the rows over each other.
    #[default]
    Whole,
    /// It is computed by itself and remembered.
    Remember,
    /// It is what was remembered, which belongs to as many rows: an approximation where they have changed.
    Reuse,
}

/// A forward under way.
struct Pass<'a> {
    rows: Rows<'a>,
    kept: usize,
    /// The kept rows and the forward's.
    all: usize,
    /// The rotations of the forward's rows, and of all.
    tables: Option<&'a [RopeTable; 2]>,
}

/// Linear maps of a list of weights.
struct Maps<'a> {
    weights: &'a [f32],
    workspace: &'a mut Workspace,
}

impl Incremental {
    /// A transformer that has kept nothing; batch, time and mask of the model mean nothing here.
    pub fn new(model: Model) -> Self {
        let layers = vec![Kept::default(); model.layers];
        let rope = model.rope.then(|| RopeTable::new(model.width / model.heads, 0..model.context));
        Self { model, offsets: model.offsets(), rope, layers, positions: Vec::new(), workspace: Workspace::new() }
    }

    /// Rows that are kept.
    pub fn kept(&self) -> usize {
        self.positions.len()
    }

    /// Forgets all but the first `rows` kept rows.
    fn truncate(&mut self, rows: usize) {
        self.positions.truncate(rows);
        for layer in &mut self.layers {
            layer.keys.truncate(rows * self.model.width);
            layer.values.truncate(rows * self.model.width);
        }
    }

    /// Logits of the rows, `[rows, outputs]`.
    ///
    /// # Panics
    /// If a token is not in the vocabulary, a position not in the context, or lengths do not fit.
    pub fn forward(&mut self, weights: &[f32], rows: Rows<'_>) -> Vec<f32> {
        let Rows { tokens, positions, allowed, sees, keep, .. } = rows;
        let Model { width, outputs, .. } = self.model;
        let count = tokens.len();
        assert_eq!(weights.len(), self.offsets.flat.length, "weights in the flat layout");
        assert!(positions.len() == count && allowed.len() == count * count, "positions and a mask of the rows");
        assert!(sees <= self.kept() && keep <= count, "no more than there is");

        if keep > 0 {
            self.truncate(sees);
        }
        let kept = self.kept();
        let all: Vec<usize> = self.positions.iter().chain(positions).copied().collect();
        let tables = self.rope.as_ref().map(|rope| [rope.select(positions), rope.select(&all)]);
        let pass = Pass { rows, kept, all: all.len(), tables: tables.as_ref() };
        let mut stream = self.embed(weights, tokens, positions);
        for layer in 0..self.model.layers {
            self.layer(layer, weights, &mut stream, &pass);
        }
        self.positions.extend_from_slice(&positions[..keep]);
        self.truncate(kept + keep);

        let normed = normed(self.model, weights, &self.offsets.norm_spans(), &stream);
        let mut logits = vec![0.0; count * outputs];
        match self.offsets.head_span() {
            Some(head) => {
                let shape = LinearShape { rows: count, inputs: width, outputs };
                let head = [LinearWeights { matrix: &weights[head], bias: None }];
                linear(shape, &normed, &head, Activation::None, None, &mut logits, &mut self.workspace);
            }
            None => {
                let table = Operand::Transposed(&weights[self.offsets.embedding_span()][..outputs * width]);
                let normed = Operand::Plain(&normed);
                matmul([count, width, outputs], normed, table, false, &mut logits, &mut self.workspace);
            }
        }
        logits
    }

    /// `[rows, width]`.
    fn embed(&self, weights: &[f32], tokens: &[i32], positions: &[usize]) -> Vec<f32> {
        let width = self.model.width;
        let table = &weights[self.offsets.embedding_span()];
        let mut stream = Vec::with_capacity(tokens.len() * width);
        for token in tokens {
            stream.extend_from_slice(&table[*token as usize * width..][..width]);
        }
        if let Some(span) = self.offsets.positions_span() {
            let table = &weights[span];
            for (row, position) in stream.chunks_exact_mut(width).zip(positions) {
                row.iter_mut().zip(&table[position * width..][..width]).for_each(|(x, y)| *x += y);
            }
        }
        stream
    }

    fn layer(&mut self, layer: usize, weights: &[f32], stream: &mut [f32], pass: &Pass<'_>) {
        let Model { width, hidden, .. } = self.model;
        let rows = stream.len() / width;
        let spans = |part| self.offsets.spans(layer, part);
        let [attention_norm, mlp_norm] = [Part::AttentionNorm, Part::MlpNorm].map(spans);
        let [query, key, value, output] = [Part::Query, Part::Key, Part::Value, Part::Output].map(spans);
        let [up, down] = [Part::Up, Part::Down].map(spans);
        let square = LinearShape { rows, inputs: width, outputs: width };
        let (rise, fall) = (LinearShape { outputs: hidden, ..square }, LinearShape { inputs: hidden, ..square });
        let mut maps = Maps { weights, workspace: &mut self.workspace };

        let normed = normed(self.model, weights, &attention_norm, stream);
        let mut queries = vec![0.0; rows * width];
        maps.map(&query, square, &normed, Activation::None, None, &mut queries);
        let Kept { keys, values, external } = &mut self.layers[layer];
        for (spans, kept) in [(&key, &mut *keys), (&value, &mut *values)] {
            let start = kept.len();
            kept.resize(start + rows * width, 0.0);
            maps.map(spans, square, &normed, Activation::None, None, &mut kept[start..]);
        }
        let attended = pass.attend(self.model, &queries, [keys, values], external, maps.workspace);
        let mut middle = vec![0.0; rows * width];
        maps.map(&output, square, &attended, Activation::None, Some(stream), &mut middle);

        let normed = self::normed(self.model, weights, &mlp_norm, &middle);
        let mut raised = vec![0.0; rows * hidden];
        maps.map(&up, rise, &normed, Activation::Gelu(None), None, &mut raised);
        maps.map(&down, fall, &raised, Activation::None, Some(&middle), stream);
    }
}

impl Pass<'_> {
    /// Attention of the rows, `[rows, width]`, over what is kept and over each other.
    fn attend(
        &self,
        model: Model,
        queries: &[f32],
        [keys, values]: [&[f32]; 2],
        external: &mut External,
        workspace: &mut Workspace,
    ) -> Vec<f32> {
        let width = model.width;
        let mut over = |first: usize, last: usize, mask: &[bool]| {
            let inputs = [queries, &keys[first * width..last * width], &values[first * width..last * width]];
            // The keys are those of the forward's rows, or begin at the first one that is kept.
            let rotation =
                self.tables.map(|[rows, all]| Rotation { queries: rows, keys: if first == 0 { all } else { rows } });
            let (heads, channels) = (model.heads, width / model.heads);
            let shape =
                AttentionShape { batch: 1, heads, channels, queries: self.rows.tokens.len(), keys: last - first };
            let mut part = External { outputs: vec![0.0; queries.len()], normalisers: vec![0.0; shape.kept()] };
            let (inputs, mask) = (AttentionInputs::Separate(inputs), AttentionMask::Data(mask));
            attention(shape, inputs, rotation, mask, &mut part.outputs, &mut part.normalisers, workspace);
            part
        };
        let Rows { tokens, allowed, sees, attention, .. } = self.rows;
        let (kept, all, count) = (self.kept, self.all, tokens.len());
        if attention == Attention::Whole || sees == 0 {
            let rows = allowed.chunks_exact(count.max(1));
            let mask: Vec<bool> =
                rows.flat_map(|row| (0..kept).map(|key| key < sees).chain(row.iter().copied())).collect();
            return over(0, all, &mask).outputs;
        }
        let internal = over(kept, all, allowed);
        if attention == Attention::Remember {
            *external = over(0, sees, &vec![true; count * sees]);
        }
        assert_eq!(external.outputs.len(), internal.outputs.len(), "the rows of the forward that is remembered");
        external.merge(internal, model.heads)
    }
}

impl External {
    /// The attention over the keys of both: `(a e^l + b e^m) / (e^l + e^m)`, with the logarithms `l` and `m` of the
    /// softmax's denominators (FlashBlock, ICML 2026; the merge of FlashAttention-2).
    fn merge(&self, other: Self, heads: usize) -> Vec<f32> {
        let queries = self.normalisers.len() / heads;
        let width = self.outputs.len() / queries;
        let channels = width / heads;
        let mut merged = other.outputs;
        for (at, value) in merged.iter_mut().enumerate() {
            let (query, head) = (at / width, at % width / channels);
            let [l, m] = [&self.normalisers, &other.normalisers].map(|list| list[head * queries + query]);
            // The share of the other keys in the denominator.
            let share = 1.0 / (1.0 + (l - m).exp());
            *value = self.outputs[at] * (1.0 - share) + *value * share;
        }
        merged
    }
}

impl Maps<'_> {
    fn map(
        &mut self,
        spans: &Spans,
        shape: LinearShape,
        x: &[f32],
        activation: Activation<'_>,
        residual: Option<&[f32]>,
        y: &mut [f32],
    ) {
        let bias = spans.bias.clone().map(|bias| &self.weights[bias]);
        let map = [LinearWeights { matrix: &self.weights[spans.matrix.clone()], bias }];
        linear(shape, x, &map, activation, residual, y, self.workspace);
    }
}

fn normed(model: Model, weights: &[f32], spans: &Spans, x: &[f32]) -> Vec<f32> {
    let (mut moments, mut out) = (vec![0.0; 2 * x.len() / model.width], vec![0.0; x.len()]);
    let kind = if model.rms { NormKind::Rms } else { NormKind::Layer };
    let bias = spans.bias.clone().map(|bias| &weights[bias]);
    norm(kind, x, &weights[spans.matrix.clone()], bias, &mut moments, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Step, testing::Random},
        *,
    };
    use crate::{gpu::checks::SMALL, model::MaskKind};

    const BLOCK: usize = 3;

    fn model(rope: bool) -> Model {
        Model { batch: 1, time: 9, context: 9, outputs: 10, rope, tied: rope, mask: MaskKind::Bits, ..SMALL }
    }

    fn allows(query: usize, key: usize) -> bool {
        key / BLOCK <= query / BLOCK
    }

    fn weights(model: Model) -> Vec<f32> {
        Random::new(7).normal(model.offsets().flat.length).iter().map(|value| value * 0.4).collect()
    }

    fn close(a: &[f32], b: &[f32]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
    }

    const TOKENS: [i32; 9] = [3, 0, 9, 10, 4, 4, 1, 7, 10];

    fn block<'a>(at: usize, allowed: &'a [bool], positions: &'a [usize], keep: usize) -> Rows<'a> {
        let tokens = &TOKENS[at..at + positions.len()];
        Rows { tokens, positions, allowed, sees: at, keep, attention: Attention::Whole }
    }

    /// Blocks one after the other, each with a cache, against all of them at once.
    #[test]
    fn a_cached_forward_agrees_with_a_whole_one() {
        for rope in [true, false] {
            let model = model(rope);
            let weights = weights(model);
            let mask = (0..81).map(|pair| allows(pair / 9, pair % 9)).collect();
            let whole = Step::new(model, 0..9, mask).logits(&weights, &TOKENS).to_vec();
            let mut cached = Incremental::new(model);
            for at in (0..9).step_by(BLOCK) {
                let positions = [at, at + 1, at + 2];
                // A forward that keeps nothing leaves nothing behind.
                let other = cached.forward(&weights, block(at, &[true; 9], &positions, 0));
                let logits = cached.forward(&weights, block(at, &[true; 9], &positions, BLOCK));
                assert!(close(&logits, &whole[at * 10..(at + BLOCK) * 10]), "{rope} at {at}");
                assert_eq!(logits, other);
            }
            assert_eq!(cached.kept(), 9);
        }
    }

    /// Keys and values of other tokens than the final ones must not pass for them.
    #[test]
    fn keys_of_masked_tokens_give_other_logits() {
        let model = model(true);
        let weights = weights(model);
        let logits = |first: [i32; BLOCK]| {
            let mut cached = Incremental::new(model);
            let rows = Rows { tokens: &first, ..block(0, &[true; 9], &[0, 1, 2], BLOCK) };
            cached.forward(&weights, rows);
            cached.forward(&weights, block(BLOCK, &[true; 9], &[3, 4, 5], 0))
        };
        assert!(!close(&logits([3, 0, 9]), &logits([3, 10, 10])));
    }

    #[test]
    fn rows_that_are_forgotten_can_be_kept_again() {
        let model = model(true);
        let weights = weights(model);
        let mut cached = Incremental::new(model);
        cached.forward(&weights, block(0, &[true; 9], &[0, 1, 2], BLOCK));
        let expected = cached.forward(&weights, block(BLOCK, &[true; 9], &[3, 4, 5], BLOCK));
        assert_eq!(cached.kept(), 2 * BLOCK);
        assert_eq!(cached.forward(&weights, block(BLOCK, &[true; 9], &[3, 4, 5], 1)), expected);
        assert_eq!(cached.kept(), BLOCK + 1);
    }

    #[test]
    fn a_remembered_attention_is_exact_for_the_same_rows_only() {
        let model = model(true);
        let weights = weights(model);
        let mut cached = Incremental::new(model);
        cached.forward(&weights, block(0, &[true; 9], &[0, 1, 2], BLOCK));
        let rows = block(BLOCK, &[true; 9], &[3, 4, 5], 0);
        let mut run = |tokens, attention| cached.forward(&weights, Rows { tokens, attention, ..rows });
        let (these, others) = (&[10, 4, 4][..], &[10, 4, 5][..]);
        let exact = run(these, Attention::Whole);
        assert!(close(&run(these, Attention::Remember), &exact));
        assert!(close(&run(these, Attention::Reuse), &exact));
        assert!(!close(&run(others, Attention::Reuse), &run(others, Attention::Whole)));
    }

    #[test]
    fn nothing_gives_nothing() {
        let model = model(true);
        let mut cached = Incremental::new(model);
        let rows = Rows { tokens: &[], positions: &[], ..block(0, &[], &[], 0) };
        assert!(cached.forward(&weights(model), rows).is_empty());
    }
}
