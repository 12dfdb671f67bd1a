//! A comparison as a link: `?preset=NAME#v=1&path=value&seeds=4&b.path=value&...` with only what differs: the base from
//! the preset's, and each arm from the base, under its letter. A link that names any arm names them all; the preset's
//! are those of a link that names none.
//!
//! Paths and values come from the serialised experiment, so a new setting is in the link without a line here. A
//! visitor's own text never enters a link.

use serde_json::Value;

use super::{
    Experiment, Preset,
    comparison::{ARMS, Arm, Comparison},
};

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
    #[error("The link sets {0}, which is no setting here: it is left out.")]
    Path(String),
    /// There are no arms behind H.
    #[error("The link sets {0}, but arms are called a to h: it is left out.")]
    Arm(String),
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
    let Comparison { base, arms, seeds } = comparison;
    let mut assignments = differences(&preset.base, base);
    if *seeds != preset.seeds {
        assignments.push(("seeds".into(), seeds.to_string()));
    }
    if *arms == preset.arms {
        return assignments;
    }
    // The last arm's letter says how many there are, if it has one.
    if arms.last().is_some_and(|arm| arm.differences.is_empty()) {
        assignments.push(("arms".into(), arms.len().to_string()));
    }
    for (index, arm) in arms.iter().enumerate() {
        let letter = Comparison::letter(index).to_ascii_lowercase();
        assignments.extend(arm.differences.iter().map(|(path, value)| (format!("{letter}.{path}"), value.clone())));
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

/// A comparison with the assignments of a fragment, and everything in it that could not be used.
pub(super) fn of_fragment(mut comparison: Comparison, fragment: &str) -> (Comparison, Vec<LinkError>) {
    let assignments: Vec<_> = pairs(fragment).collect();
    let (mut base, mut arms): (Vec<_>, [Vec<_>; ARMS]) = (Vec::new(), Default::default());
    let mut refused = Vec::new();
    // Arms that the fragment names; none leaves those that there are.
    let mut count = 0;
    for (place, (path, value)) in assignments.iter().enumerate() {
        let outcome = match (path.as_str(), Comparison::arm_of_path(path)) {
            (_, Err(error)) => Err(error),
            (_, Ok(Some((arm, rest)))) => {
                count = count.max(arm + 1);
                arms[arm].push((place, rest, value.as_str()));
                Ok(())
            }
            ("v", _) => version(value),
            ("seeds", _) => value.parse().map(|seeds| comparison.seeds = seeds).map_err(|_| bad(path, value)),
            ("arms", _) => match value.parse() {
                Ok(arms @ 1..=ARMS) => {
                    count = count.max(arms);
                    Ok(())
                }
                _ => Err(bad(path, value)),
            },
            _ => {
                base.push((place, path.as_str(), value.as_str()));
                Ok(())
            }
        };
        refused.extend(outcome.err().map(|error| (place, error)));
    }
    refused.extend(assign_each(&mut comparison.base, &base));
    if count > 0 {
        comparison.arms = vec![Arm::default(); count];
    }
    for (index, list) in arms.iter().enumerate().take(count) {
        let mut experiment = comparison.base.clone();
        let letter = Comparison::letter(index).to_ascii_lowercase();
        let errors = assign_each(&mut experiment, list);
        refused.extend(errors.into_iter().map(|(place, error)| (place, error.within(letter))));
        comparison.set_arm(index, &experiment);
    }
    refused.sort_by_key(|(place, _)| *place);
    (comparison, refused.into_iter().map(|(_, error)| error).collect())
}

impl LinkError {
    /// The same error of an arm's setting.
    fn within(self, arm: char) -> Self {
        match self {
            Self::Path(path) => Self::Path(format!("{arm}.{path}")),
            Self::Value { path, value } => Self::Value { path: format!("{arm}.{path}"), value },
            other => other,
        }
    }
}

/// Uses assignments `(place, path, value)`; those that could not be used come back with their place.
fn assign_each(experiment: &mut Experiment, list: &[(usize, &str, &str)]) -> Vec<(usize, LinkError)> {
    let mut refused = Vec::new();
    // Names come first: the name of a method decides which numbers there are.
    for names in [true, false] {
        for (place, path, value) in list {
            if is_text(experiment, path) == names
                && let Err(error) = set(experiment, path, value)
            {
                refused.push((*place, error));
            }
        }
    }
    refused
}

/// Uses assignments, and leaves out those that mean nothing.
pub(super) fn assign_all<'a>(experiment: &mut Experiment, list: impl Iterator<Item = (&'a str, &'a str)>) {
    let list: Vec<_> = list.map(|(path, value)| (0, path, value)).collect();
    assign_each(experiment, &list);
}

