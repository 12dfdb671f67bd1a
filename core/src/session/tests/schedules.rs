//! Schedules that follow their run, through whole runs.

use super::*;
use crate::{
    experiment::{Operations, ScheduleConfig},
    optim::Method,
    schedule::{Plateau, Shape, learning_rate},
};

/// A run of 24 steps, 4 of them warm-up, with a schedule and some of its knobs set.
fn with(id: &str, knobs: &[(&str, f64)], edit: impl FnOnce(&mut Experiment)) -> Experiment {
    let mut experiment = tiny();
    (experiment.train.steps, experiment.train.eval_every, experiment.sample.every) = (24, 2, 0);
    let shape = Shape::find(id).expect(id);
    experiment.schedule.choose(shape);
    for (id, value) in knobs {
        experiment.schedule.set_value(shape.knob(id).expect(id), *value);
    }
    edit(&mut experiment);
    experiment
}

fn run_of(experiment: Experiment) -> Vec<Event> {
    session(vec![configure(experiment), Command::Start], stop_at_the_end)
}

/// Losses and rates of every step.
fn course(events: &[Event]) -> Vec<[f64; 2]> {
    metrics(events).iter().map(|row| [row.loss, row.learning_rate]).collect()
}

/// Steps and losses of the validations.
fn validations(events: &[Event]) -> Vec<(usize, f64)> {
    let validation = |event: &Event| match event {
        Event::Validation { step, loss, .. } => Some((*step, *loss)),
        _ => None,
    };
    events.iter().filter_map(validation).collect()
}

/// With knobs that move the rate early, for the schedules that follow their run.
fn lively() -> Vec<(&'static str, Experiment)> {
    let hypergradient = [("beta", 0.5), ("largest", 0.02)];
    vec![
        ("plateau", with("plateau", PLATEAU, |_| ())),
        ("hypergradient", with("hypergradient", &hypergradient, |_| ())),
    ]
}

/// Nearly every validation counts as none that improves.
const PLATEAU: &[(&str, f64)] = &[("factor", 0.5), ("patience", 1.0), ("threshold", 0.3)];

#[test]
fn null_settings_train_as_the_constant_schedule_does_bit_for_bit() {
    for operations in [Operations::Fused, Operations::Plain] {
        let constant = run_of(with("constant", &[], |e| e.operations = operations));
        let is_adaptive = |config: &ScheduleConfig| config.shape.adaptive(config).is_some();
        for shape in Shape::all() {
            let experiment = with(shape.id(), &[], |e| e.operations = operations);
            let Some(null) = experiment.schedule.null().filter(|_| is_adaptive(&experiment.schedule)) else { continue };
            let found = run_of(Experiment { schedule: null, ..experiment });
            assert_eq!(course(&found), course(&constant), "{shape:?}, {operations:?}");
            assert_eq!(validations(&found), validations(&constant));
        }
    }
}

#[test]
fn every_schedule_that_follows_its_run_is_looked_at_here() {
    let adaptive = Shape::all().filter(|shape| {
        let config = ScheduleConfig { shape: *shape, ..ScheduleConfig::default() };
        shape.adaptive(&config).is_some()
    });
    let names: Vec<_> = lively().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, adaptive.map(Shape::id).collect::<Vec<_>>());
}

#[test]
fn rates_follow_the_run_after_the_plain_warm_up() {
    for (name, experiment) in lively() {
        let rows = metrics(&run_of(experiment.clone()));
        let (warming, following) = rows.split_at(4);
        for (step, row) in warming.iter().enumerate() {
            assert_eq!(row.learning_rate, learning_rate(&experiment.schedule, 24, step), "{name}");
        }
        assert_eq!(following.len(), 20);
        assert!(following.iter().any(|row| row.learning_rate != experiment.schedule.peak), "{name} stays at the peak");
    }
}

#[test]
fn a_plateau_is_told_every_validation_behind_the_warm_up() {
    let experiment = with("plateau", PLATEAU, |_| ());
    let events = run_of(experiment.clone());
    let mut rule = Plateau::new(&experiment.schedule.knobs, experiment.schedule.peak);
    let mut rates = vec![experiment.schedule.peak];
    for (step, loss) in validations(&events).into_iter().filter(|(step, _)| *step >= 4) {
        assert_eq!(step, 2 + 2 * rates.len(), "every second step");
        rates.push(rule.observe(loss));
    }
    // The rate of an update is what the last validation before it left: updates 5 and 6 follow the one at step 4.
    for row in &metrics(&events)[4..] {
        assert_eq!(row.learning_rate, rates[(row.step - 1) / 2 - 1], "{row:?}");
    }
    assert!(rates.windows(2).any(|pair| pair[1] == 0.5 * pair[0]), "{rates:?}");
}

#[test]
fn a_hypergradient_moves_the_rate_by_its_share_of_a_cosine() {
    for method in Method::all() {
        let experiment = with("hypergradient", &[("beta", 0.25), ("largest", 1.0)], |e| {
            e.optimiser.choose(method);
            e.schedule.peak = method.peak();
        });
        let rows = metrics(&run_of(experiment));
        let rates: Vec<f64> = rows[4..].iter().map(|row| row.learning_rate).collect();
        let shares: Vec<f64> = rates.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
        assert!(shares.iter().all(|share| share.abs() <= 0.25 + 1e-12), "{method:?}: {shares:?}");
        assert!(shares.iter().any(|share| *share != 0.0), "{method:?}");
    }
}

#[test]
fn pausing_stepping_and_resuming_change_nothing_of_what_follows_a_run() {
    for (name, experiment) in lively() {
        let straight = course(&run_of(experiment.clone()));
        let mut commands = vec![configure(experiment)];
        commands.extend([Command::Step, Command::Step, Command::Start, Command::Pause, Command::Start]);
        commands.extend([Command::Pause, Command::Step, Command::Start]);
        assert_eq!(course(&session(commands, stop_at_the_end)), straight, "{name}");
    }
}

#[test]
fn a_restored_run_goes_on_with_what_its_schedule_knew() {
    for (name, experiment) in lively() {
        let whole = course(&run_of(experiment.clone()));
        let mut commands = vec![configure(experiment)];
        commands.extend(vec![Command::Step; 13]);
        commands.push(Command::Checkpoint);
        commands.extend(vec![Command::Step; 6]);
        commands.extend([Command::Restore, Command::Start]);
        let rows = metrics(&session(commands, stop_at_the_end));
        let after = rows.iter().rposition(|row| row.step == 14).expect("step 14 twice");
        let again: Vec<_> = rows[after..].iter().map(|row| [row.loss, row.learning_rate]).collect();
        assert_eq!(again, whole[13..], "{name}");
    }
}

#[test]
fn a_reset_run_forgets_what_its_schedule_knew() {
    for (name, experiment) in lively() {
        let whole = course(&run_of(experiment.clone()));
        let mut commands = vec![configure(experiment)];
        commands.extend(vec![Command::Step; 15]);
        commands.extend([Command::Reset, Command::Start]);
        assert_eq!(course(&session(commands, stop_at_the_end))[15..], whole, "{name}");
    }
}
