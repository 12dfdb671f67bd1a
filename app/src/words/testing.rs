//! Other languages in tests.

use std::collections::BTreeMap;

use super::{Catalogue, speak};

const GERMAN: &str = include_str!("../../../public/words/de.json");

/// The German catalogue.
pub fn german() -> &'static Catalogue {
    Box::leak(Box::new(read(GERMAN)))
}

/// The catalogue in a file of `public/words`.
pub fn read(json: &str) -> Catalogue {
    let texts: BTreeMap<String, String> = serde_json::from_str(json).expect("an object of texts");
    Catalogue::new(texts.into_iter().collect())
}

/// What comes out where German is spoken.
pub fn in_german<T>(what: impl FnOnce() -> T) -> T {
    speak(Some(german()));
    let result = what();
    speak(None);
    result
}
