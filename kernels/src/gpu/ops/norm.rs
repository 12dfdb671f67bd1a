//! Layer norm and RMS norm.

use super::{Splits, kernel};
use crate::gpu::dispatch::{Dispatch, Kernel, WORKGROUP, count, lines};
use crate::gpu::template::Constant::{F32, Flag};

const FORWARD: Kernel = kernel!("norm");
const GRADIENT: Kernel = kernel!("norm_gradient");

/// A norm over the last axis of `[rows, width]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    /// Rows: batch times time.
    pub rows: usize,
    /// Values that are normalised together.
    pub width: usize,
    /// RMS norm: no mean is taken off.
    pub rms: bool,
    /// Values from the scale to the bias in a buffer of gradients; none without a bias.
    pub bias_offset: Option<usize>,
    /// Added to the variance before its root.
    pub epsilon: f32,
}

impl Norm {
    /// Layer norm with nanoGPT's epsilon.
    pub fn layer(rows: usize, width: usize, bias_offset: Option<usize>) -> Self {
        Self { rows, width, rms: false, bias_offset, epsilon: 1e-5 }
    }

    /// Buffers: `x`, `scale` `[width]`, `bias` (with a bias), `statistics` `[rows, 2]` (written), `y`.
    pub fn forward(&self) -> Dispatch {
        Dispatch::new(
            FORWARD,
            self.rows,
            [Some("x"), Some("scale"), self.bias_offset.map(|_| "bias"), Some("statistics"), Some("y")],
            vec![
                ("VEC4", Flag(self.width.is_multiple_of(4))),
                ("RMS", Flag(self.rms)),
                ("BIAS", Flag(self.bias_offset.is_some())),
                ("ROWS", count(self.rows)),
                ("WIDTH", count(self.width)),
                ("EPSILON", F32(self.epsilon)),
            ],
        )
    }

    /// Gradients of the input, the scale and the bias. With `accumulate_input`, `dx` is added to what is there; with
    /// `accumulate`, the parameters' gradients are.
    ///
    /// Buffers: `dy`, `x`, `statistics` (of [`Norm::forward`]), `scale`, `dx`, `gradient` from the scale on.
    pub fn gradient(&self, splits: Splits, accumulate_input: bool, accumulate: bool) -> Dispatch {
        let bias_offset = self.bias_offset.unwrap_or(0);
        let fours = [self.width, bias_offset].iter().all(|size| size.is_multiple_of(4)) && splits.in_fours();
        let chunks = if fours { self.width / 4 } else { self.width };
        let row_groups = self.rows.div_ceil(WORKGROUP as usize);
        let column_groups = (splits.count * chunks).div_ceil(WORKGROUP as usize);
        let constants = vec![
            ("VEC4", Flag(fours)),
            ("RMS", Flag(self.rms)),
            ("BIAS", Flag(self.bias_offset.is_some())),
            ("ACCUMULATE", Flag(accumulate)),
            ("ACCUMULATE_INPUT", Flag(accumulate_input)),
            ("ROWS", count(self.rows)),
            ("WIDTH", count(self.width)),
            ("ROW_GROUPS", count(row_groups)),
            ("BIAS_OFFSET", count(bias_offset)),
            ("SPLITS", count(splits.count)),
            ("SPLIT_ROWS", count(splits.rows(self.rows))),
            ("SPLIT_STRIDE", count(splits.stride)),
        ];
        let buffers = ["dy", "x", "statistics", "scale", "dx", "gradient"].map(Some);
        Dispatch { workgroups: lines(row_groups + column_groups), ..Dispatch::new(GRADIENT, 0, buffers, constants) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_bind_what_the_dispatch_names() {
        for (width, bias_offset) in [(48, Some(64)), (5, None), (7, Some(7))] {
            for rms in [false, true] {
                let norm = Norm { rms, ..Norm::layer(9, width, bias_offset) };
                norm.forward().check();
                for flag in [false, true] {
                    norm.gradient(Splits { count: 2, stride: 128 }, flag, !flag).check();
                }
            }
        }
    }

    #[test]
    fn a_gradient_over_no_rows_still_writes_the_parameters() {
        assert_eq!(Norm::layer(0, 48, None).gradient(Splits::ONE, false, false).workgroups, [1, 1, 1]);
    }
}
