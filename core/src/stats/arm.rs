//! The letter of an arm.

use std::fmt;

use crate::experiment::{ARMS, Comparison};

/// An arm of an experiment, by its letter from A to H.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arm(u8);

impl Arm {
    /// Arms of an experiment at most.
    pub const MOST: usize = ARMS;
    /// The first arm, against which the others are read.
    pub const A: Self = Self(0);
    /// The second arm.
    pub const B: Self = Self(1);

    /// The arm at an index, counted from 0; none from [`Self::MOST`] on.
    pub fn new(index: usize) -> Option<Self> {
        u8::try_from(index).ok().filter(|_| index < Self::MOST).map(Self)
    }

    /// Its index, counted from 0.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Its letter.
    pub fn letter(self) -> char {
        Comparison::letter(self.index())
    }
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.letter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_arms_have_letters() {
        let letters: String = (0..20).filter_map(Arm::new).map(Arm::letter).collect();
        assert_eq!(letters, "ABCDEFGH");
        assert_eq!(Arm::new(0), Some(Arm::A));
        assert_eq!(Arm::new(256), None);
    }
}
