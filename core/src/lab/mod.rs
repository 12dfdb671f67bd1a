//! Laws and exact toys that explain a run.

pub mod annealing;
