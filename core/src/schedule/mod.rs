//! The learning rate over time: a warm-up to the peak, then one of a family of shapes.
//!
//! A schedule is one file here and one line in [`FAMILY`]: the picker, the link, the checks and the tests follow from
//! its [`Description`]. Most are pure functions of the configuration and the step. Some follow what a run measures: their
//! [`Schedule::factor`] is the plan as far as it is known, and their [`Schedule::adaptive`] the state machine that the
//! trainer drives; others spread it over clients, with their [`Schedule::federation`]. [`refined`] computes factors from
//! the record of an earlier run.

mod adaptive;
pub mod autolrs;
mod constant;
mod cosine;
mod curve;
mod decay;
mod drawn;
mod edit;
mod exponential;
pub mod fedhyper;
pub mod hypergradient;
mod infinite;
mod inverse_sqrt;
mod knobs;
mod linear;
mod nanogpt;
mod one_cycle;
mod plateau;
mod polynomial;
pub mod power;
pub mod refined;
mod rewarm;
mod rex;
mod shape;
mod squashed;
mod step;
#[cfg(test)]
mod tests;
mod wsd;
mod wsd_s;

pub use adaptive::{Adaptive, Probe, Product, Rule, Trial};
pub use autolrs::AutoLrs;
pub use constant::Constant;
pub use cosine::Cosine;
pub use curve::{Curve, Point};
pub use decay::Decay;
pub use drawn::Drawn;
pub use edit::Stroke;
pub use exponential::Exponential;
pub use fedhyper::Federation;
pub use hypergradient::FollowGradient;
pub use infinite::Infinite;
pub use inverse_sqrt::InverseSqrt;
pub use knobs::FLOOR;
pub use linear::Linear;
pub use nanogpt::NanoGpt;
pub use one_cycle::OneCycle;
pub use plateau::{OnPlateau, Plateau};
pub use polynomial::Polynomial;
pub use power::Power;
pub use rewarm::Rewarm;
pub use rex::Rex;
pub use shape::Shape;
pub use squashed::Squashed;
pub use step::Step;
pub use wsd::Wsd;
pub use wsd_s::WsdS;

use crate::{experiment::ScheduleConfig, policy::Description};

/// Every schedule, in the order of the picker; the best known come first.
pub const FAMILY: &[&dyn Schedule] = &[
    &Constant,
    &Linear,
    &Cosine,
    &wsd::LINEAR,
    &Rex,
    &OneCycle,
    &InverseSqrt,
    &Step,
    &OnPlateau,
    &Drawn,
    &Polynomial,
    &Exponential,
    &Power,
    &FollowGradient,
    &AutoLrs,
    &wsd::SQRT,
    &wsd::SQUARE,
    &wsd::COSINE,
    &wsd::EXPONENTIAL,
    &wsd::INVERSE,
    &wsd::HALVING,
    &WsdS,
    &Infinite,
    &Rewarm,
    &Squashed,
    &NanoGpt,
    &fedhyper::GLOBAL,
    &fedhyper::GLOBAL_MOMENTUM,
    &fedhyper::SERVER_LOCAL,
    &fedhyper::CLIENT_LOCAL,
    &fedhyper::FULL,
];

/// A shape of the learning rate.
pub trait Schedule: Sync {
    /// What it is and what can be set.
    fn description(&self) -> &'static Description;

    /// The learning rate as a fraction of the peak, after the warm-up. Where it depends on the run, this is the plan as
    /// far as it is known before.
    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64;

    /// The state machine that gives the learning rate after the warm-up in place of [`Schedule::factor`], for a schedule
    /// that follows what its run measures.
    fn adaptive(&self, _config: &ScheduleConfig) -> Option<Box<dyn Adaptive>> {
        None
    }

    /// How the run is spread over clients whose models are averaged, for a schedule of federated training. What it makes of
    /// their rates multiplies the planned one.
    fn federation(&self, _config: &ScheduleConfig) -> Option<Federation> {
        None
    }

    /// The first knob whose value is in its range and at odds with another one, with a sentence that says what to do.
    fn fault(&self, _config: &ScheduleConfig) -> Option<(String, String)> {
        None
    }

    /// Whether the rate climbs to the peak in [`ScheduleConfig::warmup`] steps first.
    fn warms_up(&self) -> bool {
        true
    }

    /// The learning rate during the warm-up: `peak * t / W`.
    fn warming(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        config.peak * at.step as f64 / at.warmup as f64
    }

    /// Whether it follows [`ScheduleConfig::points`].
    fn is_drawn(&self) -> bool {
        false
    }
}

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Updates done before this one: `t`.
    pub step: usize,
    /// Updates of the whole run: `T`.
    pub steps: usize,
    /// Updates of the warm-up: `W`, 0 for a schedule that has none.
    pub warmup: usize,
}

impl Progress {
    /// `p = (t - W) / (T - W)`, clamped to `0..=1`: the share of the run after warm-up that is done.
    pub fn after_warmup(self) -> f64 {
        self.between(self.warmup, self.steps)
    }

    /// `(t - from) / (to - from)`, clamped to `0..=1`: the share of the steps between two moments that is done.
    pub fn between(self, from: usize, to: usize) -> f64 {
        let done = self.step.saturating_sub(from) as f64;
        let all = to.saturating_sub(from).max(1) as f64;
        (done / all).min(1.0)
    }

    /// The step at a share of the run, rounded.
    pub fn step_at(self, share: f64) -> usize {
        (share * self.steps as f64).round() as usize
    }
}

/// The planned learning rate of the update after `step` updates, in a run of `steps`: the schedule's warm-up first, then
/// its factor of the peak.
pub fn learning_rate(config: &ScheduleConfig, steps: usize, step: usize) -> f64 {
    let at = Progress { step, steps, warmup: config.warmup_steps() };
    if step < at.warmup { config.shape.warming(config, at) } else { config.peak * config.shape.factor(config, at) }
}
