//! The run bar steers all arms at once: what it asks of each, and in which state they are together.

use tailblazer_core::session::RunState;

use super::action::{Action, Request, Standing};

/// What an action asks of each arm.
///
/// Training goes on where it waits; only when no arm waits do finished ones begin anew.
pub fn requests(action: Action, standings: &[Standing]) -> Vec<&'static [Request]> {
    let waits = |at: &Standing| matches!(at.state, RunState::Idle | RunState::Paused);
    let any_waits = standings.iter().any(waits);
    let of = |at: &Standing| match action {
        Action::Play if any_waits && !waits(at) => &[][..],
        _ => action.requests(*at),
    };
    standings.iter().map(of).collect()
}

/// The state of several runs in one word: what most concerns the visitor.
pub fn together(states: &[RunState]) -> RunState {
    use RunState::*;
    let any = |state: RunState| states.contains(&state);
    [Running, Preparing, Paused, Idle, Finished].into_iter().find(|state| any(*state)).unwrap_or(
        // Nothing is left but failures, or nothing at all.
        if states.is_empty() { Idle } else { Failed },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(state: RunState) -> Standing {
        Standing { state, prepared: state != RunState::Idle, changed: false, can_branch: false }
    }

    #[test]
    fn a_new_arm_trains_without_the_finished_ones() {
        let standings = [at(RunState::Finished), at(RunState::Idle), at(RunState::Failed)];
        assert_eq!(requests(Action::Play, &standings), [&[][..], &[Request::Configure, Request::Start], &[]]);
        let again = [Request::Reset, Request::Start];
        assert_eq!(requests(Action::Play, &[at(RunState::Finished); 2]), [&again[..], &again]);
    }

    #[test]
    fn a_pause_reaches_whatever_moves() {
        let standings = [at(RunState::Running), at(RunState::Preparing), at(RunState::Finished)];
        assert_eq!(requests(Action::Pause, &standings), [&[Request::Pause][..], &[Request::Cancel], &[]]);
    }

    #[test]
    fn runs_together_are_in_the_state_that_matters() {
        for (states, expected) in [
            (&[RunState::Finished, RunState::Running][..], RunState::Running),
            (&[RunState::Paused, RunState::Failed], RunState::Paused),
            (&[RunState::Finished, RunState::Failed], RunState::Finished),
            (&[RunState::Failed], RunState::Failed),
            (&[], RunState::Idle),
        ] {
            assert_eq!(together(states), expected, "{states:?}");
        }
    }
}
