//! Attention, backward.

use super::{
    super::{
        exp::exp,
        matmul::{Base, Panels, Product, View, pair},
        simd::{Simd, SimdBase, multiply_add, splat, update},
    },
    AttentionGradients, AttentionInputs, AttentionMask, AttentionShape, KEY, QUERY, QUERY_BLOCK, Rotation, VALUE,
    Workspace, gather, turn,
};

#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub(super) fn backward<S: Simd>(
    simd: S,
    shape: AttentionShape,
    inputs: AttentionInputs<'_>,
    rotation: Option<Rotation<'_>>,
    mask: AttentionMask<'_>,
    kept: &[f32],
    dy: &[f32],
    mut gradients: AttentionGradients<'_>,
    workspace: &mut Workspace,
) {
    let AttentionShape { batch, heads, channels, queries, keys } = shape;
    let width = shape.width();
    let padded = keys.next_multiple_of(pair::<S>());
    let score_scale = 1.0 / (channels as f32).sqrt();
    let (query_table, key_table) = (rotation.map(|r| r.queries), rotation.map(|r| r.keys));

    // Right-hand sides: k^T and v^T for the scores and their gradient, k for dq, q for dk and dy for dv.
    let turned_panels = Panels::pairs(channels, padded);
    let key_panels = Panels::new::<S>(padded, channels);
    let query_panels = Panels::new::<S>(queries, channels);
    let [turned, by_key, by_query] = [&turned_panels, &key_panels, &query_panels].map(|panels| panels.length::<S>());
    let (memory, spans) = workspace.slices_and_spans([
        queries * padded,
        queries * channels,
        padded * channels,
        turned,
        turned,
        by_key,
        by_query,
        by_query,
        QUERY_BLOCK * padded,
        QUERY_BLOCK * padded,
        QUERY_BLOCK * channels,
        padded * channels,
        padded * channels,
    ]);
    let [summand, query_rows, key_rows, m0, m1, m2, m3, m4, shares, slopes, query_sums, key_sums, value_sums] = memory;
    spans.prepare(shape, mask, pair::<S>(), padded, summand);
    let (summand, spans) = (&*summand, &*spans);

    for sequence in 0..batch {
        for head in 0..heads {
            let at = |time: usize, stride: usize| sequence * time * stride + head * channels;
            if queries > 0 {
                let (query, stride) = inputs.tensor(QUERY, width);
                let query = &query[at(queries, stride)..];
                gather(simd, queries, channels, query, stride, query_table, score_scale, query_rows);
            }
            if keys > 0 {
                let (value, stride) = inputs.tensor(VALUE, width);
                gather(simd, keys, channels, &value[at(keys, stride)..], stride, None, 1.0, key_rows);
            }
            let value_turned = turned_panels.pack(simd, View::new(key_rows, channels).transposed(), m0);
            if keys > 0 {
                let (key, stride) = inputs.tensor(KEY, width);
                gather(simd, keys, channels, &key[at(keys, stride)..], stride, key_table, 1.0, key_rows);
            }
            let key_turned = turned_panels.pack(simd, View::new(key_rows, channels).transposed(), m1);
            let key_packed = key_panels.pack(simd, View::new(key_rows, channels), m2);
            let query_packed = query_panels.pack(simd, View::new(query_rows, channels), m3);
            let dy = &dy[at(queries, width).min(dy.len())..];
            let dy_packed = query_panels.pack(simd, View::new(dy, width), m4);
            key_sums.fill(0.0);
            value_sums.fill(0.0);

            for (block, first) in (0..queries).step_by(QUERY_BLOCK).enumerate() {
                let rows = QUERY_BLOCK.min(queries - first);
                let spans = spans.of(block);
                for span in spans {
                    let query = View::new(&query_rows[first * channels..], channels);
                    let base = Base::Matrix(&summand[first * padded..], padded);
                    let scores = Product { columns: span.clone(), base, ..Product::new(rows, query, key_turned) };
                    scores.compute(simd, shares, padded);
                    let dy = View::new(&dy[first * width..], width);
                    let slope = Product { columns: span.clone(), ..Product::new(rows, dy, value_turned) };
                    slope.compute(simd, slopes, padded);
                }
                for row in 0..rows {
                    let logarithm = kept[(sequence * heads + head) * queries + first + row];
                    let numbers = row * padded..(row + 1) * padded;
                    softmax_backward(simd, logarithm, spans, &mut shares[numbers.clone()], &mut slopes[numbers]);
                }
                query_sums.fill(0.0);
                for span in spans {
                    let slope = View::new(&slopes[span.start..], padded);
                    let product =
                        Product { depth: span.clone(), base: Base::Out, ..Product::new(rows, slope, key_packed) };
                    product.compute(simd, query_sums, channels);

                    let depth = first..first + rows;
                    let share = View::new(&shares[span.start..], padded).transposed();
                    for (left, right, sums) in
                        [(slope.transposed(), query_packed, &mut *key_sums), (share, dy_packed, &mut *value_sums)]
                    {
                        let product =
                            Product { depth: depth.clone(), base: Base::Out, ..Product::new(span.len(), left, right) };
                        product.compute(simd, &mut sums[span.start * channels..], channels);
                    }
                }
                let (target, stride) = gradients.tensor(QUERY, width);
                let target = &mut target[at(queries, stride) + first * stride..];
                for row in 0..rows {
                    let angles = query_table.map(|table| table.row(first + row));
                    let (from, to) = (&query_sums[row * channels..], &mut target[row * stride..]);
                    turn(simd, &from[..channels], angles, -1.0, score_scale, &mut to[..channels]);
                }
            }

            for (which, sums, table) in [(KEY, &*key_sums, key_table), (VALUE, &*value_sums, None)] {
                let (target, stride) = gradients.tensor(which, width);
                for row in 0..keys {
                    let angles = table.map(|table| table.row(row));
                    let to = &mut target[at(keys, stride) + row * stride..][..channels];
                    turn(simd, &sums[row * channels..][..channels], angles, -1.0, 1.0, to);
                }
            }
        }
    }
}

/// Replaces a row's scores by their shares `p = exp(score - logarithm)`, and the gradient of the shares by that of the
/// scores.
#[inline(always)]
fn softmax_backward<S: Simd>(
    simd: S,
    logarithm: f32,
    spans: &[std::ops::Range<usize>],
    shares: &mut [f32],
    slopes: &mut [f32],
) {
    let logarithms = splat(simd, logarithm);
    let mut sum = splat(simd, 0.0);
    for span in spans {
        update(
            simd,
            [&mut shares[span.clone()]],
            [&slopes[span.clone()]],
            #[inline(always)]
            |[score], [slope]| {
                let share = exp(simd, score - logarithms);
                sum = multiply_add::<S>(share, slope, sum);
                [share]
            },
        );
    }
    let mean = splat(simd, sum.reduce_sum());
    for span in spans {
        update(
            simd,
            [&mut slopes[span.clone()]],
            [&shares[span.clone()]],
            #[inline(always)]
            |[slope], [share]| [share * (slope - mean)],
        );
    }
}
