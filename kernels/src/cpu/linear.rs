//! Linear maps with what surrounds them: `y = act(x W + b) + residual`.
//!
//! Up to three maps of one shape that read the same `x` (queries, keys, values) are one call: `x` is read once, and
//! `y` is `[rows, maps * outputs]` with the maps side by side. The backward pass, with `g = dy * act'(x W + b)`:
//! `dx = sum_maps g W^T`, `dW = x^T g`, `db = sum_rows g`; the residual's gradient is `dy` itself.
//!
//! Both passes go over blocks of rows that fit the second cache, so that an element-wise pass reads what the product
//! has just written. `W` is packed once per call.

use super::{
    Workspace,
    gelu::{gelu, gelu_and_slope},
    matmul::{Base, Packed, Panels, Product, View},
    simd::{Level, Simd, add_rows, dispatch, update, vectorize},
};

/// Rows per block.
const ROW_BLOCK: usize = 256;

/// The sizes of a linear map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinearShape {
    /// Rows of `x`.
    pub rows: usize,
    /// Width of `x`.
    pub inputs: usize,
    /// Width of each map's result.
    pub outputs: usize,
}

/// The parameters of one map.
#[derive(Clone, Copy, Debug)]
pub struct LinearWeights<'a> {
    /// `[inputs, outputs]`.
    pub matrix: &'a [f32],
    /// `[outputs]`.
    pub bias: Option<&'a [f32]>,
}

/// The gradients of one map; what is `None` is not computed.
#[derive(Debug, Default)]
pub struct LinearGradients<'a> {
    /// `[inputs, outputs]`, overwritten.
    pub matrix: Option<&'a mut [f32]>,
    /// `[outputs]`, overwritten.
    pub bias: Option<&'a mut [f32]>,
}

/// What happens to `x W + b`.
#[derive(Debug)]
pub enum Activation<'a> {
    /// Nothing.
    None,
    /// GELU; its slope at `x W + b`, which the backward pass needs, is kept in the slice if there is one.
    Gelu(Option<&'a mut [f32]>),
}

/// The gradient of `x`: where it goes, and whether it is added to what is there.
#[derive(Debug)]
pub struct InputGradient<'a> {
    /// `[rows, inputs]`.
    pub gradient: &'a mut [f32],
    /// Add instead of overwrite.
    pub accumulate: bool,
}

