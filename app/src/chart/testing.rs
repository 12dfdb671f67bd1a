//! Runs for the tests of charts.

use tailblazer_core::{
    experiment::{Corpus, Experiment},
    lab::annealing::{Law, Warmup, rates},
    layerwise::{Method, Parameter},
    model::Role,
    schedule::learning_rate,
    session::{BranchEnd, BranchFrame, MetricsFrame, StepMetrics, Validation},
};

pub use super::synthetic::{falling, frame, record, spectrum, tail};
use super::{
    input::{Arm, Input},
    scene::{Scene, numbers},
};
use crate::workspace::{record::Record, view::XAxis};

/// What a test draws.
pub struct Runs {
    /// The arms.
    pub arms: Vec<Run>,
    /// The crosshair.
    pub crosshair: Option<usize>,
    /// The axis.
    pub x_axis: XAxis,
    /// The selected parameter.
    pub matrix: Option<usize>,
}

/// An arm of a test.
pub struct Run {
    /// Its settings.
    pub experiment: Experiment,
    /// Its present run.
    pub record: Record,
    /// Whether it broke off.
    pub failed: bool,
    /// Its earlier runs.
    pub earlier: Vec<Record>,
}

impl Runs {
    /// So many arms with so many steps each.
    pub fn new(arms: usize, steps: usize) -> Self {
        let run = |arm: usize| Run {
            experiment: Experiment::default(),
            record: record(steps, |step| falling(step) - 0.03 * arm as f64),
            failed: false,
            earlier: Vec::new(),
        };
        Self { arms: (0..arms).map(run).collect(), crosshair: None, x_axis: XAxis::Step, matrix: None }
    }

    /// As [`Runs::new`], with spectra every 100 steps; every arm but the first one uses LLR.
    pub fn measured(arms: usize, steps: usize) -> Self {
        let mut runs = Self::new(arms, steps);
        for (index, run) in runs.arms.iter_mut().enumerate() {
            if index > 0 {
                let llr = Method::find("llr").expect("LLR is a method");
                run.experiment.layerwise.rule.choose(llr);
            }
            run.record.layout = layout(2, 16);
            run.record.layers = (0..=steps / 100).map(|event| frame(&run.record.layout, 100 * event, index)).collect();
        }
        runs.matrix = Some(5);
        runs
    }

    /// As [`Runs::new`], with a second text after half of the run and validations every 10 steps. Every arm but the first
    /// one forgets less.
    pub fn of_two_texts(arms: usize, steps: usize, done: usize) -> Self {
        let mut runs = Self::new(arms, 0);
        for (index, run) in runs.arms.iter_mut().enumerate() {
            run.experiment.train.steps = steps;
            run.experiment.text.then = Some(Corpus::StateOfTheUnion);
            let half = steps / 2;
            let learned = |step: usize| 0.2 * index as f64 + falling(if step > half { step - half + 6 } else { step });
            run.record = record(done, learned);
            let validation = |step: usize| {
                let other = if step > half { falling(half) + 0.02 * (step - half) as f64 } else { falling(step) + 0.9 };
                Validation {
                    step,
                    loss: learned(step),
                    other_loss: Some(other - 0.1 * index as f64),
                    ..Validation::default()
                }
            };
            run.record.validations = (10..=done).step_by(10).map(validation).collect();
        }
        runs
    }

    /// Calls `with` with the input of these runs.
    pub fn with<T>(&self, with: impl FnOnce(Input) -> T) -> T {
        let arms: Vec<Arm> = self
            .arms
            .iter()
            .enumerate()
            .map(|(index, run)| Arm {
                index,
                experiment: &run.experiment,
                record: &run.record,
                failed: run.failed,
                earlier: &run.earlier,
            })
            .collect();
        with(Input {
            arms: &arms,
            x_axis: self.x_axis,
            crosshair: self.crosshair,
            matrix: self.matrix,
            law: None,
            overlays: &[],
        })
    }
}

/// The first steps of an experiment whose losses, at most 4.3, follow an annealing law even in the warm-up.
pub fn lawful(experiment: &Experiment, steps: usize) -> Record {
    let (schedule, planned) = (&experiment.schedule, experiment.train.steps);
    let law = Law { l0: 1.4, a: 0.5, c: 1.5, alpha: 0.45, lambda: 0.97 };
    let losses = law.predict(&rates(schedule, planned, Warmup::AtPeak));
    // A loss is measured before its update.
    let mut record = record(steps, |step| losses[step.saturating_sub(2)].min(4.3));
    edit(&mut record, |row| row.learning_rate = learning_rate(schedule, planned, row.step - 1));
    record
}

/// Changes every step of a run.
pub fn edit(record: &mut Record, edit: impl Fn(&mut StepMetrics)) {
    let mut steps = record.columns.rows().to_vec();
    steps.iter_mut().for_each(edit);
    record.columns.append(MetricsFrame { steps, ..MetricsFrame::default() });
}

/// The parameters of a small transformer with biases in the MLP: `layers` layers of this width.
pub fn layout(layers: usize, width: usize) -> Vec<Parameter> {
    let square = [width, width];
    let mut list =
        vec![Parameter::new(Role::Embedding, None, [20, width]), Parameter::new(Role::Positions, None, [32, width])];
    for layer in 0..layers {
        let mut push = |role, shape| list.push(Parameter::new(role, Some(layer), shape));
        push(Role::Scale, [1, width]);
        for role in [Role::Query, Role::Key, Role::Value, Role::Output] {
            push(role, square);
        }
        push(Role::Scale, [1, width]);
        push(Role::Up, [width, 4 * width]);
        push(Role::Bias, [1, 4 * width]);
        push(Role::Down, [4 * width, width]);
        push(Role::Bias, [1, width]);
    }
    list.push(Parameter::new(Role::Scale, None, [1, width]));
    list.push(Parameter::new(Role::Head, None, [width, 20]));
    list
}

/// Adds a branch that halves the loss of the run over so many steps, with a validation half way and one at its end.
pub fn add_branch(record: &mut Record, from: usize, steps: usize, end: Option<BranchEnd>) {
    let frame = |rows, validation, end| BranchFrame { from, steps, rows, validation, end };
    let row = |made: usize| StepMetrics {
        step: from + made,
        loss: falling(from + made) * (1.0 - 0.5 * made as f64 / steps as f64),
        learning_rate: 1e-3 * (1.0 - (made - 1) as f64 / steps as f64),
        gradient_norm: 1.0,
        gradient_l1: 9.0,
        tokens: 1024.0 * (from + made) as f64,
        seconds: 0.02 * (from + made) as f64,
    };
    let half = steps / 2;
    let grown = [
        frame(vec![], None, None),
        frame((1..=half).map(row).collect(), Some(2.3), None),
        frame((half + 1..=steps).map(row).collect(), Some(1.8), None),
    ];
    for frame in grown.into_iter().chain(end.map(|end| frame(vec![], None, Some(end)))) {
        record.branches.take(&record.columns, frame);
    }
}

/// Whether every position and size in a chart is finite.
pub fn assert_finite(scene: &Scene) {
    for item in &scene.items {
        assert!(numbers(item).iter().all(|number| number.is_finite()), "{item:?}");
    }
}
