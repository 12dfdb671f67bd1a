//! Schedules that follow their run, through whole runs.

use super::*;
use crate::{
    experiment::{Operations, ScheduleConfig},
    optim::Method,
    schedule::{Plateau, Shape, learning_rate},
    session::SearchFrame,
};

/// A run of 24 steps, 4 of them warm-up, with a schedule and some of its knobs set.
pub fn with(id: &str, knobs: &[(&str, f64)], edit: impl FnOnce(&mut Experiment)) -> Experiment {
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

pub fn run_of(experiment: Experiment) -> Vec<Event> {
    session(vec![configure(experiment), Command::Start], stop_at_the_end)
}

/// Losses and rates of every step.
pub fn course(events: &[Event]) -> Vec<[f64; 2]> {
    metrics(events).iter().map(|row| [row.loss, row.learning_rate]).collect()
}

/// Steps and losses of the validations.
pub fn validations(events: &[Event]) -> Vec<(usize, f64)> {
    let validation = |event: &Event| match event {
        Event::Validation { step, loss, .. } => Some((*step, *loss)),
        _ => None,
    };
    events.iter().filter_map(validation).collect()
}

/// With knobs that move the rate early, for the schedules that follow their run.
pub fn lively() -> Vec<(&'static str, Experiment)> {
    let hypergradient = [("beta", 0.5), ("largest", 0.02)];
    vec![
        ("plateau", with("plateau", PLATEAU, |_| ())),
        ("hypergradient", with("hypergradient", &hypergradient, |_| ())),
        ("autolrs", with("autolrs", AUTOLRS, |_| ())),
    ]
}

/// Stages of 6 steps, with three probes of two steps before each.
const AUTOLRS: &[(&str, f64)] =
    &[("smallest", 1e-3), ("largest", 0.1), ("stage", 6.0), ("probe", 2.0), ("probes", 3.0), ("smoothing", 1.0)];

/// Nearly every validation counts as none that improves.
const PLATEAU: &[(&str, f64)] = &[("factor", 0.5), ("patience", 1.0), ("threshold", 0.3)];

#[test]
fn null_settings_train_as_the_constant_schedule_does_bit_for_bit() {
    for operations in [Operations::Fused, Operations::Plain] {
        let constant = run_of(with("constant", &[], |e| e.operations = operations));
        let is_adaptive = |config: &ScheduleConfig| {
            config.shape.adaptive(config).is_some() || config.shape.federation(config).is_some()
        };
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
            // Far enough below the largest rate for moves in both directions.
            e.schedule.peak = method.peak() / 4.0;
        });
        let rows = metrics(&run_of(experiment));
        let rates: Vec<f64> = rows[4..].iter().map(|row| row.learning_rate).collect();
        let shares: Vec<f64> = rates.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
        assert!(shares.iter().all(|share| share.abs() <= 0.25 + 1e-12), "{method:?}: {shares:?}");
        assert!(shares.iter().any(|share| *share != 0.0), "{method:?}");
    }
}

/// Whether metrics up to a step or beyond it were reported.
pub fn has_come_to(event: &Event, step: usize) -> bool {
    matches!(event, Event::Metrics(frame) if frame.steps.last().is_some_and(|row| row.step >= step))
}

#[test]
fn pausing_changes_nothing_of_what_follows_a_run() {
    for (name, experiment) in lively() {
        let straight = course(&run_of(experiment.clone()));
        let events = session(vec![configure(experiment), Command::Start], |event| match event {
            Event::Metrics(_) | Event::Search(_) => Some(Command::Pause),
            Event::State { state: RunState::Paused } => Some(Command::Start),
            other => stop_at_the_end(other),
        });
        assert!(states(&events).iter().filter(|state| **state == RunState::Paused).count() > 8, "{name}");
        assert_eq!(course(&events), straight, "{name}");
    }
}

#[test]
fn a_step_is_one_step_whatever_comes_before_it() {
    for (name, experiment) in lively() {
        let straight = course(&run_of(experiment.clone()));
        let events = session(vec![configure(experiment), Command::Step], |event| match event {
            Event::Metrics(_) if !has_come_to(event, 24) => Some(Command::Step),
            other => stop_at_the_end(other),
        });
        let frames = events.iter().filter_map(|event| match event {
            Event::Metrics(frame) => Some(frame.steps.len()),
            _ => None,
        });
        assert_eq!(frames.collect::<Vec<_>>(), [1; 24], "{name}");
        assert_eq!(course(&events), straight, "{name}");
    }
}

