//! Linear maps and matrix products.

use super::{Splits, kernel};
use crate::gpu::dispatch::{Dispatch, Kernel, count};
use crate::gpu::template::Constant::{F32, Flag};

const FORWARD: Kernel = kernel!("linear");
const TRANSPOSED: Kernel = kernel!("linear_transposed");
const WEIGHT_GRADIENT: Kernel = kernel!("weight_gradient");

/// Rows and columns of the register tile of one invocation.
const TILE: usize = 8;

/// The shape of a linear map `x W + b` of activations `[rows, inputs]` by a matrix `[inputs, outputs]`.
///
/// Several `planes` are several maps of one input, computed in one dispatch (query, key and value): their outputs are
/// the planes of one `[planes, rows, outputs]` buffer, and their matrices and biases lie at equal distances in one
/// buffer each. A buffer of parameters that starts at a plane's first value, as [`Flat`](crate::flat::Flat) lays
/// them out, fits without a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear {
    /// Rows of the input: batch times time.
    pub rows: usize,
    /// Columns of the input.
    pub inputs: usize,
    /// Columns of each output.
    pub outputs: usize,
    /// Maps in one dispatch.
    pub planes: usize,
    /// Values from one matrix to the next.
    pub weight_stride: usize,
    /// Values from one bias to the next.
    pub bias_stride: usize,
    /// Values from the first matrix to the first bias in a buffer of gradients; none without a bias.
    pub bias_offset: Option<usize>,
}

/// What [`Linear::forward`] does with a product before it stores it: `scale f(x W + b) + residual`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epilogue {
    /// `f` is the exact GELU; the value before it is saved for the gradient.
    pub gelu: bool,
    /// Factor of the product.
    pub scale: f32,
    /// Factor of a summand of the output's shape.
    pub residual: Option<f32>,
}

impl Epilogue {
    /// The product as it is.
    pub const NONE: Self = Self { gelu: false, scale: 1.0, residual: None };
    /// A GELU.
    pub const GELU: Self = Self { gelu: true, scale: 1.0, residual: None };
    /// The residual stream is added.
    pub const RESIDUAL: Self = Self { gelu: false, scale: 1.0, residual: Some(1.0) };

    /// `scale` times the product plus `residual` times the summand.
    pub fn mix(scale: f32, residual: f32) -> Self {
        Self { gelu: false, scale, residual: Some(residual) }
    }
}

impl Linear {
    /// One map without a bias.
    pub fn new(rows: usize, inputs: usize, outputs: usize) -> Self {
        Self { rows, inputs, outputs, planes: 1, weight_stride: 0, bias_stride: 0, bias_offset: None }
    }

    /// The map with a bias whose gradient goes `bias_offset` values behind the start of the matrix's gradient.
    pub fn with_bias(self, bias_offset: Option<usize>) -> Self {
        Self { bias_offset, ..self }
    }

    /// Several maps of one input; matrices and biases lie `stride` values apart.
    pub fn with_planes(self, planes: usize, stride: usize) -> Self {
        Self { planes, weight_stride: stride, bias_stride: stride, ..self }
    }

    /// `y[plane] = epilogue(x W[plane] + b[plane])`.
    ///
    /// Buffers: `x` `[rows, inputs]`, `weight`, `bias` (with a bias), `residual` (as `y`, with a residual), `pre` (as
    /// `y`, with GELU), `y` `[planes, rows, outputs]`.
    pub fn forward(&self, epilogue: Epilogue) -> Dispatch {
        let [down, across] = [self.rows.div_ceil(TILE), self.outputs.div_ceil(TILE)];
        Dispatch::new(
            FORWARD,
            down * across * self.planes,
            [
                Some("x"),
                Some("weight"),
                self.bias_offset.map(|_| "bias"),
                epilogue.residual.map(|_| "residual"),
                epilogue.gelu.then_some("pre"),
                Some("y"),
            ],
            vec![
                ("VEC4", Flag(self.in_fours())),
                ("BIAS", Flag(self.bias_offset.is_some())),
                ("GELU", Flag(epilogue.gelu)),
                ("RESIDUAL", Flag(epilogue.residual.is_some())),
                ("ROWS", count(self.rows)),
                ("INPUTS", count(self.inputs)),
                ("OUTPUTS", count(self.outputs)),
                ("PLANES", count(self.planes)),
                ("WEIGHT_STRIDE", count(self.weight_stride)),
                ("BIAS_STRIDE", count(self.bias_stride)),
                ("TILES_DOWN", count(down)),
                ("TILES_ACROSS", count(across)),
                ("SCALE", F32(epilogue.scale)),
                ("RESIDUAL_SCALE", F32(epilogue.residual.unwrap_or(0.0))),
            ],
        )
    }

    /// The gradient of the input, `dx = sum over planes of dy[plane] W[plane]^T`.
    ///
    /// With `gelu`, the input was the output of a GELU and `dx` becomes the gradient before it; with `accumulate`,
    /// it is added to what `dx` holds. Buffers: `dy` `[planes, rows, outputs]`, `weight`, `pre` (with GELU), `dx`.
    pub fn input_gradient(&self, gelu: bool, accumulate: bool) -> Dispatch {
        let Self { rows, inputs, outputs, planes, weight_stride, .. } = *self;
        Product { rows, inner: outputs, columns: inputs, planes, weight_stride }.dispatch(gelu, accumulate)
    }

