//! The colours that a renderer needs, read from the style sheet: charts hold no colour of their own.

use super::{ink::Ink, mark::Weight};

/// Values for every [`Ink`], and the strength of what is pale.
#[derive(Clone, Debug, PartialEq)]
pub struct Palette {
    colours: Vec<String>,
    ghost: String,
    band: String,
    /// The type face of the page.
    pub font: String,
}

impl Palette {
    /// The values of the custom properties, as `value` finds them.
    pub fn read(value: impl Fn(&str) -> String) -> Self {
        let colour = |ink: Ink| match ink.property() {
            (name, None) => value(name),
            (name, Some((next, share))) => mix(&value(name), &value(next), share),
        };
        Self {
            colours: Ink::all().map(colour).collect(),
            ghost: value("--ghost-opacity"),
            band: value("--band-opacity"),
            font: value("--font-sans"),
        }
    }

    /// References to the custom properties, for a figure inside the page and for tests.
    pub fn variables() -> Self {
        Self::read(|name| format!("var({name})"))
    }

    /// The value for a role.
    pub fn colour(&self, ink: Ink) -> &str {
        &self.colours[ink.index()]
    }

    /// The opacity of a weight; none for full strength.
    pub fn opacity(&self, weight: Weight) -> Option<&str> {
        match weight {
            Weight::Full => None,
            Weight::Half => Some("0.5"),
            Weight::Ghost => Some(self.ghost.trim()),
            Weight::Band => Some(self.band.trim()),
            Weight::Hint => Some("0.035"),
        }
    }
}

/// A colour between two: of numbers as numbers, because drawing programs read no `color-mix`; of names as that.
fn mix(a: &str, b: &str, share: f64) -> String {
    match (channels(a), channels(b)) {
        (Some(a), Some(b)) => {
            let [red, green, blue] = std::array::from_fn(|i| (a[i] + (b[i] - a[i]) * share).round() as u8);
            format!("#{red:02x}{green:02x}{blue:02x}")
        }
        _ => format!("color-mix(in srgb, {b} {}%, {a})", share * 100.0),
    }
}

/// Red, green and blue of `#rrggbb`, in `0..=255`.
fn channels(colour: &str) -> Option<[f64; 3]> {
    let digits = colour.trim().strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let channel = |i: usize| u8::from_str_radix(digits.get(2 * i..2 * i + 2)?, 16).ok().map(f64::from);
    Some([channel(0)?, channel(1)?, channel(2)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_between_two_stops_are_mixed() {
        assert_eq!(mix("#000000", "#ff8040", 0.5), "#804020");
        assert_eq!(mix("red", "#ff8040", 0.5), "color-mix(in srgb, #ff8040 50%, red)");
        let palette = Palette::variables();
        assert_eq!(palette.colour(Ink::Alpha(4)), "var(--alpha-1)");
        assert_eq!(palette.colour(Ink::Alpha(5)), "color-mix(in srgb, var(--alpha-2) 25%, var(--alpha-1))");
    }
}
