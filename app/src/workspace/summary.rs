//! One line for each group of settings, and what differs between two experiments.

use serde::Serialize;
use serde_json::Value;
use tailblazer_core::{
    experiment::{Arm, Corpus, Experiment, ModelPreset, ScheduleConfig, TokeniserKind},
    layerwise, objective,
    optim::Method,
    schedule::Shape,
};

use super::format::{integer, plain, scientific};
use crate::{key, t, words};

/// The name of a variant as it is written in links and in the values of a form: `moby-dick`.
pub fn kebab(variant: &impl Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(Value::String(name)) => name,
        _ => String::new(),
    }
}

/// The variant that a form's value names.
pub fn from_kebab<T: for<'a> serde::Deserialize<'a>>(name: &str) -> Option<T> {
    serde_json::from_value(Value::String(name.into())).ok()
}

/// `gpt-nano`, or the shape where no preset has it.
pub fn model_name(experiment: &Experiment) -> String {
    let model = &experiment.model;
    match ModelPreset::matching(model) {
        Some(preset) => preset.name().into(),
        None => t!("a {layers} × {width} GPT", layers = model.layers, width = model.width),
    }
}

/// The experiment as a question. The visitor's own text has questions of its own: languages inflect it.
pub fn question(experiment: &Experiment) -> String {
    let (model, text) = (model_name(experiment), experiment.text.corpus);
    let corpus = in_sentence(text);
    match experiment.text.then {
        Some(Corpus::Own) => t!("What does {model} keep of {corpus} while it learns your text?", model, corpus),
        Some(then) => {
            let then = in_sentence(then);
            match text {
                Corpus::Own => t!("What does {model} keep of your text while it learns {then}?", model, then),
                _ => t!("What does {model} keep of {corpus} while it learns {then}?", model, corpus, then),
            }
        }
        None if is_task(text) => t!("Can {model} learn {task}?", model, task = inside(text.name())),
        None if text == Corpus::Own => t!("What does {model} learn from your text?", model),
        None => t!("What does {model} learn from {corpus}?", model, corpus),
    }
}

/// Whether problems are generated instead of a text being read.
pub fn is_task(corpus: Corpus) -> bool {
    corpus.task_sizes().is_some()
}

