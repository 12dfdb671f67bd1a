//! `tailblazer study`: every arm of a comparison with every seed, over a grid of settings, with verdicts.

use std::{
    cell::RefCell,
    collections::VecDeque,
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    rc::Rc,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context as _, bail};
use futures::{channel::mpsc, executor::block_on};
use tailblazer_core::{
    experiment::{Comparison, Decoding, DeviceChoice, Experiment, comparison_from_link},
    session::{
        self, Command, DecoderSetup, Event, Failure, Host, Known, MeasureRequest, Measured, RunState, SearchFrame,
    },
    stats::{Study, StudyDecode, StudyRun},
};

use crate::host;

/// Prompts that each decoder of the link continues.
const PROMPTS: usize = 256;

/// What to run and where to write.
#[derive(clap::Args)]
pub struct Options {
    /// The page's link to a comparison, whole or from `?` on.
    #[arg(long)]
    link: String,
    /// A setting of the base and its values, such as `--vary schedule.peak=0.001,0.002`; given more than once, every
    /// combination is run.
    #[arg(long = "vary", value_name = "PATH=VALUE,VALUE")]
    varied: Vec<String>,
    /// Runs at a time.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Folder of the bundled corpora.
    #[arg(long, value_name = "FOLDER", default_value = "public/corpora")]
    corpora: PathBuf,
    /// Where and when it was run, to be kept with the results.
    #[arg(long, default_value = "")]
    note: String,
    /// Where to write one JSON line per combination; standard output otherwise.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// One run that is to be made.
struct Job {
    comparison: usize,
    arm: usize,
    seed: u32,
    experiment: Experiment,
    /// What is measured of its network.
    measurements: Vec<MeasureRequest>,
}

/// What a run came to.
#[derive(Clone, Default)]
struct Outcome {
    /// Steps and losses of the validations.
    validations: Vec<(usize, f64)>,
    /// The same on the other text, in a run of two.
    other_validations: Vec<(usize, f64)>,
    /// Why it broke off.
    failure: Option<String>,
    /// Seconds of training, and of measuring spectra.
    seconds: [f64; 2],
    /// Searches for a learning rate, which train copies of the run.
    searches: Vec<SearchFrame>,
    /// What the decoders came to, without those that do not accept the network.
    measured: Vec<Measured>,
}

/// Runs the study.
pub fn study(options: &Options) -> anyhow::Result<()> {
    let comparisons = comparisons(options)?;
    let jobs: Vec<Job> =
        comparisons.iter().enumerate().flat_map(|(place, comparison)| jobs(place, comparison)).collect();
    let outcomes = Mutex::new(vec![Outcome::default(); jobs.len()]);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.clamp(1, jobs.len().max(1)) {
            scope.spawn(|| {
                while let Some((place, job)) = take(&next, &jobs) {
                    let outcome = run(job, &options.corpora);
                    outcomes.lock().expect("no other run panicked")[place] = outcome;
                    eprintln!("{} of {} runs", done.fetch_add(1, Ordering::Relaxed) + 1, jobs.len());
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("no run panicked");
    let mut out: Box<dyn Write> = match &options.out {
        Some(path) => Box::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?),
        None => Box::new(std::io::stdout()),
    };
    for (place, comparison) in comparisons.iter().enumerate() {
        let of_this = jobs.iter().zip(&outcomes).filter(|(job, _)| job.comparison == place);
        let study = Study::new(comparison, &options.note, of_this.map(|(job, outcome)| outcome.of(job)).collect());
        writeln!(out, "{}", serde_json::to_string(&study)?)?;
    }
    Ok(())
}

fn take<'a>(next: &AtomicUsize, jobs: &'a [Job]) -> Option<(usize, &'a Job)> {
    let place = next.fetch_add(1, Ordering::Relaxed);
    Some((place, jobs.get(place)?))
}

/// Every combination of the varied settings.
fn comparisons(options: &Options) -> anyhow::Result<Vec<Comparison>> {
    let (comparison, errors) = comparison_from_link(&options.link);
    if let Some(error) = errors.first() {
        bail!("{error}");
    }
    let mut list = vec![comparison];
    for varied in &options.varied {
        let (path, values) =
            varied.split_once('=').with_context(|| format!("--vary needs PATH=VALUE,VALUE, not {varied:?}"))?;
        let mut next = Vec::new();
        for comparison in &list {
            for value in values.split(',') {
                let mut comparison = comparison.clone();
                comparison.base.set(path, value)?;
                next.push(comparison);
            }
        }
        list = next;
    }
    for comparison in &list {
        if let Some((arm, fault)) = comparison.faults().first() {
            bail!("arm {}, {}: {}", Comparison::letter(*arm), fault.field, fault.message);
        }
    }
    Ok(list)
}

fn jobs(comparison: usize, of: &Comparison) -> Vec<Job> {
    let arms = 0..of.arms.len();
    arms.flat_map(|arm| {
        (0..of.seeds).map(move |place| {
            let mut experiment = of.experiment(arm);
            experiment.seed = experiment.seed.wrapping_add(place as u32);
            experiment.sample.every = 0;
            if experiment.device == DeviceChoice::Auto {
                experiment.device = DeviceChoice::Cpu;
            }
            Job { comparison, arm, seed: experiment.seed, experiment, measurements: measurements(&of.decoding) }
        })
    })
    .collect()
}

/// A measurement of each decoder, which has its place in the link as id.
fn measurements(decoding: &Decoding) -> Vec<MeasureRequest> {
    let places = 0..decoding.decoders.len();
    let request =
        |place| MeasureRequest { id: place as u32, setup: DecoderSetup::of(decoding, place), prompts: PROMPTS };
    places.map(request).collect()
}

/// One run to its end.
fn run(job: &Job, corpora: &Path) -> Outcome {
    let (commands, received) = mpsc::unbounded();
    let outcome = Rc::new(RefCell::new(Outcome::default()));
    let host = Quiet {
        commands: commands.clone(),
        corpora,
        outcome: outcome.clone(),
        waiting: RefCell::new(job.measurements.clone().into()),
        start: std::time::Instant::now(),
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

/// A host that keeps what a study needs.
struct Quiet<'a> {
    commands: mpsc::UnboundedSender<Command>,
    corpora: &'a Path,
    outcome: Rc<RefCell<Outcome>>,
    /// Measurements that were not asked for yet.
    waiting: RefCell<VecDeque<MeasureRequest>>,
    start: std::time::Instant,
}

impl Quiet<'_> {
    /// Asks for the next measurement, and says whether there is none.
    fn is_measured(&self) -> bool {
        let next = self.waiting.borrow_mut().pop_front();
        let request = next.map(|request| self.commands.unbounded_send(Command::Measure(Box::new(request))));
        request.is_none_or(|sent| sent.is_err())
    }
}

impl Host for Quiet<'_> {
    fn emit(&self, event: Event) {
        let mut outcome = self.outcome.borrow_mut();
        let is_over = match event {
            Event::Validation { step, loss, other_loss, .. } => {
                outcome.validations.retain(|(known, _)| *known < step);
                outcome.other_validations.retain(|(known, _)| *known < step);
                outcome.validations.push((step, loss));
                outcome.other_validations.extend(other_loss.map(|loss| (step, loss)));
                false
            }
            Event::Metrics(frame) => {
                outcome.seconds[0] = frame.steps.last().map_or(0.0, |row| row.seconds);
                false
            }
            Event::Layers(frame) => {
                outcome.seconds[1] += frame.seconds;
                false
            }
            Event::Search(frame) => {
                outcome.searches.retain(|known| known.step < frame.step);
                outcome.searches.push(frame);
                false
            }
            Event::Failed(Failure { message, .. })
            | Event::Diverged(Failure { message, .. })
            | Event::Lost { message } => {
                outcome.failure = Some(message);
                true
            }
            Event::State { state: RunState::Failed } => true,
            Event::State { state: RunState::Finished } => self.is_measured(),
            Event::Measured(measured) => {
                outcome.measured.push(*measured);
                self.is_measured()
            }
            // A decoder that does not accept the network.
            Event::Decode(frame) => frame.failure.is_some() && self.is_measured(),
            _ => false,
        };
        if is_over {
            self.commands.unbounded_send(Command::Stop).ok();
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

impl Outcome {
    /// The run as the study's file has it.
    fn of(&self, job: &Job) -> StudyRun {
        let written = |list: &[(usize, f64)]| {
            list.iter().map(|(step, loss)| (*step, loss.is_finite().then_some(*loss))).collect()
        };
        let [seconds, spectra_seconds] = self.seconds;
        StudyRun {
            arm: Comparison::letter(job.arm),
            seed: job.seed,
            validations: written(&self.validations),
            other_validations: written(&self.other_validations),
            failure: self.failure.clone(),
            seconds,
            spectra_seconds,
            search_seconds: self.searches.iter().map(|search| search.seconds).sum(),
            search_steps: self.searches.iter().map(|search| search.steps).sum(),
            decodes: self.measured.iter().map(decode).collect(),
        }
    }
}

/// A measurement as the study's file has it.
fn decode(measured: &Measured) -> StudyDecode {
    let nats = measured.nats.iter().sum::<f64>() / measured.nats.len() as f64;
    StudyDecode {
        decoder: measured.id as usize,
        prompts: measured.meters.len(),
        exact: measured.exact.as_ref().map(|exact| exact.iter().filter(|exact| **exact).count()),
        nats: Some(nats).filter(|nats| nats.is_finite()),
        meter: measured.meters.iter().copied().sum(),
    }
}
