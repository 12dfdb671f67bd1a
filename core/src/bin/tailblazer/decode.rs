//! `tailblazer decode`: trains an experiment with several seeds, then measures decoders on each of the models.

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
    time::Instant,
};

use anyhow::{Context as _, bail};
use futures::{channel::mpsc, executor::block_on};
use serde::Serialize;
use tailblazer_core::{
    decode::{Decoder, Meter, Method},
    experiment::{DeviceChoice, Experiment, from_link},
    objective::Quantity,
    policy::Chosen,
    session::{self, Command, DecoderSetup, Event, Failure, Host, Known, MeasureRequest, Measured, RunState},
};

use crate::host;

/// What to train, and what to decode with.
#[derive(clap::Args)]
pub struct Options {
    /// The page's link to an experiment, whole or from `?` on.
    #[arg(long)]
    link: String,
    /// A decoder with its knobs, such as `--decoder "threshold&threshold=0.8"`; `block` and `temperature` can be given
    /// too. May be given more than once.
    #[arg(long = "decoder", required = true)]
    decoders: Vec<String>,
    /// Models, each with a seed of its own.
    #[arg(long, default_value_t = 1)]
    seeds: u32,
    /// Held-out problems, or beginnings of held-out text, for each decoder and model.
    #[arg(long, default_value_t = 64)]
    prompts: usize,
    /// Runs at a time.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Folder of the bundled corpora.
    #[arg(long, value_name = "FOLDER", default_value = "public/corpora")]
    corpora: PathBuf,
    /// Where to write one JSON line per model and decoder; standard output otherwise.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What a decoder came to on one model.
#[derive(Serialize)]
struct Line<'a> {
    decoder: &'a str,
    seed: u32,
    step: usize,
    prompts: usize,
    /// Tokens that stand, and forwards by kind.
    tokens: usize,
    drafts: usize,
    verifications: usize,
    commits: usize,
    tokens_per_forward: Option<f64>,
    /// Problems that were answered exactly.
    exact: Option<usize>,
    /// Mean over the texts, in nats per token.
    nats: f64,
    quantity: Quantity,
    seconds: f64,
}

/// Trains and measures.
pub fn decode(options: &Options) -> anyhow::Result<()> {
    let (mut experiment, errors) = from_link(&options.link);
    if let Some(error) = errors.first() {
        bail!("{error}");
    }
    experiment.sample.every = 0;
    if experiment.device == DeviceChoice::Auto {
        experiment.device = DeviceChoice::Cpu;
    }
    let setups = options.decoders.iter().map(|text| setup(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut out: Box<dyn Write> = match &options.out {
        Some(path) => Box::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?),
        None => Box::new(std::io::stdout()),
    };
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed) as u32;
                    if place >= options.seeds {
                        break;
                    }
                    let experiment = Experiment { seed: experiment.seed.wrapping_add(place), ..experiment.clone() };
                    let seed = experiment.seed;
                    let measured = run(experiment, &setups, options.prompts, &options.corpora);
                    found.lock().expect("no other run panicked").push((seed, measured));
                    eprintln!("seed {seed} is done");
                }
            });
        }
    });
    let mut found = found.into_inner().expect("no run panicked");
    found.sort_by_key(|(seed, _)| *seed);
    for (seed, measured) in found {
        for (decoder, measured) in options.decoders.iter().zip(measured?) {
            writeln!(out, "{}", serde_json::to_string(&line(decoder, seed, &measured))?)?;
        }
    }
    Ok(())
}

fn line<'a>(decoder: &'a str, seed: u32, measured: &Measured) -> Line<'a> {
    let meter: Meter = measured.meters.iter().copied().sum();
    let Meter { tokens, drafts, verifications, commits, .. } = meter;
    Line {
        decoder,
        seed,
        step: measured.step,
        prompts: measured.meters.len(),
        tokens,
        drafts,
        verifications,
        commits,
        tokens_per_forward: meter.tokens_per_forward(),
        exact: measured.exact.as_ref().map(|exact| exact.iter().filter(|exact| **exact).count()),
        nats: measured.nats.iter().sum::<f64>() / measured.nats.len() as f64,
        quantity: measured.quantity,
        seconds: measured.seconds,
    }
}

/// A decoder as the command line has it: its id, then settings.
fn setup(text: &str) -> anyhow::Result<DecoderSetup> {
    let mut parts = text.split('&');
    let id = parts.next().unwrap_or_default();
    let method = Method::find(id).with_context(|| format!("there is no decoder {id}"))?;
    let mut decoder = Chosen::<dyn Decoder>::new(method);
    let (mut block, mut temperature) = (None, 0.0);
    for part in parts {
        let (id, value) = part.split_once('=').with_context(|| format!("{part} is no setting: write name=value"))?;
        let number: f64 = value.parse().with_context(|| format!("{value} is no number"))?;
        match id {
            "block" => block = Some(number as usize),
            "temperature" => temperature = number,
            _ => decoder.set(method.knob(id).with_context(|| format!("{text}: there is no setting {id}"))?, number),
        }
    }
    Ok(DecoderSetup { decoder, block, temperature, checkpoint: None })
}

/// One run to its end, then one measurement after the other.
fn run(
    experiment: Experiment,
    setups: &[DecoderSetup],
    prompts: usize,
    corpora: &Path,
) -> anyhow::Result<Vec<Measured>> {
    let (commands, received) = mpsc::unbounded();
    let requests = setups
        .iter()
        .enumerate()
        .map(|(id, setup)| Command::Measure(Box::new(MeasureRequest { id: id as u32, setup: setup.clone(), prompts })));
    let outcome = Rc::new(RefCell::new((Vec::new(), None)));
    let host = Measuring {
        commands: commands.clone(),
        corpora,
        waiting: RefCell::new(requests.collect()),
        outcome: outcome.clone(),
        start: Instant::now(),
    };
    let experiment = Box::new(experiment);
    for command in [
        Command::Configure { experiment, own_text: None, adapter: None, resume: None, known: Known::default() },
        Command::Start,
    ] {
        commands.unbounded_send(command).context("the session listens")?;
    }
    block_on(session::run(host, received));
    match outcome.take() {
        (measured, None) => Ok(measured),
        (_, Some(message)) => bail!("{message}"),
    }
}

/// A host that asks for one measurement after the other once the run is over.
struct Measuring<'a> {
    commands: mpsc::UnboundedSender<Command>,
    corpora: &'a Path,
    waiting: RefCell<VecDeque<Command>>,
    outcome: Rc<RefCell<(Vec<Measured>, Option<String>)>>,
    start: Instant,
}

impl Measuring<'_> {
    fn go_on(&self) {
        let command = self.waiting.borrow_mut().pop_front().unwrap_or(Command::Stop);
        self.commands.unbounded_send(command).ok();
    }

    fn fail(&self, message: String) {
        self.outcome.borrow_mut().1 = Some(message);
        self.commands.unbounded_send(Command::Stop).ok();
    }
}

impl Host for Measuring<'_> {
    fn emit(&self, event: Event) {
        match event {
            Event::State { state: RunState::Finished } => self.go_on(),
            Event::Measured(measured) => {
                self.outcome.borrow_mut().0.push(*measured);
                self.go_on();
            }
            Event::Decode(frame) => {
                if let Some(failure) = frame.failure {
                    self.fail(failure.message);
                }
            }
            Event::Failed(Failure { message, .. })
            | Event::Diverged(Failure { message, .. })
            | Event::Lost { message } => self.fail(message),
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
