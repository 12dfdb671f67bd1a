//! Attention: forward and gradients.

use super::{Data, Numbers, Run, call, close, close_above, dot, reference, slope};
use crate::{
    gpu::ops::{Attention, Rope, mask_words},
    model::MaskKind,
};

/// Attention with every mask kind, rows that may attend nothing, and large scores.
pub fn attention(run: &mut Run) {
    for (batch, time, heads, channels) in
        [(1, 1, 1, 2), (2, 5, 3, 8), (1, 7, 2, 6), (2, 9, 1, 16), (1, 6, 1, 40), (1, 35, 1, 4)]
    {
        for mask in [MaskKind::Full, MaskKind::Causal, MaskKind::Bits] {
            one(run, Attention { batch, time, heads, channels, mask, rope: true }, 1.0);
        }
    }
    one(run, Attention { batch: 2, time: 5, heads: 2, channels: 5, mask: MaskKind::Causal, rope: false }, 1.0);
    one(run, Attention { batch: 1, time: 6, heads: 1, channels: 8, mask: MaskKind::Causal, rope: false }, 10.0);
}

/// Every third query attends nothing, the others a scattered set.
fn scattered(query: usize, key: usize) -> bool {
    query % 3 != 1 && !(query * 7 + key * 5).is_multiple_of(4)
}

fn one(run: &mut Run, shape: Attention, factor: f64) {
    let Attention { batch, time, heads, channels, mask, rope } = shape;
    let rule = move |query: usize, key: usize| match mask {
        MaskKind::Full => true,
        MaskKind::Causal => key <= query,
        MaskKind::Bits => scattered(query, key),
    };
    let what = |op: &str| format!("{op} of {shape:?}");
    let plane = batch * time * heads * channels;
    let mut numbers = Numbers::new((time * channels) as u64);
    let qkv: Vec<f64> = numbers.list(3 * plane).iter().map(|x| f64::from((x * factor) as f32)).collect();
    let dy = numbers.list(plane);
    let reference = |qkv: &[f64]| {
        reference::attention(qkv, &reference::Heads { batch, time, heads, channels, rope, allows: &rule })
    };

    let angles: Vec<f64> = Rope::table(0..time, channels).into_iter().map(f64::from).collect();
    let (mut angles, mut planes) = (Data::floats(&angles), Data::floats(&qkv));
    let mut bits = Data(mask_words(time, rule));
    let (mut statistics, mut y) = (Data::poison(2 * batch * time * heads), Data::poison(plane));
    if rope {
        call(run, &shape.rotate(), &mut [("angles", &mut angles), ("qkv", &mut planes)]);
    }
    let with_bits = mask == MaskKind::Bits;
    let mut buffers = vec![("qkv", &mut planes)];
    if with_bits {
        buffers.push(("mask", &mut bits));
    }
    buffers.extend([("statistics", &mut statistics), ("y", &mut y)]);
    call(run, &shape.forward(), &mut buffers);
    close(&what("attention"), &y.values(), &reference(&qkv));

    let (mut flow, mut dqkv) = (Data::floats(&dy), Data::poison(3 * plane));
    let mut buffers = vec![("qkv", &mut planes), ("dy", &mut flow), ("y", &mut y)];
    if with_bits {
        buffers.push(("mask", &mut bits));
    }
    if rope {
        buffers.push(("angles", &mut angles));
    }
    buffers.extend([("statistics", &mut statistics), ("dqkv", &mut dqkv)]);
    call(run, &shape.query_gradient(), &mut buffers);
    let mut buffers = vec![("qkv", &mut planes), ("dy", &mut flow), ("statistics", &mut statistics)];
    if with_bits {
        buffers.push(("mask", &mut bits));
    }
    if rope {
        buffers.push(("angles", &mut angles));
    }
    buffers.push(("dqkv", &mut dqkv));
    call(run, &shape.key_value_gradient(), &mut buffers);
    let expected = slope(&qkv, |qkv| dot(&dy, &reference(qkv)));
    for (which, name) in ["queries", "keys", "values"].iter().enumerate() {
        let span = which * plane..(which + 1) * plane;
        // With large scores the shares are nearly 0 or 1, and what is left of them in a gradient is rounding.
        close_above(
            &what(name),
            &dqkv.values()[span.clone()],
            &expected[span],
            if factor > 1.0 { factor } else { 1e-3 },
        );
    }
}
