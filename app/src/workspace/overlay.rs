//! Kept runs behind the arms of the loss chart.

use std::sync::Arc;

use tailblazer_core::{experiment::Experiment, session::Report};

use super::{library::Entry, record::Record};

/// Most kept runs behind the arms: more cannot be told apart.
pub const MOST: usize = 4;

/// A kept run behind the arms.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// Its key in the library.
    pub id: String,
    /// Its name and its arm, for its label.
    pub name: String,
    /// What was run.
    pub experiment: Arc<Experiment>,
    /// What it reported.
    pub record: Arc<Record>,
}

impl Overlay {
    /// A run of the library with what it reported.
    pub fn new(entry: &Entry, report: &Report) -> Self {
        Self {
            id: entry.id.clone(),
            name: format!("{} ({})", entry.title(), entry.place()),
            experiment: Arc::new(entry.experiment.clone()),
            record: Arc::new(Record::of(report)),
        }
    }
}
