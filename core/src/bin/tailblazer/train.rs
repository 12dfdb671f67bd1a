//! `tailblazer train`: one run of an experiment.

use std::{cell::RefCell, fs::File, io::Write, path::PathBuf, rc::Rc, time::Instant};

use anyhow::{Context as _, bail};
use futures::{channel::mpsc, executor::block_on};
use tailblazer_core::{
    experiment::{Corpus, DeviceChoice, Experiment, from_link, to_link},
    session::{self, Command, Known, OwnText},
    text::own,
};

use crate::host::CommandLine;

/// What to run and where to write.
#[derive(clap::Args)]
pub struct Options {
    /// The page's link, whole or from `?` on.
    #[arg(long, default_value = "")]
    link: String,
    /// A preset by name, such as gpt-nano or nanogpt-cpu; the same as `--link '?preset=NAME'`.
    #[arg(long, conflicts_with = "link")]
    preset: Option<String>,
    /// One setting, such as `--set train.steps=500`; may be given many times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    settings: Vec<String>,
    /// Where to compute.
    #[arg(long, value_enum)]
    device: Option<DeviceName>,
    /// A UTF-8 text to train on.
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// Folder of the bundled corpora.
    #[arg(long, value_name = "FOLDER", default_value = "public/corpora")]
    corpora: PathBuf,
    /// Where to write JSON lines; standard output otherwise.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum DeviceName {
    Auto,
    Cpu,
    Gpu,
}

/// Runs the experiment to its end.
pub fn train(options: Options) -> anyhow::Result<()> {
    let (mut experiment, own_text) = experiment(&options)?;
    if let Some(device) = options.device {
        experiment.device = match device {
            DeviceName::Auto => DeviceChoice::Auto,
            DeviceName::Cpu => DeviceChoice::Cpu,
            DeviceName::Gpu => DeviceChoice::Gpu,
        };
    }
    eprintln!("{}", to_link(&experiment));

    let out: Box<dyn Write> = match &options.out {
        Some(path) => Box::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?),
        None => Box::new(std::io::stdout()),
    };
    let (commands, received) = mpsc::unbounded();
    let failure = Rc::new(RefCell::new(None));
    let host = CommandLine {
        commands: commands.clone(),
        corpora: options.corpora,
        out: RefCell::new(out),
        start: Instant::now(),
        failure: failure.clone(),
        batch_digest: RefCell::default(),
    };
    for command in [
        Command::Configure {
            experiment: Box::new(experiment),
            own_text,
            adapter: None,
            resume: None,
            known: Known::default(),
        },
        Command::Start,
    ] {
        commands.unbounded_send(command).context("the session listens")?;
    }
    block_on(session::run(host, received));
    match failure.borrow_mut().take() {
        Some(failure) => bail!("{}", failure.message),
        None => Ok(()),
    }
}

fn experiment(options: &Options) -> anyhow::Result<(Experiment, Option<OwnText>)> {
    let link = options.preset.as_ref().map_or_else(|| options.link.clone(), |preset| format!("?preset={preset}"));
    let (mut experiment, errors) = from_link(&link);
    if let Some(error) = errors.first() {
        bail!("{error}");
    }
    let mut own_text = None;
    if let Some(path) = &options.text {
        let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
        own::check_size(size)?;
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        own_text = Some(OwnText { name, text: own::decode(bytes)? });
        experiment.text.corpus = Corpus::Own;
    }
    for setting in &options.settings {
        let (path, value) =
            setting.split_once('=').with_context(|| format!("--set needs PATH=VALUE, not {setting:?}"))?;
        experiment.set(path, value)?;
    }
    Ok((experiment, own_text))
}
