//! The state of a run as bytes, from which another trainer goes on as the first would have: on the CPU bit for bit.

mod state;

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tailblazer_kernels::functions::State as Parameters;

use super::{Snapshot, TrainError, Trainer, metrics::read_all};
use crate::{experiment::Experiment, model::flat, session::Saved};
pub use state::SavedState;

/// Version of the bytes; a change of any saved structure raises it.
const VERSION: u16 = 1;

/// Bytes from which no run can go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    /// They are cut off or something else altogether.
    #[error("The saved state cannot be read: it is damaged. Train again from the start.")]
    Damaged,
    /// They were written by another build.
    #[error("The saved state has version {found} and this build reads {VERSION}: train again from the start.")]
    Version {
        /// Their version.
        found: u16,
    },
    /// They belong to another experiment.
    #[error("The saved state belongs to another experiment: open that one, or train again from the start.")]
    Experiment,
    /// A parameter is missing or has another shape.
    #[error("The weights do not fit the model: {0} is missing, or has another shape.")]
    Parameter(String),
    /// A list has another length than the model needs.
    #[error("The saved state does not fit the model: {what} has {found} numbers, not {expected}.")]
    Length {
        /// What it is.
        what: &'static str,
        /// How long it is.
        found: usize,
        /// How long it should be.
        expected: usize,
    },
}

/// A run in bytes.
#[derive(Serialize, Deserialize)]
struct File {
    /// Of what was run.
    experiment: [u8; 32],
    /// Seconds of training so far.
    seconds: f64,
    state: SavedState,
    lists: Vec<Vec<f32>>,
}

/// The tensors of a state on their way into bytes: the state names them by their places.
#[derive(Default)]
pub struct Shelf(Vec<Tensor<1>>);

impl Shelf {
    /// Takes a tensor, and says where it stands.
    pub fn put(&mut self, tensor: &Tensor<1>) -> usize {
        self.0.push(tensor.clone());
        self.0.len() - 1
    }

    /// The same of one that may not be there.
    pub fn put_some(&mut self, tensor: Option<&Tensor<1>>) -> Option<usize> {
        tensor.map(|tensor| self.put(tensor))
    }
}

/// The lists of saved bytes on their way to a device.
pub struct Lists {
    lists: Vec<Vec<f32>>,
    device: Device,
    /// Numbers in a list of all weights.
    weights: usize,
}

impl Lists {
    /// A list as long as that of all weights.
    pub fn weights(&self, place: usize) -> Result<Tensor<1>, SavedError> {
        self.take(place, "a list of weights", self.weights)
    }

    /// The same of one that may not be there.
    pub fn some_weights(&self, place: Option<usize>) -> Result<Option<Tensor<1>>, SavedError> {
        place.map(|place| self.weights(place)).transpose()
    }

    /// One number.
    pub fn number(&self, place: usize) -> Result<Tensor<1>, SavedError> {
        self.take(place, "a number of the optimiser", 1)
    }

    fn take(&self, place: usize, what: &'static str, expected: usize) -> Result<Tensor<1>, SavedError> {
        let list = self.lists.get(place).ok_or(SavedError::Damaged)?;
        let found = list.len();
        if found != expected {
            return Err(SavedError::Length { what, found, expected });
        }
        Ok(Tensor::from_data(TensorData::new(list.clone(), [found]), &self.device))
    }
}

impl Trainer {
    /// The present state as bytes, in one transfer; none where a number is not finite, since no run can go on from there.
    /// Metrics must have been read, since what a schedule learns from them
    /// is part of the state; `seconds` of training are kept for whoever has the clock.
    ///
    /// # Errors
    /// When the device fails.
    pub async fn save(&self, seconds: f64) -> Result<Option<Vec<u8>>, TrainError> {
        debug_assert_eq!(self.unread(), 0, "losses that are not read are lost");
        let mut shelf = Shelf::default();
        let state = SavedState::of(&self.state, &mut shelf);
        let lists = read_all(shelf.0).await?;
        if !lists.iter().flatten().all(|number| number.is_finite()) {
            return Ok(None);
        }
        let file = File { experiment: digest(&self.experiment), seconds, state, lists };
        Ok(Some(postcard::to_extend(&(VERSION, file), Vec::new()).expect("memory takes plain data")))
    }

