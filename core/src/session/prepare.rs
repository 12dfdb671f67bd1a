//! From an experiment to a text in tokens and an open device.

use std::sync::Arc;

#[cfg(feature = "webgpu")]
pub use super::racing::faster;
use super::{Adapter, Event, Failure, Host, OwnText, Stage};
use crate::{
    device::{self, OpenDevice},
    experiment::{Corpus, DeviceChoice, Experiment, TextConfig, TokeniserKind},
    text::{BpeTrainer, ByteTokeniser, Dataset, Split, Task, TextError, Tokeniser, own},
};

/// Merges of the BPE tokeniser between two reports of progress.
const MERGES_PER_REPORT: usize = 16;

/// The last texts in tokens: a second run of the same texts starts at once.
#[derive(Default)]
pub struct Texts {
    last: Option<(Key, Arc<Dataset>)>,
    own: Option<OwnText>,
}

/// Everything on which a dataset depends.
#[derive(Clone, PartialEq)]
struct Key {
    config: TextConfig,
    context: usize,
    /// The seed of a synthetic task's problems.
    seed: Option<u32>,
    own: Option<OwnText>,
}

impl Texts {
    /// The experiment's texts in tokens. A visitor's text is remembered until another one comes.
    pub async fn dataset<H: Host>(
        &mut self,
        host: &H,
        experiment: &Experiment,
        own: Option<OwnText>,
    ) -> Result<Arc<Dataset>, Failure> {
        if own.is_some() {
            self.own = own;
        }
        let config = &experiment.text;
        let key = Key {
            // When a text is learned changes none of its tokens.
            config: TextConfig { switch: 0.0, replay: 0.0, ..config.clone() },
            context: experiment.model.context,
            seed: config.corpus.task_sizes().map(|_| experiment.seed),
            own: self.own.clone().filter(|_| config.corpus == Corpus::Own),
        };
        if let Some((_, dataset)) = self.last.as_ref().filter(|(last, _)| *last == key) {
            return Ok(dataset.clone());
        }
        host.emit(Event::Progress { stage: Stage::Text, done: 0, total: 0 });
        host.yield_now().await;
        let dataset = Arc::new(self.build(host, experiment).await?);
        self.last = Some((key, dataset.clone()));
        Ok(dataset)
    }

    async fn build<H: Host>(&self, host: &H, experiment: &Experiment) -> Result<Dataset, Failure> {
        let config = &experiment.text;
        let split = match (Task::new(config.corpus, config.task_size), config.corpus.file(), &self.own) {
            (Some(task), _, _) => Split::of_task(task?, experiment.seed),
            (None, Some(file), _) => bundled(host, config.corpus, file, "text.corpus").await?,
            (None, None, Some(own)) => Split::of_text(config.corpus, own::normalise(own.text.clone())?)?,
            (None, None, None) => return Err(TextError::Empty.into()),
        };
        let split = match config.then.and_then(|then| Some((then, then.file()?))) {
            Some((then, file)) => split.followed_by(bundled(host, then, file, "text.then").await?),
            None => split,
        };
        let tokeniser = match config.tokeniser {
            TokeniserKind::Char => Tokeniser::Char(split.char_tokeniser()?),
            TokeniserKind::Byte => Tokeniser::Byte(ByteTokeniser),
            TokeniserKind::Bpe => Self::train_bpe(host, split.bpe_trainer(config.vocabulary)?).await,
        };
        Ok(Dataset::new(&split, tokeniser, experiment.model.context)?)
    }

    async fn train_bpe<H: Host>(host: &H, mut trainer: BpeTrainer) -> Tokeniser {
        loop {
            let (done, total) = trainer.progress();
            host.emit(Event::Progress { stage: Stage::Tokeniser, done, total });
            host.yield_now().await;
            for _ in 0..MERGES_PER_REPORT {
                if trainer.merge_next().is_none() {
                    return Tokeniser::Bpe(trainer.finish());
                }
            }
        }
    }
}

/// A bundled text; what is wrong with it is the fault of the setting at a path.
async fn bundled<H: Host>(host: &H, corpus: Corpus, file: &str, path: &str) -> Result<Split, Failure> {
    let bytes = host.corpus(file).await.map_err(|message| failure(path, message))?;
    let split = own::decode(bytes).and_then(|text| Split::of_text(corpus, text));
    split.map_err(|error| failure(path, error.to_string()))
}

/// Opens the device. A GPU is used once it has passed its self-test, here or on an earlier visit.
pub async fn device<H: Host>(
    host: &H,
    choice: DeviceChoice,
    adapter: Option<Adapter>,
    passed: Option<bool>,
) -> OpenDevice {
    host.emit(Event::Progress { stage: Stage::Device, done: 0, total: 0 });
    let open = device::open(choice, adapter).await;
    #[cfg(feature = "webgpu")]
    if open.backend == super::Backend::Gpu {
        return tested(host, open, passed).await;
    }
    // Nothing else needs a test.
    let _ = passed;
    open
}

/// The GPU, or the CPU where the GPU fails.
#[cfg(feature = "webgpu")]
async fn tested<H: Host>(host: &H, open: OpenDevice, passed: Option<bool>) -> OpenDevice {
    let is_passed = match passed.or_else(device::passed) {
        Some(is_passed) => is_passed,
        None => {
            host.emit(Event::Progress { stage: Stage::SelfTest, done: 0, total: 0 });
            host.yield_now().await;
            let test = device::self_test(&open.device, open.name.clone()).await;
            let (passed, report) = (test.is_passed(), test.report());
            host.emit(Event::Tested { adapter: test.adapter, passed, report });
            passed
        }
    };
    device::note(is_passed);
    if is_passed { open } else { device::instead_of_a_failed(&open) }
}

/// Without WebGPU nobody races.
#[cfg(not(feature = "webgpu"))]
pub async fn faster<H: Host>(
    _host: &H,
    open: OpenDevice,
    _experiment: &Experiment,
    _dataset: &Arc<Dataset>,
    _work: f64,
    _known: Option<super::Backend>,
) -> OpenDevice {
    open
}

/// Says which device it is and why.
pub fn report<H: Host>(host: &H, open: &OpenDevice) {
    host.emit(Event::Device { backend: open.backend, name: open.name.clone(), reason: open.reason.clone() });
}

fn failure(field: &str, message: String) -> Failure {
    Failure { field: Some(field.into()), message }
}

impl From<TextError> for Failure {
    fn from(error: TextError) -> Self {
        failure(error.field(), error.to_string())
    }
}
