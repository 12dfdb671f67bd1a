//! A session behind an in-process channel.

mod branches;
mod decoding;
mod layers;
mod resume;
mod schedules;
mod second_text;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use futures::{
    channel::mpsc::{self, UnboundedSender},
    executor::block_on,
};

use super::{Command, Counters, Event, Host, Known, OwnText, PROTOCOL, RunState, StepMetrics, run};
use crate::experiment::{Corpus, DeviceChoice, Experiment, ModelConfig};

/// What a test answers to an event.
type Answer = dyn Fn(&Event) -> Option<Command>;

/// Records events, and answers some of them with a command.
struct Recorder {
    events: Rc<RefCell<Vec<Event>>>,
    commands: UnboundedSender<Command>,
    answer: Box<Answer>,
    clock: RefCell<f64>,
    turns: Cell<u64>,
}

impl Host for Recorder {
    fn emit(&self, event: Event) {
        if let Some(command) = (self.answer)(&event) {
            self.commands.unbounded_send(command).expect("the session listens");
        }
        self.events.borrow_mut().push(event);
    }

    /// A clock that advances by a millisecond per look.
    fn seconds(&self) -> f64 {
        *self.clock.borrow_mut() += 1e-3;
        *self.clock.borrow()
    }

    /// Every turn counts as one dispatch.
    fn counters(&self) -> Counters {
        Counters { dispatches: self.turns.get(), device_bytes: 1 << 20, ..Counters::default() }
    }

    async fn yield_now(&self) {
        self.turns.set(self.turns.get() + 1);
    }

    async fn corpus(&self, file: &str) -> Result<Vec<u8>, String> {
        match file {
            "first-names.txt" => Ok(second_text::NAMES.repeat(20).into_bytes()),
            _ => Err(format!("{file} answers 404.")),
        }
    }
}

/// All events of a session that gets these commands and answers, until it stops.
fn session(commands: Vec<Command>, answer: impl Fn(&Event) -> Option<Command> + 'static) -> Vec<Event> {
    let (sender, receiver) = mpsc::unbounded();
    for command in commands {
        sender.unbounded_send(command).expect("the channel is open");
    }
    let events = Rc::new(RefCell::new(Vec::new()));
    let (clock, turns, answer) = (RefCell::new(0.0), Cell::new(0), Box::new(answer));
    block_on(run(Recorder { events: events.clone(), commands: sender, answer, clock, turns }, receiver));
    events.take()
}

fn stop_at_the_end(event: &Event) -> Option<Command> {
    match event {
        Event::State { state: RunState::Finished | RunState::Failed } => Some(Command::Stop),
        _ => None,
    }
}

fn tiny() -> Experiment {
    let mut experiment = Experiment { device: DeviceChoice::Cpu, ..Default::default() };
    experiment.text.corpus = Corpus::Own;
    experiment.model = ModelConfig { layers: 1, heads: 2, width: 16, context: 16, ..Default::default() };
    (experiment.train.steps, experiment.train.batch, experiment.train.eval_every) = (40, 4, 20);
    (experiment.schedule.peak, experiment.schedule.warmup) = (0.01, 4);
    (experiment.sample.every, experiment.sample.length) = (20, 8);
    experiment
}

fn configure(experiment: Experiment) -> Command {
    let text = "the quick brown fox jumps over the lazy dog. ".repeat(40);
    Command::Configure {
        experiment: Box::new(experiment),
        own_text: Some(OwnText { name: "fox".into(), text }),
        adapter: None,
        resume: None,
        known: Known::default(),
    }
}

fn metrics(events: &[Event]) -> Vec<StepMetrics> {
    events
        .iter()
        .filter_map(|event| if let Event::Metrics(frame) = event { Some(frame.steps.clone()) } else { None })
        .flatten()
        .collect()
}

