//! Hypergradient descent (Baydin et al. 2018, arXiv:1703.04782): a rate that follows its own gradient.
//!
//! The trainer measures one dot product over all parameters; the released AdamHD moves the rate once per tensor, so that
//! tensors of one step differ. Members of the family work over any optimiser; the published rules for SGD and Adam are
//! here too, and Adam-HD is an optimiser besides.

use serde::{Deserialize, Serialize};

use super::{Adaptive, Product, Progress, Rule, Schedule};
use crate::{
    experiment::ScheduleConfig,
    policy::{Description, Knob, Settings},
};

/// `lr *= 1 + beta * cos(g_t, u_{t-1})` before every update after the warm-up, with `g_t` the gradient and `u_{t-1}` the
/// last update per unit of learning rate, over all parameters: [`Hypergradient`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FollowGradient;

/// Which product moves the rate, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Variant {
    /// SGD-HD: `h = g_t . g_{t-1}`, `lr += beta * h`; with the Nesterov update in place of `g_{t-1}` it is SGDN-HD.
    Sgd,
    /// Adam-HD: `h = g_t . u_{t-1}` with [`adam_product`], `lr += beta * h`.
    Adam,
    /// `lr *= 1 + beta * cos(g_t, u_{t-1})`: our variant, for which neither the scale of the gradient nor its clipping
    /// matters.
    ScaleFree,
}

/// The step of the rate, with the default of the released SGD-HD.
const BETA: Knob = Knob {
    id: "beta",
    name: "Beta",
    unit: "",
    range: 0.0..=1.0,
    is_whole: false,
    default: 1e-6,
    summary: "How far the rate moves in a step; 0 keeps it.",
};

const SMALLEST: Knob = Knob {
    id: "smallest",
    name: "Smallest",
    unit: "",
    range: 0.0..=1.0,
    is_whole: false,
    default: 1e-6,
    summary: "The rate does not fall below this.",
};

const LARGEST: Knob =
    Knob { id: "largest", name: "Largest", default: 0.1, summary: "The rate does not climb above this.", ..SMALLEST };

const SOURCE: &str = "Baydin et al. 2018, arXiv:1703.04782";
const NULL: Option<&[(&str, f64)]> = Some(&[("beta", 0.0)]);

static SGD: Description = Description {
    id: "hypergradient-sgd",
    name: "SGD-HD",
    summary: "Climbs while successive gradients agree, and falls when they turn.",
    source: SOURCE,
    knobs: &[BETA, SMALLEST, LARGEST],
    null: NULL,
};

static ADAM: Description = Description {
    id: "hypergradient-adam",
    name: "Adam-HD",
    summary: "Climbs while the gradient agrees with Adam's last update, and falls when it turns.",
    source: SOURCE,
    knobs: &[Knob { default: 1e-8, ..BETA }, SMALLEST, LARGEST],
    null: NULL,
};

static SCALE_FREE: Description = Description {
    id: "hypergradient",
    name: "Hypergradient",
    summary: "Grows by a share of the cosine between the gradient and the last update; the plan knows only the peak.",
    source: "Tailblazer, after Baydin et al. 2018, arXiv:1703.04782",
    knobs: &[Knob { default: 0.02, ..BETA }, SMALLEST, LARGEST],
    null: NULL,
};

impl Schedule for FollowGradient {
    fn description(&self) -> &'static Description {
        &SCALE_FREE
    }

    /// The plan as far as it is known before the run: the peak.
    fn factor(&self, _: &ScheduleConfig, _: Progress) -> f64 {
        1.0
    }

    fn adaptive(&self, config: &ScheduleConfig) -> Option<Box<dyn Adaptive>> {
        Some(Box::new(Hypergradient::new(Variant::ScaleFree, &config.knobs, config.peak)))
    }
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ScaleFree, Self::Sgd, Self::Adam];

    /// What it is and what can be set.
    pub fn description(self) -> &'static Description {
        match self {
            Self::Sgd => &SGD,
            Self::Adam => &ADAM,
            Self::ScaleFree => &SCALE_FREE,
        }
    }
}

/// Adam-HD's product from `raw = g_t . (m / (sqrt(v) + eps))`, with the moments after `previous` updates: `raw * sqrt(1 -
/// beta2^n) / (1 - beta1^n)`. It is 0 before the first update.
pub fn adam_product(raw: f64, beta1: f64, beta2: f64, previous: u32) -> f64 {
    if previous == 0 {
        return 0.0;
    }
    let power = |beta: f64| 1.0 - beta.powf(f64::from(previous));
    raw * power(beta2).sqrt() / power(beta1)
}

/// A learning rate that moves with its hypergradient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hypergradient {
    variant: Variant,
    rate: f64,
    beta: f64,
    smallest: f64,
    largest: f64,
}

