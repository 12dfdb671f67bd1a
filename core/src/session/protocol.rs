//! The messages of a session. A change of meaning raises [`PROTOCOL`].

use serde::{Deserialize, Serialize};

use super::{
    Adapter, Autosave, DecodeFrame, DecodeRequest, JudgeRequest, Judged, Known, MeasureRequest, Measured, Race, Resume,
    Saved, Work,
};
use crate::{
    experiment::Experiment,
    layerwise::{Parameter, Tail},
    schedule::Probe,
    text::Tokens,
};

/// Version of these messages; a page and a worker of different versions must not talk.
pub const PROTOCOL: u32 = 10;

/// What the page may ask of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Command {
    /// Checks an experiment and prepares a run of it. A refused experiment leaves the present run as it is.
    Configure {
        /// What to run.
        experiment: Box<Experiment>,
        /// The visitor's text, when the experiment's corpus is `own`.
        own_text: Option<OwnText>,
        /// The WebGPU adapter, if whoever sends this has looked for one already.
        adapter: Option<Adapter>,
        /// Where the run goes on, if it was saved before. What cannot be read is refused.
        #[serde(default)]
        resume: Option<Box<Resume>>,
        /// What earlier visits found out about the adapter.
        #[serde(default)]
        known: Known,
    },
    /// Trains until the last step, a pause or a failure.
    Start,
    /// Stops between two steps; everything is kept.
    Pause,
    /// Trains one step, then pauses.
    Step,
    /// Returns the prepared run to step 0.
    Reset,
    /// Trains a copy of a running or paused run with a rate that falls to the floor, and reports it; then the run is as it
    /// was, and running if it ran. A pause, a step or a reset ends the branch.
    Branch,
    /// Draws a sample from the present weights.
    Sample,
    /// Decodes a text, and reports how.
    Decode(Box<DecodeRequest>),
    /// Decodes many texts, and reports what came of them.
    Measure(Box<MeasureRequest>),
    /// Judges texts by the present weights, which must have learned to predict the next token.
    Judge(JudgeRequest),
    /// Reports the present weights.
    Save,
    /// Reports the whole state of the run, from which another session goes on; nothing before the first step, nor where a
    /// weight is not finite.
    Autosave,
    /// Times the matrix products of one step by themselves, on the CPU.
    Limit,
    /// Copies the present weights and optimiser state into memory.
    Checkpoint,
    /// Returns to the copy that the last [`Command::Checkpoint`] made.
    Restore,
    /// Ends the session.
    Stop,
}

/// A text of the visitor, and the name under which the page shows it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnText {
    /// File name, or "pasted text".
    pub name: String,
    /// The text.
    pub text: String,
}

impl std::fmt::Debug for OwnText {
    /// Shows the size only: a visitor's text must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnText").field("name", &self.name).field("bytes", &self.text.len()).finish()
    }
}

