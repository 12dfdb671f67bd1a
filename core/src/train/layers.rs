//! Learning rates over layers in a run: when something is measured, and what the multipliers are between.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::{TrainError, metrics::read_all};
use crate::{
    experiment::Experiment,
    layerwise::{Measure, Moment, MultiplierRamp, Norms, Parameter},
    model::{ParameterSpec, flat},
    session::LayersFrame,
};

/// The multipliers of a run; a copy goes on as the original would.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Layers {
    /// The parameters, with what was last measured of them.
    list: Vec<Parameter>,
    ramp: MultiplierRamp,
    /// The last update before which something was measured.
    measured: usize,
}

/// What is measured before an update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Due {
    /// What to measure.
    pub measure: Measure,
    /// Whether the method gets its turn; else the spectra are for the charts alone.
    is_event: bool,
}

/// The tensors of a measurement; flat lists.
pub struct Measured {
    /// The weights.
    pub weights: Tensor<1>,
    /// The gradient, and the weights before an update at a learning rate of 1 less those after it, where norms are
    /// wanted.
    pub changes: Option<[Tensor<1>; 2]>,
}

impl Layers {
    /// The multipliers before the first update.
    pub fn new(experiment: &Experiment, specs: &[ParameterSpec]) -> Self {
        let list: Vec<_> = specs.iter().map(Parameter::from).collect();
        let rule = &experiment.layerwise.rule;
        let cadence = rule.method().cadence(rule.settings(), experiment.train.steps);
        Self { ramp: MultiplierRamp::new(cadence, list.len()), list, measured: 0 }
    }

    /// Whether these can go on as those of the same run would.
    pub fn fits(&self, other: &Self) -> bool {
        self.list.len() == other.list.len() && self.ramp.fits(&other.ramp)
    }

    /// The learning rate of each parameter at an update, counted from 1.
    pub fn learning_rates(&self, rate: f64, update: usize) -> Vec<f64> {
        self.ramp.multipliers(update).into_iter().map(|multiplier| rate * multiplier).collect()
    }

    /// What must be measured before an update, if it was not yet.
    pub fn due(&self, experiment: &Experiment, update: usize) -> Option<Due> {
        if self.measured >= update {
            return None;
        }
        let config = &experiment.layerwise;
        let is_event = self.ramp.cadence().is_event(update);
        let is_watched = config.watch > 0 && (update == 1 || update.is_multiple_of(config.watch));
        if !is_event && !is_watched {
            return None;
        }
        let measure = config.rule.method().measure(config.rule.settings());
        // A method that wants the gradient gets its measurement at its turn, and the charts have theirs at the others.
        let is_for_gradient = is_event && measure.wants_gradient();
        Some(Due { measure: if is_watched && !is_for_gradient { measure.of_weights() } else { measure }, is_event })
    }

    /// Measures, and lets the method have its turn.
    pub async fn measure(
        &mut self,
        experiment: &Experiment,
        specs: &[ParameterSpec],
        update: usize,
        due: Due,
        measured: Measured,
    ) -> Result<LayersFrame, TrainError> {
        self.measured = update;
        let mut frame = LayersFrame { step: update - 1, ..LayersFrame::default() };
        if due.measure != Measure::Nothing {
            let tensors = [measured.weights].into_iter().chain(measured.changes.into_iter().flatten());
            self.take_in(specs, due.measure, &read_all(tensors).await?, &mut frame);
        }
        if due.is_event {
            let rule = &experiment.layerwise.rule;
            let at = Moment { seed: experiment.seed, update, steps: experiment.train.steps };
            let targets = rule.method().multipliers(rule.settings(), &self.list, at);
            if self.ramp.turn(update, targets.clone()) {
                frame.multipliers = Some(targets);
            }
        }
        Ok(frame)
    }

    /// Puts what was read into the parameters and the frame.
    fn take_in(&mut self, specs: &[ParameterSpec], measure: Measure, lists: &[Vec<f32>], frame: &mut LayersFrame) {
        let flat = flat(specs);
        for (index, parameter) in self.list.iter_mut().enumerate() {
            if let [weights, gradient, change] = lists {
                let [weight, gradient, update] = [weights, gradient, change].map(|list| l2(&list[flat.span(index)]));
                parameter.norms = Some(Norms { weight, gradient, update });
            }
            // Weights that are not finite have no spectrum; the loss of the step says what is wrong.
            let spectrum = |measure: Measure, list: &[f32]| {
                let values = &list[flat.span(index)];
                measure
                    .wants_alpha(parameter)
                    .then(|| measure.spectrum(values, parameter.shape).ok().flatten())
                    .flatten()
            };
            let of_gradient = match (measure, lists) {
                (Measure::GradientTail(_), [_, gradient, _]) => Some(spectrum(measure, gradient)),
                _ => None,
            };
            let shown = if of_gradient.is_some() { measure.of_weights() } else { measure };
            let spectrum = spectrum(shown, &lists[0]);
            let tail = spectrum.as_ref().and_then(|spectrum| spectrum.tail);
            let mapped = of_gradient.map_or(tail, |spectrum| spectrum.and_then(|spectrum| spectrum.tail));
            parameter.alpha = mapped.map(|tail| tail.alpha);
            frame.tails.push(tail);
            let eigenvalues = spectrum.map(|spectrum| spectrum.eigenvalues).unwrap_or_default();
            frame.spectra.push(eigenvalues.into_iter().map(|value| value as f32).collect());
        }
    }
}

impl Due {
    /// Whether the gradient and the update that it leads to are wanted.
    pub fn wants_changes(self) -> bool {
        self.measure.wants_gradient()
    }
}

/// The l2 norm.
pub fn l2(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt()
}
