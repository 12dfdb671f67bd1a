//! Multi-head softmax attention with rotary positions and a mask.
//!
//! Per head, with `q` and `k` turned by their positions: `p = softmax(q k^T / sqrt(channels) + mask)`, `out = p v`. A
//! query that attends no key gives zeros. The scores of a few queries at a time live in the cache and are never
//! stored; the forward pass keeps the logarithm of each softmax's denominator, from which the backward pass computes
//! `p` again (the scheme of FlashAttention, Dao 2023, arXiv:2307.08691). With `g` the gradient of `out` and
//! `d_i = sum_j p_ij (g v^T)_ij`: `ds = p (g v^T - d)`, `dq = ds k / sqrt(channels)`, `dk = ds^T q / sqrt(channels)`,
//! `dv = p^T g`, the first two turned back.
//!
//! Queries, keys and values are read where the linear map has put them, `[batch * time, heads * channels]`, and so is
//! the result. Tiles of queries and keys that the mask forbids altogether are skipped.

mod backward;
mod forward;
mod mask;

pub(super) use mask::Spans;

use super::{
    RopeTable, Workspace,
    simd::{Level, Simd, SimdFloat, dispatch, lanes, splat},
};

/// The sizes of an attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttentionShape {
    /// Independent sequences.
    pub batch: usize,
    /// Heads.
    pub heads: usize,
    /// Channels per head.
    pub channels: usize,
    /// Queries per sequence.
    pub queries: usize,
    /// Keys per sequence.
    pub keys: usize,
}

impl AttentionShape {
    fn width(&self) -> usize {
        self.heads * self.channels
    }

    /// How many numbers [`attention`] keeps for its backward pass: one per sequence, head and query.
    pub fn kept(&self) -> usize {
        self.batch * self.heads * self.queries
    }
}

