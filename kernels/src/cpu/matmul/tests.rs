//! Products against an f64 reference.

use proptest::prelude::*;

use super::{super::testing::*, *};

fn reference([rows, depth, columns]: [usize; 3], a: &[f32], b: &[f32], start: &[f32]) -> Vec<f64> {
    let mut out: Vec<f64> = start.iter().map(|x| f64::from(*x)).collect();
    for i in 0..rows {
        for p in 0..depth {
            for j in 0..columns {
                out[i * columns + j] += f64::from(a[i * depth + p]) * f64::from(b[p * columns + j]);
            }
        }
    }
    out
}

fn transpose(x: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|j| (0..rows).map(move |i| x[i * columns + j])).collect()
}

fn check(shape: [usize; 3], seed: u64) {
    let [rows, depth, columns] = shape;
    let mut random = Random::new(seed);
    let (a, b) = (random.normal(rows * depth), random.normal(depth * columns));
    let (at, bt) = (transpose(&a, rows, depth), transpose(&b, depth, columns));
    let start = random.normal(rows * columns);
    let mut workspace = Workspace::dirty();
    for accumulate in [false, true] {
        let zeros = vec![0.0; start.len()];
        let expected = reference(shape, &a, &b, if accumulate { &start } else { &zeros });
        let cases = [
            (Operand::Plain(&a[..]), Operand::Plain(&b[..])),
            (Operand::Transposed(&at), Operand::Plain(&b)),
            (Operand::Plain(&a), Operand::Transposed(&bt)),
            (Operand::Transposed(&at), Operand::Transposed(&bt)),
        ];
        for (a, b) in cases {
            let mut out = start.clone();
            matmul(shape, a, b, accumulate, &mut out, &mut workspace);
            assert_close(&out, &expected, 1e-5);
            let mut again = start.clone();
            matmul(shape, a, b, accumulate, &mut again, &mut workspace);
            assert_eq!(out, again);
        }
    }
}

#[test]
fn the_models_shapes_agree_with_f64() {
    for (seed, shape) in
        [[64, 48, 48], [65, 48, 192], [33, 192, 48], [7, 48, 65], [16, 128, 512], [48, 600, 97]].into_iter().enumerate()
    {
        check(shape, seed as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn any_shape_agrees_with_f64(rows in 0usize..40, depth in 0usize..40, columns in 0usize..140, seed: u64) {
        check([rows, depth, columns], seed);
    }
}

/// Rows of a product do not depend on how many others there are.
#[test]
fn rows_are_independent() {
    let mut random = Random::new(1);
    let (a, b) = (random.normal(37 * 300), random.normal(300 * 51));
    let mut workspace = Workspace::dirty();
    let mut all = vec![0.0; 37 * 51];
    matmul([37, 300, 51], Operand::Plain(&a), Operand::Plain(&b), false, &mut all, &mut workspace);
    for row in 0..37 {
        let mut one = vec![0.0; 51];
        let a = Operand::Plain(&a[row * 300..][..300]);
        matmul([1, 300, 51], a, Operand::Plain(&b), false, &mut one, &mut workspace);
        assert_eq!(one, all[row * 51..][..51]);
    }
}
