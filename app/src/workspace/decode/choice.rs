//! Decoders side by side: which ones a first visit has, and what each is called.

use std::collections::BTreeMap;

use tailblazer_core::{
    decode::{Decoder, Method},
    experiment::DecoderConfig,
    objective::{Noise, Reading},
    policy::{Chosen, Family, Knob, Settings},
};

use crate::{key, t, words::text, workspace::format::scientific};

/// Decoders of a first visit.
const FIRST: usize = 4;

/// A decoder beside others.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Which of the eight colours, dashes and markers is its own, 0 to 7.
    pub place: usize,
    /// The decoder with its knobs.
    pub chosen: Chosen<dyn Decoder>,
    /// A temperature of its own; none for the common one.
    pub temperature: Option<f64>,
}

impl Entry {
    /// A decoder with its defaults.
    pub fn new(place: usize, method: Method) -> Self {
        Self { place, chosen: Chosen::new(method), temperature: None }
    }

    /// A decoder as a link has it.
    pub fn of(place: usize, config: DecoderConfig) -> Self {
        Self { place, chosen: config.decoder, temperature: config.temperature }
    }

    /// The decoder as a link has it.
    pub fn config(&self) -> DecoderConfig {
        DecoderConfig { decoder: self.chosen.clone(), temperature: self.temperature }
    }

    /// What it is called: its method, and what sets it apart.
    pub fn name(&self) -> &'static str {
        text(self.chosen.method().description().name)
    }

    /// What sets it apart, in a few words: the knobs that are not at their defaults, or else the first one. A knob that is
    /// called as its method goes without a name.
    pub fn knobs(&self) -> String {
        self.knobs_in(text)
    }

    fn knobs_in(&self, text: Lookup) -> String {
        let description = self.chosen.method().description();
        let words = |knob: &Knob| {
            let value = scientific(self.chosen.value(knob));
            if knob.name == description.name { value } else { format!("{} {value}", inside_in(text, knob.name)) }
        };
        let temperature = |value: f64| format!("{} {}", text(key!("temp.")), scientific(value));
        let own = self.temperature.map(temperature);
        let is_set = |knob: &&Knob| self.chosen.value(knob) != knob.default;
        let mut list: Vec<String> = description.knobs.iter().filter(is_set).map(words).chain(own).collect();
        if list.is_empty() {
            // 0 steps and 0 forwards leave it to the decoder: nothing to name.
            list.extend(description.knobs.first().filter(|knob| trades(knob) && knob.default != 0.0).map(words));
        }
        list.join(", ")
    }

    /// Its name with what sets it apart: `Threshold 0.9`.
    pub fn label(&self) -> String {
        self.label_in(text)
    }

    /// As [`Entry::label`], in English: files say the same in every language.
    pub fn label_in_files(&self) -> String {
        self.label_in(|english| english)
    }

    fn label_in(&self, text: Lookup) -> String {
        let (name, knobs) = (text(self.chosen.method().description().name), self.knobs_in(text));
        let joint = if knobs.starts_with(|first: char| first.is_ascii_digit()) { " " } else { ", " };
        if knobs.is_empty() { name.into() } else { format!("{name}{joint}{knobs}") }
    }

    /// The knob that trades quality for speed: a threshold, or else whatever says how much a forward commits.
    pub fn trade(&self) -> Option<&'static Knob> {
        let knobs = self.chosen.method().description().knobs;
        knobs.iter().find(|knob| knob.id == "threshold").or_else(|| knobs.iter().find(|knob| trades(knob)))
    }

    /// What speaks against it on a checkpoint: the field, and a sentence that says what to do.
    pub fn fault(&self, reading: &Reading) -> Option<(String, String)> {
        self.chosen.method().fault(self.chosen.settings(), reading)
    }

    /// What a reader must know of its results on a checkpoint, with blocks of so many tokens where that was chosen.
    pub fn caution(&self, reading: &Reading, block: Option<usize>) -> Option<String> {
        let of_method = self.chosen.method().caution(self.chosen.settings(), reading).map(text);
        of_method.map(str::to_owned).or_else(|| {
            let has_blocks = !matches!(reading.noise, Noise::None);
            let block = block.filter(|block| has_blocks && !reading.sizes.contains(block))?;
            let sizes = reading.sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
            Some(t!("This network was not trained on blocks of {block}, but on blocks of {sizes}.", block, sizes))
        })
    }
}

