//! Branches: what they report, and that the run never notices.

use super::{
    schedules::{course, digest, has_come_to, lively, run_of, validations, with},
    *,
};
use crate::session::{BranchEnd, BranchFrame};

fn frames(events: &[Event]) -> Vec<BranchFrame> {
    let branch = |event: &Event| if let Event::Branch(frame) = event { Some(frame.clone()) } else { None };
    events.iter().filter_map(branch).collect()
}

fn rows(frames: &[BranchFrame]) -> Vec<StepMetrics> {
    frames.iter().flat_map(|frame| frame.rows.clone()).collect()
}

/// A run that branches off once it has come to a step, and goes on with `answer`.
fn branched(experiment: Experiment, step: usize, answer: impl Fn(&Event) -> Option<Command> + 'static) -> Vec<Event> {
    let is_branched = Cell::new(false);
    session(vec![configure(experiment), Command::Start], move |event| match event {
        event if has_come_to(event, step) && !is_branched.replace(true) => Some(Command::Branch),
        other => answer(other),
    })
}

/// A run of 100 steps at a constant rate, validated every 8.
fn constant() -> Experiment {
    with("constant", &[], |e| (e.train.steps, e.train.eval_every) = (100, 8))
}

#[test]
fn a_branch_is_the_end_of_a_run_that_decays_there() {
    let events = branched(constant(), 80, stop_at_the_end);
    let found = frames(&events);
    assert!(found[0].is_first() && found.iter().all(|frame| (frame.from, frame.steps) == (80, 16)));
    let ends: Vec<_> = found.iter().filter_map(|frame| frame.end).collect();
    assert_eq!(ends, [BranchEnd::Finished]);

    // The last 16 of 96 steps, down to 0.
    let decay = 16.0 / 96.0;
    let whole = run_of(with("wsd", &[("decay", decay), ("floor", 0.0)], |e| {
        (e.train.steps, e.train.eval_every) = (96, 8);
    }));
    let row = |row: &StepMetrics| (row.step, row.loss, row.learning_rate, row.gradient_norm, row.tokens);
    let found_rows: Vec<_> = rows(&found).iter().map(row).collect();
    assert_eq!(found_rows, metrics(&whole)[80..].iter().map(row).collect::<Vec<_>>());
    let validated: Vec<_> =
        found.iter().filter_map(|frame| Some((frame.rows.last()?.step, frame.validation?))).collect();
    assert_eq!(validated, validations(&whole)[10..], "at steps 88 and 96");
}

#[test]
fn a_run_never_notices_its_branches() {
    let others = lively().into_iter().map(|(_, experiment)| experiment);
    for experiment in [constant()].into_iter().chain(others) {
        let straight = run_of(experiment.clone());
        let whole = (course(&straight), validations(&straight), digest(&straight));
        for step in [5, 12, 20] {
            let events = branched(experiment.clone(), step, stop_at_the_end);
            assert_eq!(frames(&events).last().and_then(|frame| frame.end), Some(BranchEnd::Finished));
            assert_eq!((course(&events), validations(&events), digest(&events)), whole, "{experiment:?}, {step}");
        }
    }
}

#[test]
fn seconds_of_a_branch_are_none_of_the_run() {
    let seconds = |events: &[Event]| metrics(events).last().map_or(0.0, |row| row.seconds);
    let (plain, events) = (seconds(&run_of(constant())), branched(constant(), 80, stop_at_the_end));
    assert!((seconds(&events) - plain).abs() < 0.01, "{} and {plain}", seconds(&events));
    let rows = rows(&frames(&events));
    let left = metrics(&events)[79].seconds;
    assert!(rows[0].seconds > left && rows.windows(2).all(|pair| pair[0].seconds < pair[1].seconds));
}

