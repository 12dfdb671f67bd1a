//! An experiment as a link: `?preset=NAME#v=1&path=value&...` with only what differs from the preset.
//!
//! Paths and values come from the serialised experiment, so a new setting is in the link without a line here. A
//! visitor's own text never enters a link.

use serde_json::Value;

use super::{Experiment, PRESETS, Preset};

/// Version of the fragment's vocabulary of paths and values.
const VERSION: u32 = 1;

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
    #[error("The link sets {0}, which this page does not know: it is left out.")]
    Path(String),
    /// The value does not fit the setting.
    #[error("The link sets {path} to {value:?}, which cannot be used there: the preset's value is kept.")]
    Value {
        /// Path of the setting.
        path: String,
        /// The text of the value.
        value: String,
    },
}

/// The link of an experiment, relative to the page: the preset that is closest, and every difference from it.
pub fn to_link(experiment: &Experiment) -> String {
    let (preset, differences) = PRESETS
        .iter()
        .map(|preset| (preset, differences(&preset.experiment(), experiment)))
        .min_by_key(|(_, differences)| differences.len())
        .expect("there is at least one preset");
    let mut link = format!("?preset={}", preset.name);
    if !differences.is_empty() {
        link += &format!("#v={VERSION}");
        for (path, value) in differences {
            link += &format!("&{path}={}", escape(&value));
        }
    }
    link
}

/// The experiment of a link, a whole address or its `?...#...` part, and everything in it that could not be used.
pub fn from_link(link: &str) -> (Experiment, Vec<LinkError>) {
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
    let mut experiment = preset.unwrap_or(&PRESETS[0]).experiment();

    for (path, value) in pairs(fragment) {
        match path.as_str() {
            "v" => match value.parse() {
                Ok(version) if version > VERSION => errors.push(LinkError::Newer(version)),
                Ok(_) => {}
                Err(_) => errors.push(LinkError::Value { path, value }),
            },
            _ => {
                if let Err(error) = set(&mut experiment, &path, &value) {
                    errors.push(error);
                }
            }
        }
    }
    (experiment, errors)
}

impl Experiment {
    /// Sets one setting by its path, such as `model.layers`, from the text of a value.
    ///
    /// # Errors
    /// When no setting has the path or the value does not fit it; the experiment is unchanged then.
    pub fn set(&mut self, path: &str, value: &str) -> Result<(), LinkError> {
        set(self, path, value)
    }
}

fn set(experiment: &mut Experiment, path: &str, value: &str) -> Result<(), LinkError> {
    let mut tree = serde_json::to_value(&*experiment).expect("an experiment is plain data");
    let mut leaf = &mut tree;
    for key in path.split('.') {
        leaf = leaf.get_mut(key).ok_or_else(|| LinkError::Path(path.into()))?;
    }
    if leaf.is_object() {
        return Err(LinkError::Path(path.into()));
    }
    // Text settings take the value as it is; all others are JSON numbers and booleans.
    *leaf = match leaf {
        Value::String(_) => Value::String(value.into()),
        _ => serde_json::from_str(value).unwrap_or(Value::Null),
    };
    *experiment =
        serde_json::from_value(tree).map_err(|_| LinkError::Value { path: path.into(), value: value.into() })?;
    Ok(())
}

/// Paths and values in which `other` differs from `base`.
fn differences(base: &Experiment, other: &Experiment) -> Vec<(String, String)> {
    let leaves = |experiment| {
        let mut leaves = Vec::new();
        collect(&serde_json::to_value(experiment).expect("an experiment is plain data"), String::new(), &mut leaves);
        leaves
    };
    leaves(base)
        .into_iter()
        .zip(leaves(other))
        .filter(|(before, after)| before != after)
        .map(|(_, after)| after)
        .collect()
}

fn collect(value: &Value, path: String, leaves: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                collect(field, if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, leaves);
            }
        }
        Value::String(text) => leaves.push((path, text.clone())),
        other => leaves.push((path, other.to_string())),
    }
}

fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (unescape(key), unescape(value)))
}

/// Percent-encodes everything but unreserved characters (RFC 3986, section 2.3).
fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(byte);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::experiment::{Corpus, DeviceChoice, Positions, Shape, TokeniserKind};

    #[test]
    fn the_default_link_is_only_the_preset() {
        assert_eq!(to_link(&Experiment::default()), "?preset=gpt-nano");
    }

    #[test]
    fn a_link_holds_only_what_differs() {
        let mut experiment = Experiment::default();
        experiment.model.layers = 2;
        experiment.device = DeviceChoice::Cpu;
        assert_eq!(to_link(&experiment), "?preset=gpt-nano#v=1&model.layers=2&device=cpu");
    }

    #[test]
    fn unknown_and_bad_parts_are_named_and_the_rest_holds() {
        let (experiment, errors) = from_link(
            "https://example.org/lab/?preset=none#v=9&model.layers=2&model.heads=two&model.colour=red&text.corpus=bible&model=3",
        );
        assert_eq!(experiment.model.layers, 2);
        assert_eq!(experiment.model.heads, 3);
        assert_eq!(
            errors,
            [
                LinkError::Preset("none".into()),
                LinkError::Newer(9),
                LinkError::Value { path: "model.heads".into(), value: "two".into() },
                LinkError::Path("model.colour".into()),
                LinkError::Value { path: "text.corpus".into(), value: "bible".into() },
                LinkError::Path("model".into()),
            ]
        );
    }

    fn experiments() -> impl Strategy<Value = Experiment> {
        let text = (
            prop::sample::select(vec![Corpus::MobyDick, Corpus::Own, Corpus::Addition, Corpus::Brackets]),
            any::<u16>(),
            prop::sample::select(vec![TokeniserKind::Char, TokeniserKind::Byte, TokeniserKind::Bpe]),
        );
        let model = (any::<[u16; 4]>(), any::<[bool; 3]>(), 0.0..1.0f64);
        let rest =
            (any::<u32>(), any::<f64>().prop_filter("finite", |v| v.is_finite()), any::<[u32; 5]>(), any::<String>());
        let device = prop::sample::select(vec![DeviceChoice::Auto, DeviceChoice::Gpu, DeviceChoice::Cpu]);
        (text, model, rest, device).prop_map(|(text, model, rest, device)| {
            let mut experiment = Experiment::default();
            (experiment.text.corpus, experiment.text.task_size, experiment.text.tokeniser) =
                (text.0, text.1.into(), text.2);
            let sizes = model.0.map(usize::from);
            [experiment.model.layers, experiment.model.heads, experiment.model.width, experiment.model.context] = sizes;
            experiment.model.positions = if model.1[0] { Positions::Rope } else { Positions::Learned };
            (experiment.model.bias, experiment.model.tied, experiment.model.dropout) =
                (model.1[1], model.1[2], model.2);
            experiment.seed = rest.0;
            experiment.schedule.peak = rest.1;
            experiment.schedule.shape = if rest.0 % 2 == 0 { Shape::Linear } else { Shape::Constant };
            let counts = rest.2.map(|count| count as usize);
            let train = &mut experiment.train;
            [train.steps, train.batch, train.accumulation, train.eval_every, train.eval_windows] = counts;
            experiment.sample.prompt = rest.3;
            experiment.device = device;
            experiment
        })
    }

    proptest! {
        #[test]
        fn every_experiment_survives_its_link(experiment in experiments()) {
            prop_assert_eq!(from_link(&to_link(&experiment)), (experiment, vec![]));
        }

        #[test]
        fn no_text_makes_the_parser_panic(link in any::<String>()) {
            from_link(&link);
        }

        #[test]
        fn no_fragment_makes_the_parser_panic(path in "[a-z.]{0,20}", value in any::<String>()) {
            from_link(&format!("#v=1&{path}={value}&%&%4&%zz="));
        }
    }
}
