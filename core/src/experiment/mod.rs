//! What to run: a complete, plain description of an experiment, its presets, its checks and its link.

mod comparison;
mod config;
mod layerwise;
mod link;
mod optimiser;
mod preset;
mod schedule;
mod validate;

pub use comparison::{ARMS, Arm, Comparison, SEEDS};
pub use config::{
    Corpus, DeviceChoice, Experiment, ModelConfig, Operations, Positions, SampleConfig, TextConfig, TokeniserKind,
    TrainConfig,
};
pub use layerwise::LayerwiseConfig;
pub use link::{LinkError, comparison_from_link, comparison_to_link, from_link, to_link};
pub use optimiser::OptimiserConfig;
pub use preset::{ModelPreset, PRESETS, Preset};
pub use schedule::ScheduleConfig;
pub use validate::{Invalid, validate};
