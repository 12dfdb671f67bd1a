//! One launcher for all optimisers that update every number by itself, over many parameters at once.
//!
//! An optimiser is a [`Rule`]: how a weight and its state move, given a gradient. The launcher walks over the
//! parameters, each with its own learning rate and decay, and scales gradients on the way, so that clipping by the
//! global norm (Pascanu et al. 2013, arXiv:1211.5063) needs no pass of its own.

use super::simd::{Floats, Level, Simd, SimdBase, SimdFloat, dispatch, fold, splat, update_with};

/// A parameter at an update; all slices have one length.
#[derive(Debug)]
pub struct Parameter<'a, const STATES: usize> {
    /// Its weights, updated.
    pub weights: &'a mut [f32],
    /// Its gradient.
    pub gradient: &'a [f32],
    /// What the optimiser remembers of it, updated.
    pub states: [&'a mut [f32]; STATES],
    /// Its learning rate.
    pub learning_rate: f64,
    /// Its decoupled weight decay per unit of learning rate; 0 for none.
    pub decay: f64,
}

/// How an optimiser moves one weight.
pub trait Rule<const STATES: usize> {
    /// Numbers that are the same for a whole parameter.
    type Constants<S: Simd>: Copy;

    /// The constants of a parameter.
    fn constants<S: Simd>(&self, simd: S, learning_rate: f64) -> Self::Constants<S>;

    /// The amount to subtract from the weight, and the new states.
    fn step<S: Simd>(
        simd: S,
        constants: Self::Constants<S>,
        gradient: Floats<S>,
        states: [Floats<S>; STATES],
    ) -> (Floats<S>, [Floats<S>; STATES]);
}

/// Moves all parameters by one update of a rule, with gradients multiplied by `gradient_scale`.
pub fn optimise<R: Rule<STATES>, const STATES: usize>(
    rule: &R,
    parameters: &mut [Parameter<'_, STATES>],
    gradient_scale: f32,
) {
    dispatch!(Level::new(), simd => {
        for parameter in parameters.iter_mut() {
            let constants = rule.constants(simd, parameter.learning_rate);
            let kept = splat(simd, (1.0 - parameter.learning_rate * parameter.decay) as f32);
            let scale = splat(simd, gradient_scale);
            let Parameter { weights, gradient, states, .. } = parameter;
            let states = states.each_mut().map(|state| &mut state[..]);
            update_with(simd, weights, states, gradient, #[inline(always)] |weight, states, gradient| {
                let (step, states) = R::step(simd, constants, gradient * scale, states);
                (weight.mul_add(kept, -step), states)
            });
        }
    });
}

/// The l1 and the l2 norm of all gradients taken as one vector; terms are summed in f32 over short stretches, then in f64.
pub fn global_norms<'a>(gradients: impl IntoIterator<Item = &'a [f32]>) -> [f64; 2] {
    const STRETCH: usize = 4096;
    let (mut sizes, mut squares) = (0.0, 0.0);
    for stretch in gradients.into_iter().flat_map(|gradient| gradient.chunks(STRETCH)) {
        let [size, square] = dispatch!(Level::new(), simd => sums_of_sizes_and_squares(simd, stretch));
        sizes += f64::from(size);
        squares += f64::from(square);
    }
    [sizes, squares.sqrt()]
}

/// The l2 norm of all gradients taken as one vector.
pub fn global_norm<'a>(gradients: impl IntoIterator<Item = &'a [f32]>) -> f64 {
    global_norms(gradients)[1]
}

/// The factor that brings a norm down to `limit`; 1 if it is smaller, and with a limit of 0, which means no clipping.
pub fn clip_scale(norm: f64, limit: f64) -> f32 {
    // 1e-6 as in PyTorch's clip_grad_norm_: a zero gradient must not divide by zero.
    if limit == 0.0 { 1.0 } else { (limit / (norm + 1e-6)).min(1.0) as f32 }
}

