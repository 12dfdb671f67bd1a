//! AutoLRS (Jin et al. 2021, arXiv:2105.10762): short trials from a checkpoint, forecast and searched by Bayesian
//! optimisation, choose the learning rate of every stage.
//!
//! [`Search`] says what to do before each update. The trials begin from the run as it is and learn the batches that come
//! next, so that all of a stage are held to the same losses. The defaults are for runs of a few thousand steps; the
//! paper's stages are ten times as long.

mod forecast;
mod gaussian;
mod search;

pub use forecast::{Forecast, forecast};
pub use gaussian::Process;
pub use search::{Before, Order, Phase, Search, Stage};

use super::{Adaptive, Progress, Schedule};
use crate::{
    experiment::ScheduleConfig,
    policy::{Description, Knob, Settings},
};

/// After the warm-up, before every `stage` steps: `probes` rates in `smallest..=largest`, each tried for `probe` steps on
/// a copy of the run; the stage trains with the rate whose loss at its end is forecast to be the lowest. The first rate
/// is the middle of the range, every other one has the lowest `mean - kappa * deviation` of a Gaussian process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AutoLrs;

const SMALLEST: Knob = Knob {
    id: "smallest",
    name: "Smallest",
    unit: "",
    range: 1e-8..=1.0,
    is_whole: false,
    default: 1e-4,
    summary: "The lower end of the rates that are searched.",
};

const LARGEST: Knob = Knob {
    id: "largest",
    name: "Largest",
    default: 3e-2,
    summary: "The upper end of the rates that are searched.",
    ..SMALLEST
};

const STAGE: Knob = Knob {
    id: "stage",
    name: "Stage",
    unit: "steps",
    range: 1.0..=1e6,
    is_whole: true,
    default: 100.0,
    summary: "Steps that are trained with one rate before the next search.",
};

const PROBE: Knob = Knob {
    id: "probe",
    name: "Probe",
    unit: "steps",
    range: 1.0..=1e5,
    is_whole: true,
    default: 10.0,
    summary: "Steps for which a rate is tried; the loss at the end of the stage is forecast from them.",
};

const PROBES: Knob = Knob {
    id: "probes",
    name: "Probes",
    unit: "",
    range: 0.0..=64.0,
    is_whole: true,
    default: 8.0,
    summary: "Rates that are tried before each stage; 0 keeps the peak.",
};

const KAPPA: Knob = Knob {
    id: "kappa",
    name: "Kappa",
    unit: "",
    range: 0.0..=1e6,
    is_whole: false,
    default: 2.5,
    summary: "How much the search prefers rates of which it knows little.",
};

const SMOOTHING: Knob = Knob {
    id: "smoothing",
    name: "EMA",
    unit: "steps",
    range: 1.0..=1000.0,
    is_whole: true,
    default: 20.0,
    summary: "Span of the moving average of the losses that are forecast; 1 takes them as they are.",
};

static DESCRIPTION: Description = Description {
    id: "autolrs",
    name: "AutoLRS",
    summary: "Tries rates before each stage and trains with the best; the peak ends the warm-up, and is all that the plan knows.",
    source: "Jin et al. 2021, arXiv:2105.10762",
    knobs: &[SMALLEST, LARGEST, STAGE, PROBE, PROBES, KAPPA, SMOOTHING],
    null: Some(&[("probes", 0.0)]),
};

impl Schedule for AutoLrs {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    /// The plan as far as it is known before the run: the peak.
    fn factor(&self, _: &ScheduleConfig, _: Progress) -> f64 {
        1.0
    }

    fn adaptive(&self, config: &ScheduleConfig) -> Option<Box<dyn Adaptive>> {
        (config.value(&PROBES) > 0.0).then(|| Box::new(Search::new(&config.knobs)) as Box<dyn Adaptive>)
    }

    fn fault(&self, config: &ScheduleConfig) -> Option<(String, String)> {
        fault(&config.knobs)
    }
}

/// The first setting that is at odds with another, with a sentence that says what to do.
fn fault(settings: &Settings) -> Option<(String, String)> {
    let value = |knob: &Knob| DESCRIPTION.value(settings, knob.id);
    let fail = |knob: &Knob, wanted: String| {
        let sentence = format!("{} is {}: choose {wanted}.", knob.name, value(knob));
        Some((knob.id.to_owned(), sentence))
    };
    if value(&SMALLEST) >= value(&LARGEST) {
        return fail(&SMALLEST, format!("less than the largest rate, {}", value(&LARGEST)));
    }
    if value(&PROBE) > value(&STAGE) {
        return fail(&PROBE, format!("at most the {} steps of a stage", value(&STAGE)));
    }
    None
}

/// `probe * probes / stage`: steps of searching for each step of training.
pub fn overhead(stage: f64, probe: f64, probes: f64) -> f64 {
    probe * probes / stage
}

/// `tests/golden/adaptive_vectors.json`.
#[cfg(test)]
fn vectors() -> serde_json::Value {
    serde_json::from_str(include_str!("../../../../tests/golden/adaptive_vectors.json")).expect("valid JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::tests::close;

    #[test]
    fn the_overhead_agrees_with_the_golden_values() {
        for case in vectors()["autolrs_search_overhead"].as_array().expect("cases") {
            let [stage, probe, probes, expected] =
                ["tau", "tau_probe", "k", "overhead"].map(|key| case[key].as_f64().expect("a number"));
            close(overhead(stage, probe, probes), expected, "overhead");
        }
        let value = |knob: &Knob| knob.default;
        close(overhead(value(&STAGE), value(&PROBE), value(&PROBES)), 0.8, "by default");
    }

    #[test]
    fn settings_at_odds_are_named() {
        let fault = |id: &str, value: f64| fault(&Settings([(id.to_owned(), value)].into()));
        assert_eq!(fault("stage", 10.0), None);
        for (id, value, words) in
            [("smallest", 0.5, "less than the largest rate, 0.03"), ("probe", 200.0, "at most the 100 steps")]
        {
            let (found, sentence) = fault(id, value).expect("a fault");
            assert!(found == id && sentence.contains(words), "{sentence}");
        }
    }
}