/// The course of a run that makes a checkpoint at one event and returns to it at another, and the checkpoint's step.
fn restored(experiment: Experiment, keep: fn(&Event) -> bool, restore: fn(&Event) -> bool) -> (usize, Vec<[f64; 2]>) {
    let (kept, restored) = (Cell::new(false), Cell::new(false));
    let events = session(vec![configure(experiment), Command::Start], move |event| match event {
        event if keep(event) && !kept.replace(true) => Some(Command::Checkpoint),
        event if restore(event) && !restored.replace(true) => Some(Command::Restore),
        Event::State { state: RunState::Paused } => Some(Command::Start),
        other => stop_at_the_end(other),
    });
    let step = events.iter().find_map(|event| match event {
        Event::Checkpoint { step, .. } => Some(*step),
        _ => None,
    });
    let (step, rows) = (step.expect("a checkpoint"), metrics(&events));
    let after = rows.iter().rposition(|row| row.step == step + 1).expect("the step after it");
    assert!(rows[..after].iter().any(|row| row.step == step + 1), "it was made before");
    (step, rows[after..].iter().map(|row| [row.loss, row.learning_rate]).collect())
}

#[test]
fn a_restored_run_goes_on_with_what_its_schedule_knew() {
    for (name, experiment) in lively() {
        let whole = course(&run_of(experiment.clone()));
        let (step, again) = restored(experiment, |event| has_come_to(event, 13), |event| has_come_to(event, 19));
        assert_eq!(again, whole[step..], "{name}");
    }
}

#[test]
fn a_reset_run_forgets_what_its_schedule_knew() {
    for (name, experiment) in lively() {
        let whole = course(&run_of(experiment.clone()));
        let is_reset = Cell::new(false);
        let events = session(vec![configure(experiment), Command::Start], move |event| match event {
            event if has_come_to(event, 15) && !is_reset.replace(true) => Some(Command::Reset),
            Event::State { state: RunState::Idle } if is_reset.get() => Some(Command::Start),
            other => stop_at_the_end(other),
        });
        let rows = metrics(&events);
        let again = rows.iter().rposition(|row| row.step == 1).expect("the first step twice");
        assert!(again >= 15);
        assert_eq!(course(&events)[again..], whole, "{name}");
    }
}

fn searches(events: &[Event]) -> Vec<SearchFrame> {
    let search = |event: &Event| if let Event::Search(frame) = event { Some(frame.clone()) } else { None };
    events.iter().filter_map(search).collect()
}

pub fn digest(events: &[Event]) -> String {
    let digest = events.iter().rev().find_map(|event| match event {
        Event::Metrics(frame) => Some(frame.batch_digest.clone()),
        _ => None,
    });
    digest.expect("steps were made")
}

#[test]
fn every_stage_trains_with_the_best_of_the_rates_that_were_tried_before_it() {
    let events = run_of(with("autolrs", AUTOLRS, |_| ()));
    let frames = searches(&events);
    let told: Vec<_> = frames.iter().map(|frame| (frame.step, frame.probes.len(), frame.rate.is_some())).collect();
    let expected = [4, 10, 16, 22].map(|step| [(step, 1, false), (step, 2, false), (step, 3, true)]);
    assert_eq!(told, expected.concat());
    let rows = metrics(&events);
    assert_eq!(rows.iter().map(|row| row.step).collect::<Vec<_>>(), (1..=24).collect::<Vec<_>>());
    for chosen in frames.iter().filter(|frame| frame.rate.is_some()) {
        // Three probes of two steps each.
        assert_eq!(chosen.steps, 6);
        assert!(chosen.seconds > 0.0);
        let forecasts = chosen.probes.iter().filter_map(|probe| Some((probe.rate, probe.forecast?)));
        let best = forecasts.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(rate, _)| rate);
        assert_eq!(chosen.rate, best);
        let stage = &rows[chosen.step..(chosen.step + 6).min(24)];
        assert!(stage.iter().all(|row| Some(row.learning_rate) == best), "{chosen:?}");
    }
    assert_eq!(digest(&events), digest(&run_of(with("constant", &[], |_| ()))), "trials draw no batch of the run");
}

