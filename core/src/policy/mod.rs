//! How a method describes itself: forms, links, the methods page and the tests are made from this.

mod choice;

use std::{collections::BTreeMap, ops::RangeInclusive};

use serde::{Deserialize, Serialize};

pub use choice::{Choice, Chosen, Family};

/// A method that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// Its name in links, in kebab-case; unique in its family.
    pub id: &'static str,
    /// Its name on the page.
    pub name: &'static str,
    /// One sentence: what it does.
    pub summary: &'static str,
    /// Where it comes from: authors, year, where to find it.
    pub source: &'static str,
    /// What can be set.
    pub knobs: &'static [Knob],
    /// Values of knobs with which it reproduces the family's baseline bit for bit; none where no values do.
    pub null: Option<&'static [(&'static str, f64)]>,
}

/// A number that a visitor can set.
#[derive(Clone, Debug, PartialEq)]
pub struct Knob {
    /// Its name in links, in kebab-case; unique in its method.
    pub id: &'static str,
    /// Its name on the page.
    pub name: &'static str,
    /// Its unit, empty for a plain number.
    pub unit: &'static str,
    /// The values that it may take.
    pub range: RangeInclusive<f64>,
    /// Whether only whole numbers make sense.
    pub is_whole: bool,
    /// Its value until somebody sets it.
    pub default: f64,
    /// One sentence: what it changes.
    pub summary: &'static str,
}

/// The knobs that somebody has set, by id; all others have their defaults.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Settings(pub BTreeMap<String, f64>);

impl Description {
    /// The value of a knob.
    ///
    /// # Panics
    /// When the method has no such knob: a mistake in the method's own code.
    pub fn value(&self, settings: &Settings, id: &str) -> f64 {
        let knob = self.knobs.iter().find(|knob| knob.id == id);
        let knob = knob.unwrap_or_else(|| panic!("{} has no knob {id}", self.id));
        settings.0.get(id).copied().unwrap_or(knob.default)
    }

    /// The null setting as settings.
    pub fn null_settings(&self) -> Option<Settings> {
        self.null.map(|values| Settings(values.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect()))
    }

    /// The first setting that is unknown or out of range, with a sentence that says what to do.
    pub fn fault(&self, settings: &Settings) -> Option<(String, String)> {
        settings.0.iter().find_map(|(id, value)| {
            let sentence = match self.knobs.iter().find(|knob| knob.id == id) {
                None => format!("{} has no setting {id}: leave it out.", self.name),
                Some(knob) if !knob.range.contains(value) => {
                    let (start, end) = (knob.range.start(), knob.range.end());
                    format!("{} is {value}: choose a number from {start} to {end}.", knob.name)
                }
                Some(knob) if knob.is_whole && value.fract() != 0.0 => {
                    format!("{} is {value}: choose a whole number.", knob.name)
                }
                Some(_) => return None,
            };
            Some((id.clone(), sentence))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHOD: Description = Description {
        id: "probe",
        name: "Probe",
        summary: "Probes.",
        source: "nobody",
        knobs: &[Knob {
            id: "share",
            name: "Share",
            unit: "",
            range: 0.0..=1.0,
            is_whole: false,
            default: 0.5,
            summary: "How much.",
        }],
        null: Some(&[("share", 0.0)]),
    };

    fn settings(id: &str, value: f64) -> Settings {
        Settings([(id.to_owned(), value)].into())
    }

    #[test]
    fn a_knob_has_its_default_until_it_is_set() {
        assert_eq!(METHOD.value(&Settings::default(), "share"), 0.5);
        assert_eq!(METHOD.value(&settings("share", 0.7), "share"), 0.7);
        assert_eq!(METHOD.null_settings(), Some(settings("share", 0.0)));
    }

    #[test]
    fn what_is_unknown_or_out_of_range_is_named() {
        assert_eq!(METHOD.fault(&settings("share", 1.0)), None);
        for (id, value) in [("share", 1.5), ("share", f64::NAN), ("other", 0.0)] {
            let (found, sentence) = METHOD.fault(&settings(id, value)).expect("a fault");
            assert!(found == id && sentence.contains("choose") || sentence.contains("leave"), "{sentence}");
        }
    }
}