    /// The gradients of the matrices, `x^T dy[plane]`, and of the biases, the column sums of `dy[plane]`.
    ///
    /// Each split writes its own partial gradient, `splits.stride` values after the one before; see [`Splits`].
    /// With `accumulate` they are added. Buffers: `x`, `dy`, `gradient` from the first matrix on.
    pub fn weight_gradient(&self, splits: Splits, accumulate: bool) -> Dispatch {
        let [down, across] = [self.inputs.div_ceil(TILE), self.outputs.div_ceil(TILE)];
        // A map without inputs still has the gradient of its bias: one tile down writes it.
        let down = if self.bias_offset.is_some() { down.max(1) } else { down };
        Dispatch::new(
            WEIGHT_GRADIENT,
            down * across * self.planes * splits.count,
            [Some("x"), Some("dy"), Some("gradient")],
            vec![
                ("VEC4", Flag(self.in_fours() && self.inputs > 0 && splits.in_fours())),
                ("UNROLL", Flag(self.rows.is_multiple_of(4))),
                ("BIAS", Flag(self.bias_offset.is_some())),
                ("ACCUMULATE", Flag(accumulate)),
                ("ROWS", count(self.rows)),
                ("INPUTS", count(self.inputs)),
                ("OUTPUTS", count(self.outputs)),
                ("PLANES", count(self.planes)),
                ("WEIGHT_STRIDE", count(self.weight_stride)),
                ("BIAS_STRIDE", count(self.bias_stride)),
                ("BIAS_OFFSET", count(self.bias_offset.unwrap_or(0))),
                ("SPLITS", count(splits.count)),
                ("SPLIT_ROWS", count(splits.rows(self.rows))),
                ("SPLIT_STRIDE", count(splits.stride)),
                ("TILES_DOWN", count(down)),
                ("TILES_ACROSS", count(across)),
            ],
        )
    }

    fn in_fours(&self) -> bool {
        let sizes = [self.inputs, self.outputs, self.weight_stride, self.bias_stride, self.bias_offset.unwrap_or(0)];
        sizes.iter().all(|size| size.is_multiple_of(4))
    }
}

/// `a b^T` of `[rows, inner]` and `[columns, inner]`: the logits of a tied head, a Gram matrix.
///
/// Buffers: `x` `[rows, inner]`, `weight` `[columns, inner]`, `y` `[rows, columns]`.
pub fn product_transposed(rows: usize, inner: usize, columns: usize) -> Dispatch {
    Product { rows, inner, columns, planes: 1, weight_stride: 0 }.dispatch(false, false)
}

struct Product {
    rows: usize,
    inner: usize,
    columns: usize,
    planes: usize,
    weight_stride: usize,
}

impl Product {
    fn dispatch(&self, gelu: bool, accumulate: bool) -> Dispatch {
        let [down, across] = [self.rows.div_ceil(TILE), self.columns.div_ceil(TILE)];
        let fours = [self.inner, self.columns, self.weight_stride].iter().all(|size| size.is_multiple_of(4));
        Dispatch::new(
            TRANSPOSED,
            down * across,
            [Some("x"), Some("weight"), gelu.then_some("pre"), Some("y")],
            vec![
                ("VEC4", Flag(fours)),
                ("GELU", Flag(gelu)),
                ("ACCUMULATE", Flag(accumulate)),
                ("ROWS", count(self.rows)),
                ("INNER", count(self.inner)),
                ("COLUMNS", count(self.columns)),
                ("PLANES", count(self.planes)),
                ("WEIGHT_STRIDE", count(self.weight_stride)),
                ("TILES_DOWN", count(down)),
                ("TILES_ACROSS", count(across)),
                ("SCALE", F32(1.0)),
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_bind_what_the_dispatch_names() {
        for planes in [1, 3] {
            for (inputs, outputs, bias) in [(48, 48, None), (5, 7, Some(64)), (8, 4, Some(32))] {
                let linear = Linear::new(9, inputs, outputs).with_bias(bias).with_planes(planes, 128);
                for epilogue in [Epilogue::NONE, Epilogue::GELU, Epilogue::RESIDUAL, Epilogue::mix(2.0, -1.0)] {
                    linear.forward(epilogue).check();
                }
                for flag in [false, true] {
                    linear.input_gradient(flag, !flag).check();
                    linear.weight_gradient(Splits { count: 2, stride: 640 }, flag).check();
                }
            }
        }
    }

    #[test]
    fn every_tile_has_an_invocation() {
        assert_eq!(Linear::new(1024, 48, 192).forward(Epilogue::NONE).workgroups, [128 * 24 / 64, 1, 1]);
        assert_eq!(Linear::new(9, 3, 9).forward(Epilogue::NONE).workgroups, [1, 1, 1]);
        assert!(Linear::new(0, 3, 9).forward(Epilogue::NONE).is_empty());
        assert!(Linear::new(9, 3, 0).forward(Epilogue::NONE).is_empty());
    }
}