#[test]
fn seconds_of_a_search_are_none_of_the_run() {
    let last = |experiment| metrics(&run_of(experiment)).last().map_or(0.0, |row| row.seconds);
    let (searched, plain) = (last(with("autolrs", AUTOLRS, |_| ())), last(with("constant", &[], |_| ())));
    // The clock of these tests counts looks: a search of 24 steps would show.
    assert!((searched - plain).abs() < 0.01, "{searched} and {plain}");
}

#[test]
fn a_search_can_be_kept_and_restored_half_way() {
    let experiment = with("autolrs", AUTOLRS, |_| ());
    let whole = course(&run_of(experiment.clone()));
    let is_half_way =
        |event: &Event| matches!(event, Event::Search(frame) if (frame.step, frame.probes.len()) == (10, 2));
    let (step, again) = restored(experiment, is_half_way, |event| has_come_to(event, 18));
    assert_eq!(step, 10);
    assert_eq!(again, whole[10..]);
}

#[test]
fn a_search_stops_at_once() {
    let events = session(vec![configure(with("autolrs", AUTOLRS, |_| ())), Command::Start], |event| match event {
        Event::Search(_) => Some(Command::Stop),
        _ => None,
    });
    assert_eq!(searches(&events).len(), 1);
    assert!(metrics(&events).len() == 4);
}

/// Decay alone multiplies the weights by 1 - 10 rate in every step: at the middle of the range by -2.9, at its lower end
/// by -0.5. A probe of one step sees no difference, so that the middle comes first.
#[test]
fn a_rate_that_diverges_gives_way_to_the_next_best() {
    let knobs = [("smallest", 0.15), ("largest", 1.0), ("stage", 200.0), ("probe", 1.0), ("probes", 2.0)];
    let experiment = with("autolrs", &knobs, |e| {
        (e.train.steps, e.train.eval_every, e.optimiser.weight_decay, e.optimiser.clip) = (210, 30, 10.0, 0.0);
    });
    let events = run_of(experiment.clone());
    let rows = metrics(&events);
    let back = rows.windows(2).position(|pair| pair[1].step <= pair[0].step).expect("the run goes back");
    assert!(rows[back].step > 30, "a validation lies between");
    assert_eq!(rows[back + 1].step, 5);
    assert!(rows.iter().all(|row| row.loss.is_finite()));
    let middle = (0.15f64 * 1.0).sqrt();
    assert!((rows[back].learning_rate / middle - 1.0).abs() < 1e-9 && rows[back + 1].learning_rate == 0.15);
    let steps: Vec<_> = rows[back + 1..].iter().map(|row| row.step).collect();
    assert_eq!(steps, (5..=210).collect::<Vec<_>>());

    let frames: Vec<_> = searches(&events).into_iter().filter(|frame| frame.step == 4).collect();
    let forecasts = |frame: &SearchFrame| frame.probes.iter().map(|probe| probe.forecast.is_some()).collect::<Vec<_>>();
    assert_eq!(frames.iter().map(forecasts).collect::<Vec<_>>(), [vec![true], vec![true; 2], vec![false, true]]);
    assert_eq!(frames[2].rate, Some(0.15));
    let is_told =
        |event: &Event| matches!(event, Event::Warning { message } if message.contains("the run goes on from step 4"));
    assert!(events.iter().any(is_told));
    let constant = with("constant", &[], |e| e.train.steps = 210);
    assert_eq!(digest(&events), digest(&run_of(constant)), "the batches are those of any run");
}

#[test]
fn a_run_fails_when_no_rate_is_left() {
    let knobs = [("smallest", 0.9), ("largest", 1.0), ("stage", 200.0), ("probe", 1.0), ("probes", 2.0)];
    let events = run_of(with("autolrs", &knobs, |e| {
        (e.train.steps, e.optimiser.weight_decay, e.optimiser.clip) = (210, 10.0, 0.0);
    }));
    assert_eq!(states(&events).last(), Some(&RunState::Failed));
    assert!(searches(&events).len() > 2, "others were tried first");
    assert!(losses(&events).iter().all(|loss| loss.is_finite()));
}