fn states(events: &[Event]) -> Vec<RunState> {
    events.iter().filter_map(|event| if let Event::State { state } = event { Some(*state) } else { None }).collect()
}

fn losses(events: &[Event]) -> Vec<f64> {
    metrics(events).iter().map(|row| row.loss).collect()
}

#[test]
fn a_run_reports_every_step_in_order_and_learns() {
    let events = session(vec![configure(tiny()), Command::Start], stop_at_the_end);
    assert_eq!(events[0], Event::Ready { protocol: PROTOCOL });
    use RunState::*;
    assert_eq!(states(&events), [Preparing, Idle, Preparing, Running, Finished]);

    let rows = metrics(&events);
    assert_eq!(rows.iter().map(|row| row.step).collect::<Vec<_>>(), (1..=40).collect::<Vec<_>>());
    assert!(rows.windows(2).all(|pair| pair[0].seconds < pair[1].seconds));
    assert_eq!(rows[39].tokens, (40 * 4 * 16) as f64);

    let vocabulary =
        events.iter().find_map(|event| if let Event::Prepared(p) = event { Some(p.vocabulary) } else { None });
    let first = rows[0].loss;
    assert!((first - (vocabulary.expect("prepared") as f64).ln()).abs() < 0.05, "{first}");
    assert!(rows[39].loss < first - 0.5, "{first} to {}", rows[39].loss);

    let validations = events.iter().filter(|event| matches!(event, Event::Validation { .. })).count();
    let samples: Vec<_> = events
        .iter()
        .filter_map(|event| {
            if let Event::Sample { step, text, .. } = event { Some((*step, text.chars().count())) } else { None }
        })
        .collect();
    assert_eq!(validations, 2);
    assert_eq!(samples, [(1, 8), (10, 8), (20, 8), (30, 8), (40, 8)]);
}

/// A turn lies between two steps; samples take turns of their own, which are no step's.
#[test]
fn frames_tell_what_their_own_steps_took() {
    let events = session(vec![configure(tiny()), Command::Start], stop_at_the_end);
    let frames: Vec<_> =
        events.iter().filter_map(|event| if let Event::Metrics(frame) = event { Some(frame) } else { None }).collect();
    assert!(frames.iter().any(|frame| frame.work.count > 1) && frames.len() > 1);
    for frame in &frames {
        assert_eq!(frame.work.count, frame.steps.len());
        assert_eq!(frame.work.steps.dispatches as usize, frame.work.count - 1);
        assert_eq!((frame.work.reads.dispatches, frame.work.total.device_bytes), (0, 1 << 20));
    }
    let of_steps: u64 = frames.iter().map(|frame| frame.work.steps.dispatches).sum();
    // The fifth sample comes after the last frame.
    assert!(frames.last().expect("a frame").work.total.dispatches > of_steps + 4 * 8);
}

#[test]
fn two_runs_of_one_experiment_have_identical_losses() {
    for dropout in [0.0, 0.2] {
        let mut experiment = tiny();
        experiment.model.dropout = dropout;
        let run = || session(vec![configure(experiment.clone()), Command::Start], stop_at_the_end);
        assert_eq!(losses(&run()), losses(&run()));
    }
}

#[test]
fn pausing_stepping_and_resuming_change_no_loss() {
    let straight = losses(&session(vec![configure(tiny()), Command::Start], stop_at_the_end));
    let commands = vec![
        configure(tiny()),
        Command::Step,
        Command::Step,
        Command::Start,
        Command::Pause,
        Command::Step,
        Command::Start,
    ];
    assert_eq!(losses(&session(commands, stop_at_the_end)), straight);
}

#[test]
fn a_reset_run_repeats_itself() {
    let commands = vec![configure(tiny()), Command::Step, Command::Step, Command::Reset, Command::Start];
    let found = losses(&session(commands, stop_at_the_end));
    assert_eq!(found[..2], found[2..4]);
    assert_eq!(found.len(), 42);
}

