//! A recorded experiment in place of a run: all charts and traces, without an engine.

use std::sync::Arc;

use leptos::prelude::*;
use tailblazer_core::{experiment::Preset, session::Recording};

use super::Workspace;

/// What is replayed. It is a handful of keys and is copied freely.
#[derive(Clone, Copy)]
pub struct Replay {
    /// The recording on the page; none while its own runs are there.
    pub recording: RwSignal<Option<Arc<Recording>>>,
    /// Steps done at the moment that is shown.
    pub at: RwSignal<usize>,
    /// Whether it plays.
    pub is_playing: RwSignal<bool>,
}

impl Default for Replay {
    fn default() -> Self {
        Self::new()
    }
}

impl Replay {
    /// Nothing is replayed.
    pub fn new() -> Self {
        Self { recording: RwSignal::new(None), at: RwSignal::new(0), is_playing: RwSignal::new(false) }
    }

    /// Whether a recording is on the page.
    pub fn is_shown(&self) -> bool {
        self.recording.with(Option::is_some)
    }

    /// The step that follows the present one after a share of the whole, or none at the end.
    pub fn next(&self, share: f64) -> Option<usize> {
        let steps = self.recording.with_untracked(|recording| recording.as_ref().map(|recording| recording.steps()))?;
        let at = self.at.get_untracked();
        let stride = (steps as f64 * share).ceil().max(1.0) as usize;
        (at < steps).then(|| (at + stride).min(steps))
    }
}

impl Workspace {
    /// Whether anything was trained on this page: what is only replayed was not.
    pub fn has_trained(&self) -> bool {
        self.slow_version.track();
        !self.replay.is_shown() && self.runs().iter().any(super::run::Run::has_steps)
    }

    /// The guided experiment that is on the page, unchanged: it has a recording.
    pub fn recorded(&self) -> Option<&'static Preset> {
        let guiding = self.comparison.with(Preset::guiding)?;
        self.comparison.with(|comparison| comparison == guiding.comparison()).then_some(guiding)
    }

    /// Shows a recording of the comparison, at its end.
    pub fn show_recording(&self, recording: Recording) {
        let steps = recording.steps();
        for (place, frame) in recording.decodes.iter().enumerate() {
            if let Some(frame) = frame {
                self.decode.present(place, frame.clone());
            }
        }
        self.replay.recording.set(Some(Arc::new(recording)));
        self.seek(steps);
    }

    /// Shows the recording as it was after so many steps.
    pub fn seek(&self, step: usize) {
        let Some(recording) = self.replay.recording.get_untracked() else { return };
        self.replay.at.set(step);
        for (arm, report) in recording.arms.iter().enumerate().take(untrack(|| self.arms())) {
            untrack(|| self.run_of(arm)).show(&report.until(step));
        }
    }

    /// Takes the recording off the page, if there is one.
    pub fn end_replay(&self) {
        let Some(recording) = self.replay.recording.get_untracked() else { return };
        self.replay.is_playing.set(false);
        self.replay.recording.set(None);
        for run in untrack(|| self.runs()) {
            run.clear_shown();
        }
        (0..recording.decodes.len()).for_each(|place| self.decode.withdraw(place));
    }
}

#[cfg(test)]
mod tests {
    use tailblazer_core::{
        experiment::Comparison,
        session::{Report, StepMetrics},
    };

    use super::*;

    fn report(steps: usize) -> Report {
        let row = |step| StepMetrics { step, loss: 1.0 / step as f64, ..StepMetrics::default() };
        Report { steps: (1..=steps).map(row).collect(), ..Report::default() }
    }

    #[test]
    fn a_recording_is_on_the_page_until_it_ends() {
        Owner::new().with(|| {
            let mut comparison = Comparison::default();
            comparison.add_like(0);
            let workspace = Workspace::new(comparison);
            let steps = |arm: usize| workspace.run_of(arm).record.with_value(|record| record.columns.len());
            untrack(|| {
                workspace.show_recording(Recording { arms: vec![report(30), report(20)], ..Recording::default() });
                assert_eq!([steps(0), steps(1)], [30, 20], "it shows its end first");
                workspace.seek(10);
                assert_eq!([steps(0), steps(1)], [10, 10]);
                assert_eq!(workspace.replay.next(0.1), Some(13));
                workspace.seek(29);
                assert_eq!(workspace.replay.next(0.1), Some(30));
                workspace.seek(30);
                assert_eq!(workspace.replay.next(0.1), None);
                assert!(!workspace.has_trained());
                workspace.end_replay();
                assert_eq!([steps(0), steps(1)], [0, 0]);
                assert!(!workspace.replay.is_shown());
            });
        });
    }
}
