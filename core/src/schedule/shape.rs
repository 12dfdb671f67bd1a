//! The choice of one schedule out of the family.

use std::{fmt, ops::Deref};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{FAMILY, Schedule};

/// A schedule of [`FAMILY`]; in links and messages it is its id.
#[derive(Clone, Copy)]
pub struct Shape(&'static dyn Schedule);

impl Shape {
    /// The choice of a schedule that is known by its type.
    pub const fn of(schedule: &'static dyn Schedule) -> Self {
        Self(schedule)
    }

    /// The schedule of an id.
    pub fn find(id: &str) -> Option<Self> {
        Self::all().find(|shape| shape.id() == id)
    }

    /// All schedules, in the order of the picker.
    pub fn all() -> impl Iterator<Item = Self> {
        FAMILY.iter().map(|schedule| Self(*schedule))
    }

    /// Its name in links.
    pub fn id(self) -> &'static str {
        self.description().id
    }
}

impl Deref for Shape {
    type Target = dyn Schedule;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Shape {}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        Self::find(&id).ok_or_else(|| D::Error::custom(format!("there is no schedule {id}")))
    }
}