#[test]
fn a_paused_run_is_paused_behind_its_branch() {
    let branches = Cell::new(0);
    let events = session(vec![configure(constant()), Command::Start], move |event| match event {
        Event::State { state: RunState::Paused } => {
            branches.set(branches.get() + 1);
            Some(if branches.get() == 1 { Command::Branch } else { Command::Stop })
        }
        event if has_come_to(event, 16) => Some(Command::Pause),
        _ => None,
    });
    use RunState::*;
    assert_eq!(states(&events), [Preparing, Idle, Preparing, Running, Paused, Running, Paused]);
    assert_eq!(frames(&events).last().and_then(|frame| frame.end), Some(BranchEnd::Finished));
}

#[test]
fn a_pause_gives_the_branch_up_and_the_run_goes_on() {
    let straight = course(&run_of(constant()));
    let events = branched(constant(), 80, |event| match event {
        Event::Branch(frame) if frame.validation.is_some() => Some(Command::Pause),
        Event::State { state: RunState::Paused } => Some(Command::Start),
        other => stop_at_the_end(other),
    });
    let found = frames(&events);
    assert_eq!(found.last().and_then(|frame| frame.end), Some(BranchEnd::Stopped));
    assert!(rows(&found).len() < 16);
    assert_eq!(course(&events), straight);
}

#[test]
fn a_reset_and_a_stop_are_obeyed_within_a_branch() {
    let is_reset = Cell::new(false);
    let events = branched(constant(), 80, move |event| match event {
        Event::Branch(frame) if frame.validation.is_some() && !is_reset.replace(true) => Some(Command::Reset),
        Event::State { state: RunState::Idle } if is_reset.get() => Some(Command::Start),
        other => stop_at_the_end(other),
    });
    assert_eq!(frames(&events).iter().filter_map(|frame| frame.end).count(), 0, "nothing is left to end");
    let again = metrics(&events).iter().rposition(|row| row.step == 1).expect("step 1 twice");
    assert_eq!(course(&events)[again..], course(&run_of(constant())));

    let events = branched(constant(), 80, |event| match event {
        Event::Branch(frame) if frame.validation.is_some() => Some(Command::Stop),
        _ => None,
    });
    assert!(rows(&frames(&events)).len() < 16);
}

#[test]
fn a_branch_needs_steps() {
    let events = session(vec![configure(constant()), Command::Branch, Command::Stop], |_| None);
    assert!(frames(&events).is_empty());
    assert!(matches!(events.last(), Some(Event::Warning { message }) if message.contains("has steps")));
}

/// One update of the run has a rate of nearly 1, at which decay multiplies the weights by -9; a branch that leaves there
/// has fifty such updates.
#[test]
fn a_branch_that_diverges_is_reported_and_leaves_the_run_unharmed() {
    let mut experiment = constant();
    (experiment.train.steps, experiment.train.eval_every) = (300, 125);
    let schedule = &mut experiment.schedule;
    schedule.choose(crate::schedule::Shape::find("drawn").expect("a schedule"));
    schedule.points = "0:0.001,0.83:0.001,0.8333333:1,0.8366:0.001,1:0.001".parse().expect("a curve");
    schedule.peak = 1.0;
    let optimiser = &mut experiment.optimiser;
    (optimiser.beta1, optimiser.beta2, optimiser.clip, optimiser.weight_decay) = (0.0, 0.0, 0.0, 10.0);
    optimiser.epsilon = 1e-30;
    let straight = course(&run_of(experiment.clone()));
    assert_eq!(straight.len(), 300, "the run itself is sound");
    let events = branched(experiment, 250, stop_at_the_end);
    let found = frames(&events);
    assert_eq!(found.last().and_then(|frame| frame.end), Some(BranchEnd::Diverged));
    assert!(rows(&found).iter().all(|row| row.loss.is_finite()));
    let is_told =
        |event: &Event| matches!(event, Event::Warning { message } if message.contains("the run is as it was"));
    assert!(events.iter().any(is_told));
    assert_eq!(states(&events).last(), Some(&RunState::Finished));
    assert_eq!(course(&events), straight);
}
