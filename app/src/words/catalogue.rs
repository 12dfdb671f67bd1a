//! The texts of one language, and the search for a sentence that already has its values in it.

/// Sentences inside sentences are looked up this deep.
const DEPTH: usize = 3;

/// The texts of a language by their English ones.
#[derive(Debug)]
pub struct Catalogue {
    /// Pairs of an English text and its own, in the order of the English ones.
    texts: Vec<(String, String)>,
}

/// A piece of a text with names in braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    /// As it is written.
    Written(&'a str),
    /// What stands in braces, without its format; the number of its place for `{}`.
    Name(&'a str),
}

/// What the values of `{}` are called, in their order.
const PLACES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

impl Catalogue {
    /// A catalogue of pairs of an English text and its own.
    pub fn new(mut texts: Vec<(String, String)>) -> Self {
        // Files are in this order already, as the tests see to.
        if !texts.is_sorted() {
            texts.sort_unstable();
        }
        Self { texts }
    }

    /// The text of an English one.
    pub fn text(&self, english: &str) -> Option<&str> {
        let place = self.texts.binary_search_by(|(known, _)| known.as_str().cmp(english)).ok()?;
        Some(&self.texts[place].1)
    }

    /// The sentence of an English one that has its values in it. Values that are texts themselves are translated too.
    pub fn sentence(&self, english: &str) -> Option<String> {
        self.sentence_at(english, DEPTH)
    }

    fn sentence_at(&self, english: &str, depth: usize) -> Option<String> {
        if let Some(text) = self.text(english) {
            return Some(text.to_owned());
        }
        if depth == 0 {
            return None;
        }
        // The one with the most other letters says most.
        let fits = |(template, _): &&(String, String)| template.contains('{') && values_in(template, english).is_some();
        let (template, own) = self.texts.iter().filter(fits).max_by_key(|(template, _)| written(template))?;
        let values = values_in(template, english)?;
        let value = |name: &str| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some(self.sentence_at(value, depth - 1).unwrap_or_else(|| (*value).to_owned()))
        };
        Some(fill(own, value))
    }

    /// The texts, for the tests.
    #[cfg(test)]
    pub(super) fn texts(&self) -> &[(String, String)] {
        &self.texts
    }
}

/// The pieces of a text.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let (mut rest, mut places) = (text, PLACES.into_iter());
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = match (rest.strip_prefix('{'), rest.find('{')) {
            (Some(inside), _) => {
                let end = inside.find('}').unwrap_or(inside.len());
                let name = inside[..end].split(':').next().filter(|name| !name.is_empty());
                (
                    Piece::Name(name.or_else(|| places.next()).unwrap_or_default()),
                    inside.get(end + 1..).unwrap_or_default(),
                )
            }
            (None, Some(start)) => (Piece::Written(&rest[..start]), &rest[start..]),
            (None, None) => (Piece::Written(rest), ""),
        };
        rest = after;
        Some(piece)
    })
}

/// The names in braces, in their order.
#[cfg(test)]
pub(super) fn names(text: &str) -> Vec<&str> {
    let name = |piece| match piece {
        Piece::Name(name) => Some(name),
        Piece::Written(_) => None,
    };
    pieces(text).filter_map(name).collect()
}

/// How many bytes of a text are written out.
fn written(text: &str) -> usize {
    let length = |piece| match piece {
        Piece::Written(written) => written.len(),
        Piece::Name(_) => 0,
    };
    pieces(text).map(length).sum()
}

/// The text with values in place of names; a name without a value stays.
pub(super) fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Written(written) => filled += written,
            Piece::Name(name) => filled += &value(name).unwrap_or_else(|| format!("{{{name}}}")),
        }
    }
    filled
}

/// What stands in a sentence where the template has names; none where the sentence is not made from it.
fn values_in<'a>(template: &'a str, sentence: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let mut values = Vec::new();
    let mut rest = sentence;
    let mut open = None;
    let mut pieces = pieces(template).peekable();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Name(name) => open = Some(name),
            Piece::Written(written) => {
                // What ends the template ends the sentence: a full stop may be in a number too.
                let at = match pieces.peek() {
                    Some(_) => rest.find(written)?,
                    None => rest.len() - written.len() * usize::from(rest.ends_with(written)),
                };
                match open.take() {
                    Some(name) => values.push((name, &rest[..at])),
                    None if at > 0 => return None,
                    None => {}
                }
                rest = rest[at..].strip_prefix(written)?;
            }
        }
    }
    match open {
        Some(name) => values.push((name, rest)),
        None if !rest.is_empty() => return None,
        None => {}
    }
    Some(values)
}
