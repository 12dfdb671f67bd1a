//! Cosine decay (Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts).

use super::{Progress, Schedule};

/// `lr(p) = peak * (floor + (1 - floor) * (1 + cos(pi p)) / 2)`, with `p` the progress after warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cosine {
    /// The fraction of the peak at the end.
    pub floor: f64,
}

impl Schedule for Cosine {
    fn factor(&self, at: Progress) -> f64 {
        self.floor + (1.0 - self.floor) * (1.0 + (std::f64::consts::PI * at.after_warmup()).cos()) / 2.0
    }
}
