//! LAMB and LARS: a parameter's step is scaled by a ratio of norms over the whole parameter.

use super::{
    AdamW,
    optimiser::{Parameter, Rule, global_norm},
    simd::{Level, SimdFloat, dispatch, splat, update},
};

/// LARS (You, Gitman, Ginsburg 2017, arXiv:1708.03888); the state of a parameter is its velocity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lars {
    /// How much of the velocity stays.
    pub momentum: f64,
    /// The length of a step at a learning rate of 1, as a share of the parameter's norm.
    pub coefficient: f64,
}

/// Moves a parameter by LAMB (You et al. 2020, arXiv:1904.00962): `u` is AdamW's step per unit of the learning rate with
/// `decay w` added, `w = w - lr |w| / |u| u`. The ratio is 1 unless `is_scaled`, and where a norm is 0.
///
/// `direction` is memory for `u`, as long as the parameter.
pub fn lamb(rule: &AdamW, parameter: Parameter<'_, 2>, is_scaled: bool, gradient_scale: f32, direction: &mut [f32]) {
    let Parameter { weights, gradient, states: [first, second], learning_rate, decay } = parameter;
    dispatch!(Level::new(), simd => {
        let constants = rule.constants(simd, 1.0);
        let (scale, decay) = (splat(simd, gradient_scale), splat(simd, decay as f32));
        update(simd, [first, second, &mut *direction], [gradient, &*weights], #[inline(always)] |[m, v, _], [g, w]| {
            let (step, [m, v]) = AdamW::step(simd, constants, g * scale, [m, v]);
            [m, v, w.mul_add(decay, step)]
        });
    });
    let (size, step) = (global_norm([&*weights]), global_norm([&*direction]));
    let ratio = if is_scaled && size > 0.0 && step > 0.0 { size / step } else { 1.0 };
    dispatch!(Level::new(), simd => {
        let rate = splat(simd, (-learning_rate * ratio) as f32);
        update(simd, [weights], [&*direction], #[inline(always)] |[w], [u]| [u.mul_add(rate, w)]);
    });
}

