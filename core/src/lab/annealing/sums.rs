//! S1 and S2, the two sums over the learning rates.

use crate::{experiment::ScheduleConfig, schedule::learning_rate};

/// How a warm-up counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Warmup {
    /// At the peak, as the paper counts it: its climb would be negative annealing.
    #[default]
    AtPeak,
    /// As it was run.
    AsRun,
}

/// The learning rate of every update of a run of `steps`.
pub fn rates(config: &ScheduleConfig, steps: usize, warmup: Warmup) -> Vec<f64> {
    let warming = if warmup == Warmup::AtPeak { config.warmup_steps() } else { 0 };
    let rate = |step| if step < warming { config.peak } else { learning_rate(config, steps, step) };
    (0..steps).map(rate).collect()
}

/// S1 and S2 after every rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Sums {
    /// `S1(s) = sum_{i <= s} eta_i`, the area under the learning rate.
    pub s1: Vec<f64>,
    /// `S2(s) = sum_{i <= s} m_i`, with `m_i = lambda * m_{i-1} + (eta_{i-1} - eta_i)` and `m_0 = 0`, the annealing area.
    pub s2: Vec<f64>,
}

/// Both sums, one value for each rate.
pub fn sums(rates: &[f64], lambda: f64) -> Sums {
    let (mut s1, mut s2, mut momentum) = (0.0, 0.0, 0.0);
    let mut before = rates.first().copied().unwrap_or(0.0);
    let next = |rate: &f64| {
        momentum = lambda * momentum + before - rate;
        before = *rate;
        s1 += rate;
        s2 += momentum;
        (s1, s2)
    };
    let (s1, s2) = rates.iter().map(next).unzip();
    Sums { s1, s2 }
}

/// `ln(1/2) / ln(lambda)`: the steps after which the momentum of S2 has forgotten half.
///
/// The paper's 0.999 remembers for 693 steps, as long as a whole run in a browser.
pub fn half_life(lambda: f64) -> f64 {
    0.5f64.ln() / lambda.ln()
}
