//! The constant schedule.

use super::{Progress, Schedule};

/// `lr(p) = peak`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant;

impl Schedule for Constant {
    fn factor(&self, _: Progress) -> f64 {
        1.0
    }
}
