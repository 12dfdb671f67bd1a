//! A comparison as a link: `?preset=NAME#v=1&path=value&seeds=4&b.path=value&...` with only what differs: the base from
//! the preset's, and each arm from the base, under its letter. A link that names any arm names them all; the preset's
//! are those of a link that names none. So it is with decoders, which have numbers (`1.method=threshold`); what they
//! have in common begins with `decode.`.
//!
//! Paths and values come from the serialised experiment, so a new setting is in the link without a line here. A
//! visitor's own text never enters a link.

mod encode;
mod made;
mod paths;

pub use made::Made;

use encode::{escape, pairs};
use paths::{assign_each, leaves, text_of};

use super::{
    DECODERS, DecoderConfig, Decoding, Experiment, Preset,
    comparison::{ARMS, Arm, Comparison},
};

/// Version of the fragment's vocabulary of paths and values.
const VERSION: u32 = 1;

/// What the paths begin with that all decoders have in common.
const DECODE: &str = "decode.";

/// A part of a link that could not be used; the rest of the link holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// No preset has this name.
    #[error("The link names the preset {0:?}, which does not exist: the default is shown.")]
    Preset(String),
    /// The link was made by a newer Tailblazer.
    #[error("The link has version {0}, which is newer than this page: what it understands is shown.")]
    Newer(u32),
    /// No setting has this path.
    #[error("The link sets {0}, which is no setting here: it is left out.")]
    Path(String),
    /// There are no arms behind H.
    #[error("The link sets {0}, but arms are called a to h: it is left out.")]
    Arm(String),
    /// There are no decoders behind the sixth.
    #[error("The link sets {0}, but decoders are called 1 to 6: it is left out.")]
    Decoder(String),
    /// The value does not fit the setting.
    #[error("The link sets {path} to {value:?}, which cannot be used there: the preset's value is kept.")]
    Value {
        /// Path of the setting.
        path: String,
        /// The text of the value.
        value: String,
    },
}

/// The link of an experiment alone, relative to the page: the preset that is closest, and every difference from it.
pub fn to_link(experiment: &Experiment) -> String {
    comparison_to_link(&Comparison::of(experiment.clone()))
}

/// The link of a comparison, relative to the page.
pub fn comparison_to_link(comparison: &Comparison) -> String {
    let (preset, assignments) = Preset::all()
        .map(|preset| (preset, assignments(preset.comparison(), comparison)))
        .min_by_key(|(_, assignments)| assignments.len())
        .expect("there is at least one preset");
    let mut link = format!("?preset={}", preset.name);
    if !assignments.is_empty() {
        link += &format!("#v={VERSION}");
        for (path, value) in assignments {
            link += &format!("&{path}={}", escape(&value));
        }
    }
    link
}

/// What a link must say to turn a preset's comparison into another one.
fn assignments(preset: &Comparison, comparison: &Comparison) -> Vec<(String, String)> {
    let Comparison { base, arms, seeds, decoding } = comparison;
    let mut assignments = paths::differences(&preset.base, base);
    if *seeds != preset.seeds {
        assignments.push(("seeds".into(), seeds.to_string()));
    }
    if *arms != preset.arms {
        // The last arm's letter says how many there are, if it has one.
        if arms.last().is_some_and(|arm| arm.differences.is_empty()) {
            assignments.push(("arms".into(), arms.len().to_string()));
        }
        for (index, arm) in arms.iter().enumerate() {
            let letter = Comparison::letter(index).to_ascii_lowercase();
            assignments.extend(arm.differences.iter().map(|(path, value)| (format!("{letter}.{path}"), value.clone())));
        }
    }
    assignments.extend(decoding_assignments(&preset.decoding, decoding));
    assignments
}

/// The same of what is decoded.
fn decoding_assignments(preset: &Decoding, decoding: &Decoding) -> Vec<(String, String)> {
    let mut assignments = paths::differences(&preset.common, &decoding.common);
    assignments.iter_mut().for_each(|(path, _)| path.insert_str(0, DECODE));
    if decoding.arm != preset.arm {
        let letter = Comparison::letter(decoding.arm).to_ascii_lowercase();
        assignments.push((format!("{DECODE}arm"), letter.into()));
    }
    if decoding.decoders == preset.decoders {
        return assignments;
    }
    if decoding.decoders.is_empty() {
        assignments.push(("decoders".into(), "0".into()));
    }
    for (index, config) in decoding.decoders.iter().enumerate() {
        let number = index + 1;
        let method = config.decoder.method();
        assignments.push((format!("{number}.method"), method.id().into()));
        let knobs = paths::differences(&DecoderConfig::new(method), config);
        assignments.extend(knobs.into_iter().map(|(path, value)| (format!("{number}.{path}"), value)));
    }
    assignments
}

