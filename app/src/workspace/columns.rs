//! The metrics of a run as columns, with the one smoothed curve that the page draws.

use tailblazer_core::session::{MetricsFrame, StepMetrics, Work};

/// Decay of the smoothed loss. The chart names it, because a smoothed curve must say so.
pub const EMA_DECAY: f64 = 0.96;

/// Seconds of training that the speed is averaged over.
const SPEED_WINDOW: f64 = 3.0;

/// The metrics of every step, in order.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    rows: Vec<StepMetrics>,
    ema: Vec<f64>,
    smoother: Smoother,
    batch_digest: String,
    work: Work,
}

/// An exponential moving average that is not biased towards its start and that skips what is not finite.
#[derive(Clone, Copy, Debug, Default)]
pub struct Smoother {
    sum: f64,
    weight: f64,
}

impl Smoother {
    /// Takes a value in and gives the average.
    pub fn push(&mut self, value: f64) -> f64 {
        if !value.is_finite() {
            return f64::NAN;
        }
        self.sum = EMA_DECAY * self.sum + (1.0 - EMA_DECAY) * value;
        self.weight = EMA_DECAY * self.weight + (1.0 - EMA_DECAY);
        self.sum / self.weight
    }
}

/// How fast a run trains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Tokens trained on in a second.
    pub tokens: f64,
    /// Optimiser updates in a second.
    pub steps: f64,
}

impl Columns {
    /// Adds a frame. Steps that the columns already hold are replaced: the run went back to a checkpoint.
    pub fn append(&mut self, frame: MetricsFrame) {
        if let Some(first) = frame.steps.first() {
            self.truncate(first.step);
        }
        for row in frame.steps {
            self.ema.push(self.smoother.push(row.loss));
            self.rows.push(row);
        }
        self.batch_digest = frame.batch_digest;
        self.work = frame.work;
    }

    fn truncate(&mut self, from: usize) {
        let keep = self.rows.partition_point(|row| row.step < from);
        if keep == self.rows.len() {
            return;
        }
        self.rows.truncate(keep);
        self.ema.clear();
        self.smoother = Smoother::default();
        for row in &self.rows {
            self.ema.push(self.smoother.push(row.loss));
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Number of steps held.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no step was made.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Every step, in order.
    pub fn rows(&self) -> &[StepMetrics] {
        &self.rows
    }

    /// The smoothed loss of every step; NaN where the loss is not finite.
    pub fn ema(&self) -> &[f64] {
        &self.ema
    }

    /// The average of the losses up to a step, to be gone on with.
    pub fn smoother_at(&self, step: usize) -> Smoother {
        let mut smoother = Smoother::default();
        for row in self.rows.iter().take_while(|row| row.step <= step) {
            smoother.push(row.loss);
        }
        smoother
    }

    /// The last step.
    pub fn last(&self) -> Option<&StepMetrics> {
        self.rows.last()
    }

    /// Digest of all batches so far.
    pub fn batch_digest(&self) -> &str {
        &self.batch_digest
    }

    /// What the device did for the last steps.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// Index of the row that holds `step`, or of the nearest row.
    pub fn nearest(&self, step: usize) -> Option<usize> {
        let after = self.rows.partition_point(|row| row.step < step);
        let last = self.rows.len().checked_sub(1)?;
        if after > last {
            return Some(last);
        }
        let before = after.saturating_sub(1);
        let nearer = step - self.rows[before].step.min(step) < self.rows[after].step - step;
        Some(if after > 0 && nearer { before } else { after })
    }

    /// Seconds of training when `step` steps were done.
    pub fn seconds_at(&self, step: usize) -> f64 {
        let count = self.rows.partition_point(|row| row.step <= step);
        count.checked_sub(1).map_or(0.0, |i| self.rows[i].seconds)
    }

    /// Speed over the last seconds of training; none before the second step.
    pub fn speed(&self) -> Option<Speed> {
        let last = self.rows.last()?;
        let start = self.rows.partition_point(|row| row.seconds < last.seconds - SPEED_WINDOW);
        let first = &self.rows[start.min(self.rows.len().saturating_sub(2))];
        let seconds = last.seconds - first.seconds;
        (seconds > 0.0).then(|| Speed {
            tokens: (last.tokens - first.tokens) / seconds,
            steps: (last.step - first.step) as f64 / seconds,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(steps: std::ops::Range<usize>, loss: impl Fn(usize) -> f64) -> MetricsFrame {
        let row = |step| StepMetrics {
            step,
            loss: loss(step),
            learning_rate: 1e-3,
            gradient_norm: 1.0,
            gradient_l1: 9.0,
            tokens: step as f64 * 64.0,
            seconds: step as f64 * 0.5,
        };
        MetricsFrame { steps: steps.map(row).collect(), batch_digest: "d".into(), ..MetricsFrame::default() }
    }

    #[test]
    fn a_constant_loss_stays_constant_when_smoothed() {
        let mut columns = Columns::default();
        columns.append(frame(1..50, |_| 2.5));
        assert!(columns.ema().iter().all(|v| (v - 2.5).abs() < 1e-12));
    }

    #[test]
    fn smoothing_skips_what_is_not_finite() {
        let mut columns = Columns::default();
        columns.append(frame(1..5, |step| if step == 3 { f64::NAN } else { 2.0 }));
        assert!(columns.ema()[2].is_nan());
        assert!((columns.ema()[3] - 2.0).abs() < 1e-12);
    }

    #[test]
    fn going_back_replaces_steps() {
        let mut columns = Columns::default();
        columns.append(frame(1..11, |_| 3.0));
        columns.append(frame(6..8, |_| 1.0));
        assert_eq!(columns.len(), 7);
        assert_eq!(columns.rows()[5].loss, 1.0);
        assert_eq!(columns.ema().len(), 7);
    }

    #[test]
    fn finds_the_nearest_step() {
        let mut columns = Columns::default();
        assert_eq!(columns.nearest(3), None);
        columns.append(frame(1..11, |_| 3.0));
        assert_eq!(columns.nearest(0), Some(0));
        assert_eq!(columns.nearest(4), Some(3));
        assert_eq!(columns.nearest(99), Some(9));
    }

    #[test]
    fn measures_speed_over_a_window() {
        let mut columns = Columns::default();
        columns.append(frame(1..2, |_| 3.0));
        assert_eq!(columns.speed(), None);
        columns.append(frame(2..40, |_| 3.0));
        assert_eq!(columns.speed(), Some(Speed { tokens: 128.0, steps: 2.0 }));
    }
}
