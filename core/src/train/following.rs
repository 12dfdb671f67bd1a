//! A schedule that follows its run, at work on that run.

use crate::{
    experiment::Experiment,
    schedule::{Adaptive, learning_rate},
};

/// What the schedule has made of the run so far; a copy goes on as the original would.
#[derive(Clone, Debug)]
pub struct Following {
    /// None for a schedule that is a function of the step alone.
    rule: Option<Box<dyn Adaptive>>,
}

impl Following {
    /// The schedule before the first update.
    pub fn new(experiment: &Experiment) -> Self {
        let schedule = &experiment.schedule;
        Self { rule: schedule.shape.adaptive(schedule) }
    }

    /// The learning rate of the update after `step` updates: the planned one, or after the warm-up that of the rule.
    pub fn rate(&self, experiment: &Experiment, step: usize) -> f64 {
        let schedule = &experiment.schedule;
        match &self.rule {
            Some(rule) if step >= schedule.warmup_steps() => rule.rate(),
            _ => learning_rate(schedule, experiment.train.steps, step),
        }
    }

    /// Takes the loss of a validation after `step` updates. The warm-up has losses of its own, which say nothing about
    /// the rate that follows.
    pub fn validated(&mut self, experiment: &Experiment, step: usize, loss: f64) {
        if step >= experiment.schedule.warmup_steps()
            && let Some(rule) = &mut self.rule
        {
            rule.validated(loss);
        }
    }
}
