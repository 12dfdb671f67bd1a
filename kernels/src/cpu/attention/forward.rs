//! Attention, forward.

use super::{
    super::{
        exp::exp,
        matmul::{Base, Panels, Product, View, pair},
        simd::{Simd, SimdBase, fold, larger, splat, update},
    },
    AttentionInputs, AttentionMask, AttentionShape, KEY, QUERY, QUERY_BLOCK, Rotation, VALUE, Workspace, gather,
    mask::ALL_FORBIDDEN,
    scale_by,
};

#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub(super) fn forward<S: Simd>(
    simd: S,
    shape: AttentionShape,
    inputs: AttentionInputs<'_>,
    rotation: Option<Rotation<'_>>,
    mask: AttentionMask<'_>,
    out: &mut [f32],
    kept: &mut [f32],
    workspace: &mut Workspace,
) {
    let AttentionShape { batch, heads, channels, queries, keys } = shape;
    let width = shape.width();
    let padded = keys.next_multiple_of(pair::<S>());
    let key_panels = Panels::pairs(channels, padded);
    let value_panels = Panels::new::<S>(padded, channels);
    let ([summand, query_rows, key_rows, key_memory, value_memory, scores], spans) = workspace.slices_and_spans([
        queries * padded,
        queries * channels,
        padded * channels,
        key_panels.length::<S>(),
        value_panels.length::<S>(),
        QUERY_BLOCK * padded,
    ]);
    spans.prepare(shape, mask, pair::<S>(), padded, summand);
    let (summand, spans) = (&*summand, &*spans);
    let score_scale = 1.0 / (channels as f32).sqrt();

    for sequence in 0..batch {
        for head in 0..heads {
            let (query, query_stride) = inputs.tensor(QUERY, width);
            let query = &query[sequence * queries * query_stride + head * channels..];
            let table = rotation.map(|rotation| rotation.queries);
            gather(simd, queries, channels, query, query_stride, table, score_scale, query_rows);
            if keys > 0 {
                let (key, key_stride) = inputs.tensor(KEY, width);
                let key = &key[sequence * keys * key_stride + head * channels..];
                let table = rotation.map(|rotation| rotation.keys);
                gather(simd, keys, channels, key, key_stride, table, 1.0, key_rows);
                let (value, value_stride) = inputs.tensor(VALUE, width);
                let value = &value[sequence * keys * value_stride + head * channels..];
                value_panels.fill(simd, 0..keys, View::new(value, value_stride), value_memory);
                value_panels.fill(simd, keys..padded, View::new(&key_rows[keys * channels..], channels), value_memory);
            }
            let key_packed = key_panels.pack(simd, View::new(key_rows, channels).transposed(), key_memory);
            let value_packed = value_panels.packed(value_memory);

            for (block, first) in (0..queries).step_by(QUERY_BLOCK).enumerate() {
                let rows = QUERY_BLOCK.min(queries - first);
                let spans = spans.of(block);
                let target = &mut out[(sequence * queries + first) * width + head * channels..];
                let kept = &mut kept[(sequence * heads + head) * queries + first..][..rows];
                for span in spans {
                    let product = Product {
                        columns: span.clone(),
                        base: Base::Matrix(&summand[first * padded..], padded),
                        ..Product::new(rows, View::new(&query_rows[first * channels..], channels), key_packed)
                    };
                    product.compute(simd, scores, padded);
                }
                let mut inverses = [0.0; QUERY_BLOCK];
                for (row, (inverse, kept)) in inverses.iter_mut().zip(kept).enumerate() {
                    let scores = &mut scores[row * padded..][..padded];
                    (*inverse, *kept) = exponentials(simd, scores, spans);
                }
                if spans.is_empty() {
                    for row in 0..rows {
                        target[row * width..][..channels].fill(0.0);
                    }
                    continue;
                }
                for (index, span) in spans.iter().enumerate() {
                    let product = Product {
                        depth: span.clone(),
                        base: if index == 0 { Base::Zero } else { Base::Out },
                        ..Product::new(rows, View::new(&scores[span.start..], padded), value_packed)
                    };
                    product.compute(simd, target, width);
                }
                for (row, inverse) in inverses[..rows].iter().enumerate() {
                    scale_by(simd, &mut target[row * width..][..channels], *inverse);
                }
            }
        }
    }
}

/// Replaces a row's scores by `exp(score - maximum)`; gives the inverse of their sum, and the logarithm of the
/// softmax's denominator. A row in which all is forbidden becomes zeros, with an inverse of 0.
#[inline(always)]
fn exponentials<S: Simd>(simd: S, scores: &mut [f32], spans: &[std::ops::Range<usize>]) -> (f32, f32) {
    let mut most = splat(simd, f32::MIN);
    for span in spans {
        most = most.max(
            fold(
                simd,
                [&scores[span.clone()]],
                [f32::MIN],
                [f32::MIN],
                #[inline(always)]
                |[most], [x]| [larger::<S>(most, x)],
            )[0],
        );
    }
    let most = most.reduce_max();
    let forbidden = most < ALL_FORBIDDEN;
    let shift = if forbidden { 0.0 } else { most };
    let shifts = splat(simd, shift);
    let mut sum = splat(simd, 0.0);
    for span in spans {
        update(
            simd,
            [&mut scores[span.clone()]],
            [],
            #[inline(always)]
            |[x], []| {
                let e = exp(simd, x - shifts);
                sum += e;
                [e]
            },
        );
    }
    // The logarithm that the backward pass subtracts makes the shares of a forbidden row exp(-2e30) = 0.
    if forbidden { (0.0, -ALL_FORBIDDEN) } else { (1.0 / sum.reduce_sum(), shift + sum.reduce_sum().ln()) }
}