/// Sums of the absolute values and of the squares of a slice.
#[inline(always)]
fn sums_of_sizes_and_squares<S: Simd>(simd: S, x: &[f32]) -> [f32; 2] {
    fold(
        simd,
        [x],
        [0.0],
        [0.0; 2],
        #[inline(always)]
        |[sizes, squares], [x]| [sizes + x.abs(), x.mul_add(x, squares)],
    )
    .map(
        #[inline(always)]
        |sum| sum.reduce_sum(),
    )
}

#[cfg(test)]
mod tests {
    use super::{
        super::{AdamW, Lion, Sgd, testing::*},
        *,
    };

    const ADAMW: AdamW = AdamW { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, update: 1 };

    /// AdamW in f64, over parameters of several lengths with their own rates.
    #[test]
    fn updates_agree_with_f64() {
        let mut random = Random::new(2);
        let lengths = [0, 1, 3, 16, 17, 100];
        let rates = [(1e-3, 0.1), (1e-2, 0.0), (0.0, 0.1), (1e-3, 1.0), (0.1, 0.5), (1e-3, 0.1)];
        let mut weights: Vec<Vec<f32>> = lengths.iter().map(|length| random.normal(*length)).collect();
        let zeros: Vec<Vec<f32>> = lengths.iter().map(|length| vec![0.0; *length]).collect();
        let (mut m, mut v) = (zeros.clone(), zeros);
        let mut expected: Vec<Vec<[f64; 3]>> =
            weights.iter().map(|w| w.iter().map(|w| [f64::from(*w), 0.0, 0.0]).collect()).collect();
        let start = weights.clone();
        for update in 1..=5 {
            let gradients: Vec<Vec<f32>> = lengths.iter().map(|length| random.normal(*length)).collect();
            let rule = AdamW { update, ..ADAMW };
            let mut parameters: Vec<Parameter<'_, 2>> = weights
                .iter_mut()
                .zip(&gradients)
                .zip(m.iter_mut().zip(&mut v))
                .zip(rates)
                .map(|(((weights, gradient), (m, v)), (learning_rate, decay))| Parameter {
                    weights,
                    gradient,
                    states: [m, v],
                    learning_rate,
                    decay,
                })
                .collect();
            optimise(&rule, &mut parameters, 0.5);
            for ((numbers, gradient), (rate, decay)) in expected.iter_mut().zip(&gradients).zip(rates) {
                for ([w, m, v], gradient) in numbers.iter_mut().zip(gradient) {
                    let gradient = f64::from(*gradient) * 0.5;
                    *m = 0.9 * *m + 0.1 * gradient;
                    *v = 0.95 * *v + 0.05 * gradient * gradient;
                    let (m, v) = (*m / (1.0 - 0.9f64.powi(update)), *v / (1.0 - 0.95f64.powi(update)));
                    *w = *w * (1.0 - rate * decay) - rate * m / (v.sqrt() + 1e-8);
                }
            }
        }
        for (found, expected) in weights.iter().zip(&expected) {
            assert_close(found, &expected.iter().map(|[w, ..]| *w).collect::<Vec<_>>(), 1e-6);
        }
        assert_eq!(weights[2], start[2], "a learning rate of 0 moves nothing");
    }

    #[test]
    fn a_zero_gradient_moves_nothing_but_decay() {
        for (decay, expected) in [(0.0, 1.0), (1.0, 0.9)] {
            let (mut weights, mut m, mut v) = ([1.0f32; 5], [0.0; 5], [0.0; 5]);
            let states = [&mut m[..], &mut v[..]];
            let parameter = Parameter { weights: &mut weights, gradient: &[0.0; 5], states, learning_rate: 0.1, decay };
            optimise(&ADAMW, &mut [parameter], 1.0);
            assert_eq!(weights, [expected; 5]);
        }
    }

