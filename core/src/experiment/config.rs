//! The full configuration of a run, with the defaults of the first visit.

use serde::{Deserialize, Serialize};

use super::{LayerwiseConfig, OptimiserConfig, ScheduleConfig, TextConfig};
use crate::{objective::Objective, policy::Chosen};

/// Everything that determines a run: two runs of one experiment on one device give identical losses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Seed of all randomness: initial weights, batches, dropout and samples.
    pub seed: u32,
    /// Which texts are learned and how they become tokens.
    pub text: TextConfig,
    /// The shape of the transformer.
    pub model: ModelConfig,
    /// What is predicted. In links, its knobs are fields beside `objective.method`.
    pub objective: Chosen<dyn Objective>,
    /// The update rule.
    pub optimiser: OptimiserConfig,
    /// The learning rate over time.
    pub schedule: ScheduleConfig,
    /// The learning rate over layers.
    pub layerwise: LayerwiseConfig,
    /// Length, batch and evaluation of the run.
    pub train: TrainConfig,
    /// The samples drawn while the model trains.
    pub sample: SampleConfig,
    /// Where to compute.
    pub device: DeviceChoice,
    /// What to compute with.
    pub operations: Operations,
}

/// What a transformer is computed with; both give the same numbers up to rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operations {
    /// Fused kernels. Dropout has none: a model with dropout is computed with plain operations.
    #[default]
    Fused,
    /// burn's own operations and its automatic differentiation: slow, and the reference.
    Plain,
}

impl Operations {
    /// Whether a model is computed with fused kernels.
    pub fn fuse(self, model: &ModelConfig) -> bool {
        self == Self::Fused && model.dropout == 0.0
    }
}

/// The shape of the transformer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Number of layers.
    pub layers: usize,
    /// Attention heads of each layer; must divide `width`.
    pub heads: usize,
    /// Width of the residual stream.
    pub width: usize,
    /// Longest sequence that the model sees, in tokens.
    pub context: usize,
    /// How positions enter.
    pub positions: Positions,
    /// Whether linear maps and layer norms have a bias.
    pub bias: bool,
    /// Whether the head is the transposed token embedding.
    pub tied: bool,
    /// Probability of dropping an activation, in `0.0..1.0`.
    pub dropout: f64,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            layers: 3,
            heads: 3,
            width: 48,
            context: 64,
            positions: Positions::Rope,
            bias: false,
            tied: true,
            dropout: 0.0,
        }
    }
}

/// How positions enter the transformer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Positions {
    /// Rotary embedding of queries and keys (Su et al. 2021, arXiv:2104.09864).
    Rope,
    /// One learned vector per position, added to the token embedding.
    Learned,
}

/// Length, batch and evaluation of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Optimiser updates of the whole run.
    pub steps: usize,
    /// Sequences per forward.
    pub batch: usize,
    /// Forwards whose gradients are averaged into one step.
    pub accumulation: usize,
    /// Steps between two validations.
    pub eval_every: usize,
    /// Validation windows, each one context long, spread evenly over the held-out tenth of the text.
    pub eval_windows: usize,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self { steps: 2000, batch: 16, accumulation: 1, eval_every: 100, eval_windows: 64 }
    }
}

/// The samples drawn while the model trains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleConfig {
    /// Steps between two samples; 0 draws none.
    pub every: usize,
    /// Tokens to draw.
    pub length: usize,
    /// Softmax temperature; 0 takes the likeliest token.
    pub temperature: f64,
    /// The text that the sample continues.
    pub prompt: String,
}

impl Default for SampleConfig {
    fn default() -> Self {
        Self { every: 100, length: 120, temperature: 0.8, prompt: "There she blows! ".into() }
    }
}

/// Where to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceChoice {
    /// WebGPU on a hardware adapter, else the CPU.
    #[default]
    Auto,
    /// WebGPU on any adapter, a software adapter too.
    Gpu,
    /// The CPU.
    Cpu,
}
