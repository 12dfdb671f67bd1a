//! What the benchmark measures: the cases, and what one came to.

use leptos::prelude::*;
use tailblazer_core::{
    experiment::{DeviceChoice, Experiment, ModelPreset, Operations},
    session::{Backend, Limit, Work},
};

use crate::{t, workspace::Workspace};

/// Steps and seconds that make a measurement, after the first step; the second pair is for what takes seconds a step.
const ENOUGH: [(usize, f64); 2] = [(5, 2.0), (1, 5.0)];

/// One shape on one device with one kind of operations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Case {
    preset: ModelPreset,
    batch: usize,
    /// Where it is computed.
    pub device: DeviceChoice,
    /// With what it is computed.
    pub operations: Operations,
}

/// Every shape on every device, plain before fused.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for device in [DeviceChoice::Cpu, DeviceChoice::Gpu] {
        for (preset, batch) in [(ModelPreset::Nano, 16), (ModelPreset::Micro, 12)] {
            for operations in [Operations::Plain, Operations::Fused] {
                cases.push(Case { preset, batch, device, operations });
            }
        }
    }
    cases
}

impl Case {
    /// The run that is measured.
    pub fn experiment(self) -> Experiment {
        let mut experiment = Experiment { device: self.device, operations: self.operations, ..Experiment::default() };
        self.preset.apply(&mut experiment.model);
        experiment.train.batch = self.batch;
        // Longer than any measurement, so that no validation or sample falls into it.
        (experiment.train.steps, experiment.train.eval_every, experiment.sample.every) = (1_000_000, 1_000_000, 0);
        experiment
    }

    /// The shape in words: the model, its context and the batch.
    pub fn shape(self) -> String {
        format!("{}, 64 × {}", self.preset.name(), self.batch)
    }

    /// The kind of operations in a word.
    pub fn operations(self) -> &'static str {
        match self.operations {
            Operations::Fused => t!("fused"),
            Operations::Plain => t!("plain"),
        }
    }

    fn is_plain_form_of(self, other: Self) -> bool {
        self == Self { operations: Operations::Plain, ..other }
    }
}

/// What a case came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The case.
    pub case: Case,
    /// The device that computed, which need not be the one asked for.
    pub device: String,
    /// Whether that was the CPU.
    pub is_cpu: bool,
    /// Speed without the first step.
    pub tokens_per_second: f64,
    /// Time of a step without the first.
    pub seconds_per_step: f64,
    /// Time of the first step, whose kernels are compiled.
    pub first_step_seconds: f64,
    /// What the device did for the last steps.
    pub work: Work,
    /// The speed of the matrix products alone, on the CPU.
    pub limit: Option<Limit>,
}

impl Outcome {
    /// The speed of the present run without its first step, if it has more, and whether that is measured long enough.
    pub fn measure(workspace: Workspace, case: Case) -> Option<(Self, bool)> {
        let device = workspace.run().device.get()?;
        workspace.run().record.with_value(|record| {
            let rows = record.columns.rows();
            let (first, last) = (rows.first()?, rows.last()?);
            let (steps, seconds) = (last.step - first.step, last.seconds - first.seconds);
            let is_cpu = device.backend == Backend::Cpu;
            let outcome = Self {
                case,
                device: if is_cpu { "CPU".into() } else { format!("WebGPU · {}", device.name) },
                is_cpu,
                tokens_per_second: (last.tokens - first.tokens) / seconds,
                seconds_per_step: seconds / steps as f64,
                first_step_seconds: first.seconds,
                work: *record.columns.work(),
                limit: None,
            };
            let is_enough = ENOUGH.iter().any(|(enough, time)| steps >= *enough && seconds >= *time);
            (steps > 0).then_some((outcome, is_enough))
        })
    }

    /// How many times the speed of the same case with plain operations, where both were measured on one device.
    pub fn times_plain(&self, outcomes: &[Self]) -> Option<f64> {
        let plain = outcomes.iter().find(|other| other.case.is_plain_form_of(self.case) && other.device == self.device);
        plain.map(|plain| self.tokens_per_second / plain.tokens_per_second)
    }

    /// The share of its time in which a step would be done if it were nothing but its matrix products.
    pub fn share(&self) -> Option<f64> {
        self.limit.map(|limit| limit.seconds_per_step / self.seconds_per_step)
    }
}
