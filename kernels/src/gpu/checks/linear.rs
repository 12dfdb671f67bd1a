//! Linear maps: forward, input gradient, weight gradient.

use super::{Data, Numbers, Run, call, close, dot, reference, slope};
use crate::gpu::ops::{Epilogue, Linear, Splits, product_transposed};

/// Linear maps with every epilogue, on shapes that are and are not multiples of the tile.
pub fn linear(run: &mut Run) {
    let shapes =
        [(1, 1, 1), (9, 5, 7), (64, 48, 48), (17, 8, 12), (10, 20, 9), (33, 4, 68), (3, 0, 5), (0, 4, 4), (5, 3, 0)];
    for (rows, inputs, outputs) in shapes {
        for bias in [false, true] {
            one(run, rows, inputs, outputs, bias);
        }
        transposed(run, rows, inputs, outputs);
    }
    planes(run, 11, 8, 8);
    planes(run, 5, 6, 6);
}

fn one(run: &mut Run, rows: usize, inputs: usize, outputs: usize, with_bias: bool) {
    let what = |op| format!("{op} {rows}x{inputs}x{outputs} bias {with_bias}");
    let mut numbers = Numbers::new((rows * 100 + inputs * 10 + outputs) as u64);
    let weight = numbers.list(inputs * outputs);
    let bias = numbers.list(if with_bias { outputs } else { 0 });
    let (x, residual, dy) = (numbers.list(rows * inputs), numbers.list(rows * outputs), numbers.list(rows * outputs));
    let offset = weight.len().next_multiple_of(64);
    let map = Linear::new(rows, inputs, outputs).with_bias(with_bias.then_some(offset));
    let plain = |x: &[f64], weight: &[f64], bias: &[f64]| {
        let mut y = reference::product(x, weight, inputs, outputs);
        y.resize(rows * outputs, 0.0);
        if with_bias {
            y.iter_mut().enumerate().for_each(|(at, y)| *y += bias[at % outputs]);
        }
        y
    };
    let product = plain(&x, &weight, &bias);

    for epilogue in [Epilogue::NONE, Epilogue::RESIDUAL, Epilogue::GELU, Epilogue::mix(0.5, -2.0)] {
        let (mut pre, mut y) = (Data::poison(rows * outputs), Data::poison(rows * outputs));
        let (mut x, mut weight, mut bias) = (Data::floats(&x), Data::floats(&weight), Data::floats(&bias));
        let mut summand = Data::floats(&residual);
        let mut buffers = vec![("x", &mut x), ("weight", &mut weight)];
        if with_bias {
            buffers.push(("bias", &mut bias));
        }
        if epilogue.residual.is_some() {
            buffers.push(("residual", &mut summand));
        }
        if epilogue.gelu {
            buffers.push(("pre", &mut pre));
        }
        buffers.push(("y", &mut y));
        call(run, &map.forward(epilogue), &mut buffers);
        let finish = |(at, value): (usize, &f64)| {
            let value = if epilogue.gelu { reference::gelu(*value) } else { *value };
            f64::from(epilogue.scale) * value + epilogue.residual.map_or(0.0, |factor| f64::from(factor) * residual[at])
        };
        let expected: Vec<f64> = product.iter().enumerate().map(finish).collect();
        close(&what("linear"), &y.values(), &expected);
        if epilogue.gelu {
            close(&what("before GELU"), &pre.values(), &product);
        }
    }

    let loss = |x: &[f64], weight: &[f64], bias: &[f64]| dot(&dy, &plain(x, weight, bias));
    let (dx, dw) = (slope(&x, |x| loss(x, &weight, &bias)), slope(&weight, |weight| loss(&x, weight, &bias)));
    let db = slope(&bias, |bias| loss(&x, &weight, bias));
    input_gradients(run, &map, &what("input gradient"), &dy, &weight, &dx);
    for (count, accumulate) in [(1, false), (1, true), (3, false), (3, true)] {
        let stride = offset + bias.len().next_multiple_of(64);
        let before = if accumulate { 1.0 } else { f64::NAN };
        let mut gradient = Data::floats(&vec![before; stride * count]);
        let (mut x, mut dy) = (Data::floats(&x), Data::floats(&dy));
        let dispatch = map.weight_gradient(Splits { count, stride }, accumulate);
        call(run, &dispatch, &mut [("x", &mut x), ("dy", &mut dy), ("gradient", &mut gradient)]);
        let parts = gradient.values();
        let base = if accumulate { count as f64 } else { 0.0 };
        let sum = |at: usize| (0..count).map(|split| parts[split * stride + at]).sum::<f64>() - base;
        close(&what("weight gradient"), &(0..dw.len()).map(sum).collect::<Vec<_>>(), &dw);
        close(&what("bias gradient"), &(offset..offset + db.len()).map(sum).collect::<Vec<_>>(), &db);
    }
}