/// What a session reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// The session listens. Always the first event.
    Ready {
        /// [`PROTOCOL`] of the sender.
        protocol: u32,
    },
    /// The run entered a state.
    State {
        /// The new state.
        state: RunState,
    },
    /// A device was chosen.
    Device {
        /// Which engine computes.
        backend: Backend,
        /// Name of the adapter or "CPU".
        name: String,
        /// One sentence: why this device.
        reason: String,
    },
    /// The GPU took its self-test.
    Tested {
        /// Name of the adapter.
        adapter: String,
        /// Whether it may be used.
        passed: bool,
        /// What was compared, as lines of text for whoever reports a bug.
        report: String,
    },
    /// The GPU raced the CPU on this model and batch.
    Raced(Race),
    /// The run fits the device.
    Budget(Budget),
    /// Preparation advanced.
    Progress {
        /// What is being done.
        stage: Stage,
        /// Units done.
        done: usize,
        /// Units in all, 0 when unknown.
        total: usize,
    },
    /// A run is ready for its first step.
    Prepared(Prepared),
    /// The answer to [`Command::Save`].
    Saved {
        /// The weights; none where there are none, after a warning that says why.
        saved: Option<Saved>,
    },
    /// The answer to [`Command::Autosave`].
    Autosave(Autosave),
    /// Metrics of the steps since the last frame.
    Metrics(MetricsFrame),
    /// The loss on held-out text.
    Validation {
        /// Steps done before this validation.
        step: usize,
        /// The objective's validation loss in nats per token, on the text that the last update learned.
        loss: f64,
        /// The standard error that the draws of noise leave in it, for a bound.
        error: Option<f64>,
        /// The same on the other text of a run of two: on the second one before the switch, on the first one after it.
        other_loss: Option<f64>,
        /// Share of a task's held-out problems answered exactly, for synthetic tasks.
        exact_match: Option<f64>,
    },
    /// The spectra of the weight matrices were measured.
    Layers(LayersFrame),
    /// Rates were tried, or one was chosen; a frame takes the place of an earlier one of its step.
    Search(SearchFrame),
    /// A branch advanced.
    Branch(BranchFrame),
    /// A sample from the model.
    Sample {
        /// Steps done before this sample.
        step: usize,
        /// The text that was given.
        prompt: String,
        /// The text that the model added.
        text: String,
        /// How it was decoded, where a block was filled and not one token after the other.
        trace: Option<Box<DecodeFrame>>,
    },
    /// A decode advanced.
    Decode(DecodeFrame),
    /// A decoder was measured.
    Measured(Box<Measured>),
    /// Texts were judged.
    Judged(Judged),
    /// The weights that are kept to decode from, besides the present ones.
    Kept {
        /// Steps done in each, ascending.
        steps: Vec<usize>,
    },
    /// The matrix products of one step were timed.
    Limit(Limit),
    /// A checkpoint lies in memory.
    Checkpoint {
        /// Steps done in it.
        step: usize,
        /// Its size.
        bytes: usize,
    },
    /// Something the visitor should know; the run goes on.
    Warning {
        /// One sentence.
        message: String,
    },
    /// Something was refused or broke; whatever was trained is kept.
    Failed(Failure),
    /// The run diverged and ends here; the setting at fault is its peak learning rate.
    Diverged(Failure),
    /// The device stopped and the run with it; another session may go on from what was saved.
    Lost {
        /// One sentence.
        message: String,
    },
}

/// The state of the run, as the run bar shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Nothing trained yet.
    #[default]
    Idle,
    /// Text is loaded, kernels compile.
    Preparing,
    /// Steps are being made.
    Running,
    /// Stopped between two steps.
    Paused,
    /// All steps are done.
    Finished,
    /// The run cannot go on.
    Failed,
}

/// Which engine computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// burn-flex on one thread.
    Cpu,
    /// wgpu: WebGPU in a browser, Vulkan, Metal or DirectX in a native program.
    Gpu,
}

/// What is being prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The engine is on its way to where it computes; whoever starts it says so.
    Engine,
    /// The corpus is being read.
    Text,
    /// The BPE tokeniser is being trained; units are merges.
    Tokeniser,
    /// The device is being opened.
    Device,
    /// The GPU takes its self-test.
    SelfTest,
    /// The GPU and the CPU race.
    Race,
    /// The first step runs: kernels compile.
    Kernels,
}

/// What a run is predicted to take of its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Bytes at the peak of a step.
    pub predicted: u64,
    /// Bytes that a run may use there.
    pub limit: u64,
}

/// Facts about a run that is ready for its first step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prepared {
    /// Trainable numbers.
    pub parameters: usize,
    /// Tokens in the vocabulary.
    pub vocabulary: usize,
    /// The text.
    pub text: TextFacts,
    /// The text that is learned after it, in a run of two.
    pub then: Option<TextFacts>,
    /// Predicted floating-point operations of one step, forward and backward.
    pub flops_per_step: f64,
    /// The model's parameters in the order of its flat list; nothing is measured of them yet.
    pub layout: Vec<Parameter>,
}