/// The experiment of a link with one arm, a whole address or its `?...#...` part, and everything in it that could not be
/// used. Of a comparison it is the first arm.
pub fn from_link(link: &str) -> (Experiment, Vec<LinkError>) {
    let (comparison, errors) = comparison_from_link(link);
    (comparison.experiment(0), errors)
}

/// The comparison of a link, a whole address or its `?...#...` part, and everything in it that could not be used.
pub fn comparison_from_link(link: &str) -> (Comparison, Vec<LinkError>) {
    let mut errors = Vec::new();
    let (before, fragment) = link.split_once('#').unwrap_or((link, ""));
    let query = before.split_once('?').map_or("", |(_, query)| query);

    let name = pairs(query).find(|(key, _)| key == "preset").map(|(_, name)| name);
    let preset = name.and_then(|name| {
        let found = Preset::find(&name);
        if found.is_none() {
            errors.push(LinkError::Preset(name));
        }
        found
    });
    let preset = preset.or_else(|| Preset::all().next()).expect("there is at least one preset");
    let (comparison, refused) = of_fragment(preset.comparison().clone(), fragment);
    errors.extend(refused);
    (comparison, errors)
}

/// Whose setting a path of a link names, and the rest of the path.
enum Owner<'a> {
    /// What all arms share.
    Base(&'a str),
    /// An arm, as in `b.PATH`.
    Arm(usize, &'a str),
    /// What the decoders have in common, as in `decode.PATH`.
    Decode(&'a str),
    /// A decoder, as in `2.PATH`.
    Decoder(usize, &'a str),
    /// A word of the link itself.
    Link,
}

impl<'a> Owner<'a> {
    fn of(path: &'a str) -> Result<Self, LinkError> {
        if matches!(path, "v" | "seeds" | "arms" | "decoders" | made::WORD) {
            return Ok(Self::Link);
        }
        if let Some(rest) = path.strip_prefix(DECODE) {
            return Ok(Self::Decode(rest));
        }
        let Some((name @ [byte], rest)) = path.split_once('.').map(|(name, rest)| (name.as_bytes(), rest)) else {
            return Ok(Self::Base(path));
        };
        if name[0].is_ascii_digit() {
            let index = usize::from(byte.wrapping_sub(b'1'));
            return if index < DECODERS {
                Ok(Self::Decoder(index, rest))
            } else {
                Err(LinkError::Decoder(path.into()))
            };
        }
        let arm = usize::from(byte.wrapping_sub(b'a'));
        match rest {
            _ if arm >= ARMS => Err(LinkError::Arm(path.into())),
            // Arms are compared on the same batches, so they share the seed.
            "seed" => Err(LinkError::Path(path.into())),
            _ => Ok(Self::Arm(arm, rest)),
        }
    }
}

/// Settings of one owner: where they stand in the link, their paths and their values.
type Settings<'a> = Vec<(usize, &'a str, &'a str)>;

/// The settings of a link by their owners.
#[derive(Default)]
struct Sorted<'a> {
    base: Settings<'a>,
    arms: [Settings<'a>; ARMS],
    decode: Settings<'a>,
    decoders: [Settings<'a>; DECODERS],
    /// Arms and decoders that the link names; none leaves those that there are.
    named_arms: Option<usize>,
    named_decoders: Option<usize>,
}

/// A comparison with the assignments of a fragment, and everything in it that could not be used.
pub(super) fn of_fragment(mut comparison: Comparison, fragment: &str) -> (Comparison, Vec<LinkError>) {
    let assignments: Vec<_> = pairs(fragment).collect();
    let mut sorted = Sorted::default();
    let mut refused = Vec::new();
    for (place, (path, value)) in assignments.iter().enumerate() {
        let outcome = sorted.take(&mut comparison, place, path, value);
        refused.extend(outcome.err().map(|error| (place, error)));
    }
    refused.extend(assign_each(&mut comparison.base, &sorted.base));
    if let Some(count) = sorted.named_arms {
        comparison.arms = vec![Arm::default(); count];
        for (index, list) in sorted.arms.iter().enumerate().take(count) {
            let mut experiment = comparison.base.clone();
            let letter = Comparison::letter(index).to_ascii_lowercase();
            let errors = assign_each(&mut experiment, list);
            refused.extend(errors.into_iter().map(|(place, error)| (place, error.within(letter))));
            comparison.set_arm(index, &experiment);
        }
    }
    let errors = assign_each(&mut comparison.decoding.common, &sorted.decode);
    refused.extend(errors.into_iter().map(|(place, error)| (place, error.within(DECODE.trim_end_matches('.')))));
    if let Some(count) = sorted.named_decoders {
        comparison.decoding.decoders = vec![DecoderConfig::default(); count];
        for (index, list) in sorted.decoders.iter().enumerate().take(count) {
            let errors = assign_each(&mut comparison.decoding.decoders[index], list);
            refused.extend(errors.into_iter().map(|(place, error)| (place, error.within(index + 1))));
        }
    }
    refused.sort_by_key(|(place, _)| *place);
    (comparison, refused.into_iter().map(|(_, error)| error).collect())
}

impl<'a> Sorted<'a> {
    /// Puts an assignment to those of its owner, or carries it out where it is the link's own.
    fn take(
        &mut self,
        comparison: &mut Comparison,
        place: usize,
        path: &'a str,
        value: &'a str,
    ) -> Result<(), LinkError> {
        let at_least = |known: Option<usize>, count: usize| Some(known.unwrap_or(0).max(count));
        let count = |least: usize, most: usize| {
            value.parse().ok().filter(|count| (least..=most).contains(count)).ok_or_else(|| bad(path, value))
        };
        match Owner::of(path)? {
            Owner::Base(path) => self.base.push((place, path, value)),
            Owner::Arm(arm, path) => {
                self.named_arms = at_least(self.named_arms, arm + 1);
                self.arms[arm].push((place, path, value));
            }
            Owner::Decode("arm") => comparison.decoding.arm = arm_of_letter(path, value)?,
            Owner::Decode(path) => self.decode.push((place, path, value)),
            Owner::Decoder(index, path) => {
                self.named_decoders = at_least(self.named_decoders, index + 1);
                self.decoders[index].push((place, path, value));
            }
            Owner::Link => match path {
                "seeds" => comparison.seeds = value.parse().map_err(|_| bad(path, value))?,
                "arms" => self.named_arms = at_least(self.named_arms, count(1, ARMS)?),
                "decoders" => self.named_decoders = at_least(self.named_decoders, count(0, DECODERS)?),
                made::WORD => {}
                _ => version(value)?,
            },
        }
        Ok(())
    }
}

/// The arm of a letter from a to h.
fn arm_of_letter(path: &str, value: &str) -> Result<usize, LinkError> {
    (0..ARMS)
        .find(|arm| value.eq_ignore_ascii_case(&Comparison::letter(*arm).to_string()))
        .ok_or_else(|| bad(path, value))
}

impl LinkError {
    /// The same error of the setting of an arm or a decoder.
    fn within(self, owner: impl std::fmt::Display) -> Self {
        match self {
            Self::Path(path) => Self::Path(format!("{owner}.{path}")),
            Self::Value { path, value } => Self::Value { path: format!("{owner}.{path}"), value },
            other => other,
        }
    }
}

/// Uses assignments, and leaves out those that mean nothing.
pub(super) fn assign_all<'a>(experiment: &mut Experiment, list: impl Iterator<Item = (&'a str, &'a str)>) {
    let list: Vec<_> = list.map(|(path, value)| (0, path, value)).collect();
    assign_each(experiment, &list);
}

/// The paths of all settings, in the order of the form.
pub(super) fn paths_of(experiment: &Experiment) -> Vec<String> {
    leaves(experiment).into_iter().map(|(path, _)| path).collect()
}

fn version(value: &str) -> Result<(), LinkError> {
    match value.parse() {
        Ok(version) if version > VERSION => Err(LinkError::Newer(version)),
        Ok(_) => Ok(()),
        Err(_) => Err(bad("v", value)),
    }
}

fn bad(path: &str, value: &str) -> LinkError {
    LinkError::Value { path: path.into(), value: value.into() }
}

impl Experiment {
    /// Sets one setting by its path, such as `model.layers`, from the text of a value.
    ///
    /// # Errors
    /// When no setting has the path or the value does not fit it; the experiment is unchanged then.
    pub fn set(&mut self, path: &str, value: &str) -> Result<(), LinkError> {
        paths::set(self, path, value)
    }

    /// The value of a setting as a link has it; none where no setting has the path.
    pub fn value_at(&self, path: &str) -> Option<String> {
        leaves(self).into_iter().find(|(known, _)| known == path).map(|(_, value)| text_of(&value))
    }
}

/// Paths and values that turn one experiment into another: names first, then the numbers that still differ.
pub(super) fn differences(base: &Experiment, other: &Experiment) -> Vec<(String, String)> {
    paths::differences(base, other)
}

#[cfg(test)]
mod tests;