    /// Goes on from bytes that a trainer of the same experiment saved. Returns the seconds that it had trained for. What
    /// cannot be read leaves the run as it is.
    ///
    /// # Errors
    /// When the bytes are no state of this experiment.
    pub fn resume(&mut self, bytes: &[u8]) -> Result<f64, SavedError> {
        let (found, rest): (u16, _) = postcard::take_from_bytes(bytes).map_err(|_| SavedError::Damaged)?;
        if found != VERSION {
            return Err(SavedError::Version { found });
        }
        let File { experiment, seconds, state, lists } = postcard::from_bytes(rest).map_err(|_| SavedError::Damaged)?;
        if experiment != digest(&self.experiment) {
            return Err(SavedError::Experiment);
        }
        let weights = self.state.weights().shape().num_elements();
        let lists = Lists { lists, device: self.transformer().device().clone(), weights };
        let restored = state.restored(&self.experiment, &self.state, &lists)?;
        self.restore(&Snapshot(restored));
        Ok(if seconds.is_finite() { seconds.max(0.0) } else { 0.0 })
    }
}

impl Trainer {
    /// Goes on from weights alone, after as many steps as they have, with an optimiser that has seen nothing.
    ///
    /// # Errors
    /// When a parameter is missing or has another shape.
    pub fn load(&mut self, weights: &Saved) -> Result<(), SavedError> {
        let specs = &self.transformer().specs;
        let flat = flat(specs);
        let mut list = vec![0.0; self.state.weights().shape().num_elements()];
        for (index, spec) in specs.iter().enumerate() {
            let values = weights.values(&spec.name, spec.shape);
            let values = values.filter(|values| values.iter().all(|value| value.is_finite()));
            list[flat.span(index)].copy_from_slice(&values.ok_or_else(|| SavedError::Parameter(spec.name.clone()))?);
        }
        let count = list.len();
        let weights_on_device = Tensor::from_data(TensorData::new(list, [count]), self.transformer().device());
        let mut loaded = self.state.clone();
        loaded.step = weights.step.clamp(1, self.experiment.train.steps);
        loaded.parameters = Parameters::new(weights_on_device);
        if let Some(federated) = &mut loaded.federated {
            federated.start_from(&loaded.parameters.weights);
        }
        self.restore(&Snapshot(loaded));
        Ok(())
    }
}

