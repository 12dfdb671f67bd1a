//! The colours that a renderer needs, read from the style sheet: charts hold no colour of their own.

use super::scene::Ink;

/// Values for every [`Ink`], and the strength of a ghost.
#[derive(Clone, Debug, PartialEq)]
pub struct Palette {
    colours: [String; Ink::ALL.len()],
    /// Opacity of every step behind a smoothed curve.
    pub ghost: String,
    /// The type face of the page.
    pub font: String,
}

impl Palette {
    /// The values of the custom properties, as `value` finds them.
    pub fn read(value: impl Fn(&str) -> String) -> Self {
        Self {
            colours: Ink::ALL.map(|ink| value(ink.property())),
            ghost: value("--ghost-opacity"),
            font: value("--font-sans"),
        }
    }

    /// References to the custom properties, for a figure inside the page and for tests.
    pub fn variables() -> Self {
        Self::read(|name| format!("var({name})"))
    }

    /// The value for a role.
    pub fn colour(&self, ink: Ink) -> &str {
        &self.colours[ink as usize]
    }
}