    /// Weights after five updates of parameters of several lengths with random gradients, and the same from `reference`,
    /// which gets a weight, its state, its gradient and `(learning rate, decay)` in f64 and returns the first two.
    fn single_state<R: Rule<1>>(rule: &R, reference: impl Fn(f64, f64, f64, (f64, f64)) -> (f64, f64)) {
        let mut random = Random::new(3);
        for (length, rate) in [(1, (0.1, 0.0)), (3, (0.01, 0.5)), (16, (0.0, 0.5)), (17, (0.1, 1.0)), (100, (0.3, 0.1))]
        {
            let (mut weights, mut m) = (random.normal(length), vec![0.0; length]);
            let start = weights.clone();
            let mut expected: Vec<(f64, f64)> = weights.iter().map(|w| (f64::from(*w), 0.0)).collect();
            for _ in 0..5 {
                let gradient = random.normal(length);
                let (learning_rate, decay) = rate;
                let states = [&mut m[..]];
                let parameter = Parameter { weights: &mut weights, gradient: &gradient, states, learning_rate, decay };
                optimise(rule, &mut [parameter], 0.5);
                for ((w, m), g) in expected.iter_mut().zip(&gradient) {
                    (*w, *m) = reference(*w, *m, f64::from(*g) * 0.5, rate);
                }
            }
            assert_close(&weights, &expected.iter().map(|(w, _)| *w).collect::<Vec<_>>(), 1e-6);
            assert_close(&m, &expected.iter().map(|(_, m)| *m).collect::<Vec<_>>(), 1e-6);
            assert_eq!(rate.0 == 0.0, weights == start, "a learning rate of 0 moves nothing");
        }
    }

    #[test]
    fn gradient_descent_agrees_with_f64() {
        for (momentum, nesterov) in [(0.0, false), (0.0, true), (0.9, false), (0.9, true)] {
            single_state(&Sgd { momentum, nesterov }, |w, m, g, (rate, decay)| {
                let m = momentum * m + g;
                let step = if nesterov { g + momentum * m } else { m };
                (w * (1.0 - rate * decay) - rate * step, m)
            });
        }
    }

    #[test]
    fn lion_agrees_with_f64_and_rests_without_a_gradient() {
        let rule = Lion { beta1: 0.9, beta2: 0.99 };
        single_state(&rule, |w, m, g, (rate, decay)| {
            let step = rate * (0.9 * m + 0.1 * g).signum();
            (w * (1.0 - rate * decay) - step, 0.99 * m + 0.01 * g)
        });
        let (mut weights, mut m) = ([1.0f32; 5], [0.0; 5]);
        let parameter = Parameter {
            weights: &mut weights,
            gradient: &[0.0, -0.0, 1.0, -1.0, 0.0],
            states: [&mut m[..]],
            learning_rate: 0.25,
            decay: 0.0,
        };
        optimise(&rule, &mut [parameter], 1.0);
        assert_eq!(weights, [1.0, 1.0, 0.75, 1.25, 1.0]);
    }

    #[test]
    fn one_norm_for_all_gradients() {
        let [l1, l2] = global_norms([&[3.0f32, 0.0][..], &[], &[-4.0]]);
        assert!((l1 - 7.0).abs() < 1e-6 && (l2 - 5.0).abs() < 1e-6);
        assert_eq!(global_norms([]), [0.0; 2]);
        let [l1, l2] = global_norms([&vec![0.5f32; 100_001][..]]);
        assert!((l1 / 50_000.5 - 1.0).abs() < 1e-6 && (l2 / (25_000.25f64).sqrt() - 1.0).abs() < 1e-6);
        assert_eq!((clip_scale(0.5, 1.0), clip_scale(50.0, 0.0), clip_scale(0.0, 1.0)), (1.0, 1.0, 1.0));
        assert!((clip_scale(5.0, 1.0) - 0.2).abs() < 1e-6);
    }
}
