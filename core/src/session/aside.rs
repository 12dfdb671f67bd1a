//! What is trained beside the run: trials of learning rates, and branches. It goes on in turns, so that commands are heard
//! in between.

use super::{
    BranchEnd, BranchFrame, Event, Host, RunState, SearchFrame,
    engine::{Engine, READ_EVERY_SECONDS, spread},
};
use crate::train::{Branch, UNREAD_STEPS};

/// A branch under way, and its clock.
pub(super) struct Branching {
    branch: Branch,
    /// The state that the run returns to.
    then: RunState,
    /// Seconds of training of the branch so far.
    trained: f64,
    /// When the first unread step began.
    unread_since: f64,
}

impl<H: Host> Engine<H> {
    /// One turn of what must be done beside the run before its next step; false when nothing must.
    pub(super) async fn advance_aside(&mut self) -> bool {
        if self.run.as_ref().is_some_and(|run| run.branch.is_some()) {
            self.step_branch().await;
        } else if self.run.as_ref().is_some_and(|run| run.trainer.is_trial_due()) {
            self.try_rate().await;
        } else {
            return false;
        }
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
        let (broken, old) = (failed.step, failed.rate);
        let message = match rate {
            Some(rate) => format!(
                "The loss was not finite at step {broken} with the rate {old:.2e}: the run goes on from step {step} at the \
                 rate {rate:.2e}, the next best."
            ),
            None => format!(
                "The loss was not finite at step {broken} with the rate {old:.2e}: the run goes on from step {step}."
            ),
        };
        self.host.emit(Event::Search(search));
        self.host.emit(Event::Warning { message });
        true
    }

    /// Branches off; from then on the turns belong to the branch until it ends.
    pub(super) async fn begin_branch(&mut self) {
        self.read_metrics().await;
        let state = self.state;
        let is_possible = matches!(state, RunState::Running | RunState::Paused);
        let run = self.run.as_mut().filter(|run| is_possible && run.trainer.steps_done() > 0);
        let Some(run) = run.filter(|run| run.branch.is_none()) else {
            let message =
                "A branch needs a run that has steps, is running or paused, and has no other branch under way.";
            return self.host.emit(Event::Warning { message: message.into() });
        };
        let branch = run.trainer.branch();
        self.host.emit(Event::Branch(frame(&branch)));
        run.branch = Some(Branching { branch, then: state, trained: 0.0, unread_since: 0.0 });
        self.enter(RunState::Running);
    }

    /// One step of the branch, and its report when one is due.
    async fn step_branch(&mut self) {
        let now = self.host.seconds();
        let Some(run) = &mut self.run else { return };
        let Some(branching) = &mut run.branch else { return };
        let branch = &mut branching.branch;
        if branch.unread() == 0 {
            branching.unread_since = now;
        }
        run.trainer.step_branch(branch);
        let every = run.trainer.experiment().train.eval_every;
        let is_finished = branch.is_finished();
        let is_validated = branch.steps_done().is_multiple_of(every) || is_finished;
        let is_long = now - branching.unread_since >= READ_EVERY_SECONDS;
        if !(is_validated || is_long || branch.unread() >= UNREAD_STEPS) {
            return;
        }

        let (mut rows, mut is_finite) = match run.trainer.read_branch(branch).await {
            Ok(read) => read,
            Err(error) => {
                self.end_branch(BranchEnd::Stopped);
                return self.break_off(error);
            }
        };
        let spent = self.host.seconds() - branching.unread_since;
        spread(&mut rows, run.trained + branching.trained, spent);
        branching.trained += spent;
        let mut validation = None;
        if is_validated && is_finite {
            match run.trainer.validate_branch(branch).await {
                Ok(loss) => {
                    validation = Some(loss).filter(|loss| loss.is_finite());
                    is_finite = validation.is_some();
                }
                Err(error) => {
                    self.end_branch(BranchEnd::Stopped);
                    return self.break_off(error);
                }
            }
        }
        if !rows.is_empty() || validation.is_some() {
            self.host.emit(Event::Branch(BranchFrame { rows, validation, ..frame(branch) }));
        }
        let (from, step) = (branch.from(), branch.steps_done());
        let then = branching.then;
        if !is_finite {
            let message = format!("The branch from step {from} diverged before step {step}; the run is as it was.");
            self.host.emit(Event::Warning { message });
            self.end_branch(BranchEnd::Diverged);
            self.enter(then);
        } else if is_finished {
            self.end_branch(BranchEnd::Finished);
            self.enter(then);
        }
    }

    /// Ends the branch, if one is under way.
    pub(super) fn end_branch(&mut self, end: BranchEnd) {
        if let Some(Branching { branch, .. }) = self.run.as_mut().and_then(|run| run.branch.take()) {
            self.host.emit(Event::Branch(BranchFrame { end: Some(end), ..frame(&branch) }));
        }
    }
}

/// A frame of a branch with nothing in it.
fn frame(branch: &Branch) -> BranchFrame {
    BranchFrame { from: branch.from(), steps: branch.steps(), ..BranchFrame::default() }
}
