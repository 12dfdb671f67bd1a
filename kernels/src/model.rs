//! The transformer that the fused operations compute: its shape and where its parameters lie.

use std::ops::Range;

use crate::flat::Flat;

/// Which key a query attends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MaskKind {
    /// Every key.
    Full,
    /// Itself and all before it.
    Causal,
    /// What data says, one mask for all sequences and heads.
    Bits,
}

/// The shape of a pre-norm transformer and of its batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Model {
    /// Sequences of a batch.
    pub batch: usize,
    /// Positions of a sequence, at most `context`.
    pub time: usize,
    /// Rows of the table of learned positions.
    pub context: usize,
    /// Tokens that it reads.
    pub vocabulary: usize,
    /// Tokens that it predicts, the first of those that it reads: a mask is read and never predicted.
    pub outputs: usize,
    /// Width of the residual stream.
    pub width: usize,
    /// Layers.
    pub layers: usize,
    /// Attention heads.
    pub heads: usize,
    /// Width of the MLP's hidden layer.
    pub hidden: usize,
    /// Whether linear maps and norms have biases.
    pub bias: bool,
    /// RMS norm instead of layer norm.
    pub rms: bool,
    /// Rotary positions; learned ones otherwise.
    pub rope: bool,
    /// Whether the head is the transposed embedding.
    pub tied: bool,
    /// Which key a query attends.
    pub mask: MaskKind,
}

/// Where the parameters lie in the flat list.
///
/// The order is that of the transformer's parameter list: embedding, learned positions; per layer the maps query, key,
/// value, output, up, down, each matrix before its bias, then the norms of attention and MLP, each scale before its
/// bias; last norm; untied head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offsets {
    /// The list with its lengths and gaps.
    pub flat: Flat,
    bias: bool,
    rope: bool,
    tied: bool,
    layers: usize,
}

/// Where a matrix or scale and its bias lie in the flat list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spans {
    /// The matrix or scale.
    pub matrix: Range<usize>,
    /// Its bias, if there is one.
    pub bias: Option<Range<usize>>,
}

/// A parameter of a layer, counted from the layer's first: a matrix or scale, with its bias behind it.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Query,
    Key,
    Value,
    Output,
    Up,
    Down,
    AttentionNorm,
    MlpNorm,
}

impl Model {
    /// Rows of the activations.
    pub fn rows(&self) -> usize {
        self.batch * self.time
    }

    /// Where the parameters lie.
    pub fn offsets(&self) -> Offsets {
        let Self { width, hidden, vocabulary, outputs, .. } = *self;
        let mut lengths = vec![vocabulary * width];
        if !self.rope {
            lengths.push(self.context * width);
        }
        let mut push = |matrix: usize, bias: usize| {
            lengths.push(matrix);
            if self.bias {
                lengths.push(bias);
            }
        };
        let square = width * width;
        for _ in 0..self.layers {
            for _ in 0..4 {
                push(square, width);
            }
            push(width * hidden, hidden);
            push(hidden * width, width);
            push(width, width);
            push(width, width);
        }
        push(width, width);
        if !self.tied {
            lengths.push(width * outputs);
        }
        let Self { bias, rope, tied, layers, .. } = *self;
        Offsets { flat: Flat::new(lengths), bias, rope, tied, layers }
    }
}

impl Offsets {
    /// Values from a matrix to its bias, and from one of a layer's square matrices to the next.
    pub(crate) fn to_bias(&self, layer: usize, part: Part) -> Option<usize> {
        let at = self.index(layer, part);
        self.bias.then(|| self.flat.offsets[at + 1] - self.flat.offsets[at])
    }

    /// The values of a layer's matrix or scale, and of its bias.
    pub(crate) fn spans(&self, layer: usize, part: Part) -> Spans {
        self.spans_at(self.index(layer, part))
    }

    /// The values of the last norm's scale and bias.
    pub(crate) fn norm_spans(&self) -> Spans {
        self.spans_at(self.norm_index())
    }

    /// The values of the embedding.
    pub(crate) fn embedding_span(&self) -> Range<usize> {
        self.flat.span(0)
    }

    /// The values of the learned positions, if there are any.
    pub(crate) fn positions_span(&self) -> Option<Range<usize>> {
        (!self.rope).then(|| self.flat.span(1))
    }

    /// The values of the head's matrix; none when it is the transposed embedding.
    pub(crate) fn head_span(&self) -> Option<Range<usize>> {
        (!self.tied).then(|| self.flat.span(self.flat.lengths.len() - 1))
    }

    fn spans_at(&self, index: usize) -> Spans {
        Spans { matrix: self.flat.span(index), bias: self.bias.then(|| self.flat.span(index + 1)) }
    }

    /// Values from the query's matrix to the key's, and from the key's to the value's.
    pub(crate) fn plane_stride(&self, layer: usize) -> usize {
        self.part(layer, Part::Key) - self.part(layer, Part::Query)
    }

    /// First value of a layer's matrix or scale.
    pub(crate) fn part(&self, layer: usize, part: Part) -> usize {
        self.flat.offsets[self.index(layer, part)]
    }

    /// First value of the learned positions.
    pub(crate) fn positions(&self) -> usize {
        self.flat.offsets[1]
    }

    /// First value of the last norm's scale, and values from there to its bias.
    pub(crate) fn norm(&self) -> (usize, Option<usize>) {
        let at = self.norm_index();
        (self.flat.offsets[at], self.bias.then(|| self.flat.offsets[at + 1] - self.flat.offsets[at]))
    }

    /// First value of the head's matrix: the embedding when they are tied.
    pub(crate) fn head(&self) -> usize {
        if self.tied { 0 } else { self.flat.offsets[self.flat.offsets.len() - 1] }
    }

    fn index(&self, layer: usize, part: Part) -> usize {
        self.start() + (layer * 8 + part as usize) * self.stride()
    }

    fn norm_index(&self) -> usize {
        self.start() + self.layers * 8 * self.stride()
    }

    fn start(&self) -> usize {
        if self.rope { 1 } else { 2 }
    }

    fn stride(&self) -> usize {
        if self.bias { 2 } else { 1 }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn nano() -> Model {
        Model {
            batch: 16,
            time: 64,
            context: 64,
            vocabulary: 80,
            outputs: 80,
            width: 48,
            layers: 3,
            heads: 3,
            hidden: 192,
            bias: false,
            rms: false,
            rope: true,
            tied: true,
            mask: MaskKind::Causal,
        }
    }

    #[test]
    fn parameters_follow_the_list_order() {
        let model = Model { bias: true, rope: false, tied: false, ..nano() };
        let offsets = model.offsets();
        assert_eq!(offsets.flat.lengths.len(), 2 + 3 * 16 + 2 + 1);
        assert_eq!(offsets.positions(), 80 * 48);
        assert_eq!(offsets.part(0, Part::Query), 80 * 48 + 64 * 48);
        assert_eq!(offsets.plane_stride(1), 48 * 48 + 64);
        assert_eq!(offsets.to_bias(2, Part::Up), Some(48 * 192));
        assert_eq!(offsets.flat.lengths[2 + 16 + 8..][..2], [48 * 192, 192]);
        assert_eq!(offsets.head(), offsets.norm().0 + 128);
        assert_eq!(nano().offsets().head(), 0);
        assert_eq!(nano().offsets().to_bias(0, Part::Output), None);
    }
}
