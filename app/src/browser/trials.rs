//! What earlier visits found out about this browser's WebGPU adapter: its self-test and its races. A new build asks anew.

use tailblazer_core::{
    experiment::{Comparison, Experiment, TrainConfig, comparison_to_link},
    session::{Backend, Known, Race},
};

use super::{made::BUILD, storage};

/// What the keys of all entries begin with.
const KEY: &str = "tailblazer.trials";

const PASSED: &str = "passed";
const CPU: &str = "cpu";
const GPU: &str = "gpu";

/// What is known of an adapter for an experiment, and the report of a self-test that it has failed.
pub fn known(adapter: &str, experiment: &Experiment) -> (Known, Option<String>) {
    let test = storage::get(&test_key(adapter));
    let passed = test.as_ref().map(|test| test == PASSED);
    let faster = match storage::get(&race_key(adapter, experiment)).as_deref() {
        Some(CPU) => Some(Backend::Cpu),
        Some(GPU) => Some(Backend::Gpu),
        _ => None,
    };
    (Known { passed, faster }, test.filter(|_| passed == Some(false)))
}

/// Remembers a self-test; of one that was failed, its report.
pub fn note_test(adapter: &str, passed: bool, report: &str) {
    set(&test_key(adapter), if passed { PASSED } else { report });
}

/// Remembers a race.
pub fn note_race(adapter: &str, experiment: &Experiment, race: Race) {
    let word = match race.faster() {
        Backend::Cpu => CPU,
        Backend::Gpu => GPU,
    };
    set(&race_key(adapter, experiment), word);
}

fn test_key(adapter: &str) -> String {
    format!("{KEY}.{BUILD}.{adapter}")
}

fn race_key(adapter: &str, experiment: &Experiment) -> String {
    format!("{KEY}.{BUILD}.{adapter}.{}", shape(experiment))
}

/// What the time of a step depends on, as the link of an experiment that has nothing else.
fn shape(experiment: &Experiment) -> String {
    let Experiment { model, objective, optimiser, train, .. } = experiment.clone();
    let train = TrainConfig { batch: train.batch, accumulation: train.accumulation, ..TrainConfig::default() };
    let base = Experiment { model, objective, optimiser, train, ..Experiment::default() };
    comparison_to_link(&Comparison { base, ..Comparison::default() })
}

/// Remembers it, and forgets what earlier builds found.
fn set(key: &str, value: &str) {
    let of_build = format!("{KEY}.{BUILD}.");
    storage::forget(|key| key.starts_with(KEY) && !key.starts_with(&of_build));
    storage::set(key, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_of_the_model_and_the_batch() {
        let experiment = Experiment::default();
        let mut longer = experiment.clone();
        longer.train.steps += 1;
        assert_eq!(shape(&experiment), shape(&longer));
        let mut wider = experiment.clone();
        wider.model.width *= 2;
        assert_ne!(shape(&experiment), shape(&wider));
        let mut larger = experiment.clone();
        larger.train.batch += 1;
        assert_ne!(shape(&experiment), shape(&larger));
    }
}
