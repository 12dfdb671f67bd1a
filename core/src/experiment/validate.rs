//! Checks of an experiment that need neither its text nor its device.

use super::{Experiment, ModelConfig, OptimiserConfig, Positions, ScheduleConfig, TextConfig, TokeniserKind};
use crate::{
    objective::{Noise, Objective},
    policy::{Chosen, Description, Settings},
    schedule::FLOOR,
};

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// Path of the setting, such as `model.heads`.
    pub field: String,
    /// One sentence that names the setting and says what to do.
    pub message: String,
}

/// Every setting that cannot be used, in the order of the form; empty when the experiment can run.
pub fn validate(experiment: &Experiment) -> Vec<Invalid> {
    let Experiment { text, model, objective, optimiser, schedule, layerwise, train, sample, .. } = experiment;
    let mut check = Check::default();

    if let Some(sizes) = text.corpus.task_sizes() {
        check.count("text.task_size", "Task size", text.task_size, *sizes.start(), *sizes.end());
    }
    if text.tokeniser == TokeniserKind::Bpe {
        check.count("text.vocabulary", "Vocabulary", text.vocabulary, 256, 4096);
    }
    check.second_text(text);
    check.model(model);
    check.objective(objective, model);
    check.method(optimiser);
    check.real(
        "optimiser.weight_decay",
        "Weight decay",
        optimiser.weight_decay,
        |v| (0.0..=10.0).contains(&v),
        "0 to 10",
    );
    check.real("optimiser.clip", "Clip", optimiser.clip, |v| (0.0..=1e6).contains(&v), "0 (off) to 1,000,000");
    check.real("schedule.peak", "Peak learning rate", schedule.peak, |v| v > 0.0 && v <= 1.0, "above 0 and at most 1");
    check.shape(schedule);
    check.count("train.steps", "Steps", train.steps, 1, 1_000_000);
    if schedule.shape.warms_up() && schedule.warmup >= train.steps.max(1) {
        check.fail(
            "schedule.warmup",
            format!("Warm-up must be shorter than the run of {} steps, not {}.", train.steps, schedule.warmup),
        );
    }
    if let Some(federation) = schedule.shape.federation(schedule) {
        let (clients, steps, all) = (federation.clients, federation.local_steps, federation.round_steps());
        if all > train.steps {
            check.fail(
                "schedule.local_steps",
                format!(
                    "A round of {clients} clients with {steps} steps each must end within the run of {} steps, and takes \
                     {all}.",
                    train.steps
                ),
            );
        }
    }
    let rule = &layerwise.rule;
    if let Some((id, sentence)) = rule.method().fault(rule.settings(), train.steps) {
        check.fail(&format!("layerwise.{id}"), sentence);
    }
    check.count("layerwise.watch", "Steps between spectra", layerwise.watch, 0, 1_000_000);
    check.count("train.batch", "Batch", train.batch, 1, 4096);
    check.count("train.accumulation", "Accumulation", train.accumulation, 1, 1024);
    check.count("train.eval_every", "Steps between validations", train.eval_every, 1, 1_000_000);
    check.count("train.eval_windows", "Validation windows", train.eval_windows, 1, 65_536);
    check.count("sample.length", "Sample length", sample.length, 1, 10_000);
    check.real(
        "sample.temperature",
        "Temperature",
        sample.temperature,
        |v| (0.0..=10.0).contains(&v),
        "0 (likeliest token) to 10",
    );
    check.invalid
}

#[derive(Default)]
struct Check {
    invalid: Vec<Invalid>,
}

impl Check {
    fn fail(&mut self, field: &str, message: String) {
        self.invalid.push(Invalid { field: field.into(), message });
    }

    fn count(&mut self, field: &str, name: &str, value: usize, low: usize, high: usize) {
        if !(low..=high).contains(&value) {
            self.fail(field, format!("{name} must be a whole number from {low} to {high}, not {value}."));
        }
    }

    fn real(&mut self, field: &str, name: &str, value: f64, holds: impl Fn(f64) -> bool, range: &str) {
        if !holds(value) {
            self.fail(field, format!("{name} must be {range}, not {value}."));
        }
    }