/// The paths of all settings, in the order of the form.
pub(super) fn paths(experiment: &Experiment) -> Vec<String> {
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
        set(self, path, value)
    }

    /// The value of a setting as a link has it; none where no setting has the path.
    pub fn value_at(&self, path: &str) -> Option<String> {
        leaves(self).into_iter().find(|(known, _)| known == path).map(|(_, value)| text_of(&value))
    }
}

fn set(experiment: &mut Experiment, path: &str, value: &str) -> Result<(), LinkError> {
    let unknown = || LinkError::Path(path.into());
    let mut tree = serde_json::to_value(&*experiment).expect("an experiment is plain data");
    let (groups, key) = path.rsplit_once('.').map_or((None, path), |(groups, key)| (Some(groups), key));
    let mut group = &mut tree;
    for name in groups.into_iter().flat_map(|groups| groups.split('.')) {
        group = group.get_mut(name).ok_or_else(unknown)?;
    }
    let group = group.as_object_mut().ok_or_else(unknown)?;
    let before = group.get(key);
    let is_known = before.is_some();
    let leaf = match before {
        Some(Value::Object(_)) => return Err(unknown()),
        // Text settings take the value as it is; all others are JSON numbers and booleans.
        Some(Value::String(_)) => Value::String(value.into()),
        _ => serde_json::from_str(value).unwrap_or(Value::Null),
    };
    group.insert(key.into(), leaf);
    let refused = || if is_known { LinkError::Value { path: path.into(), value: value.into() } } else { unknown() };
    let changed = serde_json::from_value(tree).map_err(|_| refused())?;
    // A setting that another method has is read, and dropped.
    if !is_known && !leaves(&changed).iter().any(|(known, _)| known == path) {
        return Err(unknown());
    }
    *experiment = changed;
    Ok(())
}

/// Whether the setting at a path is a name or another text.
fn is_text(experiment: &Experiment, path: &str) -> bool {
    leaves(experiment).into_iter().any(|(known, value)| known == path && value.is_string())
}

/// Paths and values that turn `base` into `other`: names first, then the numbers that still differ.
pub(super) fn differences(base: &Experiment, other: &Experiment) -> Vec<(String, String)> {
    let wanted = leaves(other);
    let differs = |known: &[(String, Value)], leaf: &(String, Value)| !known.contains(leaf);
    let before = leaves(base);
    let mut named = base.clone();
    for (path, value) in wanted.iter().filter(|leaf| leaf.1.is_string() && differs(&before, leaf)) {
        // It was read from an experiment, so it can be set.
        let _ = set(&mut named, path, &text_of(value));
    }
    let after = leaves(&named);
    let needed = |leaf: &(String, Value)| differs(if leaf.1.is_string() { &before } else { &after }, leaf);
    wanted.into_iter().filter(needed).map(|(path, value)| (path, text_of(&value))).collect()
}

/// Every setting of an experiment, in the order of the form.
fn leaves(experiment: &Experiment) -> Vec<(String, Value)> {
    let mut leaves = Vec::new();
    collect(serde_json::to_value(experiment).expect("an experiment is plain data"), String::new(), &mut leaves);
    leaves
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // `3` says as much as `3.0`.
        other => other.to_string().trim_end_matches(".0").into(),
    }
}

fn collect(value: Value, path: String, leaves: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                collect(field, if path.is_empty() { key } else { format!("{path}.{key}") }, leaves);
            }
        }
        leaf => leaves.push((path, leaf)),
    }
}

fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (unescape(key), unescape(value)))
}

