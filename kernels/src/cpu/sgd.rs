//! Gradient descent with momentum as a rule of the launcher, in the form of torch's `SGD` without dampening.
//!
//! `m = momentum m + g`, `w = w (1 - lr decay) - lr m`; with Nesterov's look-ahead (Sutskever et al. 2013, ICML)
//! `g + momentum m` takes the place of `m`. The decay is decoupled (SGDW, Loshchilov, Hutter 2017, arXiv:1711.05101).

use super::{
    optimiser::Rule,
    simd::{Floats, Simd, SimdFloat, splat},
};

/// Gradient descent at one update; the state of a parameter is `m`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// How much of the velocity stays; 0 for plain gradient descent.
    pub momentum: f64,
    /// Whether the step looks one velocity ahead.
    pub nesterov: bool,
}

impl Rule<1> for Sgd {
    /// `momentum`, then the step's factors of `g` and of `m`.
    type Constants<S: Simd> = [Floats<S>; 3];

    #[inline(always)]
    fn constants<S: Simd>(&self, simd: S, learning_rate: f64) -> Self::Constants<S> {
        let Self { momentum, nesterov } = *self;
        let (of_gradient, of_velocity) = if nesterov { (1.0, momentum) } else { (0.0, 1.0) };
        [momentum, learning_rate * of_gradient, learning_rate * of_velocity].map(
            #[inline(always)]
            |value| splat(simd, value as f32),
        )
    }

    #[inline(always)]
    fn step<S: Simd>(
        _simd: S,
        [momentum, of_gradient, of_velocity]: Self::Constants<S>,
        gradient: Floats<S>,
        [m]: [Floats<S>; 1],
    ) -> (Floats<S>, [Floats<S>; 1]) {
        let m = m.mul_add(momentum, gradient);
        (m.mul_add(of_velocity, gradient * of_gradient), [m])
    }
}
