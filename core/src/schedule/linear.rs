//! Linear decay (Defazio et al. 2023, arXiv:2310.07831).

use super::{Progress, Schedule};

/// `lr(p) = peak * (floor + (1 - floor) * (1 - p))`, with `p` the progress after warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    /// The fraction of the peak at the end.
    pub floor: f64,
}

impl Schedule for Linear {
    fn factor(&self, at: Progress) -> f64 {
        self.floor + (1.0 - self.floor) * (1.0 - at.after_warmup())
    }
}