    /// What follows the first text, if anything does.
    fn second_text(&mut self, text: &TextConfig) {
        let Some(then) = text.then else { return };
        if text.corpus.task_sizes().is_some() {
            let task = text.corpus.name();
            self.fail("text.then", format!("Only a text can be followed by another, not {task}: choose none."));
        }
        if then.file().is_none() {
            let name = then.name();
            self.fail("text.then", format!("The second text must be one of the bundled texts or none, not {name}."));
        }
        let is_share = |value| (0.0..=1.0).contains(&value);
        self.real("text.switch", "Switch", text.switch, is_share, "a share of the run from 0 to 1");
        self.real("text.replay", "Replay", text.replay, is_share, "a share of the sequences from 0 to 1");
    }

    /// The settings of a group, each as the method's description has it.
    fn settings(&mut self, group: &str, description: &Description, settings: Settings) {
        for (id, value) in settings.0 {
            if let Some((id, sentence)) = description.fault(&Settings([(id, value)].into())) {
                self.fail(&format!("{group}.{id}"), sentence);
            }
        }
    }

    /// The objective, which must fit the model.
    fn objective(&mut self, objective: &Chosen<dyn Objective>, model: &ModelConfig) {
        let context = model.context;
        if !(2..=4096).contains(&context) {
            return;
        }
        if let Some((id, sentence)) = objective.fault(context) {
            self.fail(&format!("objective.{id}"), sentence);
        } else if objective.reading(context).noise != Noise::None && model.positions == Positions::Learned {
            let name = objective.method().description().name;
            self.fail(
                "model.positions",
                format!("{name} needs rotary positions: choose them, or predict next tokens."),
            );
        }
    }

    /// The knobs of the chosen optimiser; what another one would use is not checked.
    fn method(&mut self, optimiser: &OptimiserConfig) {
        let description = optimiser.method.description();
        let mut settings = optimiser.knobs.clone();
        settings.0.extend(description.knobs.iter().map(|knob| (knob.id.to_owned(), optimiser.value(knob))));
        self.settings("optimiser", description, settings);
    }

    /// The knobs of the chosen schedule; what another schedule would use is not checked.
    fn shape(&mut self, schedule: &ScheduleConfig) {
        let description = schedule.shape.description();
        let mut settings = schedule.knobs.clone();
        if schedule.shape.knob(FLOOR.id).is_some() {
            settings.0.insert(FLOOR.id.into(), schedule.floor);
        }
        self.settings("schedule", description, settings);
        // Knobs can only be held to each other when each is sound.
        if !self.invalid.iter().any(|invalid| invalid.field.starts_with("schedule."))
            && let Some((id, sentence)) = schedule.shape.fault(schedule)
        {
            self.fail(&format!("schedule.{id}"), sentence);
        }
        if let Some(sentence) = schedule.points.fault().filter(|_| schedule.shape.is_drawn()) {
            self.fail("schedule.points", sentence);
        }
    }

    fn model(&mut self, model: &ModelConfig) {
        self.count("model.layers", "Layers", model.layers, 1, 48);
        self.count("model.heads", "Heads", model.heads, 1, 64);
        self.count("model.width", "Width", model.width, 1, 4096);
        self.count("model.context", "Context", model.context, 2, 4096);
        self.real("model.dropout", "Dropout", model.dropout, |v| (0.0..1.0).contains(&v), "at least 0 and below 1");
        if model.heads == 0 || model.width == 0 {
            return;
        }
        if !model.width.is_multiple_of(model.heads) {
            self.fail(
                "model.heads",
                format!(
                    "Heads must divide the width: {} heads do not divide {}; try {}.",
                    model.heads,
                    model.width,
                    nearest_divisor(model.width, model.heads)
                ),
            );
        } else if model.positions == Positions::Rope && !(model.width / model.heads).is_multiple_of(2) {
            self.fail(
                "model.heads",
                format!(
                    "Rotary positions need an even number of channels per head, not {}: change heads or width, or use learned positions.",
                    model.width / model.heads
                ),
            );
        }
    }
}