/// Queries `[batch * queries, heads * channels]`, keys and values `[batch * keys, heads * channels]`.
#[derive(Clone, Copy, Debug)]
pub enum AttentionInputs<'a> {
    /// Three tensors: queries, keys, values.
    Separate([&'a [f32]; 3]),
    /// One tensor with the three side by side, `[batch * time, 3 * heads * channels]`, as [`linear`](fn@super::linear)
    /// with three maps gives it.
    Together(&'a [f32]),
}

/// Where the gradients of queries, keys and values go; laid out as [`AttentionInputs`], overwritten.
#[derive(Debug)]
pub enum AttentionGradients<'a> {
    /// Three tensors: queries, keys, values.
    Separate([&'a mut [f32]; 3]),
    /// One tensor, `[batch * time, 3 * heads * channels]`.
    Together(&'a mut [f32]),
}

/// Which query attends which key.
#[derive(Clone, Copy, Debug)]
pub enum AttentionMask<'a> {
    /// Every query attends every key.
    Full,
    /// A query attends the keys up to its own position, where the last query stands at the last key.
    Causal,
    /// Query `i` attends key `j` where `allowed[i * keys + j]`.
    Data(&'a [bool]),
}

/// The positions of queries and keys.
#[derive(Clone, Copy, Debug)]
pub struct Rotation<'a> {
    /// A row per query.
    pub queries: &'a RopeTable,
    /// A row per key.
    pub keys: &'a RopeTable,
}

/// Queries whose scores are in the cache at a time.
const QUERY_BLOCK: usize = 16;

/// Indices of the three tensors.
const QUERY: usize = 0;
const KEY: usize = 1;
const VALUE: usize = 2;

impl<'a> AttentionInputs<'a> {
    /// One of the three tensors from its first number on, and the distance of its rows.
    #[inline(always)]
    fn tensor(&self, which: usize, width: usize) -> (&'a [f32], usize) {
        match self {
            Self::Separate(tensors) => (tensors[which], width),
            Self::Together(tensor) => (&tensor[(which * width).min(tensor.len())..], 3 * width),
        }
    }

    fn check(&self, shape: AttentionShape) {
        let rows = [shape.queries, shape.keys, shape.keys].map(|time| shape.batch * time);
        match self {
            Self::Separate(tensors) => {
                for (tensor, rows) in tensors.iter().zip(rows) {
                    assert_eq!(tensor.len(), rows * shape.width(), "queries, keys and values of [rows, width]");
                }
            }
            Self::Together(tensor) => {
                assert_eq!(shape.queries, shape.keys, "as many queries as keys in one tensor");
                assert_eq!(tensor.len(), rows[0] * 3 * shape.width(), "a tensor of [rows, 3 * width]");
            }
        }
    }
}

impl AttentionGradients<'_> {
    /// As [`AttentionInputs::tensor`].
    #[inline(always)]
    fn tensor(&mut self, which: usize, width: usize) -> (&mut [f32], usize) {
        match self {
            Self::Separate(tensors) => (tensors[which], width),
            Self::Together(tensor) => {
                let start = (which * width).min(tensor.len());
                (&mut tensor[start..], 3 * width)
            }
        }
    }

    fn as_inputs(&self) -> AttentionInputs<'_> {
        match self {
            Self::Separate([query, key, value]) => AttentionInputs::Separate([query, key, value]),
            Self::Together(tensor) => AttentionInputs::Together(tensor),
        }
    }
}

fn check_rotation(shape: AttentionShape, rotation: Option<Rotation<'_>>) {
    if let Some(Rotation { queries, keys }) = rotation {
        assert!(queries.channels() == shape.channels && keys.channels() == shape.channels, "a table of these channels");
        assert!(
            shape.channels == 0 || queries.positions() >= shape.queries && keys.positions() >= shape.keys,
            "a position for every query and key"
        );
    }
}

/// Attention into `out`, `[batch * queries, heads * channels]`. `kept`, `[batch, heads, queries]`, receives what the
/// backward pass needs.
pub fn attention(
    shape: AttentionShape,
    inputs: AttentionInputs<'_>,
    rotation: Option<Rotation<'_>>,
    mask: AttentionMask<'_>,
    out: &mut [f32],
    kept: &mut [f32],
    workspace: &mut Workspace,
) {
    inputs.check(shape);
    check_rotation(shape, rotation);
    assert_eq!(out.len(), shape.batch * shape.queries * shape.width(), "a result of [rows, width]");
    assert_eq!(kept.len(), shape.kept(), "a number per sequence, head and query");
    if shape.kept() > 0 && shape.channels > 0 {
        dispatch!(Level::new(), simd => {
            forward::forward(simd, shape, inputs, rotation, mask, out, kept, workspace);
        });
    }
}

/// The gradients of [`attention`] from that of its result, `dy`, `[batch * queries, heads * channels]`.
#[allow(clippy::too_many_arguments)]
pub fn attention_backward(
    shape: AttentionShape,
    inputs: AttentionInputs<'_>,
    rotation: Option<Rotation<'_>>,
    mask: AttentionMask<'_>,
    kept: &[f32],
    dy: &[f32],
    gradients: AttentionGradients<'_>,
    workspace: &mut Workspace,
) {
    inputs.check(shape);
    gradients.as_inputs().check(shape);
    check_rotation(shape, rotation);
    assert_eq!(dy.len(), shape.batch * shape.queries * shape.width(), "dy of [rows, width]");
    assert_eq!(kept.len(), shape.kept(), "a number per sequence, head and query");
    if shape.batch * shape.heads * shape.channels > 0 {
        dispatch!(Level::new(), simd => {
            backward::backward(simd, shape, inputs, rotation, mask, kept, dy, gradients, workspace);
        });
    }
}

/// Copies a row of channels, turned by its position (`direction` 1, or -1 for back) and scaled.
#[inline(always)]
fn turn<S: Simd>(simd: S, from: &[f32], angles: Option<(&[f32], &[f32])>, direction: f32, scale: f32, to: &mut [f32]) {
    // Heads are often narrower than two of the widest registers.
    if (from.len() / 2).is_multiple_of(lanes::<S>()) {
        turn_with::<S, S::f32s>(simd, from, angles, direction, scale, to);
    } else {
        turn_with::<S, fearless_simd::f32x4<S>>(simd, from, angles, direction, scale, to);
    }
}

#[inline(always)]
fn turn_with<S: Simd, V: SimdFloat<S, Element = f32>>(
    simd: S,
    from: &[f32],
    angles: Option<(&[f32], &[f32])>,
    direction: f32,
    scale: f32,
    to: &mut [f32],
) {
    let Some((cosines, sines)) = angles else {
        for (to, from) in to.iter_mut().zip(from) {
            *to = from * scale;
        }
        return;
    };
    let half = from.len() / 2;
    let (low, high) = from.split_at(half);
    let (to_low, to_high) = to.split_at_mut(half);
    let whole = half - half % V::LEN;
    let (scales, turns) = (V::splat(simd, scale), V::splat(simd, scale * direction));
    for at in (0..whole).step_by(V::LEN) {
        let channels = at..at + V::LEN;
        let cos = V::from_slice(simd, &cosines[channels.clone()]) * scales;
        let sin = V::from_slice(simd, &sines[channels.clone()]) * turns;
        let (x, y) = (V::from_slice(simd, &low[channels.clone()]), V::from_slice(simd, &high[channels.clone()]));
        (x * cos - y * sin).store_slice(&mut to_low[channels.clone()]);
        (y * cos + x * sin).store_slice(&mut to_high[channels]);
    }
    for at in whole..half {
        let (cos, sin) = (cosines[at] * scale, sines[at] * scale * direction);
        to_low[at] = low[at] * cos - high[at] * sin;
        to_high[at] = high[at] * cos + low[at] * sin;
    }
}

/// Copies the rows of one head, turned by their positions and scaled, to `to`, `[rows, channels]`, and fills what is
/// left of it with zeros.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
fn gather<S: Simd>(
    simd: S,
    rows: usize,
    channels: usize,
    from: &[f32],
    stride: usize,
    table: Option<&RopeTable>,
    scale: f32,
    to: &mut [f32],
) {
    let (used, rest) = to.split_at_mut(rows * channels);
    for (row, to) in used.chunks_exact_mut(channels).enumerate() {
        let angles = table.map(|table| table.row(row));
        turn(simd, &from[row * stride..][..channels], angles, 1.0, scale, to);
    }
    rest.fill(0.0);
}

/// Multiplies numbers by a factor.
#[inline(always)]
fn scale_by<S: Simd>(simd: S, numbers: &mut [f32], factor: f32) {
    let factor = splat(simd, factor);
    super::simd::update(
        simd,
        [numbers],
        [],
        #[inline(always)]
        |[x], []| [x * factor],
    );
}

#[cfg(test)]
mod tests;
