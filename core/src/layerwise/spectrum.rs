//! The spectrum of a weight matrix: squared singular values, as the eigenvalues of the smaller Gram matrix.

use nalgebra::DMatrix;

/// Why a matrix has no spectrum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpectrumError {
    /// The values do not fill the shape, or there are none.
    #[error("A matrix of {rows} by {columns} needs as many values, not {found}: pass one value per entry.")]
    Shape {
        /// Rows of the shape.
        rows: usize,
        /// Columns of the shape.
        columns: usize,
        /// Values that were passed.
        found: usize,
    },
    /// A value is not a number, or too large to be squared.
    #[error("The matrix has values that are not finite: lower the learning rate.")]
    NotFinite,
}

/// Squared singular values of `W`, ascending: the `min(rows, columns)` eigenvalues of `W W^T` or `W^T W`, whichever is
/// smaller. `values` are `[rows, columns]`, row by row.
///
/// The sums are f64, so an eigenvalue is good to about `1e-16` of the trace. Half of the digits of the smallest ones
/// are lost against a singular value decomposition; the tail, which alone is fitted, is unaffected.
pub fn of_matrix<T: Copy + Into<f64>>(values: &[T], shape: [usize; 2]) -> Result<Vec<f64>, SpectrumError> {
    let [rows, columns] = shape;
    check(values.len(), shape)?;
    // Read column by column, a row-major matrix is its transpose.
    let transposed = DMatrix::from_iterator(columns, rows, values.iter().map(|value| (*value).into()));
    let gram =
        if rows <= columns { transposed.transpose() * &transposed } else { &transposed * transposed.transpose() };
    eigenvalues(gram)
}

/// Eigenvalues of a ready Gram matrix `[side, side]`, ascending: the same as [`of_matrix`] where the product was
/// computed elsewhere. Only the lower triangle is read.
pub fn of_gram<T: Copy + Into<f64>>(gram: &[T], side: usize) -> Result<Vec<f64>, SpectrumError> {
    check(gram.len(), [side, side])?;
    let values = gram.iter().map(|value| (*value).into());
    eigenvalues(DMatrix::from_iterator(side, side, values).transpose())
}

fn check(found: usize, [rows, columns]: [usize; 2]) -> Result<(), SpectrumError> {
    match rows.checked_mul(columns) {
        Some(length) if length > 0 && length == found => Ok(()),
        _ => Err(SpectrumError::Shape { rows, columns, found }),
    }
}

fn eigenvalues(mut gram: DMatrix<f64>) -> Result<Vec<f64>, SpectrumError> {
    let trace = gram.trace();
    if !trace.is_finite() || gram.iter().any(|value| !value.is_finite()) {
        return Err(SpectrumError::NotFinite);
    }
    let side = gram.nrows();
    // nalgebra calls an off-diagonal entry zero when it is small against its neighbours on the diagonal. A matrix
    // without full rank may never get there (nalgebra issue 1025); with the trace on the diagonal every one does, and
    // the eigenvalues keep the precision that the Gram matrix has.
    for index in 0..side {
        gram[(index, index)] += trace;
    }
    // Rounding of the shifted matrix, whose norm is at most twice the trace.
    let noise = 4.0 * side as f64 * f64::EPSILON * trace;
    let clean = |shifted: &f64| Some(shifted - trace).filter(|value| *value > noise).unwrap_or(0.0);
    let mut eigenvalues: Vec<f64> = gram.symmetric_eigenvalues().iter().map(clean).collect();
    eigenvalues.sort_by(f64::total_cmp);
    Ok(eigenvalues)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layerwise::golden::{close, sine_matrix};

    #[test]
    fn a_diagonal_matrix_has_its_squares() {
        let found = of_matrix(&[0.0f32, 3.0, 0.0, -2.0, 0.0, 0.0], [2, 3]).expect("a spectrum");
        assert!(found.iter().zip([4.0, 9.0]).all(|(found, expected)| close(*found, expected, 1e-12)), "{found:?}");
    }

    #[test]
    fn a_matrix_its_transpose_and_its_gram_matrix_have_one_spectrum() {
        let (rows, columns) = (7, 11);
        let wide = sine_matrix(rows, columns);
        let entry = |row: usize, column: usize| wide[row * columns + column];
        let tall: Vec<f64> = (0..rows * columns).map(|index| entry(index % rows, index / rows)).collect();
        let dot = |a: usize, b: usize| (0..columns).map(|column| entry(a, column) * entry(b, column)).sum::<f64>();
        let gram: Vec<f64> = (0..rows * rows).map(|index| dot(index / rows, index % rows)).collect();
        let expected = of_matrix(&wide, [rows, columns]).expect("a spectrum");
        for found in [of_matrix(&tall, [columns, rows]), of_gram(&gram, rows)] {
            let found = found.expect("a spectrum");
            assert!(found.iter().zip(&expected).all(|(found, expected)| close(*found, *expected, 1e-10)), "{found:?}");
        }
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        for (values, shape) in [(vec![], [0, 0]), (vec![1.0], [1, 2]), (vec![1.0], [usize::MAX, 2])] {
            assert!(matches!(of_matrix(&values, shape), Err(SpectrumError::Shape { .. })), "{shape:?}");
        }
        for value in [f64::NAN, f64::INFINITY, 1e200] {
            assert_eq!(of_matrix(&[1.0, value], [1, 2]), Err(SpectrumError::NotFinite));
            assert_eq!(of_gram(&[1.0, 0.0, value * value, 1.0], 2), Err(SpectrumError::NotFinite));
        }
    }

    /// nalgebra issue 1025: matrices of zeros and ones with many equal rows made the iteration endless.
    #[test]
    fn matrices_without_full_rank_have_zeros_and_come_to_an_end() {
        for seed in 0..200u64 {
            let bits = (0..33 * 33).map(|index: u64| {
                let (row, column) = (index / 33 % (2 + seed % 5), index % 33 % (3 + seed % 7));
                f64::from(u8::from((row * 31 + column * 17 + seed).is_multiple_of(3)))
            });
            let found = of_matrix(&bits.collect::<Vec<_>>(), [33, 33]).expect("a spectrum");
            assert!(found[..25].iter().all(|value| *value == 0.0), "{found:?}");
        }
        assert_eq!(of_matrix(&[0.0f32; 6], [2, 3]), Ok(vec![0.0; 2]));
    }
}
