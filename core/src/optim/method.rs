//! The choice of one optimiser out of the family.

use std::{fmt, ops::Deref};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{FAMILY, Optimiser};

/// An optimiser of [`FAMILY`]; in links and messages it is its id.
#[derive(Clone, Copy)]
pub struct Method(&'static dyn Optimiser);

impl Method {
    /// The choice of an optimiser that is known by its type.
    pub const fn of(optimiser: &'static dyn Optimiser) -> Self {
        Self(optimiser)
    }

    /// The optimiser of an id.
    pub fn find(id: &str) -> Option<Self> {
        Self::all().find(|method| method.id() == id)
    }

    /// All optimisers, in the order of the picker.
    pub fn all() -> impl Iterator<Item = Self> {
        FAMILY.iter().map(|optimiser| Self(*optimiser))
    }

    /// Its name in links.
    pub fn id(self) -> &'static str {
        self.description().id
    }
}

impl Deref for Method {
    type Target = dyn Optimiser;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl PartialEq for Method {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Method {}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for Method {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        Self::find(&id).ok_or_else(|| D::Error::custom(format!("there is no optimiser {id}")))
    }
}
