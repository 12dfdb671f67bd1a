//! How long a guided experiment takes, from what its recorded study took.

use std::collections::BTreeMap;

use tailblazer_core::stats::{Study, StudyRun};

use super::format::duration;
use crate::t;

/// Floating-point operations in a second where the studies were recorded, on one core of a CPU: gpt-nano's.
const RECORDED: f64 = 30e9;

/// Seconds that the study takes, all runs one after the other. Seeds of an arm do the same work, so each counts as the
/// quickest of them: the machine may have had other work during the others.
fn recorded_seconds(study: &Study) -> f64 {
    let seconds = |run: &StudyRun| run.seconds + run.spectra_seconds + run.search_seconds;
    let mut quickest = BTreeMap::new();
    for run in &study.runs {
        let (least, count) = quickest.entry(run.arm).or_insert((f64::INFINITY, 0));
        (*least, *count) = (seconds(run).min(*least), *count + 1);
    }
    quickest.values().map(|(least, count)| least * f64::from(*count)).sum()
}

/// The time in words: here, where it is known how fast this device trains, and else where the study was recorded.
pub fn words(study: &Study, speed: Option<f64>) -> String {
    let recorded = recorded_seconds(study);
    match speed {
        Some(speed) => t!("about {time} here", time = duration(recorded * RECORDED / speed)),
        None => t!("about {time} on one CPU core", time = duration(recorded)),
    }
}

#[cfg(test)]
mod tests {
    use tailblazer_core::experiment::Comparison;

    use super::*;

    #[test]
    fn a_faster_device_takes_less() {
        let run = StudyRun { arm: 'A', seed: 1, seconds: 100.0, spectra_seconds: 20.0, ..StudyRun::default() };
        let interrupted = StudyRun { seed: 2, seconds: 900.0, ..run.clone() };
        let study = Study::new(&Comparison::default(), "", vec![run, interrupted]);
        assert_eq!(words(&study, None), "about 4 min on one CPU core");
        assert_eq!(words(&study, Some(2.0 * RECORDED)), "about 2 min here");
    }
}
