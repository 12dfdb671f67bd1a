//! Everything that a run reported, as plain data that can be kept.

use serde::{Deserialize, Serialize};

use super::{Backend, BranchFrame, Denoising, Event, LayersFrame, Prepared, SearchFrame, StepMetrics};

/// The loss on held-out text at one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Steps done before it.
    pub step: usize,
    /// The objective's validation loss in nats per token, on the text that the last update learned.
    pub loss: f64,
    /// The standard error that the draws of noise leave in it, for a bound.
    pub error: Option<f64>,
    /// The same on the other text, in a run of two.
    pub other_loss: Option<f64>,
    /// Share of a task's problems answered exactly.
    pub exact_match: Option<f64>,
}

/// A text that the model wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Steps done before it.
    pub step: usize,
    /// The text that was given.
    pub prompt: String,
    /// The text that the model added.
    pub text: String,
    /// How its first block was denoised, where blocks were filled.
    pub denoising: Option<Denoising>,
}

/// The device of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// Which engine computes.
    pub backend: Backend,
    /// Name of the adapter.
    pub name: String,
    /// One sentence: why this device.
    pub reason: String,
}

/// What a run reported from its first step on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Facts about it.
    pub prepared: Option<Prepared>,
    /// Where it ran.
    pub device: Option<DeviceReport>,
    /// Metrics of every step, in order.
    pub steps: Vec<StepMetrics>,
    /// Digest of all its batches, hexadecimal.
    pub batch_digest: String,
    /// Validations, in order.
    pub validations: Vec<Validation>,
    /// Spectra and multipliers, in order.
    pub layers: Vec<LayersFrame>,
    /// Searches for a learning rate, in order.
    pub searches: Vec<SearchFrame>,
    /// What its branches reported, in order.
    pub branches: Vec<BranchFrame>,
    /// Samples, in order.
    pub samples: Vec<Sample>,
}

impl Report {
    /// Takes in an event, if it says something that is kept. A run that goes back has other steps there from then on.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Prepared(prepared) => {
                *self = Self { prepared: Some(prepared.clone()), device: self.device.take(), ..Self::default() };
            }
            Event::Device { backend, name, reason } => {
                let (backend, name, reason) = (*backend, name.clone(), reason.clone());
                self.device = Some(DeviceReport { backend, name, reason });
            }
            Event::Metrics(frame) => {
                if let Some(first) = frame.steps.first() {
                    self.steps.retain(|known| known.step < first.step);
                    self.branches.retain(|known| known.from < first.step);
                }
                self.steps.extend(&frame.steps);
                self.batch_digest.clone_from(&frame.batch_digest);
            }
            Event::Validation { step, loss, error, other_loss, exact_match } => {
                let (step, loss, error, other_loss, exact_match) = (*step, *loss, *error, *other_loss, *exact_match);
                self.validations.retain(|known| known.step < step);
                self.validations.push(Validation { step, loss, error, other_loss, exact_match });
            }
            Event::Layers(frame) => {
                self.layers.retain(|known| known.step < frame.step);
                self.layers.push(frame.clone());
            }
            Event::Search(frame) => {
                self.validations.retain(|known| known.step <= frame.step);
                self.layers.retain(|known| known.step <= frame.step);
                self.searches.retain(|known| known.step < frame.step);
                self.searches.push(frame.clone());
            }
            Event::Branch(frame) => self.branches.push(frame.clone()),
            Event::Sample { step, prompt, text, trace } => {
                let denoising = trace.as_deref().and_then(Denoising::of);
                self.samples.retain(|known| known.step < *step);
                self.samples.push(Sample { step: *step, prompt: prompt.clone(), text: text.clone(), denoising });
            }
            _ => {}
        }
    }

    /// Steps done.
    pub fn done(&self) -> usize {
        self.steps.last().map_or(0, |row| row.step)
    }

    /// What of it there was when so many steps were done.
    pub fn until(&self, step: usize) -> Self {
        let upto = |known: usize| known <= step;
        Self {
            prepared: self.prepared.clone(),
            device: self.device.clone(),
            steps: self.steps.iter().filter(|row| upto(row.step)).copied().collect(),
            batch_digest: self.batch_digest.clone(),
            validations: self.validations.iter().filter(|known| upto(known.step)).copied().collect(),
            layers: self.layers.iter().filter(|known| upto(known.step)).cloned().collect(),
            searches: self.searches.iter().filter(|known| upto(known.step)).cloned().collect(),
            branches: self.branches.iter().filter(|known| upto(known.from)).cloned().collect(),
            samples: self.samples.iter().filter(|known| upto(known.step)).cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::MetricsFrame;

    fn metrics(steps: std::ops::RangeInclusive<usize>, loss: f64) -> Event {
        let steps = steps.map(|step| StepMetrics { step, loss, ..StepMetrics::default() }).collect();
        Event::Metrics(MetricsFrame { steps, batch_digest: "d".into(), ..MetricsFrame::default() })
    }

    #[test]
    fn a_run_that_goes_back_has_its_last_steps_alone() {
        let mut report = Report::default();
        let validation = |step| Event::Validation { step, loss: 2.0, error: None, other_loss: None, exact_match: None };
        let sample = |step| Event::Sample { step, prompt: String::new(), text: "t".into(), trace: None };
        for event in [metrics(1..=4, 3.0), validation(2), validation(4), sample(4), metrics(3..=6, 1.0), validation(4)]
        {
            report.take(&event);
        }
        let losses: Vec<f64> = report.steps.iter().map(|row| row.loss).collect();
        assert_eq!(losses, [3.0, 3.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(report.validations.iter().map(|known| known.step).collect::<Vec<_>>(), [2, 4]);
        let half = report.until(3);
        assert_eq!((half.done(), half.validations.len(), half.samples.len()), (3, 1, 0));
        assert_eq!(report.until(99), report);
    }
}
