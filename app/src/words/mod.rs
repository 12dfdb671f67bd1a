//! The words of the page in the visitor's language. English stands in the code and is the key of every other language,
//! as with gettext: [`t!`](crate::t) looks a text up, [`key!`](crate::key) marks one that is looked up later, and
//! [`sentence`] finds the English sentences of the core again, which come with their numbers already in them.
//!
//! A language is one file of `public/words`, a JSON object from each English text to its own. What stands in braces is
//! filled in, in whatever order the language needs. The tests hold the keys and the braces of every file against the
//! code.

mod catalogue;
#[cfg(test)]
mod source;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;

use std::{cell::Cell, fmt::Display};

pub use catalogue::Catalogue;

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English, which the code is written in.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// All of them, in the order of the list on the page.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its BCP 47 tag, in links and in the name of its file.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Its own name for itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// The language of a tag, whatever its region: `de-CH` is German.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|known| language.eq_ignore_ascii_case(known.tag()))
    }
}

thread_local! {
    /// The catalogue of the language that is spoken; none for English.
    static SPOKEN: Cell<Option<&'static Catalogue>> = const { Cell::new(None) };
}

/// Speaks a language from now on; none is English. What was written before stays as it is.
pub fn speak(catalogue: Option<&'static Catalogue>) {
    SPOKEN.set(catalogue);
}

/// An English text in the language that is spoken; the text itself where it has none.
pub fn text(english: &'static str) -> &'static str {
    SPOKEN.get().and_then(|catalogue| catalogue.text(english)).unwrap_or(english)
}

/// As [`text`], with values in place of the names in braces.
pub fn filled(english: &'static str, values: &[(&str, &dyn Display)]) -> String {
    catalogue::fill(text(english), |name| {
        values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string())
    })
}

/// An English sentence that already has its values in it, such as an error's, in the language that is spoken.
pub fn sentence(english: &str) -> String {
    SPOKEN.get().and_then(|catalogue| catalogue.sentence(english)).unwrap_or_else(|| english.to_owned())
}

/// A text of the page in the language that is spoken: `t!("Train")` is a `&'static str`,
/// `t!("{done} of {all} steps", done, all = integer(steps))` a `String`.
#[macro_export]
macro_rules! t {
    ($text:literal) => {
        $crate::words::text($text)
    };
    ($text:literal, $($name:ident $(= $value:expr)?),+ $(,)?) => {
        $crate::words::filled($text, &[$((stringify!($name), &$crate::t!(@value $name $(= $value)?))),+])
    };
    (@value $name:ident = $value:expr) => {
        $value
    };
    (@value $name:ident) => {
        $name
    };
}

/// Marks a text that [`words::text`](crate::words::text) looks up where it is shown.
#[macro_export]
macro_rules! key {
    ($text:literal) => {
        $text
    };
}
