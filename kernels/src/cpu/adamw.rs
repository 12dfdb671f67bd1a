//! AdamW (Loshchilov, Hutter 2017, arXiv:1711.05101) as a rule of the launcher.
//!
//! `m = beta1 m + (1 - beta1) g`, `v = beta2 v + (1 - beta2) g^2`,
//! `w = w (1 - lr decay) - lr / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon)`.

use super::{
    optimiser::Rule,
    simd::{Floats, Simd, SimdFloat, splat},
};

/// AdamW at one update; the states of a parameter are `m` and `v`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// How much of the first moment stays.
    pub beta1: f64,
    /// How much of the second moment stays.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Which update this is, from 1 on.
    pub update: i32,
}

impl Rule<2> for AdamW {
    /// `beta1`, `1 - beta1`, `beta2`, `1 - beta2`, `1 / (1 - beta2^t)`, `epsilon`, `lr / (1 - beta1^t)`.
    type Constants<S: Simd> = [Floats<S>; 7];

    #[inline(always)]
    fn constants<S: Simd>(&self, simd: S, learning_rate: f64) -> Self::Constants<S> {
        let Self { beta1, beta2, epsilon, update } = *self;
        let (correction1, correction2) = (1.0 - beta1.powi(update), 1.0 - beta2.powi(update));
        [
            splat(simd, beta1 as f32),
            splat(simd, (1.0 - beta1) as f32),
            splat(simd, beta2 as f32),
            splat(simd, (1.0 - beta2) as f32),
            splat(simd, (1.0 / correction2) as f32),
            splat(simd, epsilon as f32),
            splat(simd, (learning_rate / correction1) as f32),
        ]
    }

    #[inline(always)]
    fn step<S: Simd>(
        _simd: S,
        [beta1, rest1, beta2, rest2, correction2, epsilon, rate]: Self::Constants<S>,
        gradient: Floats<S>,
        [m, v]: [Floats<S>; 2],
    ) -> (Floats<S>, [Floats<S>; 2]) {
        let m = m.mul_add(beta1, gradient * rest1);
        let v = v.mul_add(beta2, gradient * gradient * rest2);
        (m / ((v * correction2).sqrt() + epsilon) * rate, [m, v])
    }
}