fn in_sentence(corpus: Corpus) -> String {
    match corpus {
        Corpus::StateOfTheUnion => t!("the State of the Union").into(),
        Corpus::FirstNames => inside(corpus.name()),
        Corpus::Own => t!("your text").into(),
        other => words::text(other.name()).into(),
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// An English name or label inside a sentence, which begins with a small letter there; in another language it stays as
/// its catalogue has it.
fn inside(name: &str) -> String {
    let shown = words::sentence(name);
    if shown == name { lower_first(name) } else { shown }
}

/// The unit of a loss: what one token is.
pub fn loss_unit(experiment: &Experiment) -> &'static str {
    match experiment.text.tokeniser {
        TokeniserKind::Char => t!("nats/char"),
        TokeniserKind::Byte => t!("nats/byte"),
        TokeniserKind::Bpe => t!("nats/token"),
    }
}

/// Tokens that one step trains on.
pub fn tokens_per_step(experiment: &Experiment) -> usize {
    let train = &experiment.train;
    experiment.model.context.saturating_mul(train.batch).saturating_mul(train.accumulation)
}

/// `Moby-Dick, characters`, or `Moby-Dick, then State of the Union, characters`.
pub fn text(experiment: &Experiment) -> String {
    let tokens = match experiment.text.tokeniser {
        TokeniserKind::Char => t!("characters").into(),
        TokeniserKind::Byte => t!("bytes").into(),
        TokeniserKind::Bpe => format!("BPE {}", integer(experiment.text.vocabulary)),
    };
    let corpus = words::text(experiment.text.corpus.name());
    match experiment.text.then {
        Some(then) => t!("{corpus}, then {then}, {tokens}", corpus, then = words::text(then.name()), tokens),
        None => format!("{corpus}, {tokens}"),
    }
}

/// `gpt-nano, 3 × 48`.
pub fn model(experiment: &Experiment) -> String {
    let model = &experiment.model;
    match ModelPreset::matching(model) {
        Some(preset) => format!("{}, {} × {}", preset.name(), model.layers, model.width),
        None => {
            let (layers, heads, width) = (model.layers, model.heads, model.width);
            t!("{layers} layers, {heads} heads, {width}", layers, heads, width)
        }
    }
}

/// `AdamW, decay 0.1`.
pub fn optimiser(experiment: &Experiment) -> String {
    let name = words::text(experiment.optimiser.method.description().name);
    t!("{name}, decay {decay}", name, decay = scientific(experiment.optimiser.weight_decay))
}

/// `LLR, ×1 to ×5`, or the method alone.
pub fn layerwise(experiment: &Experiment) -> String {
    let rule = &experiment.layerwise.rule;
    let value = |id: &str| rule.method().knob(id).map(|knob| plain(rule.value(knob)));
    let name = words::text(rule.method().description().name);
    match (value("s1"), value("s2")) {
        (Some(s1), Some(s2)) => t!("{name}, ×{s1} to ×{s2}", name, s1, s2),
        _ => name.into(),
    }
}

/// `Masked block diffusion, block 4`, with the levels of noise where they are clipped.
pub fn objective(experiment: &Experiment) -> String {
    let objective = &experiment.objective;
    let method = objective.method();
    let value = |id: &str| method.knob(id).map(|knob| (objective.value(knob), knob.default));
    let mut parts = vec![words::text(method.description().name).to_owned()];
    if let Some((block, _)) = value("block") {
        parts.push(t!("block {block}", block = plain(block)));
    }
    if let (Some((first, _)), Some((last, _))) = (value("first"), value("last")) {
        parts.push(t!("blocks {first} to {last}", first = plain(first), last = plain(last)));
    }
    match (value("low"), value("high")) {
        (Some((low, usual_low)), Some((high, usual_high))) if (low, high) != (usual_low, usual_high) => {
            parts.push(t!("levels {low} to {high}", low = plain(low), high = plain(high)));
        }
        _ => {}
    }
    parts.join(", ")
}

/// Whether [`objective`] says what a setting of the objective is.
fn is_in_objective(path: &str) -> bool {
    let knobs = ["method", "block", "first", "last", "low", "high"];
    path.strip_prefix("objective.").is_some_and(|knob| knobs.contains(&knob))
}

/// What an arm is, by what differs in it: the names of its methods, or else its settings.
pub fn arm(arm: &Arm, experiment: &Experiment) -> String {
    let differs = |path: &str| arm.differences.iter().any(|(known, _)| known == path);
    let mut names: Vec<String> = Vec::new();
    if arm.differences.iter().any(|(path, _)| is_in_objective(path)) {
        names.push(objective(experiment));
        let of_objective = |path: &&String| path.starts_with("objective.") && !is_in_objective(path);
        let rest = arm.differences.iter().map(|(path, _)| path).filter(of_objective);
        names.extend(rest.take(2).map(|path| setting(experiment, path)));
    }
    if arm.differences.iter().any(|(path, _)| path.starts_with("layerwise.")) {
        names.push(layerwise(experiment));
    }
    if differs("optimiser.method") {
        names.push(words::text(experiment.optimiser.method.description().name).into());
    }
    if differs("schedule.shape") {
        names.push(words::text(experiment.schedule.shape.description().name).into());
    }
    if names.is_empty() {
        names = arm.differences.iter().take(2).map(|(path, _)| setting(experiment, path)).collect();
    }
    if names.is_empty() { t!("Base").into() } else { names.join(", ") }
}

/// A setting with its value inside a sentence: `peak learning rate 4e−3`.
fn setting(experiment: &Experiment, path: &str) -> String {
    format!("{} {}", inside(&english_label(path)), value_at(experiment, path).unwrap_or_default())
}

/// The label of a setting: `Peak learning rate` for `schedule.peak`.
pub fn label(path: &str) -> String {
    words::sentence(&english_label(path))
}

/// Labels that follow from the names of settings.
const _: [&str; 25] = [
    key!("Seed"),
    key!("Corpus"),
    key!("Replay"),
    key!("Task size"),
    key!("Tokeniser"),
    key!("Vocabulary"),
    key!("Layers"),
    key!("Heads"),
    key!("Width"),
    key!("Context"),
    key!("Positions"),
    key!("Bias"),
    key!("Tied"),
    key!("Weight decay"),
    key!("Clip"),
    key!("Warmup"),
    key!("Points"),
    key!("Watch"),
    key!("Steps"),
    key!("Batch"),
    key!("Accumulation"),
    key!("Eval windows"),
    key!("Every"),
    key!("Length"),
    key!("Device"),
];

fn english_label(path: &str) -> String {
    let (group, key) = path.split_once('.').unwrap_or(("", path));
    match (group, key) {
        ("layerwise", "method") => return key!("Layerwise").into(),
        ("objective", "method") => return key!("Objective").into(),
        ("optimiser", "method") => return key!("Optimiser").into(),
        ("schedule", "shape") => return key!("Schedule").into(),
        ("schedule", "peak") => return key!("Peak learning rate").into(),
        ("text", "then") => return key!("Second text").into(),
        // A schedule may have a switch too.
        ("text", "switch") => return key!("Second text after").into(),
        ("train", "eval_every") => return key!("Validate every").into(),
        _ => {}
    }
    let knob = match group {
        "layerwise" => layerwise::Method::all().find_map(|method| method.knob(key)),
        "objective" => objective::Method::all().find_map(|method| method.knob(key)),
        "optimiser" => Method::all().find_map(|method| method.knob(key)),
        "schedule" => Shape::all().find_map(|shape| shape.knob(key)),
        _ => None,
    };
    let words = knob.map_or_else(|| key.replace(['_', '-'], " "), |knob| knob.name.to_owned());
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The value of a setting in words; none where the experiment has no such setting.
pub fn value_at(experiment: &Experiment, path: &str) -> Option<String> {
    let name = match path {
        "layerwise.method" => experiment.layerwise.rule.method().description().name,
        "objective.method" => experiment.objective.method().description().name,
        "optimiser.method" => experiment.optimiser.method.description().name,
        "schedule.shape" => experiment.schedule.shape.description().name,
        "text.corpus" => experiment.text.corpus.name(),
        "text.then" => experiment.text.then.map_or(key!("none"), Corpus::name),
        _ => {
            let value = experiment.value_at(path)?;
            if let Some(name) = named(experiment, path, &value) {
                return Some(words::text(name).into());
            }
            return Some(value.parse().map_or(value, scientific));
        }
    };
    Some(words::text(name).into())
}

/// The name that a value of the objective's settings stands for, if it is a choice and not a number.
fn named(experiment: &Experiment, path: &str, value: &str) -> Option<&'static str> {
    let names = experiment.objective.method().names(path.strip_prefix("objective.")?);
    names.get(value.parse::<f64>().ok()? as usize).copied()
}

/// `cosine, peak 4e−3`.
pub fn schedule(experiment: &Experiment) -> String {
    let (shape, peak) = (shape_name(experiment.schedule.shape), scientific(experiment.schedule.peak));
    t!("{shape}, peak {peak}", shape, peak)
}

/// The name of a schedule inside a sentence: `cosine`, but `WSD cosine` and `nanoGPT`.
pub fn shape_name(shape: Shape) -> String {
    let name = shape.description().name;
    let is_word = !name.chars().skip(1).any(char::is_uppercase);
    if is_word { inside(name) } else { words::text(name).into() }
}

/// What a schedule does, inside a sentence: `100 updates of warm-up to 4e−3, then cosine`.
pub fn course(schedule: &ScheduleConfig) -> String {
    let (shape, peak) = (shape_name(schedule.shape), scientific(schedule.peak));
    match schedule.warmup_steps() {
        0 => t!("{shape} with the peak {peak}", shape, peak),
        warmup => {
            t!("{warmup} updates of warm-up to {peak}, then {shape}", warmup = integer(warmup), peak, shape)
        }
    }
}

/// `2,000 steps, batch 16 × 64`.
pub fn run(experiment: &Experiment) -> String {
    let train = &experiment.train;
    t!(
        "{steps} steps, batch {batch} × {context}",
        steps = integer(train.steps),
        batch = train.batch * train.accumulation,
        context = experiment.model.context,
    )
}

/// `every 100 steps`.
pub fn samples(experiment: &Experiment) -> String {
    match experiment.sample.every {
        0 => t!("none").into(),
        1 => t!("every step").into(),
        every => t!("every {count} steps", count = integer(every)),
    }
}

/// Paths of the settings that differ, such as `model.layers`, in the order of the form.
pub fn differences(a: &Experiment, b: &Experiment) -> Vec<String> {
    let mut paths = Vec::new();
    if let (Ok(a), Ok(b)) = (serde_json::to_value(a), serde_json::to_value(b)) {
        compare(&a, &b, "", &mut paths);
    }
    paths
}

fn compare(a: &Value, b: &Value, path: &str, paths: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(value, b.get(key).unwrap_or(&Value::Null), &path, paths);
            }
        }
        _ if a != b => paths.push(path.into()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_of_the_first_visit() {
        let experiment = Experiment::default();
        assert_eq!(text(&experiment), "Moby-Dick, characters");
        assert_eq!(model(&experiment), "gpt-nano, 3 × 48");
        assert_eq!(schedule(&experiment), "cosine, peak 4e−3");
        assert_eq!(run(&experiment), "2,000 steps, batch 16 × 64");
        assert_eq!(question(&experiment), "What does gpt-nano learn from Moby-Dick?");
        assert_eq!(tokens_per_step(&experiment), 1024);
    }

    #[test]
    fn a_second_text_is_in_the_summary_and_in_the_question() {
        let mut experiment = Experiment::default();
        experiment.text.then = Some(Corpus::StateOfTheUnion);
        assert_eq!(text(&experiment), "Moby-Dick, then State of the Union, characters");
        let words = "What does gpt-nano keep of Moby-Dick while it learns the State of the Union?";
        assert_eq!(question(&experiment), words);
        assert_eq!(value_at(&experiment, "text.then").as_deref(), Some("State of the Union"));
        assert_eq!(value_at(&Experiment::default(), "text.then").as_deref(), Some("none"));
        let labels = ["text.then", "text.switch", "text.replay", "schedule.switch"].map(label);
        assert_eq!(labels, ["Second text", "Second text after", "Replay", "Switch"]);
    }

    #[test]
    fn an_objective_is_named_with_its_blocks_and_its_levels() {
        let link = "#v=1&a.objective.method=masked&b.objective.method=masked&b.objective.block=1&b.objective.all=0\
                    &c.objective.method=masked&c.objective.low=0.45&c.objective.high=0.95&c.objective.schedule=4\
                    &d.objective.method=progressive&e.objective.method=mixture&e.objective.noise=1";
        let (comparison, errors) = tailblazer_core::experiment::comparison_from_link(link);
        assert_eq!(errors, []);
        let names: Vec<String> =
            comparison.arms.iter().enumerate().map(|(i, of)| arm(of, &comparison.experiment(i))).collect();
        assert_eq!(
            names,
            [
                "Masked block diffusion, block 4",
                "Masked block diffusion, block 1, all masked at block 1 0",
                "Masked block diffusion, block 4, levels 0.45 to 0.95, noise schedule Cosine",
                "Progressive blocks, blocks 4 to 16",
                "Mixture of block sizes, noise Uniform",
            ]
        );
        assert_eq!(["objective.method", "objective.block"].map(label), ["Objective", "Block"]);
    }

    #[test]
    fn differences_name_paths() {
        let a = Experiment::default();
        let mut b = a.clone();
        assert!(differences(&a, &b).is_empty());
        b.model.layers = 5;
        b.seed = 3;
        b.text.corpus = Corpus::Sort;
        assert_eq!(differences(&a, &b), ["seed", "text.corpus", "model.layers"]);
    }

    #[test]
    fn a_schedule_has_its_name_in_a_sentence() {
        for (id, name) in [
            ("cosine", "cosine"),
            ("rex", "REX"),
            ("wsd-sqrt", "WSD 1−√u"),
            ("nanogpt", "nanoGPT"),
            ("autolrs", "AutoLRS"),
            ("one-cycle", "one-cycle"),
        ] {
            assert_eq!(Shape::find(id).map(shape_name).as_deref(), Some(name));
        }
    }

    #[test]
    fn variants_have_the_names_of_links() {
        assert_eq!(kebab(&Corpus::MobyDick), "moby-dick");
        assert_eq!(from_kebab::<Corpus>("modular-addition"), Some(Corpus::ModularAddition));
        assert_eq!(from_kebab::<Corpus>("nothing"), None);
    }
}
