//! Newton-Schulz orthogonalisation (Jordan 2024, Muon) and Gram matrices.

use super::{Epilogue, Linear, Splits, kernel, linear::product_transposed};
use crate::gpu::dispatch::{Dispatch, Kernel, count};
use crate::gpu::template::Constant::F32;

const NORMALISE: Kernel = kernel!("normalise", 256);

/// The smaller Gram matrix of a matrix `[rows, columns]`: `X X^T` when it is wide, `X^T X` when it is tall.
///
/// Buffers: the matrix twice, then the Gram matrix. A web device allows the double binding because both only read.
pub fn gram(rows: usize, columns: usize) -> Dispatch {
    if rows <= columns {
        product_transposed(rows, columns, rows)
    } else {
        Linear::new(rows, columns, columns).weight_gradient(Splits::ONE, false)
    }
}

/// `y = x / (|x| + epsilon)` with the l2 norm of all `length` values. Buffers: `x`, `y`.
pub fn normalise(length: usize, epsilon: f32) -> Dispatch {
    let constants = vec![("LENGTH", count(length)), ("EPSILON", F32(epsilon))];
    // One workgroup whatever the length.
    Dispatch::new(NORMALISE, length.min(1), [Some("x"), Some("y")], constants)
}

/// One iteration for a matrix `X` `[rows, columns]`, after [`normalise`]:
///
/// ```text
/// A = X X^T        B = b A + c A A        X <- a X + B X          (wide; a tall X is multiplied from the right)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NewtonSchulz {
    /// Rows of the matrix.
    pub rows: usize,
    /// Columns of the matrix.
    pub columns: usize,
    /// `a`, `b`, `c`.
    pub coefficients: [f32; 3],
}

impl NewtonSchulz {
    /// Muon's quintic.
    pub fn muon(rows: usize, columns: usize) -> Self {
        Self { rows, columns, coefficients: [3.4445, -4.775, 2.0315] }
    }

    /// Rows of the square matrices `A` and `B`.
    pub fn side(&self) -> usize {
        self.rows.min(self.columns)
    }

    /// `A` from `X`. Buffers as [`gram`]: `X`, `X`, `A`.
    pub fn gram(&self) -> Dispatch {
        gram(self.rows, self.columns)
    }

    /// `B` from `A`. Buffers: `A`, `A`, `A`, `B`.
    pub fn polynomial(&self) -> Dispatch {
        let [_, b, c] = self.coefficients;
        Linear::new(self.side(), self.side(), self.side()).forward(Epilogue::mix(c, b))
    }

    /// The next `X`. Buffers: `B`, `X`, `X`, next `X` when wide; `X`, `B`, `X`, next `X` when tall.
    pub fn apply(&self) -> Dispatch {
        let [a, ..] = self.coefficients;
        let inner = if self.rows <= self.columns { self.rows } else { self.columns };
        Linear::new(self.rows, inner, self.columns).forward(Epilogue::mix(1.0, a))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_bind_what_the_dispatch_names() {
        for (rows, columns) in [(4, 9), (9, 4), (16, 16)] {
            let iteration = NewtonSchulz::muon(rows, columns);
            for dispatch in [iteration.gram(), iteration.polynomial(), iteration.apply(), normalise(36, 1e-7)] {
                dispatch.check();
            }
        }
    }
}