/// The divisor of `width` closest to `heads`, the smaller one on a tie.
fn nearest_divisor(width: usize, heads: usize) -> usize {
    (1..=width.min(64)).filter(|d| width.is_multiple_of(*d)).min_by_key(|d| d.abs_diff(heads)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{experiment::Corpus, optim::Method, schedule::Shape};

    fn fields(edit: impl FnOnce(&mut Experiment)) -> Vec<String> {
        let mut experiment = Experiment::default();
        edit(&mut experiment);
        validate(&experiment)
            .into_iter()
            .map(|invalid| {
                assert!(invalid.message.ends_with('.'), "{}", invalid.message);
                invalid.field
            })
            .collect()
    }

    #[test]
    fn the_default_is_valid() {
        assert_eq!(fields(|_| {}), [""; 0]);
    }

    #[test]
    fn learning_rates_of_zero_below_and_far_above_are_refused() {
        for peak in [0.0, -1e-3, 1e9, f64::NAN, f64::INFINITY] {
            assert_eq!(fields(|e| e.schedule.peak = peak), ["schedule.peak"], "{peak}");
        }
    }

    #[test]
    fn heads_that_do_not_divide_the_width_are_refused_with_a_way_out() {
        let mut experiment = Experiment::default();
        experiment.model.heads = 5;
        let invalid = validate(&experiment);
        assert_eq!(invalid[0].field, "model.heads");
        assert!(invalid[0].message.contains("try 4"), "{}", invalid[0].message);
    }

    #[test]
    fn rotary_positions_need_even_heads() {
        assert_eq!(fields(|e| (e.model.width, e.model.heads) = (45, 3)), ["model.heads"]);
        assert_eq!(
            fields(|e| (e.model.width, e.model.heads, e.model.positions) = (45, 3, Positions::Learned)),
            [""; 0]
        );
    }

    #[test]
    fn a_vocabulary_over_the_limit_is_refused_for_bpe_only() {
        assert_eq!(fields(|e| e.text.vocabulary = 5000), [""; 0]);
        assert_eq!(fields(|e| (e.text.vocabulary, e.text.tokeniser) = (5000, TokeniserKind::Bpe)), ["text.vocabulary"]);
    }

    #[test]
    fn a_task_size_matters_to_tasks_only() {
        assert_eq!(fields(|e| e.text.task_size = 0), [""; 0]);
        assert_eq!(fields(|e| (e.text.task_size, e.text.corpus) = (0, Corpus::Addition)), ["text.task_size"]);
    }

    #[test]
    fn a_second_text_is_a_bundled_one_after_a_text() {
        let then = |then, corpus| move |e: &mut Experiment| (e.text.then, e.text.corpus) = (Some(then), corpus);
        for corpus in [Corpus::MobyDick, Corpus::StateOfTheUnion, Corpus::Own] {
            assert_eq!(fields(then(Corpus::StateOfTheUnion, corpus)), [""; 0]);
        }
        assert_eq!(fields(then(Corpus::MobyDick, Corpus::Addition)), ["text.then"]);
        for second in [Corpus::Own, Corpus::Sort] {
            assert_eq!(fields(then(second, Corpus::MobyDick)), ["text.then"]);
        }
    }

    #[test]
    fn the_switch_and_the_replay_matter_to_runs_of_two_texts_only() {
        for value in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(fields(|e| (e.text.switch, e.text.replay) = (value, value)), [""; 0]);
            let second = |e: &mut Experiment| e.text.then = Some(Corpus::FirstNames);
            assert_eq!(fields(|e| (second(e), e.text.switch = value).0), ["text.switch"], "{value}");
            assert_eq!(fields(|e| (second(e), e.text.replay = value).0), ["text.replay"], "{value}");
        }
    }

    #[test]
    fn a_warm_up_as_long_as_the_run_is_refused() {
        assert_eq!(fields(|e| e.schedule.warmup = 2000), ["schedule.warmup"]);
    }

    #[test]
    fn a_round_longer_than_the_run_is_refused() {
        let federated = |e: &mut Experiment| e.schedule.choose(Shape::find("fedhyper").expect("a schedule"));
        assert_eq!(fields(federated), [""; 0]);
        assert_eq!(fields(|e| (federated(e), e.train.steps = 79, e.schedule.warmup = 0).0), ["schedule.local_steps"]);
    }

    #[test]
    fn a_floor_and_a_warm_up_matter_to_shapes_that_have_them() {
        assert_eq!(fields(|e| e.schedule.floor = 1.5), ["schedule.floor"]);
        assert_eq!(fields(|e| e.schedule.floor = f64::NAN), ["schedule.floor"]);
        let one_cycle = |e: &mut Experiment| e.schedule.choose(Shape::find("one-cycle").expect("a schedule"));
        assert_eq!(fields(|e| (one_cycle(e), e.schedule.floor = 1.5, e.schedule.warmup = 2000).0), [""; 0]);
    }

    #[test]
    fn knobs_of_a_schedule_are_held_to_its_description() {
        for (shape, knob, value, words) in [
            ("wsd", "decay", 1.5, "Decay is 1.5: choose a number from 0 to 1."),
            ("wsd", "decay", f64::NAN, "choose a number"),
            ("wsd-s", "cycles", 2.5, "choose a whole number"),
            ("wsd", "colour", 1.0, "WSD has no setting colour"),
            ("cosine", "decay", 0.2, "Cosine has no setting decay"),
            ("autolrs", "probes", 2.5, "choose a whole number"),
            ("autolrs", "probe", 200.0, "Probe is 200: choose at most the 100 steps of a stage."),
        ] {
            let mut experiment = Experiment::default();
            experiment.schedule.choose(Shape::find(shape).expect(shape));
            experiment.schedule.knobs.0.insert(knob.into(), value);
            let invalid = validate(&experiment);
            assert_eq!(invalid.len(), 1, "{shape}: {invalid:?}");
            assert_eq!(invalid[0].field, format!("schedule.{knob}"));
            assert!(invalid[0].message.contains(words), "{}", invalid[0].message);
        }
    }

    #[test]
    fn knobs_of_an_optimiser_are_held_to_its_description() {
        for (method, knob, value, words) in [
            ("adamw", "beta1", 1.0, "Beta 1 is 1: choose a number from 0 to 0.999999."),
            ("adamw", "epsilon", 0.0, "Epsilon is 0: choose a number"),
            ("muon", "beta2", -0.1, "Beta 2 is -0.1: choose a number"),
            ("sgd", "momentum", f64::NAN, "choose a number"),
            ("sgd", "nesterov", 0.5, "choose a whole number"),
            ("lars", "trust", 0.0, "Trust is 0: choose a number"),
            ("adamw", "momentum", 0.9, "AdamW has no setting momentum"),
        ] {
            let mut experiment = Experiment::default();
            let method = Method::find(method).expect(method);
            experiment.optimiser.choose(method);
            match knob {
                "beta1" => experiment.optimiser.beta1 = value,
                "beta2" => experiment.optimiser.beta2 = value,
                "epsilon" => experiment.optimiser.epsilon = value,
                _ => drop(experiment.optimiser.knobs.0.insert(knob.into(), value)),
            }
            let invalid = validate(&experiment);
            assert_eq!(invalid.len(), 1, "{method:?}: {invalid:?}");
            assert_eq!(invalid[0].field, format!("optimiser.{knob}"));
            assert!(invalid[0].message.contains(words), "{}", invalid[0].message);
        }
    }

    #[test]
    fn moments_matter_to_optimisers_that_have_them() {
        let sgd = |e: &mut Experiment| e.optimiser.choose(Method::find("sgd").expect("SGD"));
        assert_eq!(fields(|e| (sgd(e), e.optimiser.beta1 = 2.0, e.optimiser.epsilon = 0.0).0), [""; 0]);
    }

    #[test]
    fn a_shape_that_cannot_end_at_zero_says_so() {
        let shape = |e: &mut Experiment| e.schedule.choose(Shape::find("wsd-inverse").expect("a schedule"));
        assert_eq!(fields(|e| (shape(e), e.schedule.floor = 0.0).0), ["schedule.floor"]);
    }

    #[test]
    fn points_matter_to_the_drawn_schedule_only() {
        let points = |e: &mut Experiment| e.schedule.points = "0:1,0.5:0".parse().expect("a curve");
        assert_eq!(fields(points), [""; 0]);
        let drawn = |e: &mut Experiment| e.schedule.choose(Shape::find("drawn").expect("a schedule"));
        assert_eq!(fields(|e| (points(e), drawn(e)).0), ["schedule.points"]);
    }

    #[test]
    fn zeros_everywhere_are_refused_without_a_panic() {
        let found = fields(|e| {
            e.model = ModelConfig { layers: 0, heads: 0, width: 0, context: 0, ..ModelConfig::default() };
            (e.train.steps, e.train.batch, e.train.accumulation, e.train.eval_every, e.train.eval_windows) =
                (0, 0, 0, 0, 0);
        });
        for field in ["model.layers", "model.heads", "model.width", "model.context", "train.steps", "train.batch"] {
            assert!(found.iter().any(|f| f == field), "{field}");
        }
    }
}
