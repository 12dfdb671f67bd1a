//! Runs for the tests of charts: deterministic curves, and spectra with a known tail.

use tailblazer_core::{
    experiment::Experiment,
    layerwise::{Fit, Method, Parameter, Tail},
    model::Role,
    session::{LayersFrame, MetricsFrame, StepMetrics},
};

use super::{
    input::{Arm, Input},
    scene::{Scene, numbers},
};
use crate::workspace::{
    run::{Record, Validation},
    view::XAxis,
};

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
        with(Input { arms: &arms, x_axis: self.x_axis, crosshair: self.crosshair, matrix: self.matrix })
    }
}

/// A loss that falls, with a spike every 7 steps.
pub fn falling(step: usize) -> f64 {
    1.6 + 2.8 / (1.0 + step as f64 / 8.0) + if step.is_multiple_of(7) { 0.2 } else { 0.0 }
}

/// A run with so many steps, and validations at its start, middle and end.
pub fn record(steps: usize, loss: impl Fn(usize) -> f64) -> Record {
    let row = |step| StepMetrics {
        step,
        loss: loss(step),
        learning_rate: 1e-3,
        gradient_norm: 0.4 + 1.0 / step as f64 + if step.is_multiple_of(11) { 0.8 } else { 0.0 },
        tokens: 1024.0 * step as f64,
        seconds: 0.02 * step as f64,
    };
    let mut record = Record::default();
    record.columns.append(MetricsFrame { steps: (1..=steps).map(row).collect(), ..MetricsFrame::default() });
    record.validations = [0, steps / 2, steps]
        .into_iter()
        .take(if steps == 0 { 0 } else { 3 })
        .map(|step| Validation { step, loss: loss(step.max(1)) + 0.05, exact_match: None })
        .collect();
    record
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

/// A spectrum whose values are evenly spaced quantiles of a power law with this exponent.
pub fn spectrum(alpha: f64, count: usize) -> Vec<f32> {
    let value = |j: usize| (0.1 * (1.0 - (j as f64 + 0.5) / count as f64).powf(-1.0 / (alpha - 1.0))) as f32;
    (0..count).map(value).collect()
}

/// Spectra after so many steps, with multipliers from 1 to 5 over the hidden matrices. Arms differ a little.
pub fn frame(layout: &[Parameter], step: usize, arm: usize) -> LayersFrame {
    let hidden = layout.iter().filter(|parameter| parameter.role.is_hidden()).count().max(2);
    let mut place = 0;
    let mut frame = LayersFrame { step, ..LayersFrame::default() };
    let mut multipliers = Vec::new();
    for parameter in layout {
        if !parameter.role.is_hidden() {
            frame.spectra.push(Vec::new());
            frame.tails.push(None);
            multipliers.push(if parameter.role.is_end() { 5.0 } else { 1.0 });
            continue;
        }
        let share = place as f64 / (hidden - 1) as f64;
        let alpha = 1.7 + 1.6 * share * 200.0 / (step as f64 + 200.0) + 0.1 * arm as f64;
        let values = spectrum(alpha, parameter.eigenvalues());
        frame.tails.push(tail(&values));
        frame.spectra.push(values);
        multipliers.push(1.0 + 4.0 * share.powf(1.0 + step as f64 / 1000.0));
        place += 1;
    }
    frame.multipliers = (arm > 0 && step <= 200).then_some(multipliers);
    frame
}

/// The fitted tail of a spectrum.
pub fn tail(values: &[f32]) -> Option<Tail> {
    Fit::MEDIAN.tail(&values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>())
}

/// Whether every position and size in a chart is finite.
pub fn assert_finite(scene: &Scene) {
    for item in &scene.items {
        assert!(numbers(item).iter().all(|number| number.is_finite()), "{item:?}");
    }
}
