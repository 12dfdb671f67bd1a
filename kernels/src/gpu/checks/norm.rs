//! Norms: forward and gradients.

use super::{Data, Numbers, Run, call, close, dot, reference, slope};
use crate::gpu::ops::{Norm, Splits};

/// Layer norm and RMS norm, with rows that are constant.
pub fn norm(run: &mut Run) {
    for (rows, width) in [(1, 1), (5, 7), (70, 12), (3, 48), (65, 4)] {
        for rms in [false, true] {
            for bias in [false, true] {
                one(run, rows, width, rms, bias);
            }
        }
    }
}

fn one(run: &mut Run, rows: usize, width: usize, rms: bool, with_bias: bool) {
    let what = |op| format!("{op} {rows}x{width} rms {rms} bias {with_bias}");
    let mut numbers = Numbers::new((rows * width) as u64);
    let (mut x, scale) = (numbers.list(rows * width), numbers.list(width));
    x.iter_mut().skip(width).for_each(|x| *x = 10.0 * *x + 30.0);
    x[..width].fill(0.5);
    let (bias, dy) = (numbers.list(if with_bias { width } else { 0 }), numbers.list(rows * width));
    let offset = width.next_multiple_of(64);
    let shape = Norm { rms, ..Norm::layer(rows, width, with_bias.then_some(offset)) };

    let (mut statistics, mut y) = (Data::poison(2 * rows), Data::poison(rows * width));
    let (mut input, mut scales, mut biases) = (Data::floats(&x), Data::floats(&scale), Data::floats(&bias));
    let mut buffers = vec![("x", &mut input), ("scale", &mut scales)];
    if with_bias {
        buffers.push(("bias", &mut biases));
    }
    buffers.extend([("statistics", &mut statistics), ("y", &mut y)]);
    call(run, &shape.forward(), &mut buffers);
    close(&what("norm"), &y.values(), &reference::norm(&x, &scale, &bias, rms));

    let loss = |x: &[f64], scale: &[f64], bias: &[f64]| dot(&dy, &reference::norm(x, scale, bias, rms));
    let dx_expected = slope(&x, |x| loss(x, &scale, &bias));
    let ds_expected = slope(&scale, |scale| loss(&x, scale, &bias));
    let db_expected = slope(&bias, |bias| loss(&x, &scale, bias));
    for (count, add) in [(1, false), (4, true)] {
        let stride = 2 * offset;
        let base = if add { 1.0 } else { f64::NAN };
        let mut dx = Data::floats(&vec![base; rows * width]);
        let mut gradient = Data::floats(&vec![base; count * stride]);
        let mut flow = Data::floats(&dy);
        let mut buffers = [
            ("dy", &mut flow),
            ("x", &mut input),
            ("statistics", &mut statistics),
            ("scale", &mut scales),
            ("dx", &mut dx),
            ("gradient", &mut gradient),
        ];
        call(run, &shape.gradient(Splits { count, stride }, add, add), &mut buffers);
        let base = if add { 1.0 } else { 0.0 };
        let found: Vec<f64> = dx.values().iter().map(|dx| dx - base).collect();
        close(&what("norm's input"), &found, &dx_expected);
        let parts = gradient.values();
        let sum = |at: usize| (0..count).map(|split| parts[split * stride + at] - base).sum::<f64>();
        close(&what("norm's scale"), &(0..width).map(sum).collect::<Vec<_>>(), &ds_expected);
        let found: Vec<f64> = (offset..offset + bias.len()).map(sum).collect();
        close(&what("norm's bias"), &found, &db_expected);
    }
}
