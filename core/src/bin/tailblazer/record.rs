//! `tailblazer record`: every arm of a comparison with its first seed, as a recording that the page plays.

use std::{
    cell::RefCell,
    collections::VecDeque,
    path::{Path, PathBuf},
    rc::Rc,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use anyhow::{Context as _, bail};
use futures::{channel::mpsc, executor::block_on};
use tailblazer_core::{
    experiment::{Comparison, DeviceChoice, Experiment, comparison_from_link, comparison_to_link},
    session::{
        self, Command, DecodeFrame, DecodeRequest, DecoderSetup, Event, Failure, Host, Known, Recording, Report,
        RunState,
    },
};

use crate::host;

/// What to run and where to write.
#[derive(clap::Args)]
pub struct Options {
    /// The page's link to a comparison, whole or from `?` on.
    link: String,
    /// Runs at a time.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Folder of the bundled corpora.
    #[arg(long, value_name = "FOLDER", default_value = "public/corpora")]
    corpora: PathBuf,
    /// When it is recorded, such as 2026-11-30; readers see it.
    #[arg(long)]
    date: String,
    /// What it runs on, such as "AMD EPYC, 1 thread"; readers see it.
    #[arg(long)]
    machine: String,
    /// The build, such as a commit; readers see it.
    #[arg(long, default_value = env!("CARGO_PKG_VERSION"))]
    build: String,
    /// Where to write the recording.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// One arm that is to be run.
struct Job {
    experiment: Experiment,
    /// What its network decodes at the end.
    decodes: Vec<DecodeRequest>,
}

/// What came of it.
#[derive(Clone, Default)]
struct Outcome {
    report: Report,
    decodes: Vec<Option<DecodeFrame>>,
    failure: Option<Failure>,
}

/// Records the comparison.
pub fn record(options: &Options) -> anyhow::Result<()> {
    let (comparison, errors) = comparison_from_link(&options.link);
    if let Some(error) = errors.first() {
        bail!("{error}");
    }
    if let Some((arm, fault)) = comparison.faults().first() {
        bail!("arm {}, {}: {}", Comparison::letter(*arm), fault.field, fault.message);
    }
    let jobs: Vec<Job> = (0..comparison.arms.len()).map(|arm| job(&comparison, arm)).collect();
    let outcomes = Mutex::new(vec![Outcome::default(); jobs.len()]);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.clamp(1, jobs.len()) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(place) else { break };
                    let outcome = run(job, &options.corpora);
                    outcomes.lock().expect("no other run panicked")[place] = outcome;
                    eprintln!("arm {} is recorded", Comparison::letter(place));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect("no run panicked");
    let broken = outcomes.iter().filter(|outcome| outcome.report.steps.is_empty());
    if let Some(Failure { message, .. }) = broken.filter_map(|outcome| outcome.failure.as_ref()).next() {
        bail!("{message}");
    }
    let decodes = std::mem::take(&mut outcomes[comparison.decoding.arm].decodes);
    let recording = Recording {
        link: comparison_to_link(&comparison),
        date: options.date.clone(),
        device: options.machine.clone(),
        build: options.build.clone(),
        arms: outcomes.into_iter().map(|outcome| outcome.report).collect(),
        decodes,
    };
    let bytes = recording.compact().to_bytes();
    std::fs::write(&options.out, &bytes).with_context(|| format!("cannot write {}", options.out.display()))?;
    eprintln!("{} is {} KB", options.out.display(), bytes.len().div_ceil(1000));
    Ok(())
}

fn job(comparison: &Comparison, arm: usize) -> Job {
    let mut experiment = comparison.experiment(arm);
    if experiment.device == DeviceChoice::Auto {
        experiment.device = DeviceChoice::Cpu;
    }
    let decoding = &comparison.decoding;
    let request = |place| DecodeRequest {
        id: place as u32,
        setup: DecoderSetup::of(decoding, place),
        prompt: decoding.common.prompt.clone(),
        length: decoding.common.length,
    };
    let count = if arm == decoding.arm { decoding.decoders.len() } else { 0 };
    Job { experiment, decodes: (0..count).map(request).collect() }
}

/// One run to its end, then one decode after the other.
fn run(job: &Job, corpora: &Path) -> Outcome {
    let (commands, received) = mpsc::unbounded();
    let outcome = Rc::new(RefCell::new(Outcome::default()));
    let host = Recorder {
        commands: commands.clone(),
        corpora,
        outcome: outcome.clone(),
        waiting: RefCell::new(job.decodes.clone().into()),
        start: Instant::now(),
    };
    let experiment = Box::new(job.experiment.clone());
    for command in [
        Command::Configure { experiment, own_text: None, adapter: None, resume: None, known: Known::default() },
        Command::Start,
    ] {
        commands.unbounded_send(command).expect("the session listens");
    }
    block_on(session::run(host, received));
    outcome.take()
}

/// A host that keeps what a recording needs.
struct Recorder<'a> {
    commands: mpsc::UnboundedSender<Command>,
    corpora: &'a Path,
    outcome: Rc<RefCell<Outcome>>,
    /// Decodes that were not asked for yet.
    waiting: RefCell<VecDeque<DecodeRequest>>,
    start: Instant,
}

impl Recorder<'_> {
    fn go_on(&self) {
        let next = self.waiting.borrow_mut().pop_front();
        let command = next.map_or(Command::Stop, |request| Command::Decode(Box::new(request)));
        self.commands.unbounded_send(command).ok();
    }
}

impl Host for Recorder<'_> {
    fn emit(&self, event: Event) {
        let mut outcome = self.outcome.borrow_mut();
        outcome.report.take(&event);
        match event {
            Event::State { state: RunState::Finished } => self.go_on(),
            Event::State { state: RunState::Failed } => {
                self.commands.unbounded_send(Command::Stop).ok();
            }
            Event::Failed(failure) | Event::Diverged(failure) => {
                outcome.failure = Some(failure);
                self.commands.unbounded_send(Command::Stop).ok();
            }
            Event::Lost { message } => {
                outcome.failure = Some(Failure { field: None, message });
                self.commands.unbounded_send(Command::Stop).ok();
            }
            Event::Decode(frame) => {
                let is_refused = frame.failure.is_some();
                outcome.decodes.push((!is_refused).then_some(frame));
                self.go_on();
            }
            _ => {}
        }
    }

    fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    async fn yield_now(&self) {}

    async fn corpus(&self, file: &str) -> Result<Vec<u8>, String> {
        host::corpus(self.corpora, file)
    }
}
