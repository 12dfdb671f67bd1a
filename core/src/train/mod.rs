//! The trainer: steps, validation, and copies of its state in memory.

mod branch;
mod divergence;
mod error;
mod federated;
mod following;
mod gradient;
mod layers;
mod metrics;
#[cfg(test)]
mod objectives;
mod saved;
mod trainer;
mod validation;

pub use branch::Branch;
pub use error::{LargestUpdate, LastFinite, TrainError};
pub use following::FailedRate;
pub use metrics::UNREAD_STEPS;
pub use saved::SavedError;
pub use trainer::{Snapshot, Trainer, network};
pub use validation::Validation;