/// Moves a parameter by LARS: `m = momentum m + trust (g + decay w)`, `w = w - lr m`, with
/// `trust = coefficient |w| / (|g| + decay |w|)`. The trust is 1 unless `is_scaled`, and where a norm is 0.
pub fn lars(rule: &Lars, parameter: Parameter<'_, 1>, is_scaled: bool, gradient_scale: f32) {
    let Parameter { weights, gradient, states: [velocity], learning_rate, decay } = parameter;
    let (size, pull) = (global_norm([&*weights]), global_norm([gradient]) * f64::from(gradient_scale));
    let is_scaled = is_scaled && size > 0.0 && pull > 0.0;
    let trust = if is_scaled { rule.coefficient * size / (pull + decay * size) } else { 1.0 };
    dispatch!(Level::new(), simd => {
        let [momentum, of_gradient, of_weight, rate] =
            [rule.momentum, trust * f64::from(gradient_scale), trust * decay, -learning_rate].map(
                #[inline(always)]
                |value| splat(simd, value as f32),
            );
        update(simd, [weights, velocity], [gradient], #[inline(always)] |[w, m], [g]| {
            let m = m.mul_add(momentum, g.mul_add(of_gradient, w * of_weight));
            [m.mul_add(rate, w), m]
        });
    });
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    fn norm(values: &[f64]) -> f64 {
        values.iter().map(|value| value * value).sum::<f64>().sqrt()
    }

    /// Lengths, learning rates, decays and whether steps are scaled.
    const CASES: [(usize, f64, f64, bool); 6] = [
        (1, 0.01, 0.1, true),
        (3, 0.01, 0.0, true),
        (17, 0.02, 0.5, false),
        (100, 0.02, 0.5, true),
        (5000, 0.01, 0.1, true),
        (16, 0.0, 0.5, true),
    ];

    #[test]
    fn lamb_agrees_with_f64() {
        for (length, learning_rate, decay, is_scaled) in CASES {
            let mut random = Random::new(5);
            let (mut weights, mut m, mut v) = (random.normal(length), vec![0.0; length], vec![0.0; length]);
            let start = weights.clone();
            let (mut w64, mut m64, mut v64) = (wide(&weights), vec![0.0; length], vec![0.0; length]);
            for update in 1..=4 {
                let rule = AdamW { beta1: 0.9, beta2: 0.99, epsilon: 1e-6, update };
                let gradient = random.normal(length);
                let states = [&mut m[..], &mut v[..]];
                let parameter = Parameter { weights: &mut weights, gradient: &gradient, states, learning_rate, decay };
                lamb(&rule, parameter, is_scaled, 0.5, &mut vec![f32::NAN; length]);
                let u: Vec<f64> = (0..length)
                    .map(|at| {
                        let g = f64::from(gradient[at]) * 0.5;
                        m64[at] = 0.9 * m64[at] + 0.1 * g;
                        v64[at] = 0.99 * v64[at] + 0.01 * g * g;
                        let (m, v) = (m64[at] / (1.0 - 0.9f64.powi(update)), v64[at] / (1.0 - 0.99f64.powi(update)));
                        m / (v.sqrt() + 1e-6) + decay * w64[at]
                    })
                    .collect();
                let ratio = if is_scaled { norm(&w64) / norm(&u) } else { 1.0 };
                w64.iter_mut().zip(&u).for_each(|(w, u)| *w -= learning_rate * ratio * u);
            }
            assert_close(&weights, &w64, 1e-5);
            assert_eq!(learning_rate == 0.0, weights == start);
        }
    }

    #[test]
    fn lars_agrees_with_f64() {
        for (length, learning_rate, decay, is_scaled) in CASES {
            let mut random = Random::new(6);
            let (mut weights, mut m) = (random.normal(length), vec![0.0; length]);
            let start = weights.clone();
            let (mut w64, mut m64) = (wide(&weights), vec![0.0; length]);
            for _ in 0..4 {
                let rule = Lars { momentum: 0.9, coefficient: 0.3 };
                let gradient = random.normal(length);
                let states = [&mut m[..]];
                let parameter = Parameter { weights: &mut weights, gradient: &gradient, states, learning_rate, decay };
                lars(&rule, parameter, is_scaled, 0.5);
                let g: Vec<f64> = gradient.iter().map(|g| f64::from(*g) * 0.5).collect();
                let size = norm(&w64);
                let trust = if is_scaled { 0.3 * size / (norm(&g) + decay * size) } else { 1.0 };
                for ((w, m), g) in w64.iter_mut().zip(&mut m64).zip(&g) {
                    *m = 0.9 * *m + trust * (g + decay * *w);
                    *w -= learning_rate * *m;
                }
            }
            assert_close(&weights, &w64, 1e-5);
            assert_eq!(learning_rate == 0.0, weights == start);
        }
    }

    #[test]
    fn where_a_norm_is_zero_the_ratio_is_one() {
        let run = |start: f32, pull: f32| {
            let (mut by_lamb, mut by_lars, mut m, mut v, mut velocity) = ([start], [start], [0.0], [0.0], [0.0]);
            let gradient = [pull];
            let rule = AdamW { beta1: 0.9, beta2: 0.99, epsilon: 1e-6, update: 1 };
            let states = [&mut m[..], &mut v[..]];
            let (learning_rate, decay) = (0.5, 0.0);
            let parameter = Parameter { weights: &mut by_lamb, gradient: &gradient, states, learning_rate, decay };
            lamb(&rule, parameter, true, 1.0, &mut [0.0]);
            let states = [&mut velocity[..]];
            let parameter = Parameter { weights: &mut by_lars, gradient: &gradient, states, learning_rate, decay };
            lars(&Lars { momentum: 0.9, coefficient: 0.1 }, parameter, true, 1.0);
            (by_lamb[0], by_lars[0])
        };
        assert_eq!(run(1.0, 0.0), (1.0, 1.0));
        let (by_lamb, by_lars) = run(0.0, 3.0);
        assert!((by_lamb + 0.5).abs() < 1e-5 && by_lars == -1.5, "{by_lamb} {by_lars}");
    }
}