/// `act(x W + b) + residual` into `out`, `[rows, maps * outputs]`; `x` is `[rows, inputs]`.
pub fn linear(
    shape: LinearShape,
    x: &[f32],
    maps: &[LinearWeights<'_>],
    activation: Activation<'_>,
    residual: Option<&[f32]>,
    out: &mut [f32],
    workspace: &mut Workspace,
) {
    let size = shape.rows * shape.outputs * maps.len();
    assert_eq!(x.len(), shape.rows * shape.inputs, "x of [rows, inputs]");
    assert_eq!(out.len(), size, "a result of [rows, maps * outputs]");
    assert!(residual.is_none_or(|residual| residual.len() == size), "a residual as large as the result");
    if size > 0 {
        dispatch!(Level::new(), simd => forward(simd, shape, x, maps, activation, residual, out, workspace));
    }
}

#[allow(clippy::too_many_arguments)]
#[inline(always)]
fn forward<S: Simd>(
    simd: S,
    shape: LinearShape,
    x: &[f32],
    maps: &[LinearWeights<'_>],
    mut activation: Activation<'_>,
    residual: Option<&[f32]>,
    out: &mut [f32],
    workspace: &mut Workspace,
) {
    let LinearShape { rows, inputs, outputs } = shape;
    let stride = outputs * maps.len();
    let panels = Panels::new::<S>(inputs, outputs);
    let length = panels.length::<S>();
    let [packed] = workspace.slices([length * maps.len()]);
    for (map, weights) in maps.iter().enumerate() {
        assert_eq!(weights.matrix.len(), inputs * outputs, "a matrix of [inputs, outputs]");
        assert!(weights.bias.is_none_or(|bias| bias.len() == outputs), "a bias of [outputs]");
        let view = View::new(weights.matrix, outputs);
        panels.fill(simd, 0..inputs, view, &mut packed[map * length..][..length]);
    }
    let packed: &[f32] = packed;

    for first in (0..rows).step_by(ROW_BLOCK) {
        let block = ROW_BLOCK.min(rows - first);
        let numbers = first * stride..(first + block) * stride;
        let x = View::new(&x[first * inputs..], inputs);
        let (target, residual_block) = (&mut out[numbers.clone()], residual.map(|residual| &residual[numbers.clone()]));
        let products = |target: &mut [f32], residual: Option<&[f32]>| {
            for (map, weights) in maps.iter().enumerate() {
                let from = map * outputs;
                let b: Packed<'_> = panels.packed(&packed[map * length..][..length]);
                let base = residual.map_or(Base::Zero, |residual| Base::Matrix(&residual[from..], stride));
                let product = Product { bias: weights.bias, base, ..Product::new(block, x, b) };
                product.compute(simd, &mut target[from..], stride);
            }
        };
        match &mut activation {
            Activation::None => products(target, residual_block),
            Activation::Gelu(slopes) => {
                let mut slopes = slopes.as_mut().map(|slopes| &mut slopes[numbers]);
                match &mut slopes {
                    Some(slopes) => products(slopes, None),
                    None => products(target, None),
                }
                vectorize(
                    simd,
                    #[inline(always)]
                    || activate(simd, slopes, residual_block, target),
                );
            }
        }
    }
}

/// GELU of what `slopes` holds, which is replaced by the slopes, or of `target` in place; plus the residual.
#[inline(always)]
fn activate<S: Simd>(simd: S, slopes: Option<&mut [f32]>, residual: Option<&[f32]>, target: &mut [f32]) {
    if let Some(slopes) = slopes {
        update(
            simd,
            [&mut *target, slopes],
            [],
            #[inline(always)]
            |[_, x], []| gelu_and_slope(simd, x),
        );
    } else {
        update(
            simd,
            [&mut *target],
            [],
            #[inline(always)]
            |[x], []| [gelu(simd, x)],
        );
    }
    if let Some(residual) = residual {
        update(
            simd,
            [target],
            [residual],
            #[inline(always)]
            |[y], [residual]| [y + residual],
        );
    }
}

/// The gradients of [`linear`] from `dy`, `[rows, maps * outputs]`.
///
/// `slopes` are what [`Activation::Gelu`] has kept, `None` if there was no activation.
#[allow(clippy::too_many_arguments)]
pub fn linear_backward(
    shape: LinearShape,
    x: &[f32],
    maps: &[LinearWeights<'_>],
    slopes: Option<&[f32]>,
    dy: &[f32],
    dx: Option<InputGradient<'_>>,
    gradients: &mut [LinearGradients<'_>],
    workspace: &mut Workspace,
) {
    let size = shape.rows * shape.outputs * maps.len();
    assert_eq!(x.len(), shape.rows * shape.inputs, "x of [rows, inputs]");
    assert_eq!(dy.len(), size, "dy of [rows, maps * outputs]");
    assert!(slopes.is_none_or(|slopes| slopes.len() == size), "kept slopes as large as the result");
    assert!(dx.as_ref().is_none_or(|dx| dx.gradient.len() == x.len()), "dx as large as x");
    assert_eq!(maps.len(), gradients.len(), "gradients of every map");
    dispatch!(Level::new(), simd => backward(simd, shape, x, maps, slopes, dy, dx, gradients, workspace));
}

#[allow(clippy::too_many_arguments)]
#[inline(always)]
fn backward<S: Simd>(
    simd: S,
    shape: LinearShape,
    x: &[f32],
    maps: &[LinearWeights<'_>],
    slopes: Option<&[f32]>,
    dy: &[f32],
    mut dx: Option<InputGradient<'_>>,
    gradients: &mut [LinearGradients<'_>],
    workspace: &mut Workspace,
) {
    let LinearShape { rows, inputs, outputs } = shape;
    let stride = outputs * maps.len();
    for gradients in gradients.iter_mut() {
        if let Some(matrix) = &mut gradients.matrix {
            assert_eq!(matrix.len(), inputs * outputs, "a gradient of [inputs, outputs]");
            if rows == 0 {
                matrix.fill(0.0);
            }
        }
        if let Some(bias) = &mut gradients.bias {
            assert_eq!(bias.len(), outputs, "a gradient of [outputs]");
            bias.fill(0.0);
        }
    }

    // W^T of all maps, one below the other: [maps * outputs, inputs].
    let transposed = Panels::new::<S>(stride, inputs);
    let columns = Panels::new::<S>(ROW_BLOCK, outputs);
    let scaled_size = if slopes.is_some() { ROW_BLOCK * stride } else { 0 };
    let rows_of_x = Panels::rows::<S>(ROW_BLOCK, inputs);
    let [turned, block_panels, x_panels, scaled] =
        workspace.slices([transposed.length::<S>(), columns.length::<S>(), rows_of_x.length::<S>(), scaled_size]);
    if dx.is_some() {
        for (map, weights) in maps.iter().enumerate() {
            let depth = map * outputs..(map + 1) * outputs;
            transposed.fill(simd, depth, View::new(weights.matrix, outputs).transposed(), turned);
        }
    }
    let turned = transposed.packed(turned);

    for first in (0..rows).step_by(ROW_BLOCK) {
        let block = ROW_BLOCK.min(rows - first);
        let numbers = first * stride..(first + block) * stride;
        let dy = &dy[numbers.clone()];
        let g: &[f32] = match slopes {
            None => dy,
            Some(slopes) => {
                let scaled = &mut scaled[..block * stride];
                vectorize(
                    simd,
                    #[inline(always)]
                    || {
                        update(
                            simd,
                            [&mut *scaled],
                            [&slopes[numbers.clone()], dy],
                            #[inline(always)]
                            |_, [slope, dy]| [slope * dy],
                        );
                    },
                );
                scaled
            }
        };
        if let Some(InputGradient { gradient, accumulate }) = &mut dx {
            let base = if *accumulate { Base::Out } else { Base::Zero };
            let product = Product { base, ..Product::new(block, View::new(g, stride), turned) };
            product.compute(simd, &mut gradient[first * inputs..], inputs);
        }
        // x^T is packed too: its columns are far apart, and all panels of g pass over them.
        let rows_of_x = Panels::rows::<S>(block, inputs);
        if gradients.iter().any(|gradients| gradients.matrix.is_some()) {
            rows_of_x.fill(simd, 0..block, View::new(&x[first * inputs..], inputs), x_panels);
        }
        let x = rows_of_x.left::<S>(x_panels);
        for (map, gradients) in gradients.iter_mut().enumerate() {
            let g = &g[(map * outputs).min(g.len())..];
            if let Some(matrix) = &mut gradients.matrix {
                let columns = Panels::new::<S>(block, outputs);
                let b = columns.pack(simd, View::new(g, stride), block_panels);
                let base = if first == 0 { Base::Zero } else { Base::Out };
                Product { base, ..Product::new(inputs, x, b) }.compute(simd, matrix, outputs);
            }
            if let Some(bias) = &mut gradients.bias {
                vectorize(
                    simd,
                    #[inline(always)]
                    || add_rows(simd, g, stride, block, bias),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests;
