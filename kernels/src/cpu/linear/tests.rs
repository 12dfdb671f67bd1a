//! Linear maps against an f64 reference and its finite differences.

use proptest::prelude::*;

use super::{super::testing::*, *};

struct Case {
    shape: LinearShape,
    x: Vec<f32>,
    matrices: Vec<Vec<f32>>,
    biases: Option<Vec<Vec<f32>>>,
    residual: Option<Vec<f32>>,
    gelu: bool,
    dy: Vec<f32>,
}

impl Case {
    fn new([rows, inputs, outputs, maps]: [usize; 4], [bias, residual, gelu]: [bool; 3], seed: u64) -> Self {
        let mut random = Random::new(seed);
        let size = rows * outputs * maps;
        Self {
            shape: LinearShape { rows, inputs, outputs },
            x: random.normal(rows * inputs),
            matrices: (0..maps).map(|_| random.normal(inputs * outputs)).collect(),
            biases: bias.then(|| (0..maps).map(|_| random.normal(outputs)).collect()),
            residual: residual.then(|| random.normal(size)),
            gelu,
            dy: random.normal(size),
        }
    }

    fn weights(&self) -> Vec<LinearWeights<'_>> {
        let bias = |map: usize| self.biases.as_ref().map(|biases| &biases[map][..]);
        self.matrices.iter().enumerate().map(|(map, matrix)| LinearWeights { matrix, bias: bias(map) }).collect()
    }

    /// The result in f64, for given `x`, matrices and biases, each one after the other.
    fn reference(&self, x: &[f64], matrices: &[f64], biases: &[f64]) -> Vec<f64> {
        let LinearShape { rows, inputs, outputs } = self.shape;
        let maps = self.matrices.len();
        let mut y = Vec::new();
        for row in 0..rows {
            for map in 0..maps {
                for output in 0..outputs {
                    let matrix = &matrices[map * inputs * outputs..];
                    let products = (0..inputs).map(|input| x[row * inputs + input] * matrix[input * outputs + output]);
                    let mut value = products.sum::<f64>() + biases.get(map * outputs + output).unwrap_or(&0.0);
                    if self.gelu {
                        value *= normal_distribution(value);
                    }
                    y.push(value + self.residual.as_ref().map_or(0.0, |residual| f64::from(residual[y.len()])));
                }
            }
        }
        y
    }

    fn check(&self, differences: bool) {
        let (x, matrices) = (wide(&self.x), wide(&self.matrices.concat()));
        let biases = wide(&self.biases.as_ref().map(|biases| biases.concat()).unwrap_or_default());
        let mut workspace = Workspace::dirty();
        let (mut y, mut kept) = (vec![9.0; self.dy.len()], vec![9.0; self.dy.len()]);
        let weights = self.weights();
        let expected = self.reference(&x, &matrices, &biases);
        for keep in [false, true] {
            let activation = match (self.gelu, keep) {
                (false, _) => Activation::None,
                (true, false) => Activation::Gelu(None),
                (true, true) => Activation::Gelu(Some(&mut kept)),
            };
            linear(self.shape, &self.x, &weights, activation, self.residual.as_deref(), &mut y, &mut workspace);
            assert_close(&y, &expected, 1e-5);
        }

        let run = |accumulate: bool, workspace: &mut Workspace| {
            let mut dx = vec![if accumulate { 2.0 } else { 9.0 }; self.x.len()];
            let mut matrices: Vec<Vec<f32>> = self.matrices.iter().map(|matrix| vec![9.0; matrix.len()]).collect();
            let mut biases = vec![vec![9.0; self.shape.outputs]; self.matrices.len()];
            let mut gradients: Vec<LinearGradients<'_>> = matrices
                .iter_mut()
                .zip(&mut biases)
                .map(|(matrix, bias)| LinearGradients { matrix: Some(matrix), bias: Some(bias) })
                .collect();
            let target = Some(InputGradient { gradient: &mut dx, accumulate });
            let kept = self.gelu.then_some(&kept[..]);
            linear_backward(self.shape, &self.x, &weights, kept, &self.dy, target, &mut gradients, workspace);
            (dx, matrices.concat(), biases.concat())
        };
        let found = run(false, &mut workspace);
        assert_eq!(found, run(false, &mut workspace));
        let (dx, dw, db) = found;
        let more = run(true, &mut workspace).0;
        assert_close(&more, &dx.iter().map(|x| f64::from(*x) + 2.0).collect::<Vec<_>>(), 1e-5);
        if differences {
            let loss =
                |x: &[f64], matrices: &[f64], biases: &[f64]| dot(&self.reference(x, matrices, biases), &self.dy);
            assert_close(&dx, &slopes(&x, |x| loss(x, &matrices, &biases)), 1e-5);
            assert_close(&dw, &slopes(&matrices, |matrices| loss(&x, matrices, &biases)), 1e-5);
            if self.biases.is_some() {
                assert_close(&db, &slopes(&biases, |biases| loss(&x, &matrices, biases)), 1e-5);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn value_and_gradients_agree_with_f64(
        shape in [0usize..6, 0usize..8, 0usize..20, 1usize..4],
        with: [bool; 3],
        seed: u64,
    ) {
        Case::new(shape, with, seed).check(true);
    }
}

#[test]
fn long_and_wide_maps_agree_with_f64() {
    Case::new([300, 48, 65, 3], [true, true, false], 1).check(false);
    Case::new([257, 20, 192, 1], [true, true, true], 2).check(false);
}

/// Over several blocks of rows the gradient of a matrix is one sum.
#[test]
fn gradients_of_long_batches_agree_with_f64() {
    let case = Case::new([300, 5, 7, 2], [true, false, true], 3);
    let (mut y, mut kept) = (vec![0.0; case.dy.len()], vec![0.0; case.dy.len()]);
    let mut workspace = Workspace::dirty();
    let activation = Activation::Gelu(Some(&mut kept));
    linear(case.shape, &case.x, &case.weights(), activation, None, &mut y, &mut workspace);
    let (mut first, mut second, mut bias) = (vec![0.0; 35], vec![0.0; 35], vec![0.0; 7]);
    let mut gradients = [
        LinearGradients { matrix: Some(&mut first), bias: None },
        LinearGradients { matrix: Some(&mut second), bias: Some(&mut bias) },
    ];
    let (x, dy) = (&case.x, &case.dy);
    linear_backward(case.shape, x, &case.weights(), Some(&kept), dy, None, &mut gradients, &mut workspace);
    let (x, matrices) = (wide(&case.x), wide(&case.matrices.concat()));
    let biases = wide(&case.biases.as_ref().expect("biases").concat());
    let found: Vec<f32> = first.iter().chain(&second).copied().collect();
    let loss = |matrices: &[f64], biases: &[f64]| dot(&case.reference(&x, matrices, biases), &case.dy);
    assert_close(&found, &slopes(&matrices, |matrices| loss(matrices, &biases)), 1e-5);
    assert_close(&bias, &slopes(&biases, |biases| loss(&matrices, biases))[7..], 1e-5);
}
