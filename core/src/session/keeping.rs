//! What of a run is kept beside it: copies in memory, and bytes for whoever asks.

use super::{Autosave, BranchEnd, Event, Failure, Host, Resume, RunState, Saved, engine::Engine};
use crate::train::{SavedError, Snapshot, Trainer};

/// A prepared run with its state before the first step and the seconds that it was trained for: where it was saved, if
/// it was.
pub(super) fn resumed(mut trainer: Trainer, from: Option<Resume>) -> Result<(Trainer, Snapshot, f64), Failure> {
    let start = trainer.snapshot();
    let resumed = match from {
        None => Ok(0.0),
        Some(Resume::State(state)) => trainer.resume(&state.bytes),
        Some(Resume::Weights(weights)) => trainer.load(&weights).map(|()| 0.0),
    };
    let refusal = |error: SavedError| Failure { field: None, message: error.to_string() };
    resumed.map(|trained| (trainer, start, trained)).map_err(refusal)
}

impl<H: Host> Engine<H> {
    /// Reports the whole state of the run, so that it can go on elsewhere. A run that has broken off has none: what was
    /// saved of it before is better.
    pub(super) async fn autosave(&mut self) {
        self.read_metrics().await;
        let can = |run: &&super::engine::Run| self.state != RunState::Failed && run.trainer.steps_done() > 0;
        let Some(run) = self.run.as_ref().filter(can) else { return };
        match run.trainer.save(run.trained).await {
            Ok(None) => {}
            Ok(Some(bytes)) => self.host.emit(Event::Autosave(Autosave { step: run.trainer.steps_done(), bytes })),
            Err(error) => self.break_off(error),
        }
    }

    /// Reports the present weights.
    pub(super) async fn save(&mut self) {
        let saved = match self.saved().await {
            Ok(saved) => Some(saved),
            Err(Failure { message, .. }) => {
                self.host.emit(Event::Warning { message });
                None
            }
        };
        self.host.emit(Event::Saved { saved });
    }

    async fn saved(&mut self) -> Result<Saved, Failure> {
        let (step, checkpoint) = self.checkpoint(None).await?;
        Ok(checkpoint.saved(step))
    }

    pub(super) async fn keep_checkpoint(&mut self) {
        self.read_metrics().await;
        if let Some(run) = &self.run {
            let snapshot = run.trainer.snapshot();
            self.host.emit(Event::Checkpoint { step: snapshot.step(), bytes: snapshot.bytes() });
            self.checkpoint = Some(snapshot);
        }
    }

    pub(super) fn restore_checkpoint(&mut self) {
        self.end_branch(BranchEnd::Stopped);
        self.pause_after_step(false);
        match (&mut self.run, &self.checkpoint) {
            (Some(run), Some(snapshot)) => {
                run.trainer.restore(snapshot);
                self.enter(RunState::Paused);
            }
            _ => self
                .host
                .emit(Event::Warning { message: "There is no checkpoint to return to; make one first.".into() }),
        }
    }
}
