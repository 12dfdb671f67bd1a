//! Lion (Chen et al. 2023, arXiv:2302.06675, algorithm 2) as a rule of the launcher.
//!
//! `u = sign(beta1 m + (1 - beta1) g)`, `m = beta2 m + (1 - beta2) g`, `w = w (1 - lr decay) - lr u`, with `sign(0) = 0`.

use super::{
    optimiser::Rule,
    simd::{Floats, Select, Simd, SimdBase, SimdFloat, splat},
};

/// Lion; the state of a parameter is `m`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lion {
    /// The moment's share in the sign.
    pub beta1: f64,
    /// How much of the moment stays.
    pub beta2: f64,
}

impl Rule<1> for Lion {
    /// `beta1`, `1 - beta1`, `beta2`, `1 - beta2`, `lr`, 0.
    type Constants<S: Simd> = [Floats<S>; 6];

    #[inline(always)]
    fn constants<S: Simd>(&self, simd: S, learning_rate: f64) -> Self::Constants<S> {
        let Self { beta1, beta2 } = *self;
        [beta1, 1.0 - beta1, beta2, 1.0 - beta2, learning_rate, 0.0].map(
            #[inline(always)]
            |value| splat(simd, value as f32),
        )
    }

    #[inline(always)]
    fn step<S: Simd>(
        _simd: S,
        [beta1, rest1, beta2, rest2, rate, zero]: Self::Constants<S>,
        gradient: Floats<S>,
        [m]: [Floats<S>; 1],
    ) -> (Floats<S>, [Floats<S>; 1]) {
        let mixed = m.mul_add(beta1, gradient * rest1);
        let step = mixed.simd_gt(zero).select(rate, zero) - mixed.simd_lt(zero).select(rate, zero);
        (step, [m.mul_add(beta2, gradient * rest2)])
    }
}
