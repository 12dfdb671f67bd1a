//! The choice of one schedule out of the family.

use super::{FAMILY, Schedule};
use crate::policy::{Choice, Description, Family};

/// A schedule of [`FAMILY`]; in links and messages it is its id.
pub type Shape = Choice<dyn Schedule>;

impl Family for dyn Schedule {
    const WORD: &'static str = "schedule";

    fn members() -> &'static [&'static Self] {
        FAMILY
    }

    fn about(&self) -> &'static Description {
        self.description()
    }
}