impl Hypergradient {
    /// The rule at the beginning of a run.
    pub fn new(variant: Variant, settings: &Settings, rate: f64) -> Self {
        let value = |knob: &Knob| variant.description().value(settings, knob.id);
        Self { variant, rate, beta: value(&BETA), smallest: value(&SMALLEST), largest: value(&LARGEST) }
    }

    /// The rate of this step, moved before it is used. A product that is no number moves nothing.
    pub fn next(&mut self, product: Product) -> f64 {
        let change = match self.variant {
            Variant::Sgd | Variant::Adam => self.beta * product.dot,
            Variant::ScaleFree => {
                let cosine = product.dot / (product.gradient * product.update);
                self.rate * self.beta * if cosine.is_finite() { cosine.clamp(-1.0, 1.0) } else { 0.0 }
            }
        };
        if change != 0.0 && change.is_finite() {
            self.rate = (self.rate + change).max(self.smallest).min(self.largest);
        }
        self.rate
    }
}

impl Adaptive for Hypergradient {
    fn rate(&self) -> Option<f64> {
        Some(self.rate)
    }

    fn wants_products(&self) -> bool {
        true
    }

    fn measured(&mut self, product: Product) {
        self.next(product);
    }

    fn copy(&self) -> Box<dyn Adaptive> {
        Box::new(self.clone())
    }

    fn rule(&self) -> Rule {
        Rule::Hypergradient(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::schedule::tests::{close, numbers};

    fn settings(values: &[(&str, f64)]) -> Settings {
        Settings(values.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect())
    }

    fn dot(dot: f64) -> Product {
        Product { dot, gradient: 1.0, update: 1.0 }
    }

    #[test]
    fn sgd_on_a_parabola_agrees_with_the_golden_vector() {
        let golden: Value =
            serde_json::from_str(include_str!("../../../tests/golden/optimizer_vectors.json")).expect("valid JSON");
        let golden = &golden["sgd_hypergradient"];
        let number = |key: &str| golden[key].as_f64().expect("a number");
        let knobs = settings(&[("beta", number("beta")), ("largest", 1.0)]);
        let mut rule = Hypergradient::new(Variant::Sgd, &knobs, number("alpha0"));
        let (mut x, mut last) = (number("x0"), 0.0);
        for (rate, expected) in numbers(&golden["alpha"]).into_iter().zip(numbers(&golden["x"])) {
            let gradient = x;
            close(rule.next(dot(gradient * last)), rate, "alpha");
            x -= rule.rate * gradient;
            last = gradient;
            close(x, expected, "x");
        }
    }

    #[test]
    fn adam_corrects_the_bias_of_the_moments() {
        // After one update m = 0.1 g and v = 0.001 g^2: the corrected update of g = 2 is 1, its product with 3 is 3.
        let (m, v): (f64, f64) = (0.1 * 2.0, 0.001 * 4.0);
        close(adam_product(3.0 * m / v.sqrt(), 0.9, 0.999, 1), 3.0, "one update");
        assert_eq!(adam_product(3.0, 0.9, 0.999, 0), 0.0);
        close(adam_product(3.0, 0.9, 0.999, u32::MAX), 3.0, "many updates");
    }

    #[test]
    fn the_scale_free_rule_knows_no_scale() {
        let rates = |scale: f64| {
            let mut rule = Hypergradient::new(Variant::ScaleFree, &Settings::default(), 1e-3);
            [0.5, 1.0, -0.25]
                .map(|cosine| rule.next(Product { dot: cosine * scale * 3.0, gradient: scale, update: 3.0 }))
        };
        for (found, expected) in rates(1.0).into_iter().zip([1.01e-3, 1.0302e-3, 1.025_049e-3]) {
            close(found, expected, "rate");
        }
        rates(1.0).into_iter().zip(rates(1024.0)).for_each(|(found, expected)| assert_eq!(found, expected));
    }

    #[test]
    fn rates_stay_within_their_bounds() {
        let mut rule = Hypergradient::new(Variant::Sgd, &Settings::default(), 1e-3);
        assert_eq!(rule.next(dot(1e9)), 0.1);
        assert_eq!(rule.next(dot(-1e9)), 1e-6);
        for strange in [f64::NAN, f64::INFINITY] {
            assert_eq!(rule.next(dot(strange)), 1e-6);
        }
        let mut rule = Hypergradient::new(Variant::ScaleFree, &Settings::default(), 1e-3);
        assert_eq!(rule.next(Product::default()), 1e-3);
    }

    #[test]
    fn null_settings_keep_the_rate_bit_for_bit() {
        for variant in Variant::ALL {
            let null = variant.description().null_settings().expect("a null setting");
            let mut rule = Hypergradient::new(variant, &null, 0.7);
            for i in 0..100 {
                assert_eq!(rule.next(dot(f64::from(i) - 50.0)).to_bits(), 0.7f64.to_bits());
            }
        }
    }
}
