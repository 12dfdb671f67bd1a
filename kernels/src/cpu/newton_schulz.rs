//! Newton-Schulz iteration: the orthogonalisation in Muon (Jordan et al. 2024).
//!
//! `X = G / (|G| + 1e-7)` with the Frobenius norm, then per step `A = X X^T`, `X = a X + (b A + c A A) X`; a matrix
//! with more rows than columns is transposed before and after. Singular values end near 1 (between 0.7 and 1.2 with
//! Muon's five steps, by design).

use super::{
    matmul::{Panels, Product, View},
    simd::{Level, Simd, SimdFloat, dispatch, splat, update},
    {Workspace, optimiser::global_norm},
};

/// Muon's coefficients of one step.
pub const MUON: [f32; 3] = [3.4445, -4.7750, 2.0315];

/// Orthogonalises `matrix`, `[rows, columns]`, in place, with the coefficients `[a, b, c]` of every step.
pub fn newton_schulz([rows, columns]: [usize; 2], matrix: &mut [f32], steps: &[[f32; 3]], workspace: &mut Workspace) {
    assert_eq!(matrix.len(), rows * columns, "a matrix of [rows, columns]");
    if matrix.is_empty() {
        return;
    }
    let inverse = (1.0 / (global_norm([&*matrix]) + 1e-7)) as f32;
    dispatch!(Level::new(), simd => iterate(simd, [rows, columns], matrix, inverse, steps, workspace));
}

#[inline(always)]
fn iterate<S: Simd>(
    simd: S,
    [rows, columns]: [usize; 2],
    matrix: &mut [f32],
    inverse: f32,
    steps: &[[f32; 3]],
    workspace: &mut Workspace,
) {
    // X is [short, long]; the matrix itself holds it or its transpose.
    let (short, long) = (rows.min(columns), rows.max(columns));
    let by_long = Panels::new::<S>(long, short);
    let by_short = Panels::new::<S>(short, short);
    let of_x = Panels::new::<S>(short, long);
    let [x, next, gram, square, m0, m1, m2] = workspace.slices([
        matrix.len(),
        matrix.len(),
        short * short,
        short * short,
        by_long.length::<S>(),
        by_short.length::<S>(),
        of_x.length::<S>(),
    ]);
    let factor = splat(simd, inverse);
    update(
        simd,
        [&mut *matrix],
        [],
        #[inline(always)]
        |[g], []| [g * factor],
    );
    transpose_if(rows > columns, matrix, rows, columns, x);

    for [a, b, c] in steps {
        let view = View::new(x, long);
        let transposed = by_long.pack(simd, view.transposed(), m0);
        Product::new(short, view, transposed).compute(simd, gram, short);
        let packed = by_short.pack(simd, View::new(gram, short), m1);
        Product::new(short, View::new(gram, short), packed).compute(simd, square, short);
        let (b, c) = (splat(simd, *b), splat(simd, *c));
        update(
            simd,
            [&mut *square],
            [&*gram],
            #[inline(always)]
            |[square], [gram]| [gram.mul_add(b, square * c)],
        );
        // The diagonal takes the term a X.
        square.iter_mut().step_by(short + 1).for_each(|diagonal| *diagonal += a);
        let packed = of_x.pack(simd, view, m2);
        Product::new(short, View::new(square, short), packed).compute(simd, next, long);
        x.copy_from_slice(next);
    }
    transpose_if(rows > columns, x, short, long, matrix);
}

/// Copies `from`, `[rows, columns]`, or its transpose.
fn transpose_if(transpose: bool, from: &[f32], rows: usize, columns: usize, to: &mut [f32]) {
    if transpose {
        for (i, row) in from.chunks_exact(columns).enumerate() {
            for (j, number) in row.iter().enumerate() {
                to[j * rows + i] = *number;
            }
        }
    } else {
        to.copy_from_slice(from);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    /// The f64 value of Muon's five steps on a small matrix.
    const EXPECTED: [f64; 6] = [-0.568_290_11, 0.057_741_94, 0.683_774_00, 0.563_354_70, 0.405_612_83, 0.247_870_96];

    #[test]
    fn five_steps_agree_with_the_golden_matrix_and_its_transpose() {
        let mut workspace = Workspace::dirty();
        let mut wide = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        newton_schulz([2, 3], &mut wide, &[MUON; 5], &mut workspace);
        assert_close(&wide, &EXPECTED, 1e-5);
        let mut tall = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0];
        newton_schulz([3, 2], &mut tall, &[MUON; 5], &mut workspace);
        assert_close(&tall, &[0, 3, 1, 4, 2, 5].map(|i| EXPECTED[i]), 1e-5);
    }

    /// What five steps make of a singular value, in f64 from the polynomial `a s + b s^3 + c s^5`.
    #[test]
    fn singular_values_follow_the_polynomial() {
        let [a, b, c] = MUON.map(f64::from);
        let after = |s: f64| (0..5).fold(s, |s, _| s * (a + s * s * (b + s * s * c)));
        // Values of the golden scalar map.
        for (from, to) in [(0.01, 0.698_917_06), (0.1, 0.712_120_08), (0.5, 0.765_438_53), (1.0, 0.696_436_41)] {
            assert!((after(from) - to).abs() < 1e-5, "{from}: {}", after(from));
        }
        let (small, large) = (0.3f32, 0.4f32);
        let mut matrix = [small, 0.0, 0.0, large];
        newton_schulz([2, 2], &mut matrix, &[MUON; 5], &mut Workspace::dirty());
        assert_close(&matrix, &[after(0.6), 0.0, 0.0, after(0.8)], 1e-5);
    }

    #[test]
    fn zeros_stay_zeros_and_empty_matrices_are_left_alone() {
        let mut workspace = Workspace::dirty();
        let mut zeros = [0.0; 12];
        newton_schulz([3, 4], &mut zeros, &[MUON; 5], &mut workspace);
        assert_eq!(zeros, [0.0; 12]);
        newton_schulz([0, 4], &mut [], &[MUON; 5], &mut workspace);
    }

    #[test]
    fn a_weights_singular_values_come_near_one() {
        let mut matrix = Random::new(7).normal(48 * 192);
        newton_schulz([48, 192], &mut matrix, &[MUON; 5], &mut Workspace::dirty());
        for row in matrix.chunks_exact(192) {
            // A row's norm lies between the smallest and the largest singular value.
            let norm = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
            assert!((0.6..1.25).contains(&norm), "{norm}");
        }
    }
}
