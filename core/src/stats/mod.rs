//! What several seeds say about two arms: paired differences of the final validation losses, their intervals, and the
//! verdict.
//!
//! Two arms with one seed see the same batches, so most of the noise of a run is common to both and leaves with the
//! difference. The word of a [`Verdict`] follows from the paired t interval alone; [`Bootstrap`] stands beside it as a
//! check that assumes no distribution.

mod arm;
mod bootstrap;
mod decodes;
mod estimate;
mod forest;
mod pairs;
mod shown;
mod student;
mod study;
#[cfg(test)]
mod tests;
mod verdict;
mod wording;

pub use arm::Arm;
pub use bootstrap::{Bootstrap, LEAST_PAIRS, RESAMPLES};
pub use decodes::{Decoded, Free, StudyDecode};
pub use estimate::Estimate;
pub use forest::{Row, forest};
pub use pairs::{Difference, Diverged, Final, Pairs, PairsError};
pub use student::quantile;
pub use study::{Study, StudyRun, StudyVerdict};
pub use verdict::{CONFIDENCE, MOST_SEEDS, NoVerdict, Verdict, Word};
