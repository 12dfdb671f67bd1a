//! The exponential function in f32 registers.
//!
//! `exp(x) = 2^n exp(r)` with `n` the nearest integer to `x / ln 2` and `|r| <= ln(2) / 2`, where a polynomial of
//! degree 6 (the coefficients of Cephes' `expf`) is good to 1e-7. Adding 1.5 * 2^23 rounds to an integer and leaves
//! that integer in the low bits of the sum, from where a shift moves it into the exponent: no conversion is needed,
//! which in WASM would cost more than the polynomial.

use super::simd::{Floats, Select, Simd, SimdBase, SimdFloat, multiply_add, splat};

/// `exp(x)` for `x <= 88`; 0 below -87.3, where f32 would become subnormal.
#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, x: Floats<S>) -> Floats<S> {
    const ROUND: f32 = 12_582_912.0;
    const LOWEST: f32 = -87.3;

    let shifted = multiply_add::<S>(x, splat(simd, std::f32::consts::LOG2_E), splat(simd, ROUND));
    let n = shifted - splat(simd, ROUND);
    // ln 2 in two parts: the first has few digits, so that its product with n is exact.
    let r = multiply_add::<S>(n, splat(simd, -0.693_359_4), x);
    let r = multiply_add::<S>(n, splat(simd, 2.121_944_4e-4), r);

    let mut p = splat(simd, 1.987_569_1e-4);
    for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        p = multiply_add::<S>(p, r, splat(simd, coefficient));
    }
    let p = multiply_add::<S>(p, r * r, r) + splat(simd, 1.0);

    // The bits of 1.5 * 2^23 vanish in the shift; the sum wraps into the exponent.
    let power = (shifted.to_bits() << 23) + splat(simd, 1.0).to_bits();
    let value = p * Floats::<S>::from_bits(power);
    // What the lines above make of an x far below is dropped here, which costs less than bounding x first.
    x.simd_lt(splat(simd, LOWEST)).select(splat(simd, 0.0), value)
}

#[cfg(test)]
mod tests {
    use super::{super::simd::*, *};

    fn all(values: &mut [f32]) {
        dispatch!(Level::new(), simd => update(simd, [values], [], |[x], []| [exp(simd, x)]));
    }

    #[test]
    fn agrees_with_f64_over_its_whole_range() {
        let inputs: Vec<f32> = (-87_000..=87_900).map(|i| i as f32 * 1e-3).collect();
        let mut found = inputs.clone();
        all(&mut found);
        for (x, y) in inputs.iter().zip(&found) {
            let expected = f64::from(*x).exp();
            assert!((f64::from(*y) / expected - 1.0).abs() < 3e-7, "exp({x}) = {y}, not {expected}");
        }
    }

    #[test]
    fn far_arguments_give_zero() {
        let mut values = [-1e30, -1e4, -88.0, f32::NEG_INFINITY, f32::MIN, 0.0];
        all(&mut values);
        assert_eq!(values, [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    }
}