fn input_gradients(run: &mut Run, map: &Linear, what: &str, dy: &[f64], weight: &[f64], expected: &[f64]) {
    let pre = Numbers::new(77).list(expected.len());
    let pre: Vec<f64> = pre.iter().map(|x| 3.0 * x).collect();
    let bends = |at: usize| slope(&pre[at..=at], |x| reference::gelu(x[0]))[0];
    for (gelu, accumulate) in [(false, false), (true, false), (false, true)] {
        let mut dx = Data::floats(&vec![if accumulate { 2.0 } else { f64::NAN }; expected.len()]);
        let (mut dy, mut weight, mut pre) = (Data::floats(dy), Data::floats(weight), Data::floats(&pre));
        let mut buffers = vec![("x", &mut dy), ("weight", &mut weight)];
        if gelu {
            buffers.push(("pre", &mut pre));
        }
        buffers.push(("y", &mut dx));
        call(run, &map.input_gradient(gelu, accumulate), &mut buffers);
        let base = if accumulate { 2.0 } else { 0.0 };
        let expected: Vec<f64> =
            expected.iter().enumerate().map(|(at, dx)| base + dx * if gelu { bends(at) } else { 1.0 }).collect();
        close(what, &dx.values(), &expected);
    }
}

fn transposed(run: &mut Run, rows: usize, inner: usize, columns: usize) {
    let mut numbers = Numbers::new(5);
    let (x, weight) = (numbers.list(rows * inner), numbers.list(columns * inner));
    let mut expected = reference::product(&x, &reference::transpose(&weight, inner), inner, columns);
    expected.resize(rows * columns, 0.0);
    let (mut x, mut weight, mut y) = (Data::floats(&x), Data::floats(&weight), Data::poison(rows * columns));
    let dispatch = product_transposed(rows, inner, columns);
    call(run, &dispatch, &mut [("x", &mut x), ("weight", &mut weight), ("y", &mut y)]);
    close("product with a transpose", &y.values(), &expected);
}

/// Three maps of one input, with gaps between their matrices.
fn planes(run: &mut Run, rows: usize, inputs: usize, outputs: usize) {
    let mut numbers = Numbers::new(9);
    let (matrix, offset) = (inputs * outputs, (inputs * outputs).next_multiple_of(64));
    let stride = offset + 64;
    let (list, x) = (numbers.list(2 * stride + offset + outputs), numbers.list(rows * inputs));
    let dy = numbers.list(3 * rows * outputs);
    let map = Linear::new(rows, inputs, outputs).with_bias(Some(offset)).with_planes(3, stride);
    let parts = |plane: usize| {
        let start = plane * stride;
        (&list[start..start + matrix], &list[start + offset..start + offset + outputs])
    };

    let (mut y, mut dx) = (Data::poison(3 * rows * outputs), Data::poison(rows * inputs));
    let (mut input, mut weights, mut biases) = (Data::floats(&x), Data::floats(&list), Data::floats(&list[offset..]));
    let mut buffers = [("x", &mut input), ("weight", &mut weights), ("bias", &mut biases), ("y", &mut y)];
    call(run, &map.forward(Epilogue::NONE), &mut buffers);
    let mut gradient = Data::poison(list.len());
    let mut flow = Data::floats(&dy);
    let dispatch = map.weight_gradient(Splits { count: 1, stride: 0 }, false);
    call(run, &dispatch, &mut [("x", &mut input), ("dy", &mut flow), ("gradient", &mut gradient)]);
    call(run, &map.input_gradient(false, false), &mut [("x", &mut flow), ("weight", &mut weights), ("y", &mut dx)]);

    let mut dx_expected = vec![0.0; rows * inputs];
    for plane in 0..3 {
        let (weight, bias) = parts(plane);
        let mut expected = reference::product(&x, weight, inputs, outputs);
        expected.iter_mut().enumerate().for_each(|(at, y)| *y += bias[at % outputs]);
        let span = plane * rows * outputs..(plane + 1) * rows * outputs;
        close("planes", &y.values()[span.clone()], &expected);
        let dy = &dy[span];
        let back = reference::product(dy, &reference::transpose(weight, outputs), outputs, inputs);
        dx_expected.iter_mut().zip(back).for_each(|(sum, value)| *sum += value);
        let found = &gradient.values()[plane * stride..];
        close(
            "planes' weights",
            &found[..matrix],
            &reference::product(&reference::transpose(&x, inputs), dy, rows, outputs),
        );
        let sums: Vec<f64> = (0..outputs).map(|c| dy.iter().skip(c).step_by(outputs).sum()).collect();
        close("planes' biases", &found[offset..offset + outputs], &sums);
    }
    close("planes' input", &dx.values(), &dx_expected);
}