/// Percent-encodes everything but unreserved characters (RFC 3986, section 2.3) and what separates numbers, which a
/// fragment may hold as it is (section 3.5).
fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b',' => {
                char::from(byte).to_string()
            }
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
    use crate::{
        experiment::{Corpus, DeviceChoice, OptimiserConfig, Positions, TokeniserKind, validate},
        objective,
        optim::{self, Method},
        schedule::{FAMILY, Shape},
    };

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

    #[test]
    fn knobs_of_a_schedule_are_set_beside_its_shape_in_any_order() {
        for link in ["#v=1&schedule.shape=rex&schedule.depth=0.9", "#schedule.depth=0.9&v=1&schedule.shape=rex"] {
            let (experiment, errors) = from_link(link);
            assert_eq!((experiment.schedule.shape.id(), errors), ("rex", vec![]));
            assert_eq!(to_link(&experiment), "?preset=gpt-nano#v=1&schedule.shape=rex&schedule.depth=0.9");
        }
        let (mut experiment, _) = from_link("#v=1&schedule.shape=drawn");
        experiment.schedule.points = "0:0.5,1:0".parse().expect("a curve");
        assert_eq!(to_link(&experiment), "?preset=gpt-nano#v=1&schedule.shape=drawn&schedule.points=0:0.5,1:0");
    }

    #[test]
    fn links_made_before_schedules_had_knobs_stay_valid() {
        for shape in ["constant", "linear", "cosine"] {
            let link = format!("#v=1&schedule.shape={shape}&schedule.peak=0.002&schedule.floor=0.3&schedule.warmup=7");
            let (Experiment { schedule, .. }, errors) = from_link(&link);
            assert_eq!((schedule.shape.id(), schedule.peak, schedule.floor, schedule.warmup), (shape, 0.002, 0.3, 7));
            assert_eq!(errors, []);
        }
    }

    #[test]
    fn a_second_text_and_none_are_names_in_the_link() {
        let link = "?preset=gpt-nano#v=1&text.then=state-of-the-union&text.switch=0.4&text.replay=0.05";
        let (Experiment { text, .. }, errors) = from_link(link);
        assert_eq!((text.then, text.switch, text.replay, errors), (Some(Corpus::StateOfTheUnion), 0.4, 0.05, vec![]));
        let (comparison, _) = comparison_from_link(&format!("{link}&b.text.then=none"));
        assert_eq!(comparison.experiment(1).text.then, None);
        let (_, errors) = from_link("#v=1&text.then=bible&text.switch=late");
        let value = |path: &str, value: &str| LinkError::Value { path: path.into(), value: value.into() };
        assert_eq!(errors, [value("text.then", "bible"), value("text.switch", "late")]);
    }

    #[test]
    fn an_optimiser_and_its_knobs_are_in_the_link_and_older_links_stay_valid() {
        let link = "?preset=gpt-nano#v=1&optimiser.method=muon&optimiser.auxiliary=0.1&optimiser.momentum=0.9";
        let (experiment, errors) = from_link(link);
        assert_eq!((experiment.optimiser.method.id(), errors), ("muon", vec![]));
        assert_eq!(to_link(&experiment), link);
        let old = "#v=1&optimiser.beta1=0.8&optimiser.beta2=0.9&optimiser.epsilon=0.001&optimiser.weight_decay=0.2&optimiser.clip=0";
        let (Experiment { optimiser, .. }, errors) = from_link(old);
        let OptimiserConfig { method, beta1, beta2, epsilon, weight_decay, clip, .. } = optimiser;
        assert_eq!((method.id(), errors), ("adamw", vec![]));
        assert_eq!([beta1, beta2, epsilon, weight_decay, clip], [0.8, 0.9, 0.001, 0.2, 0.0]);
        let (_, errors) = from_link("#v=1&optimiser.method=adagrad&optimiser.momentum=0.9");
        assert_eq!(
            errors,
            [
                LinkError::Value { path: "optimiser.method".into(), value: "adagrad".into() },
                LinkError::Path("optimiser.momentum".into()),
            ]
        );
    }

    #[test]
    fn shapes_and_knobs_that_do_not_exist_are_named() {
        let (experiment, errors) = from_link("#v=1&schedule.shape=zigzag&schedule.decay=0.3&schedule.colour=1");
        assert_eq!(experiment, Experiment::default());
        assert_eq!(
            errors,
            [
                LinkError::Value { path: "schedule.shape".into(), value: "zigzag".into() },
                LinkError::Path("schedule.decay".into()),
                LinkError::Path("schedule.colour".into()),
            ]
        );
        let (_, errors) = from_link("#v=1&schedule.shape=wsd&schedule.decay=much");
        assert_eq!(errors, [LinkError::Value { path: "schedule.decay".into(), value: "much".into() }]);
    }

    #[test]
    fn the_link_from_one_schedule_to_another_holds_what_differs() {
        let shaped = |shape: &str, decay| {
            let mut experiment = Experiment::default();
            experiment.schedule.choose(Shape::find(shape).expect(shape));
            if let Some(decay) = decay {
                experiment.schedule.knobs.0.insert("decay".into(), decay);
            }
            experiment
        };
        let all = [shaped("wsd", None), shaped("wsd", Some(0.3)), shaped("wsd-sqrt", Some(0.3)), shaped("rex", None)];
        for base in &all {
            for other in &all {
                let mut found = base.clone();
                for (path, value) in differences(base, other) {
                    found.set(&path, &value).expect("a setting");
                }
                assert_eq!(found, *other);
            }
        }
        assert_eq!(differences(&all[1], &all[2]), [("schedule.shape".to_owned(), "wsd-sqrt".to_owned())]);
        assert_eq!(differences(&all[1], &all[0]), [("schedule.decay".to_owned(), "0.2".to_owned())]);
    }

    #[test]
    fn every_objective_and_each_of_its_knobs_survives_the_link_and_is_checked_at_its_path() {
        for method in objective::Method::all() {
            let mut all = Experiment::default();
            all.objective.choose(method);
            for knob in method.description().knobs {
                let value = knob.range.start() + 0.375 * (knob.range.end() - knob.range.start());
                let value = if knob.is_whole { value.ceil() } else { value };
                let ends = [value, *knob.range.start(), *knob.range.end()];
                let value = ends.into_iter().find(|value| *value != knob.default).expect("a range has two ends");
                all.objective.set(knob, value);
                let path = format!("objective.{}", knob.id);
                let mut one = Experiment::default();
                one.objective.choose(method);
                one.objective.set(knob, value);
                assert_eq!(from_link(&to_link(&one)), (one.clone(), vec![]), "{} {path}", method.id());
                assert!(to_link(&one).contains(&format!("&{path}=")), "{} {path}", method.id());
                one.objective.set(knob, knob.range.end() + 1.0);
                let fields: Vec<String> = validate(&one).into_iter().map(|invalid| invalid.field).collect();
                assert_eq!(fields, [path], "{}", method.id());
            }
            assert_eq!(from_link(&to_link(&all)), (all, vec![]), "{}", method.id());
        }
    }

    #[test]
    fn an_objective_and_its_knobs_are_in_the_link_in_any_order_and_in_arms() {
        let link =
            "#objective.block=8&v=1&objective.method=masked&b.objective.block=2&b.objective.method=mask-and-edit";
        let (comparison, errors) = comparison_from_link(link);
        let blocks = [0, 1].map(|arm| comparison.experiment(arm).value_at("objective.block"));
        assert_eq!((blocks, errors), ([Some("8".to_owned()), Some("2".to_owned())], vec![]));
        let (_, errors) = from_link("#v=1&objective.method=guess&objective.block=8");
        let method = LinkError::Value { path: "objective.method".into(), value: "guess".into() };
        assert_eq!(errors, [method, LinkError::Path("objective.block".into())]);
    }

    fn experiments() -> impl Strategy<Value = Experiment> {
        let text = (
            prop::sample::select(vec![Corpus::MobyDick, Corpus::Own, Corpus::Addition, Corpus::Brackets]),
            any::<u16>(),
            prop::sample::select(vec![TokeniserKind::Char, TokeniserKind::Byte, TokeniserKind::Bpe]),
            prop::option::of(prop::sample::select(vec![Corpus::StateOfTheUnion, Corpus::FirstNames])),
            [0.0..=1.0f64, 0.0..=1.0f64],
        );
        let model = (any::<[u16; 4]>(), any::<[bool; 3]>(), 0.0..1.0f64);
        let rest =
            (any::<u32>(), any::<f64>().prop_filter("finite", |v| v.is_finite()), any::<[u32; 5]>(), any::<String>());
        let device = prop::sample::select(vec![DeviceChoice::Auto, DeviceChoice::Gpu, DeviceChoice::Cpu]);
        (text, model, rest, device).prop_map(|(text, model, rest, device)| {
            let mut experiment = Experiment::default();
            (experiment.text.corpus, experiment.text.task_size, experiment.text.tokeniser) =
                (text.0, text.1.into(), text.2);
            (experiment.text.then, [experiment.text.switch, experiment.text.replay]) = (text.3, text.4);
            let sizes = model.0.map(usize::from);
            [experiment.model.layers, experiment.model.heads, experiment.model.width, experiment.model.context] = sizes;
            experiment.model.positions = if model.1[0] { Positions::Rope } else { Positions::Learned };
            (experiment.model.bias, experiment.model.tied, experiment.model.dropout) =
                (model.1[1], model.1[2], model.2);
            experiment.seed = rest.0;
            experiment.schedule.peak = rest.1;
            experiment.schedule.choose(Shape::of(FAMILY[rest.0 as usize % FAMILY.len()]));
            for knob in experiment.schedule.shape.description().knobs {
                experiment.schedule.set_value(knob, model.2);
            }
            experiment.optimiser.choose(Method::of(optim::FAMILY[rest.0 as usize % optim::FAMILY.len()]));
            for knob in experiment.optimiser.method.description().knobs {
                experiment.optimiser.set_value(knob, model.2);
            }
            let objectives: Vec<_> = objective::Method::all().collect();
            experiment.objective.choose(objectives[rest.0 as usize % objectives.len()]);
            for knob in experiment.objective.method().description().knobs {
                experiment.objective.set(knob, model.2);
            }
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
