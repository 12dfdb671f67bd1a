//! The choice of one method out of a family, alone and with its settings.

use std::{collections::BTreeMap, fmt, ops::Deref};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{Description, Knob, Settings};

/// A family of methods, as the trait object that its members are.
pub trait Family: Sync + 'static {
    /// What one member is called in a sentence: `schedule`.
    const WORD: &'static str;

    /// Every member, in the order of the page; the first one is the baseline.
    fn members() -> &'static [&'static Self];

    /// What a member says of itself.
    fn about(&self) -> &'static Description;
}

/// A member of a family; in links and messages it is its id.
pub struct Choice<F: ?Sized + Family>(&'static F);

impl<F: ?Sized + Family> Choice<F> {
    /// The choice of a method that is known by its type.
    pub const fn of(method: &'static F) -> Self {
        Self(method)
    }

    /// The method of an id.
    pub fn find(id: &str) -> Option<Self> {
        Self::all().find(|choice| choice.id() == id)
    }

    /// All methods, in the order of the page.
    pub fn all() -> impl Iterator<Item = Self> {
        F::members().iter().map(|method| Self(*method))
    }

    /// Its name in links.
    pub fn id(self) -> &'static str {
        self.0.about().id
    }

    /// Whether any method of the family has a knob with this id.
    pub fn any_has_knob(id: &str) -> bool {
        Self::all().any(|choice| choice.knob(id).is_some())
    }

    /// Its knob with this id.
    pub fn knob(self, id: &str) -> Option<&'static Knob> {
        self.0.about().knobs.iter().find(|knob| knob.id == id)
    }
}

impl<F: ?Sized + Family> Clone for Choice<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: ?Sized + Family> Copy for Choice<F> {}

impl<F: ?Sized + Family> Deref for Choice<F> {
    type Target = F;

    fn deref(&self) -> &F {
        self.0
    }
}

impl<F: ?Sized + Family> PartialEq for Choice<F> {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl<F: ?Sized + Family> Eq for Choice<F> {}

impl<F: ?Sized + Family> fmt::Debug for Choice<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl<F: ?Sized + Family> Serialize for Choice<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de, F: ?Sized + Family> Deserialize<'de> for Choice<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        Self::find(&id).ok_or_else(|| D::Error::custom(format!("there is no {} {id}", F::WORD)))
    }
}

/// A method with its settings. It is written with every knob of the method, the defaults too, beside the name, so that
/// each has a path: `{"method": "llr", "s1": 1.0, ...}`.
#[derive(Serialize, Deserialize)]
#[serde(try_from = "Fields<F>", into = "Fields<F>", bound = "")]
pub struct Chosen<F: ?Sized + Family> {
    method: Choice<F>,
    /// The knobs that are not at their defaults.
    settings: Settings,
}

impl<F: ?Sized + Family> Chosen<F> {
    /// A method with its defaults.
    pub fn new(method: Choice<F>) -> Self {
        Self { method, settings: Settings::default() }
    }

    /// The method.
    pub fn method(&self) -> Choice<F> {
        self.method
    }

    /// The knobs that are not at their defaults.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The value of a knob.
    pub fn value(&self, knob: &Knob) -> f64 {
        self.settings.0.get(knob.id).copied().unwrap_or(knob.default)
    }

    /// Sets a knob.
    pub fn set(&mut self, knob: &Knob, value: f64) {
        if value == knob.default {
            self.settings.0.remove(knob.id);
        } else {
            self.settings.0.insert(knob.id.into(), value);
        }
    }

    /// Chooses a method. A knob that the new one has too keeps its value, all others are forgotten.
    pub fn choose(&mut self, method: Choice<F>) {
        let settings = std::mem::take(&mut self.settings);
        self.method = method;
        for (id, value) in settings.0 {
            if let Some(knob) = method.knob(&id) {
                self.set(knob, value);
            }
        }
    }
}

impl<F: ?Sized + Family> Default for Chosen<F> {
    /// The baseline.
    fn default() -> Self {
        Self::new(Choice(F::members()[0]))
    }
}

impl<F: ?Sized + Family> Clone for Chosen<F> {
    fn clone(&self) -> Self {
        Self { method: self.method, settings: self.settings.clone() }
    }
}

impl<F: ?Sized + Family> PartialEq for Chosen<F> {
    fn eq(&self, other: &Self) -> bool {
        self.method == other.method && self.settings == other.settings
    }
}

impl<F: ?Sized + Family> fmt::Debug for Chosen<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.method, self.settings)
    }
}

/// As it is written.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
struct Fields<F: ?Sized + Family> {
    method: Choice<F>,
    #[serde(flatten)]
    knobs: BTreeMap<String, f64>,
}

impl<F: ?Sized + Family> From<Chosen<F>> for Fields<F> {
    fn from(chosen: Chosen<F>) -> Self {
        let knobs = chosen.method.about().knobs.iter().map(|knob| (knob.id.to_owned(), chosen.value(knob)));
        Self { knobs: knobs.collect(), method: chosen.method }
    }
}

impl<F: ?Sized + Family> TryFrom<Fields<F>> for Chosen<F> {
    type Error = String;

    fn try_from(Fields { method, knobs }: Fields<F>) -> Result<Self, String> {
        // A knob of another member is dropped: the method may have been chosen since it was written.
        if let Some(id) = knobs.keys().find(|id| !Choice::<F>::any_has_knob(id)) {
            return Err(format!("no {} has a setting {id}", F::WORD));
        }
        let mut chosen = Self { method, settings: Settings(knobs) };
        chosen.choose(method);
        Ok(chosen)
    }
}
