//! The Power scheduler (Shen et al. 2024, arXiv:2408.13359): a rate that knows neither the batch nor the budget.

use super::{Progress, Schedule, knobs::START};
use crate::{
    experiment::ScheduleConfig,
    policy::{Description, Knob},
};

/// `lr(t) = peak * min(1, (t / n)^exponent)`, with `n = max(W, start, 1)`: the paper's rule, normalised to the peak.
///
/// With the paper's own constants ([`Law`]) a run in a browser never leaves the cap, which makes it a constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power;

const EXPONENT: Knob = Knob {
    id: "exponent",
    name: "Exponent",
    unit: "",
    range: -2.0..=0.0,
    is_whole: false,
    default: -0.51,
    summary: "The power of time with which the rate falls; the paper fits −0.51.",
};

static DESCRIPTION: Description = Description {
    id: "power",
    name: "Power",
    summary: "Falls with a power of the tokens seen, whenever the run ends.",
    source: "Shen et al. 2024, arXiv:2408.13359",
    knobs: &[EXPONENT, START],
    null: Some(&[("exponent", 0.0)]),
};

impl Schedule for Power {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        let start = config.value(&START).max(at.warmup as f64).max(1.0);
        (at.step as f64 / start).powf(config.value(&EXPONENT)).min(1.0)
    }
}

/// The constants of the paper's rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Law {
    /// `a`: 4 in the scheduler, 4.6 in the fit of the best rates of WSD.
    pub amplitude: f64,
    /// `b`: -0.51.
    pub exponent: f64,
    /// The largest rate: 0.02.
    pub cap: f64,
}

impl Default for Law {
    fn default() -> Self {
        Self { amplitude: 4.0, exponent: -0.51, cap: 0.02 }
    }
}

impl Law {
    /// `min(cap, batch * a * n^b)`, with `n` the tokens seen and the batch in sequences (of 4096 tokens in the paper).
    pub fn rate(self, batch: f64, tokens: f64) -> f64 {
        (batch * self.amplitude * tokens.powf(self.exponent)).min(self.cap)
    }

    /// `(batch * a / cap)^(-1 / b)`: the tokens after which the rate leaves the cap.
    pub fn tokens_at_the_cap(self, batch: f64) -> f64 {
        (batch * self.amplitude / self.cap).powf(-1.0 / self.exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::tests::{close, vectors};

    #[test]
    fn the_literal_law_agrees_with_the_golden_vectors() {
        let golden = &vectors()["power"];
        let number = |value: &serde_json::Value| value.as_f64().unwrap_or(f64::INFINITY);
        let cases = ["literal", "fit_against_reported_grid_optima"].map(|name| golden[name].as_array().expect(name));
        for case in cases.into_iter().flatten() {
            let law =
                Law { amplitude: number(&case["a"]), exponent: number(&case["b"]), cap: number(&case["eta_max"]) };
            close(law.rate(number(&case["beta"]), number(&case["n"])), number(&case["lr"]), "the literal law");
        }
        for (batch, tokens) in golden["tokens_until_the_cap_is_left"].as_object().expect("batches") {
            let batch = batch.parse().expect("a batch");
            close(Law::default().tokens_at_the_cap(batch), number(tokens), "tokens at the cap");
        }
    }
}
