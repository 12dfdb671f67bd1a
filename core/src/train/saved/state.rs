//! Everything that a step changes, as plain data: tensors are the places of their lists.

use serde::{Deserialize, Serialize};
use tailblazer_kernels::functions::State as Parameters;

use super::{Lists, SavedError, Shelf};
use crate::{
    experiment::Experiment,
    optim::SavedUpdater,
    policy::Settings,
    text::BatchDigest,
    train::{
        federated::{Federated, SavedFederated},
        following::SavedFollowing,
        layers::Layers,
        trainer::State,
    },
};

/// A [`State`].
#[derive(Serialize, Deserialize)]
pub struct SavedState {
    step: usize,
    tokens: u64,
    parameters: SavedParameters,
    optimiser: SavedUpdater,
    layers: Layers,
    following: SavedFollowing,
    federated: Option<SavedFederated>,
    /// The objective's settings, with what validations have taught it.
    objective: Settings,
    digest: BatchDigest,
}

/// Weights with their moments.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct SavedParameters {
    weights: usize,
    first: usize,
    second: usize,
}

impl SavedParameters {
    /// Puts them on the shelf.
    pub fn of(parameters: &Parameters, shelf: &mut Shelf) -> Self {
        let Parameters { weights, first, second } = parameters;
        Self { weights: shelf.put(weights), first: shelf.put(first), second: shelf.put(second) }
    }

    /// Takes them from the lists.
    pub fn restored(self, lists: &Lists) -> Result<Parameters, SavedError> {
        let mut parameters = Parameters::new(lists.weights(self.weights)?);
        (parameters.first, parameters.second) = (lists.weights(self.first)?, lists.weights(self.second)?);
        Ok(parameters)
    }
}

impl SavedState {
    /// Writes a state down.
    pub fn of(state: &State, shelf: &mut Shelf) -> Self {
        Self {
            step: state.step,
            tokens: state.tokens,
            parameters: SavedParameters::of(&state.parameters, shelf),
            optimiser: state.optimiser.save(|number| shelf.put(number)),
            layers: state.layers.clone(),
            following: SavedFollowing::of(&state.following, shelf),
            federated: state.federated.as_ref().map(|federated| SavedFederated::of(federated, shelf)),
            objective: state.objective.settings().clone(),
            digest: state.digest.clone(),
        }
    }

    /// Whether a schedule follows it.
    pub fn is_followed(&self) -> bool {
        self.following.is_at_work()
    }

    /// The state again; `fresh` is that of the same experiment before its first step.
    pub fn restored(self, experiment: &Experiment, fresh: &State, lists: &Lists) -> Result<State, SavedError> {
        let steps = experiment.train.steps;
        if self.step > steps || !self.layers.fits(&fresh.layers) {
            return Err(SavedError::Damaged);
        }
        let mut objective = experiment.objective.clone();
        for (id, value) in &self.objective.0 {
            if let Some(knob) = objective.method().knob(id).filter(|knob| knob.range.contains(value)) {
                objective.set(knob, *value);
            }
        }
        let federated = match (&fresh.federated, self.federated) {
            (Some(fresh), Some(saved)) => Some(saved.restored(fresh, lists)?),
            // A copy beside the run is shared by no clients.
            (_, None) => None::<Federated>,
            (None, Some(_)) => return Err(SavedError::Damaged),
        };
        Ok(State {
            step: self.step,
            tokens: self.tokens,
            parameters: self.parameters.restored(lists)?,
            optimiser: fresh.optimiser.restored(self.optimiser, |place| lists.number(place))?,
            layers: self.layers,
            following: self.following.restored(experiment, fresh, lists)?,
            federated,
            objective,
            digest: self.digest,
        })
    }
}