#[test]
fn a_checkpoint_brings_back_the_run_at_its_step() {
    let commands = vec![
        configure(tiny()),
        Command::Step,
        Command::Checkpoint,
        Command::Step,
        Command::Step,
        Command::Restore,
        Command::Start,
    ];
    let events = session(commands, stop_at_the_end);
    let rows = metrics(&events);
    assert_eq!(rows.iter().map(|row| row.step).take(5).collect::<Vec<_>>(), [1, 2, 3, 2, 3]);
    assert_eq!(rows[1].loss, rows[3].loss);
    assert!(events.iter().any(|event| matches!(event, Event::Checkpoint { step: 1, bytes } if *bytes > 0)));
}

#[test]
fn the_limit_of_a_prepared_run_is_timed() {
    let events = session(vec![configure(tiny()), Command::Limit, Command::Stop], |_| None);
    let limit = events.iter().find_map(|event| if let Event::Limit(limit) = event { Some(*limit) } else { None });
    assert!(limit.expect("a limit").seconds_per_step > 0.0);
}

#[test]
fn a_refused_experiment_names_its_field_and_keeps_the_run() {
    let mut refused = tiny();
    refused.model.heads = 3;
    let mut short = tiny();
    short.model.context = 1024;
    let mut missing = tiny();
    missing.text.corpus = Corpus::MobyDick;
    let mut large = tiny();
    (large.model.context, large.train.batch) = (32, 4096);
    (large.model.width, large.model.layers) = (4096, 48);
    let mut commands = vec![configure(tiny()), Command::Step];
    commands.extend([refused, short, missing, large].map(configure));
    commands.push(Command::Start);
    let events = session(commands, stop_at_the_end);

    let fields: Vec<_> = events
        .iter()
        .filter_map(|event| if let Event::Failed(failure) = event { failure.field.clone() } else { None })
        .collect();
    assert_eq!(fields[0], "model.heads");
    assert_eq!(fields[2], "text.corpus");
    assert_eq!(fields.len(), 4, "{fields:?}");
    assert_eq!(metrics(&events).len(), 40);
    assert_eq!(losses(&events), losses(&session(vec![configure(tiny()), Command::Start], stop_at_the_end)));
}

#[test]
fn a_run_that_diverges_stops_with_its_step_and_keeps_finite_weights() {
    let mut experiment = tiny();
    (experiment.schedule.peak, experiment.schedule.warmup, experiment.train.steps) = (1.0, 0, 5000);
    let optimiser = &mut experiment.optimiser;
    (optimiser.beta1, optimiser.beta2, optimiser.clip, optimiser.weight_decay) = (0.0, 0.0, 0.0, 10.0);
    optimiser.epsilon = 1e-30;
    let events = session(vec![configure(experiment), Command::Start], |event| match event {
        Event::State { state: RunState::Failed } => Some(Command::Sample),
        Event::Sample { step, .. } if *step == 0 => Some(Command::Stop),
        _ => stop_at_the_end(event).filter(|_| false),
    });
    let failure =
        events.iter().find_map(|event| if let Event::Diverged(failure) = event { Some(failure.clone()) } else { None });
    let message = failure.expect("it diverges").message;
    assert!(message.contains("diverged at step") && message.contains("Lower the peak learning rate"), "{message}");
    assert!(message.contains("an update that"), "{message}");
    assert!(losses(&events).iter().all(|loss| loss.is_finite()));
}

#[test]
fn a_task_reports_its_exact_answers() {
    let mut experiment = tiny();
    (experiment.text.corpus, experiment.text.task_size) = (Corpus::Reverse, 3);
    let events = session(vec![configure(experiment), Command::Start], stop_at_the_end);
    let exact = events
        .iter()
        .find_map(|event| if let Event::Validation { exact_match, .. } = event { *exact_match } else { None });
    assert!((0.0..=1.0).contains(&exact.expect("a task has a score")));
}
