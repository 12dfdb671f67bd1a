//! What is trained beside the run: trials of learning rates. It goes on in turns, so that commands are heard in between.

use super::{Event, Host, RunState, SearchFrame, engine::Engine};

impl<H: Host> Engine<H> {
    /// One turn of what must be done beside the run before its next step; false when nothing must.
    pub(super) async fn advance_aside(&mut self) -> bool {
        if !self.run.as_ref().is_some_and(|run| run.trainer.is_trial_due()) {
            return false;
        }
        self.try_rate().await;
        true
    }

    /// One step of a search for a learning rate.
    async fn try_rate(&mut self) {
        // What it costs is told apart from what the run's steps cost.
        self.read_metrics().await;
        let start = self.host.seconds();
        let Some(run) = self.run.as_mut().filter(|_| self.state != RunState::Failed) else {
            return;
        };
        let tried = run.trainer.try_step().await;
        run.trainer.spend(self.host.seconds() - start);
        match tried {
            Ok(false) => {}
            Ok(true) => self.host.emit(Event::Search(run.trainer.search())),
            Err(error) => self.break_off(error),
        }
    }

    /// Says that the run went back because its rate has failed and another one takes its place; false when it has not.
    pub(super) fn report_failed_rate(&mut self) -> bool {
        let Some(run) = &mut self.run else { return false };
        let Some(failed) = run.trainer.failed_rate() else { return false };
        let search = run.trainer.search();
        let SearchFrame { step, rate, .. } = search;
        let next = rate.map_or_else(String::new, |rate| format!(" at the rate {rate:.2e}, the next best"));
        let message = format!(
            "The loss was not finite at step {} with the rate {:.2e}: the run goes on from step {step}{next}.",
            failed.step, failed.rate
        );
        self.host.emit(Event::Search(search));
        self.host.emit(Event::Warning { message });
        true
    }
}
