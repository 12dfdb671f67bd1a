//! Adam with hypergradient descent on its learning rate (Baydin et al. 2018, arXiv:1703.04782, algorithm 5).

#[cfg(feature = "engine")]
use burn::tensor::Tensor;
#[cfg(feature = "engine")]
use tailblazer_kernels::{functions::State, update::Rule};

#[cfg(feature = "engine")]
use super::{AdamW, Inputs, Memory, adamw};
use super::{
    Optimiser,
    knobs::{BETA1, BETA2, EPSILON},
};
#[cfg(feature = "engine")]
use crate::experiment::OptimiserConfig;
use crate::policy::{Description, Knob};

/// AdamW whose learning rate `alpha` follows its own gradient:
///
/// ```text
/// h = g_t . u_{t-1}                       u: AdamW's last update per unit of alpha
/// alpha <- clamp(alpha (1 + gain cos(g_t, u_{t-1})) + additive h)
/// ```
///
/// `alpha` starts at the peak and is changed before it is used. `h` is one dot product over all parameters: the authors'
/// code changes `alpha` parameter by parameter within one step. The paper's rule is `additive`, whose unit is that of
/// the loss; `gain` is the same rule free of scale. The schedule and layerwise multipliers multiply `alpha` and are
/// part of `u`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamHd;

const GAIN: Knob = Knob {
    id: "gain",
    name: "Gain",
    unit: "",
    range: 0.0..=0.9,
    is_whole: false,
    default: 0.02,
    summary: "The largest relative change of the learning rate in one step, at a cosine of 1 or -1.",
};

const ADDITIVE: Knob = Knob {
    id: "additive",
    name: "Additive",
    unit: "",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.0,
    summary: "The paper's hypergradient rate, which is multiplied with the dot product; 1e-8 to 1e-4 is usual.",
};

const LOWEST: Knob = Knob {
    id: "lowest",
    name: "Lowest rate",
    unit: "",
    range: 0.0..=1.0,
    is_whole: false,
    default: 1e-6,
    summary: "The learning rate falls no lower, unless the peak is lower.",
};

const HIGHEST: Knob = Knob {
    id: "highest",
    name: "Highest rate",
    default: 0.1,
    summary: "The learning rate rises no higher, unless the peak is higher.",
    ..LOWEST
};

static DESCRIPTION: Description = Description {
    id: "adam-hd",
    name: "Adam-HD",
    summary: "AdamW that raises its learning rate while steps agree with the next gradient, and lowers it when they do not.",
    source: "Baydin et al. 2018, arXiv:1703.04782",
    knobs: &[GAIN, ADDITIVE, LOWEST, HIGHEST, BETA1, BETA2, EPSILON],
    null: Some(&[("gain", 0.0), ("additive", 0.0)]),
};

impl Optimiser for AdamHd {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn peak(&self) -> f64 {
        4e-3
    }

    fn decay(&self) -> f64 {
        0.1
    }

    /// Without a gain it is AdamW.
    #[cfg(feature = "engine")]
    fn rule(&self, config: &OptimiserConfig, update: i32) -> Option<Rule> {
        let is_fixed = config.value(&GAIN) == 0.0 && config.value(&ADDITIVE) == 0.0;
        AdamW.rule(config, update).filter(|_| is_fixed)
    }

    #[cfg(feature = "engine")]
    fn step(&self, inputs: &Inputs, state: &mut State, memory: &mut Memory, gradient: Tensor<1>) {
        let Inputs { config, parameters, update, peak, .. } = *inputs;
        if update > 1 {
            // The moments still hold the last update, so that it needs no memory of its own.
            let last = parameters.times(adamw::direction(config, state, update - 1), &memory.factors);
            memory.scale = Hypergradient::new(config, peak).follow(memory.scale.clone(), &gradient, last);
        }
        memory.factors = inputs.rates().iter().map(|rate| rate / peak).collect();

        adamw::advance(config, state, gradient);
        let direction = parameters.times(adamw::direction(config, state, update), &inputs.rates());
        let decayed = parameters.times(state.weights.clone(), &inputs.losses());
        let scale = memory.scale.clone();
        state.weights = state.weights.clone() - decayed * scale.clone() - direction * scale;
    }
}

