//! How long a guided experiment takes, from what its recorded study took.

use tailblazer_core::stats::Study;

use super::format::duration;

/// Floating-point operations in a second where the studies were recorded, on one core of a CPU: gpt-nano's.
const RECORDED: f64 = 30e9;

/// Seconds that the study trained and measured, all runs one after the other.
fn recorded_seconds(study: &Study) -> f64 {
    study.runs.iter().map(|run| run.seconds + run.spectra_seconds + run.search_seconds).sum()
}

/// The time in words: here, where it is known how fast this device trains, and else where the study was recorded.
pub fn words(study: &Study, speed: Option<f64>) -> String {
    let recorded = recorded_seconds(study);
    match speed {
        Some(speed) => format!("about {} here", duration(recorded * RECORDED / speed)),
        None => format!("about {} on one CPU core", duration(recorded)),
    }
}

#[cfg(test)]
mod tests {
    use tailblazer_core::{experiment::Comparison, stats::StudyRun};

    use super::*;

    #[test]
    fn a_faster_device_takes_less() {
        let run = StudyRun { arm: 'A', seed: 1, seconds: 100.0, spectra_seconds: 20.0, ..StudyRun::default() };
        let study = Study::new(&Comparison::default(), "", vec![run]);
        assert_eq!(words(&study, None), "about 2 min on one CPU core");
        assert_eq!(words(&study, Some(2.0 * RECORDED)), "about 1 min here");
    }
}
