//! What the buttons of the run bar ask of the session in every state: one table, no browser.

use tailblazer_core::session::RunState;

/// What a visitor asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Train, or go on training.
    Play,
    /// Stop between two steps, or give the preparation up.
    Pause,
    /// Train one step.
    Step,
    /// Train a decay that leaves the run as it is.
    Branch,
    /// Back to step 0.
    Reset,
}

/// What the page sends for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Prepare a run of the edited experiment.
    Configure,
    /// Train.
    Start,
    /// Pause.
    Pause,
    /// Train one step.
    Step,
    /// Train a branch.
    Branch,
    /// Return the prepared run to step 0.
    Reset,
    /// Give the preparation up.
    Cancel,
    /// Forget the run on the page alone: no session holds it any more.
    Forget,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub state: RunState,
    /// Whether the session holds a prepared run.
    pub prepared: bool,
    /// Whether the settings differ from those of the prepared run.
    pub changed: bool,
    /// Whether it has steps to branch off, and no branch under way.
    pub can_branch: bool,
}

impl Action {
    /// The requests for this action; empty when it means nothing now, and its button is disabled.
    pub fn requests(self, at: Standing) -> &'static [Request] {
        use Request::*;
        let fresh = !at.prepared || at.changed;
        match (self, at.state) {
            (Self::Play, RunState::Paused) => &[Start],
            (Self::Play, RunState::Idle) if !fresh => &[Start],
            (Self::Play, RunState::Finished) if !fresh => &[Reset, Start],
            (Self::Play, RunState::Idle | RunState::Finished | RunState::Failed) => &[Configure, Start],
            (Self::Play, RunState::Preparing | RunState::Running) => &[],

            (Self::Pause, RunState::Running) => &[Pause],
            (Self::Pause, RunState::Preparing) => &[Cancel],
            (Self::Pause, _) => &[],

            (Self::Step, RunState::Paused | RunState::Running) => &[Step],
            (Self::Step, RunState::Idle) if !fresh => &[Step],
            (Self::Step, RunState::Idle) => &[Configure, Step],
            (Self::Step, _) => &[],

            (Self::Branch, RunState::Paused | RunState::Running) if at.can_branch => &[Branch],
            (Self::Branch, _) => &[],

            (Self::Reset, RunState::Idle | RunState::Preparing) => &[],
            (Self::Reset, _) if !at.prepared => &[Forget],
            (Self::Reset, _) if at.changed => &[Configure],
            (Self::Reset, _) => &[Reset],
        }
    }

    /// Whether the action means anything now.
    pub fn possible(self, at: Standing) -> bool {
        !self.requests(at).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(state: RunState, prepared: bool, changed: bool) -> Standing {
        Standing { state, prepared, changed, can_branch: false }
    }

    #[test]
    fn the_first_train_configures() {
        assert_eq!(Action::Play.requests(at(RunState::Idle, false, false)), [Request::Configure, Request::Start]);
        assert_eq!(Action::Step.requests(at(RunState::Idle, false, false)), [Request::Configure, Request::Step]);
    }

    #[test]
    fn changed_settings_never_touch_a_paused_run() {
        assert_eq!(Action::Play.requests(at(RunState::Paused, true, true)), [Request::Start]);
        assert_eq!(Action::Reset.requests(at(RunState::Paused, true, true)), [Request::Configure]);
    }

    #[test]
    fn a_finished_run_starts_over() {
        assert_eq!(Action::Play.requests(at(RunState::Finished, true, false)), [Request::Reset, Request::Start]);
        assert_eq!(Action::Play.requests(at(RunState::Finished, true, true)), [Request::Configure, Request::Start]);
        assert!(!Action::Step.possible(at(RunState::Finished, true, false)));
    }

    #[test]
    fn a_branch_needs_a_run_that_can_go_on() {
        for (state, can_branch, expected) in [
            (RunState::Running, true, true),
            (RunState::Paused, true, true),
            (RunState::Paused, false, false),
            (RunState::Finished, true, false),
            (RunState::Preparing, true, false),
        ] {
            let standing = Standing { can_branch, ..at(state, true, true) };
            assert_eq!(Action::Branch.possible(standing), expected, "{standing:?}");
        }
    }

    #[test]
    fn a_dead_session_is_forgotten_on_the_page() {
        assert_eq!(Action::Reset.requests(at(RunState::Failed, false, false)), [Request::Forget]);
        assert_eq!(Action::Play.requests(at(RunState::Failed, false, false)), [Request::Configure, Request::Start]);
    }
}
