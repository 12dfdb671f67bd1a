//! The choice of one optimiser out of the family.

use super::{FAMILY, Optimiser};
use crate::policy::{Choice, Description, Family};

/// An optimiser of [`FAMILY`]; in links and messages it is its id.
pub type Method = Choice<dyn Optimiser>;

impl Family for dyn Optimiser {
    const WORD: &'static str = "optimiser";

    fn members() -> &'static [&'static Self] {
        FAMILY
    }

    fn about(&self) -> &'static Description {
        self.description()
    }
}
