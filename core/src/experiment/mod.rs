//! What to run: a complete, plain description of an experiment, its presets, its checks and its link.

mod comparison;
mod config;
mod control;
mod decoding;
mod guided;
mod layerwise;
mod link;
mod model_preset;
mod optimiser;
mod preset;
mod schedule;
mod text;
mod validate;

pub use comparison::{ARMS, Arm, Comparison, SEEDS};
pub use config::{DeviceChoice, Experiment, ModelConfig, Operations, Positions, SampleConfig, TrainConfig};
pub use control::{Control, controls};
pub use decoding::{DECODERS, DecodeConfig, DecoderConfig, Decoding};
pub use layerwise::LayerwiseConfig;
pub use link::{LinkError, Made, comparison_from_link, comparison_to_link, from_link, to_link};
pub use model_preset::ModelPreset;
pub use optimiser::OptimiserConfig;
pub use preset::{Chapter, Guide, Preset};
pub use schedule::ScheduleConfig;
pub use text::{Corpus, TextConfig, TokeniserKind};
pub use validate::{Invalid, validate};
