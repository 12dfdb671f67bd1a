//! Runs that nobody trained, for tests and for measuring what drawing costs: deterministic curves, and spectra with a
//! known tail.

use tailblazer_core::{
    layerwise::{Fit, Parameter, Tail},
    session::{LayersFrame, MetricsFrame, StepMetrics, Validation},
};

use crate::workspace::record::Record;

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
        gradient_l1: 40.0,
        tokens: 1024.0 * step as f64,
        seconds: 0.02 * step as f64,
    };
    let mut record = Record::default();
    record.columns.append(MetricsFrame { steps: (1..=steps).map(row).collect(), ..MetricsFrame::default() });
    record.validations = [0, steps / 2, steps]
        .into_iter()
        .take(if steps == 0 { 0 } else { 3 })
        .map(|step| Validation { step, loss: loss(step.max(1)) + 0.05, ..Validation::default() })
        .collect();
    record
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
