//! An optimiser at work on the parameters of one model.

use std::sync::Arc;

use burn::tensor::{Bool, Device, Tensor};
use serde::{Deserialize, Serialize};
use tailblazer_kernels::{
    functions::{self, GradientSum, State},
    plan::Plan,
    update::{Group, Update},
};

use super::{PerParameter, clip, global_norms};
use crate::{
    experiment::OptimiserConfig,
    model::{ParameterSpec, flat},
};

/// An optimiser with what it remembers besides the moments in [`State`]. A copy is free, and goes on as the original
/// would.
#[derive(Clone, Debug)]
pub struct Updater {
    config: OptimiserConfig,
    specs: Arc<[ParameterSpec]>,
    parameters: PerParameter,
    peak: f64,
    updates: i32,
    memory: Memory,
}

/// What an optimiser may remember besides two moments per weight.
#[derive(Clone, Debug)]
pub struct Memory {
    /// What all learning rates are multiplied with, `[1]`; 1 at the start.
    pub scale: Tensor<1>,
    /// The learning rate of each parameter at the last update as a fraction of the peak; empty at the start.
    pub factors: Vec<f64>,
}

/// An [`Updater`] as plain data, to be saved with its run; tensors are the places of their lists.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedUpdater {
    updates: i32,
    scale: usize,
    factors: Vec<f64>,
}

/// What an optimiser is told of one update.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// Its settings.
    pub config: &'a OptimiserConfig,
    /// The parameters one by one.
    pub specs: &'a [ParameterSpec],
    /// The same on the device.
    pub parameters: &'a PerParameter,
    /// The learning rate and decay of each parameter.
    pub groups: &'a [Group],
    /// The largest learning rate of the schedule.
    pub peak: f64,
    /// Which update this is, from 1 on.
    pub update: i32,
    /// Whether fused kernels may be used.
    pub is_fused: bool,
}

impl Updater {
    /// An optimiser before its first update of these parameters, in a run whose schedule reaches `peak`.
    pub fn new(config: &OptimiserConfig, peak: f64, specs: &[ParameterSpec], device: &Device) -> Self {
        Self {
            config: config.clone(),
            specs: specs.into(),
            parameters: PerParameter::new(&flat(specs), device),
            peak,
            updates: 0,
            memory: Memory { scale: Tensor::ones([1], device), factors: Vec::new() },
        }
    }

    /// As plain data; `put` takes a tensor of one number and says where it stands.
    pub fn save(&self, put: impl FnOnce(&Tensor<1>) -> usize) -> SavedUpdater {
        let Memory { scale, factors } = &self.memory;
        SavedUpdater { updates: self.updates, scale: put(scale), factors: factors.clone() }
    }

    /// One of the same parameters that goes on where another was saved; `take` gives the number at a place.
    ///
    /// # Errors
    /// Those of `take`.
    pub fn restored<E>(
        &self,
        saved: SavedUpdater,
        take: impl FnOnce(usize) -> Result<Tensor<1>, E>,
    ) -> Result<Self, E> {
        let SavedUpdater { updates, scale, mut factors } = saved;
        if !factors.is_empty() {
            factors.resize(self.specs.len(), 1.0);
        }
        let memory = Memory { scale: take(scale)?, factors };
        Ok(Self { updates: updates.max(0), memory, ..self.clone() })
    }

    /// What the learning rates of the last update were multiplied with on the device, `[1]`: 1 but for optimisers that
    /// adapt the rate themselves.
    pub fn scale(&self) -> &Tensor<1> {
        &self.memory.scale
    }

    /// One update with burn's operations, from a flat gradient and the learning rate of each parameter. Returns the
    /// gradient's l1 and l2 norm before clipping, `[2]`.
    pub fn step_plain(&mut self, state: &mut State, gradient: Tensor<1>, learning_rates: &[f64]) -> Tensor<1> {
        self.updates += 1;
        self.compose(state, gradient, &self.groups(learning_rates), false)
    }

    /// One update with fused kernels, from the mean over `micro_batches` gradients and the learning rate of each
    /// parameter. The last two of the returned values are the gradient's l1 and l2 norm before clipping.
    pub fn step_fused(
        &mut self,
        plan: &Plan,
        state: &mut State,
        sum: &GradientSum,
        micro_batches: usize,
        learning_rates: &[f64],
    ) -> Tensor<1> {
        self.updates += 1;
        let groups = self.groups(learning_rates);
        let gradient_scale = 1.0 / micro_batches as f64;
        match self.config.method.rule(&self.config, self.updates) {
            Some(rule) => {
                functions::update(plan, state, sum, &Update { rule, clip: self.config.clip, gradient_scale, groups })
            }
            None => self.compose(state, sum.total(plan) * gradient_scale, &groups, true),
        }
    }

    fn groups(&self, learning_rates: &[f64]) -> Vec<Group> {
        assert_eq!(learning_rates.len(), self.specs.len(), "a learning rate for each parameter");
        // The authors of LAMB and LARS leave the same parameters out of both.
        let group = |(spec, rate): (&ParameterSpec, &f64)| Group {
            learning_rate: *rate,
            decay: if spec.decays() { self.config.weight_decay } else { 0.0 },
            is_scaled: spec.decays(),
        };
        self.specs.iter().zip(learning_rates).map(group).collect()
    }

    fn compose(&mut self, state: &mut State, gradient: Tensor<1>, groups: &[Group], is_fused: bool) -> Tensor<1> {
        let Self { config, specs, parameters, peak, updates, memory } = self;
        let norms = global_norms(&gradient);
        let gradient = clip(gradient, &norms[1], config.clip);
        let inputs = Inputs { config, specs, parameters, groups, peak: *peak, update: *updates, is_fused };
        config.method.step(&inputs, state, memory, gradient);
        Tensor::cat(norms.to_vec(), 0)
    }
}

impl Inputs<'_> {
    /// The learning rate of each parameter.
    pub fn rates(&self) -> Vec<f64> {
        self.groups.iter().map(|group| group.learning_rate).collect()
    }

    /// The weight decay of each parameter.
    pub fn decays(&self) -> Vec<f64> {
        self.groups.iter().map(|group| group.decay).collect()
    }

    /// How much of its weights each parameter loses to decay: learning rate times decay.
    pub fn losses(&self) -> Vec<f64> {
        self.groups.iter().map(|group| group.learning_rate * group.decay).collect()
    }

    /// The parameters whose steps no norm scales, `[parameters]`.
    pub fn unscaled(&self) -> Tensor<1, Bool> {
        let is_scaled = self.groups.iter().map(|group| f64::from(u8::from(group.is_scaled)));
        self.parameters.numbers(is_scaled).equal_elem(0.0)
    }

    /// `w <- w - rate decay w - rate direction`, with each parameter's own rate and decay.
    pub fn descend(&self, state: &mut State, direction: Tensor<1>) {
        let weights = &state.weights;
        let decayed = self.parameters.times(weights.clone(), &self.losses());
        state.weights = weights.clone() - decayed - self.parameters.times(direction, &self.rates());
    }
}
