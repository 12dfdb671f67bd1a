//! The note in a shared link of the build and the text that its numbers were made with. It changes no setting.

use super::{VERSION, encode::pairs};

/// Its word in a link: `made=BUILD` or `made=BUILD.TEXT`.
pub(super) const WORD: &str = "made";

/// Digits of a text's digest in a link.
const DIGITS: usize = 8;

/// The build and the text that shared numbers were made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The build, such as a commit: letters, digits and `-`.
    pub build: String,
    /// The first digits of the SHA-256 of the text; none where nothing was trained.
    pub text: Option<String>,
}

impl Made {
    /// A note of this build and the digest of a text.
    pub fn new(build: &str, digest: Option<&str>) -> Self {
        let build = build.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let text = digest.and_then(|digest| digest.get(..DIGITS)).map(str::to_owned);
        Self { build, text }
    }

    /// The note of a link, if it has one.
    pub fn of_link(link: &str) -> Option<Self> {
        let (_, fragment) = link.split_once('#')?;
        let (_, value) = pairs(fragment).find(|(key, _)| key == WORD)?;
        let (build, text) = value.split_once('.').map_or((value.as_str(), None), |(build, text)| (build, Some(text)));
        Some(Self::new(build, text)).filter(|made| !made.build.is_empty())
    }

    /// A link with this note.
    pub fn noted(&self, link: &str) -> String {
        let text = self.text.as_ref().map_or_else(String::new, |text| format!(".{text}"));
        let start = if link.contains('#') { String::new() } else { format!("#v={VERSION}") };
        format!("{link}{start}&{WORD}={}{text}", self.build)
    }

    /// Whether a text with this digest is another one.
    pub fn is_of_other_text(&self, digest: &str) -> bool {
        self.text.as_ref().is_some_and(|text| !digest.starts_with(text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::comparison_from_link;

    #[test]
    fn a_note_survives_the_link_and_changes_nothing_else() {
        let digest = "65ac6cce04b6e6ce";
        for (link, expected) in [
            ("?preset=wsd", "?preset=wsd#v=1&made=cde3cb0.65ac6cce"),
            ("?preset=wsd#v=1&seeds=2", "?preset=wsd#v=1&seeds=2&made=cde3cb0.65ac6cce"),
        ] {
            let made = Made::new("cde3cb0", Some(digest));
            let noted = made.noted(link);
            assert_eq!(noted, expected);
            assert_eq!(Made::of_link(&noted), Some(made.clone()));
            assert_eq!(comparison_from_link(&noted), comparison_from_link(link));
            assert!(!made.is_of_other_text(digest) && made.is_of_other_text("cdee8d27"));
        }
        assert_eq!(Made::of_link("?preset=wsd#v=1"), None);
        assert_eq!(Made::of_link("#v=1&made=."), None);
        let alone = Made::of_link("#v=1&made=0-1-0").expect("a build");
        assert!(alone.text.is_none() && !alone.is_of_other_text(digest));
    }
}