/// Facts about a text in tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextFacts {
    /// Tokens to train on.
    pub train_tokens: usize,
    /// Held-out tokens.
    pub validation_tokens: usize,
    /// SHA-256 of the text, hexadecimal.
    pub digest: String,
}

impl From<&Tokens> for TextFacts {
    fn from(tokens: &Tokens) -> Self {
        let Tokens { train, validation, digest } = tokens;
        Self { train_tokens: train.len(), validation_tokens: validation.len(), digest: digest.clone() }
    }
}

/// The spectra of the weight matrices at one moment, and what the layerwise method made of them.
///
/// Lists have one entry for each of [`Prepared::layout`], or none at all where no spectra were measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayersFrame {
    /// Steps done before: 0 is the model before its first update.
    pub step: usize,
    /// The spectrum of each hidden matrix, ascending; empty for all others.
    pub spectra: Vec<Vec<f32>>,
    /// The fitted tail of each hidden matrix; none where there is no tail, and for all others.
    pub tails: Vec<Option<Tail>>,
    /// The multipliers that the method asked for; none when it was not its turn and the spectra are for the charts alone.
    pub multipliers: Option<Vec<f64>>,
    /// Seconds that it took.
    pub seconds: f64,
}

/// A search for the learning rate of the steps that follow. It trains copies of the run, so that none of its steps is a
/// step of the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SearchFrame {
    /// Steps of the run done before it.
    pub step: usize,
    /// The rates that were tried so far, in order, with the losses that were forecast for them.
    pub probes: Vec<Probe>,
    /// The rate that was chosen; none while the search goes on.
    pub rate: Option<f64>,
    /// Steps that were made on copies.
    pub steps: usize,
    /// Seconds that it took.
    pub seconds: f64,
}

/// What a branch reports: a decay of the learning rate that leaves the run as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BranchFrame {
    /// Steps of the run done where it branched off.
    pub from: usize,
    /// Steps that it is to make.
    pub steps: usize,
    /// Metrics of its steps since the last frame, counted on from those of the run.
    pub rows: Vec<StepMetrics>,
    /// The loss on held-out text after these steps, in nats per token, when a validation was due.
    pub validation: Option<f64>,
    /// How it ended; none while it goes on.
    pub end: Option<BranchEnd>,
}

impl BranchFrame {
    /// Whether the branch begins: it has nothing to report yet, and takes the place of an earlier one from there.
    pub fn is_first(&self) -> bool {
        self.rows.is_empty() && self.validation.is_none() && self.end.is_none()
    }
}

/// How a branch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BranchEnd {
    /// All its steps are done.
    Finished,
    /// A loss or a gradient was not finite.
    Diverged,
    /// It was given up.
    Stopped,
}

/// The speed of a run's matrix products by themselves: that of a step on the CPU that were nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Seconds of those of one step.
    pub seconds_per_step: f64,
    /// Floating-point operations in a second.
    pub operations_per_second: f64,
}

/// Metrics of consecutive steps, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricsFrame {
    /// One row per step.
    pub steps: Vec<StepMetrics>,
    /// Digest of all batches up to the last step, hexadecimal: equal on every device for one link.
    pub batch_digest: String,
    /// What the device did for these steps.
    pub work: Work,
}

/// What one step reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepMetrics {
    /// Steps done, this one included: the first step reports 1.
    pub step: usize,
    /// Training loss before the update, in nats per token.
    pub loss: f64,
    /// Learning rate of the update.
    pub learning_rate: f64,
    /// l2 norm of the whole gradient before clipping.
    pub gradient_norm: f64,
    /// l1 norm of the same.
    pub gradient_l1: f64,
    /// Tokens trained on so far.
    pub tokens: f64,
    /// Seconds of training so far, without pauses, validation and samples.
    pub seconds: f64,
}

/// A refusal or a breakdown, in one sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Path of the setting at fault, such as `model.heads`; none when no setting is.
    pub field: Option<String>,
    /// One sentence that names the field and says what to do.
    pub message: String,
}