/// How `alpha`, as a multiple of the peak, follows its gradient.
#[cfg(feature = "engine")]
struct Hypergradient {
    gain: f64,
    /// Per unit of the peak.
    additive: f64,
    bounds: [f64; 2],
}

#[cfg(feature = "engine")]
impl Hypergradient {
    fn new(config: &OptimiserConfig, peak: f64) -> Self {
        let bounds = [config.value(&LOWEST).min(peak) / peak, config.value(&HIGHEST).max(peak) / peak];
        Self { gain: config.value(&GAIN), additive: config.value(&ADDITIVE) / peak, bounds }
    }

    /// The next scale, `[1]`, from the gradient and the last update per unit of `alpha`.
    fn follow(&self, scale: Tensor<1>, gradient: &Tensor<1>, last: Tensor<1>) -> Tensor<1> {
        let dot = (gradient.clone() * last.clone()).sum();
        let norms = gradient.clone().square().sum().sqrt() * last.square().sum().sqrt();
        // The smallest summand that keeps 0 / 0 from being NaN in f32: without a gradient the cosine is 0.
        let cosine = dot.clone() / (norms + 1e-30);
        let [lowest, highest] = self.bounds;
        (scale.clone() + scale * cosine * self.gain + dot * self.additive).clamp(lowest, highest)
    }
}

#[cfg(all(test, feature = "engine"))]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::optim::tests::{golden, numbers};

    fn one(value: f64) -> Tensor<1> {
        Tensor::from_floats([value as f32], &Device::flex())
    }

    fn value(tensor: &Tensor<1>) -> f64 {
        tensor.clone().into_scalar::<f32>().into()
    }

    /// `tests/golden/optimizer_vectors.json`: gradient descent on `x^2 / 2`, whose last update is the last gradient.
    #[test]
    fn the_learning_rate_agrees_with_the_golden_values() {
        let case = &golden()["sgd_hypergradient"];
        let [x, alpha, beta] = ["x0", "alpha0", "beta"].map(|key| case[key].as_f64().expect("a number"));
        let rule = Hypergradient { gain: 0.0, additive: beta / alpha, bounds: [0.0, 10.0] };
        let (mut x, mut scale, mut last) = (one(x), one(1.0), one(0.0));
        for (expected_alpha, expected_x) in numbers(&case["alpha"]).into_iter().zip(numbers(&case["x"])) {
            let gradient = x.clone();
            scale = rule.follow(scale, &gradient, last);
            x = x - gradient.clone() * scale.clone() * alpha;
            last = gradient;
            assert!((value(&scale) * alpha - expected_alpha).abs() < 1e-7, "{} {expected_alpha}", value(&scale));
            assert!((value(&x) - expected_x).abs() < 1e-6, "{} {expected_x}", value(&x));
        }
    }

    #[test]
    fn the_rate_rises_by_the_gain_where_steps_agree_and_stays_within_its_bounds() {
        let rule = Hypergradient { gain: 0.1, additive: 0.0, bounds: [0.95, 1.05] };
        let follow = |gradient: f64, last: f64| value(&rule.follow(one(1.0), &one(gradient), one(last)));
        assert!(
            (Hypergradient { bounds: [0.0, 9.0], ..rule }.follow(one(1.0), &one(3.0), one(2.0)).into_scalar::<f32>()
                - 1.1)
                .abs()
                < 1e-6
        );
        assert!((follow(3.0, 2.0) - 1.05).abs() < 1e-6 && (follow(3.0, -2.0) - 0.95).abs() < 1e-6);
        assert_eq!((follow(0.0, 2.0), follow(3.0, 0.0)), (1.0, 1.0));
    }
}
