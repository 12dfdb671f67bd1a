//! Gram matrices, whose eigenvalues are the squared singular values of a weight.

use super::{
    Workspace,
    matmul::{Base, Operand, matmul_with},
    simd::{Level, dispatch},
};

/// Side of the Gram matrix of a `[rows, columns]` matrix: the smaller one.
pub fn gram_side([rows, columns]: [usize; 2]) -> usize {
    rows.min(columns)
}

/// `W W^T` or `W^T W`, whichever is smaller, into `out`, `[side, side]`; `W` is `[rows, columns]`. The result is
/// symmetric to the last bit, since both halves add the same products in the same order.
pub fn gram([rows, columns]: [usize; 2], matrix: &[f32], out: &mut [f32], workspace: &mut Workspace) {
    assert_eq!(matrix.len(), rows * columns, "a matrix of [rows, columns]");
    let (plain, transposed) = (Operand::Plain(matrix), Operand::Transposed(matrix));
    dispatch!(Level::new(), simd => {
        if rows <= columns {
            matmul_with(simd, [rows, columns, rows], plain, transposed, Base::Zero, out, workspace);
        } else {
            matmul_with(simd, [columns, rows, columns], transposed, plain, Base::Zero, out, workspace);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    #[test]
    fn the_smaller_side_is_taken_and_the_result_is_symmetric() {
        for shape @ [rows, columns] in [[3, 50], [50, 3], [33, 33], [1, 7], [0, 4], [48, 192]] {
            let matrix = Random::new(1).normal(rows * columns);
            let side = gram_side(shape);
            let mut found = vec![9.0; side * side];
            gram(shape, &matrix, &mut found, &mut Workspace::dirty());
            let at = |vector: usize, term: usize| {
                f64::from(if rows <= columns {
                    matrix[vector * columns + term]
                } else {
                    matrix[term * columns + vector]
                })
            };
            let pairs = (0..side * side).map(|pair| (pair / side, pair % side));
            let expected: Vec<f64> =
                pairs.map(|(i, j)| (0..rows.max(columns)).map(|term| at(i, term) * at(j, term)).sum()).collect();
            assert_close(&found, &expected, 1e-5);
            for i in 0..side {
                for j in 0..i {
                    assert_eq!(found[i * side + j].to_bits(), found[j * side + i].to_bits());
                }
            }
        }
    }
}