/// Looks the English texts of the core up.
type Lookup = fn(&'static str) -> &'static str;

/// The name of a knob inside a sentence, where nouns keep their capitals in German.
pub fn inside(name: &'static str) -> String {
    inside_in(text, name)
}

fn inside_in(text: Lookup, name: &'static str) -> String {
    let shown = text(name);
    if shown == name { name.to_lowercase() } else { shown.to_owned() }
}

/// Whether a knob says how much a forward commits.
fn trades(knob: &Knob) -> bool {
    matches!(knob.id, "threshold" | "lowest" | "factor" | "bound" | "steps" | "refresh")
}

/// Values of a knob for a sweep, from the slow end to the fast one.
pub fn sweep(knob: &Knob, block: usize) -> Vec<f64> {
    const SHARES: [f64; 8] = [0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4];
    let mut values: Vec<f64> = match knob.id {
        // Steps of a block: from one token each to all at once.
        "steps" => (1..=8).map(|part| (block as f64 * part as f64 / 8.0).ceil().max(1.0)).rev().collect(),
        "bound" => [0.05, 0.1, 0.2, 0.35, 0.5, 0.8, 1.2, 2.0].to_vec(),
        "factor" => [0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0].to_vec(),
        "refresh" => [1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0].to_vec(),
        _ => SHARES.to_vec(),
    };
    values.retain(|value| knob.range.contains(value) && (!knob.is_whole || value.fract() == 0.0));
    values.dedup();
    values
}

/// A decoder's id, values of its knobs, and a temperature of its own.
type Wish = (&'static str, &'static [(&'static str, f64)], Option<f64>);

/// Decoders that say something about a checkpoint, the slow and sure ones first.
pub fn first(reading: &Reading) -> Vec<Entry> {
    let revising = if reading.edits { "edit" } else { "bacd" };
    let warm = Some(0.8);
    let wishes: [Wish; 16] = [
        ("static", &[], None),
        ("threshold", &[], None),
        (revising, &[], None),
        ("s2d2", &[], None),
        ("uniform-ancestral", &[], None),
        ("uniform-ancestral", &[("steps", 8.0)], None),
        ("arpc", &[], None),
        ("next-block", &[], None),
        ("next-block", &[], warm),
        ("next-block", &[("top-k", 5.0)], warm),
        ("next-block", &[("top-p", 0.9)], warm),
        ("autoregressive", &[], None),
        ("autoregressive", &[], warm),
        ("autoregressive", &[("top-k", 5.0)], warm),
        ("autoregressive", &[("top-p", 0.9)], warm),
        ("autoregressive", &[("min-p", 0.1)], warm),
    ];
    let decoder = |(id, values, temperature): &Wish| {
        let method = Method::find(id)?;
        let settings: BTreeMap<String, f64> = values.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect();
        // A network of single tokens is a next-block network of blocks of one, but nobody asks it for more.
        let is_strange = *id == "next-block" && reading.noise != Noise::NextBlock;
        let is_apt = !is_strange && method.fault(&Settings(settings), reading).is_none();
        let mut entry = Entry { temperature: *temperature, ..Entry::new(0, method) };
        for (id, value) in *values {
            entry.chosen.set(method.knob(id)?, *value);
        }
        is_apt.then_some(entry)
    };
    let apt = wishes.iter().filter_map(decoder).take(FIRST);
    apt.enumerate().map(|(place, entry)| Entry { place, ..entry }).collect()
}

/// The first decoder after the ones that are there that a checkpoint can use; the baseline where there is none.
pub fn next(list: &[Entry], reading: Option<&Reading>, place: usize) -> Entry {
    let is_new = |method: &Method| list.iter().all(|entry| entry.chosen.method() != *method);
    let is_apt = |method: &Method| reading.is_none_or(|reading| method.fault(&Settings::default(), reading).is_none());
    let method = Method::all().find(|method| is_new(method) && is_apt(method));
    let like = || list.last().map(|entry| entry.chosen.clone()).unwrap_or_default();
    Entry { place, chosen: method.map_or_else(like, Chosen::new), temperature: None }
}

/// Every decoder, for a picker: its id and its name.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    <dyn Decoder>::members().iter().map(|member| (member.about().id, member.about().name))
}

/// What a checkpoint of this noise is trained on, in words.
pub fn noise(reading: &Reading) -> &'static str {
    match reading.noise {
        Noise::None => t!("trained on the next token"),
        Noise::NextBlock => t!("trained on the next block"),
        Noise::Mask => t!("trained on masks"),
        Noise::Uniform => t!("trained on random tokens"),
    }
}

#[cfg(test)]
mod tests {
    use tailblazer_core::objective::Clean;

    use super::*;

    fn readings() -> [Reading; 5] {
        let masked = Reading::masked(8, Clean::Token);
        [
            Reading::next_token(),
            masked.clone(),
            Reading { edits: true, ..masked.clone() },
            Reading { noise: Noise::Uniform, ..masked.clone() },
            Reading { noise: Noise::NextBlock, ..masked },
        ]
    }

    #[test]
    fn a_first_visit_has_four_decoders_that_the_checkpoint_allows() {
        for reading in readings() {
            let list = first(&reading);
            assert_eq!(list.len(), FIRST, "{reading:?}");
            for (place, entry) in list.iter().enumerate() {
                assert_eq!(entry.place, place);
                assert_eq!(entry.fault(&reading), None, "{entry:?}");
                assert!(
                    list[..place]
                        .iter()
                        .all(|other| { other.chosen != entry.chosen || other.temperature != entry.temperature })
                );
            }
        }
    }

    #[test]
    fn a_first_visit_compares_what_the_checkpoint_was_trained_for() {
        let ids = |reading: &Reading| first(reading).iter().map(|entry| entry.chosen.method().id()).collect::<Vec<_>>();
        let [_, masked, edits, ..] = readings();
        assert_eq!(ids(&masked), ["static", "threshold", "bacd", "arpc"]);
        // Self-speculation verifies in blocks of one token.
        let mixed = |reading: &Reading| Reading { sizes: vec![1, 4], ..reading.clone() };
        assert_eq!(ids(&mixed(&masked)), ["static", "threshold", "bacd", "s2d2"]);
        assert_eq!(ids(&mixed(&edits)), ["static", "threshold", "edit", "s2d2"]);
        let warm: Vec<_> = first(&Reading::next_token()).iter().map(|entry| entry.temperature).collect();
        assert_eq!(warm[..2], [None, Some(0.8)]);
    }

    #[test]
    fn a_reader_is_told_what_the_checkpoint_has_not_learned() {
        let [next_token, masked, edits, ..] = readings();
        let entry = |id: &str| Entry::new(0, Method::find(id).expect(id));
        assert!(entry("edit").caution(&masked, None).is_some_and(|words| words.contains("wrong token")));
        assert_eq!(entry("edit").caution(&edits, Some(8)), None);
        let words = entry("static").caution(&masked, Some(4)).expect("another size");
        assert_eq!(words, "This network was not trained on blocks of 4, but on blocks of 8.");
        assert_eq!(entry("autoregressive").caution(&next_token, Some(4)), None, "it has no blocks");
    }

    #[test]
    fn every_decoder_sweeps_over_values_that_it_may_take() {
        for method in Method::all() {
            let entry = Entry::new(0, method);
            let Some(knob) = entry.trade() else { continue };
            let values = sweep(knob, 16);
            assert!(values.len() >= 4, "{} of {}", knob.id, method.id());
            for value in values {
                let mut chosen = Chosen::new(method);
                chosen.set(knob, value);
                assert_eq!(method.description().fault(chosen.settings()), None);
            }
        }
    }

    #[test]
    fn what_is_added_is_new_and_apt() {
        for reading in readings() {
            let list = first(&reading);
            let added = next(&list, Some(&reading), 7);
            assert_eq!((added.place, added.fault(&reading)), (7, None));
        }
    }

    #[test]
    fn knobs_are_named_where_they_were_set() {
        let mut entry = Entry::new(0, Method::find("threshold").expect("a decoder"));
        assert_eq!((entry.knobs(), entry.label()), ("0.9".to_owned(), "Threshold 0.9".to_owned()));
        entry.chosen.set(entry.trade().expect("a threshold"), 0.5);
        entry.temperature = Some(0.7);
        assert_eq!(entry.label(), "Threshold 0.5, temp. 0.7");
        assert_eq!(Entry::new(0, Method::find("autoregressive").expect("a decoder")).knobs(), "");
    }
}
