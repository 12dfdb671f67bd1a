//! GELU in its exact form (Hendrycks, Gimpel 2016, arXiv:1606.08415).
//!
//! `gelu(x) = x Phi(x)` and `gelu'(x) = Phi(x) + x phi(x)` with the normal distribution `Phi` and density `phi`.
//! Both need `exp(-x^2 / 2)`, so it is computed once: `Phi(-|x|) = t P(t) exp(-x^2 / 2)` with
//! `t = 1 / (1 + 0.49 |x| / sqrt 2)`, the form of Abramowitz and Stegun 7.1.26 with a polynomial of degree 8. Its
//! coefficients minimise the largest relative error (2.3e-8) over `|x| <= 13.2`; the relative form keeps the far
//! tail accurate, where `1 + erf(x)` cancels.

use super::{
    exp::exp,
    simd::{Floats, Select, Simd, SimdBase, multiply_add, splat},
};

const POLYNOMIAL: [f32; 9] = [
    -0.028_644_567,
    0.145_061_84,
    -0.266_846_93,
    0.178_974_54,
    -0.033_230_156,
    0.109_876_7,
    0.118_032_66,
    0.138_562_8,
    0.138_213_1,
];

/// `Phi(x)` and `exp(-x^2 / 2)`.
#[inline(always)]
fn normal<S: Simd>(simd: S, x: Floats<S>) -> (Floats<S>, Floats<S>) {
    let magnitude = x.abs();
    let t = splat(simd, 1.0) / multiply_add::<S>(magnitude, splat(simd, 0.346_482_34), splat(simd, 1.0));
    let bell = exp(simd, x * x * splat(simd, -0.5));
    let mut p = splat(simd, POLYNOMIAL[0]);
    for coefficient in &POLYNOMIAL[1..] {
        p = multiply_add::<S>(p, t, splat(simd, *coefficient));
    }
    let tail = p * t * bell;
    let phi = x.simd_lt(splat(simd, 0.0)).select(tail, splat(simd, 1.0) - tail);
    (phi, bell)
}

/// `gelu(x)`.
#[inline(always)]
pub(super) fn gelu<S: Simd>(simd: S, x: Floats<S>) -> Floats<S> {
    x * normal(simd, x).0
}

/// `gelu(x)` and `gelu'(x)`.
#[inline(always)]
pub(super) fn gelu_and_slope<S: Simd>(simd: S, x: Floats<S>) -> [Floats<S>; 2] {
    const DENSITY_AT_ZERO: f32 = 0.398_942_3;
    let (phi, bell) = normal(simd, x);
    [x * phi, multiply_add::<S>(x * bell, splat(simd, DENSITY_AT_ZERO), phi)]
}

#[cfg(test)]
mod tests {
    use super::{super::simd::*, super::testing::normal_distribution, *};

    #[test]
    fn value_and_slope_agree_with_f64() {
        let inputs: Vec<f32> = (-13_000..=13_000).map(|i| i as f32 * 1e-3).collect();
        let mut values = inputs.clone();
        let mut slopes = inputs.clone();
        dispatch!(Level::new(), simd => update(simd, [&mut values[..]], [], |[x], []| [gelu(simd, x)]));
        dispatch!(Level::new(), simd => update(simd, [&mut slopes[..]], [], |[x], []| [gelu_and_slope(simd, x)[1]]));
        for ((x, value), slope) in inputs.iter().zip(&values).zip(&slopes) {
            let x = f64::from(*x);
            let phi = normal_distribution(x);
            let expected = x * phi;
            // The rounding of x^2 grows with it in the exponential.
            let tolerance = 1e-6 * (1.0 + x * x / 10.0) * expected.abs() + 1e-36;
            assert!((f64::from(*value) - expected).abs() <= tolerance, "gelu({x}) = {value}");
            let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let expected = phi + x * density;
            assert!((f64::from(*slope) - expected).abs() <= 5e-7, "gelu'({x}) = {slope}, not {expected}");
        }
    }

    #[test]
    fn far_arguments_are_finite() {
        let mut values = [-1e30, -1e4, 1e4, 0.0];
        dispatch!(Level::new(), simd => update(simd, [&mut values[..]], [], |[x], []| [gelu(simd, x)]));
        assert_eq!(values, [0.0, 0.0, 1e4, 0.0]);
    }
}
