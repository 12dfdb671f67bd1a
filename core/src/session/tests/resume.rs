//! Runs that go on in another session.

use super::*;
use crate::session::{Autosave, Resume, Saved};

fn resuming(experiment: Experiment, saved: &Autosave) -> Command {
    match configure(experiment) {
        Command::Configure { experiment, own_text, adapter, known, .. } => Command::Configure {
            experiment,
            own_text,
            adapter,
            known,
            resume: Some(Box::new(Resume::State(saved.clone()))),
        },
        other => other,
    }
}

fn saved(events: &[Event]) -> Vec<Autosave> {
    events
        .iter()
        .filter_map(|event| if let Event::Autosave(saved) = event { Some(saved.clone()) } else { None })
        .collect()
}

/// The loss column, the validations and the batches continue bit for bit.
#[test]
fn a_run_that_is_saved_in_the_middle_goes_on_exactly() {
    let whole = session(vec![configure(tiny()), Command::Start], stop_at_the_end);
    let first = session(vec![configure(tiny()), Command::Start], |event| match event {
        Event::Sample { step: 10, .. } => Some(Command::Autosave),
        Event::Autosave(_) => Some(Command::Stop),
        _ => None,
    });
    let [saved] = &saved(&first)[..] else { panic!("{first:?}") };
    let done = metrics(&first).len();
    assert_eq!((saved.step, done), (10, 10));
    let second = session(vec![resuming(tiny(), saved), Command::Start], stop_at_the_end);
    use RunState::*;
    assert_eq!(states(&second), [Preparing, Paused, Preparing, Running, Finished]);
    let losses: Vec<f64> = [losses(&first), losses(&second)].concat();
    assert_eq!(losses, self::losses(&whole));
    let steps: Vec<usize> = metrics(&second).iter().map(|row| row.step).collect();
    assert_eq!(steps, (11..=40).collect::<Vec<_>>());
    assert!(metrics(&second)[0].seconds > metrics(&first)[9].seconds, "the clock goes on");
    let last = |events: &[Event], pick: fn(&Event) -> Option<String>| events.iter().rev().find_map(pick);
    for pick in [
        |event: &Event| if let Event::Metrics(frame) = event { Some(frame.batch_digest.clone()) } else { None },
        |event: &Event| if let Event::Validation { .. } = event { Some(format!("{event:?}")) } else { None },
        |event: &Event| if let Event::Sample { .. } = event { Some(format!("{event:?}")) } else { None },
    ] {
        assert_eq!(last(&second, pick), last(&whole, pick));
    }
}

#[test]
fn a_reset_after_a_resumed_run_starts_over() {
    let first = session(vec![configure(tiny()), Command::Step, Command::Autosave, Command::Stop], |_| None);
    let [saved] = &saved(&first)[..] else { panic!("{first:?}") };
    let again =
        session(vec![resuming(tiny(), saved), Command::Reset, Command::Step, Command::Pause, Command::Stop], |_| None);
    assert_eq!(losses(&again), losses(&first));
}

#[test]
fn what_cannot_be_resumed_is_refused_in_a_sentence() {
    let broken = Autosave { step: 3, bytes: vec![1, 2, 3] };
    let events = session(vec![resuming(tiny(), &broken), Command::Start, Command::Stop], |_| None);
    let failure = events.iter().find_map(|event| if let Event::Failed(f) = event { Some(&f.message) } else { None });
    assert!(failure.is_some_and(|message| message.contains("damaged")), "{events:?}");
    assert!(metrics(&events).is_empty(), "a start that follows must not train another run");
}

#[test]
fn nothing_is_saved_before_the_first_step_or_after_a_divergence() {
    let mut wild = tiny();
    (wild.schedule.peak, wild.schedule.warmup, wild.train.steps) = (1.0, 0, 5000);
    let optimiser = &mut wild.optimiser;
    (optimiser.beta1, optimiser.beta2, optimiser.clip, optimiser.weight_decay) = (0.0, 0.0, 0.0, 10.0);
    optimiser.epsilon = 1e-30;
    let unbegun = session(vec![configure(tiny()), Command::Autosave, Command::Stop], |_| None);
    let diverged = session(vec![configure(wild), Command::Start], |event| match event {
        Event::Diverged(_) => Some(Command::Autosave),
        Event::State { state: RunState::Failed } => Some(Command::Stop),
        _ => None,
    });
    assert_eq!(states(&diverged).last(), Some(&RunState::Failed));
    assert!(saved(&unbegun).is_empty() && saved(&diverged).is_empty());
}

/// The network is that of the weights; the optimiser begins anew.
#[test]
fn weights_alone_are_decoded_and_trained_on() {
    let first = session(vec![configure(tiny()), Command::Start], |event| match event {
        Event::State { state: RunState::Finished } => Some(Command::Save),
        Event::Saved { .. } => Some(Command::Stop),
        _ => None,
    });
    let weights = first.iter().find_map(|event| if let Event::Saved { saved } = event { saved.clone() } else { None });
    let weights: Saved = weights.expect("weights");
    let with = |weights: Saved| match configure(Experiment { seed: 9, ..tiny() }) {
        Command::Configure { experiment, own_text, adapter, known, .. } => Command::Configure {
            experiment,
            own_text,
            adapter,
            known,
            resume: Some(Box::new(Resume::Weights(weights))),
        },
        other => other,
    };
    let second = session(vec![with(weights.clone()), Command::Save, Command::Stop], |_| None);
    let again = second.iter().find_map(|event| if let Event::Saved { saved } = event { saved.clone() } else { None });
    assert_eq!(again, Some(weights.clone()));
    assert_eq!(states(&second).last(), Some(&RunState::Finished));

    let halfway = session(vec![with(Saved { step: 20, ..weights.clone() }), Command::Start], stop_at_the_end);
    let steps: Vec<usize> = metrics(&halfway).iter().map(|row| row.step).collect();
    assert_eq!(steps, (21..=40).collect::<Vec<_>>());

    let mut other = weights;
    other.tensors.swap_remove(0);
    let refused = session(vec![with(other), Command::Stop], |_| None);
    let failure =
        refused.iter().find_map(|event| if let Event::Failed(f) = event { Some(f.message.clone()) } else { None });
    assert!(failure.is_some_and(|message| message.contains("do not fit the model")), "{refused:?}");
}
