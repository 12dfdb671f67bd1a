//! A decay that branches off a run and leaves it as it is.

use super::{TrainError, Trainer, metrics, metrics::PendingStep, trainer::State};
use crate::{schedule::Decay, session::StepMetrics};

/// A copy of a run whose learning rate falls to the floor, on the batches that the run is about to see. Layerwise
/// multipliers go on without an event.
pub struct Branch {
    from: usize,
    decay: Decay,
    state: State,
    pending: Vec<PendingStep>,
}

impl Branch {
    /// Steps of the run done where it branched off.
    pub fn from(&self) -> usize {
        self.from
    }

    /// Steps that it has when it is finished.
    pub fn steps(&self) -> usize {
        self.decay.steps
    }

    /// Steps done, those of the run before it included.
    pub fn steps_done(&self) -> usize {
        self.state.step
    }

    /// Whether all its steps are done.
    pub fn is_finished(&self) -> bool {
        self.made() >= self.decay.steps
    }

    /// Steps handed to the device since its metrics were last read.
    pub fn unread(&self) -> usize {
        self.pending.len()
    }

    fn made(&self) -> usize {
        self.state.step - self.from
    }
}

impl Trainer {
    /// A branch of the present state, before its first step.
    pub fn branch(&self) -> Branch {
        let from = self.state.step;
        let rate = self.state.rate(&self.experiment);
        let decay = Decay::new(&self.experiment.schedule, from, rate);
        Branch { from, decay, state: self.state.aside(), pending: Vec::new() }
    }

    /// Hands one step of a branch to the device.
    pub fn step_branch(&mut self, branch: &mut Branch) {
        let rate = branch.decay.at(branch.made());
        let step = self.update_aside(&mut branch.state, rate);
        branch.pending.push(step);
    }

    /// Reads the metrics of a branch's unread steps in one transfer, up to the first that is not finite; the second value
    /// says whether all were. `seconds` of the rows is 0: the caller has the clock.
    pub async fn read_branch(&self, branch: &mut Branch) -> Result<(Vec<StepMetrics>, bool), TrainError> {
        let pending = std::mem::take(&mut branch.pending);
        let values = metrics::read(&pending).await?;
        let rows = pending.iter().zip(values).map(|(step, read)| step.row(read));
        let rows: Vec<_> = rows.take_while(|row| row.loss.is_finite() && row.gradient_norm.is_finite()).collect();
        let are_finite = rows.len() == pending.len();
        Ok((rows, are_finite))
    }

    /// Loss of a branch on held-out windows of the text that it learns.
    pub async fn validate_branch(&self, branch: &Branch) -> Result<f64, TrainError> {
        let (learned, _) = self.texts(branch.state.step);
        Ok(self.validation_loss(learned, branch.state.weights()).await?.loss)
    }
}