/// What tells experiments apart: everything but where they run.
fn digest(experiment: &Experiment) -> [u8; 32] {
    let anywhere = Experiment { device: Experiment::default().device, ..experiment.clone() };
    let text = serde_json::to_vec(&anywhere).expect("plain data");
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use futures::executor::block_on;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        layerwise, objective,
        optim::Method,
        schedule::Shape,
        train::trainer::tests::{dataset, experiment},
    };

    fn trainer(experiment: &Experiment) -> Trainer {
        Trainer::new(experiment, dataset(), &Device::flex())
    }

    fn saved(trainer: &Trainer, seconds: f64) -> Vec<u8> {
        block_on(trainer.save(seconds)).expect("flex does not fail").expect("finite numbers")
    }

    /// One turn as a session makes it; false at the end. Losses come as bits.
    fn turn(trainer: &mut Trainer, losses: &mut Vec<u64>) -> bool {
        if trainer.is_finished() {
            return false;
        }
        if trainer.is_trial_due() {
            block_on(trainer.try_step()).expect("flex does not fail");
            return true;
        }
        block_on(trainer.measure()).expect("flex does not fail");
        block_on(trainer.follow()).expect("flex does not fail");
        trainer.step();
        let (rows, result) = block_on(trainer.read());
        assert_eq!(result, Ok(()));
        losses.extend(rows.iter().flat_map(|row| [row.loss.to_bits(), row.learning_rate.to_bits()]));
        if trainer.steps_done().is_multiple_of(3) {
            let found = block_on(trainer.validate()).expect("flex does not fail");
            losses.push(found.loss.to_bits());
        }
        true
    }

    fn end(trainer: &mut Trainer) -> (Vec<u64>, Vec<u32>, String) {
        let mut losses = Vec::new();
        while turn(trainer, &mut losses) {}
        let weights = trainer.weights().to_data().iter::<f32>().map(f32::to_bits).collect();
        (losses, weights, trainer.batch_digest())
    }

    /// Runs whose states hold something of every kind.
    fn experiments() -> Vec<(&'static str, Experiment)> {
        let short = || {
            let mut experiment = experiment();
            (experiment.train.steps, experiment.schedule.warmup, experiment.schedule.peak) = (14, 2, 5e-3);
            experiment
        };
        let scheduled = |id: &str, knobs: &[(&str, f64)]| {
            let mut experiment = short();
            experiment.schedule.choose(Shape::find(id).expect(id));
            experiment.schedule.knobs.0.extend(knobs.iter().map(|(id, value)| ((*id).to_owned(), *value)));
            experiment
        };
        let optimised = |id: &str| {
            let mut experiment = short();
            experiment.train.accumulation = 2;
            experiment.optimiser.choose(Method::find(id).expect(id));
            experiment
        };
        let mut layered = short();
        layered.layerwise.rule.choose(layerwise::Method::find("llr").expect("llr"));
        layered.layerwise.watch = 2;
        let mut clipped = short();
        clipped.objective.choose(objective::Method::find("masked").expect("masked"));
        let search = clipped.objective.method().knob("search").expect("a knob");
        clipped.objective.set(search, 1.0);
        vec![
            ("adamw", short()),
            ("muon", optimised("muon")),
            ("adam-hd", optimised("adam-hd")),
            ("llr", layered),
            ("clipped", clipped),
            ("plateau", scheduled("plateau", &[("patience", 0.0), ("threshold", 0.3)])),
            ("hypergradient", scheduled("hypergradient", &[("beta", 0.5)])),
            ("autolrs", scheduled("autolrs", &[("stage", 4.0), ("probe", 3.0), ("probes", 2.0)])),
            ("fedhyper", scheduled("fedhyper", &[("clients", 2.0), ("local_steps", 2.0), ("forgets", 0.0)])),
        ]
    }

    #[test]
    fn a_run_goes_on_bit_for_bit_from_any_turn() {
        for (name, experiment) in experiments() {
            let whole = end(&mut trainer(&experiment));
            for turns in [0, 1, 5, 8, 11] {
                let (mut first, mut losses) = (trainer(&experiment), Vec::new());
                for _ in 0..turns {
                    turn(&mut first, &mut losses);
                }
                let bytes = saved(&first, 1.5);
                let mut second = trainer(&experiment);
                assert_eq!(second.resume(&bytes), Ok(1.5), "{name} after {turns} turns");
                assert_eq!(second.steps_done(), first.steps_done());
                let (rest, weights, digest) = end(&mut second);
                losses.extend(rest);
                assert!((losses, weights, digest) == whole, "{name} goes on differently after {turns} turns");
            }
        }
    }

    #[test]
    fn bytes_of_another_run_are_refused_and_change_nothing() {
        let mut first = trainer(&experiment());
        first.step();
        drop(block_on(first.read()));
        let bytes = saved(&first, 0.0);
        let mut other = experiment();
        other.schedule.peak *= 2.0;
        let mut other = trainer(&other);
        assert_eq!(other.resume(&bytes), Err(SavedError::Experiment));
        assert_eq!(other.resume(&bytes[..bytes.len() - 4]), Err(SavedError::Damaged));
        assert_eq!(other.resume(&[9, 1, 2]), Err(SavedError::Version { found: 9 }));
        assert_eq!(other.resume(&[]), Err(SavedError::Damaged));
        assert_eq!(other.steps_done(), 0);
    }

    proptest! {
        /// A damaged byte is refused or leaves numbers that are as good as any; nothing panics.
        #[test]
        fn damaged_bytes_never_panic(place in 0usize..4096, value in any::<u8>(), cut in any::<bool>()) {
            thread_local! {
                static BYTES: Vec<u8> = saved(&trainer(&experiments()[8].1), 0.0);
            }
            BYTES.with(|bytes| {
                let mut bytes = bytes.clone();
                let place = place % bytes.len();
                bytes[place] = value;
                if cut {
                    bytes.truncate(place);
                }
                let mut damaged = trainer(&experiments()[8].1);
                if damaged.resume(&bytes).is_ok() {
                    turn(&mut damaged, &mut Vec::new());
                }
            });
        }
    }
}
