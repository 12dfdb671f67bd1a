//! One run: its weights, its optimiser and its place in the text.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use tailblazer_kernels::functions::State as Parameters;

use super::{
    LastFinite, TrainError,
    federated::Federated,
    following::{FailedRate, Following},
    gradient::Gradient,
    layers::{Layers, Measured},
    metrics::{self, PendingStep},
    validation::{self, Estimate, Validation},
};
use crate::{
    decode::Checkpoint,
    experiment::{Experiment, Operations},
    model::{Dropout, Transformer, Vocabulary, Weights, initialise},
    objective::{Moment, Noise, Objective, Reading},
    optim::Updater,
    policy::Chosen,
    session::{LayersFrame, StepMetrics},
    text::{BatchDigest, Batches, Dataset, Tokens},
};

/// A run of an experiment.
///
/// [`Trainer::step`] only hands work to the device. Losses stay there until [`Trainer::read`], so that a GPU is never
/// waited for between two steps.
pub struct Trainer {
    pub(super) experiment: Experiment,
    dataset: Arc<Dataset>,
    transformer: Transformer,
    gradient: Gradient,
    /// The losses of the micro-batches whose gradient is ready for the next update.
    losses: Option<Vec<Tensor<1>>>,
    pub(super) state: State,
    pub(super) pending: Vec<PendingStep>,
    pub(super) last_finite: Option<LastFinite>,
    pub(super) kept: Snapshot,
    pub(super) failed_rate: Option<FailedRate>,
}

/// Everything that a step changes.
#[derive(Clone)]
pub(super) struct State {
    pub step: usize,
    pub tokens: u64,
    /// What the next update changes: in a federated run those of the client whose turn it is.
    pub parameters: Parameters,
    pub optimiser: Updater,
    pub layers: Layers,
    pub following: Following,
    /// None but in a federated run.
    pub federated: Option<Federated>,
    /// The objective with what its validations have taught it.
    pub objective: Chosen<dyn Objective>,
    pub digest: BatchDigest,
}

impl State {
    /// A copy beside the run, which no schedule follows and no clients share.
    pub fn aside(&self) -> Self {
        let mut aside = Self { following: Following::default(), federated: None, ..self.clone() };
        aside.parameters.weights = self.weights().clone();
        aside
    }

    /// Its weights: in a federated run the global model that the last round left.
    pub fn weights(&self) -> &Weights {
        self.federated.as_ref().map_or(&self.parameters.weights, Federated::global)
    }

    /// The learning rate of its next update.
    pub fn rate(&self, experiment: &Experiment) -> f64 {
        let factor = self.federated.as_ref().map_or(1.0, Federated::factor);
        self.following.rate(experiment, self.step) * factor
    }
}

/// A copy of a run's state in memory. Tensors that somebody else holds are never changed in place, so a copy costs no
/// transfer.
#[derive(Clone)]
pub struct Snapshot(pub(super) State);

impl Snapshot {
    /// Steps done in it.
    pub fn step(&self) -> usize {
        self.0.step
    }

    /// Bytes of its weights and optimiser state.
    pub fn bytes(&self) -> usize {
        let Parameters { weights, first, second } = &self.0.parameters;
        [weights, first, second].iter().map(|tensor| tensor.shape().num_elements() * size_of::<f32>()).sum()
    }
}

impl Trainer {
    /// A run before its first step.
    pub fn new(experiment: &Experiment, dataset: Arc<Dataset>, device: &Device) -> Self {
        let (vocabulary, operations) = network(experiment, &dataset);
        let transformer = Transformer::new(&experiment.model, vocabulary, operations, device);
        let weights = initialise(&transformer.specs, experiment.seed, device);
        let peak = experiment.schedule.peak;
        let optimiser = Updater::new(&experiment.optimiser, peak, &transformer.specs, device);
        let federated = Federated::new(experiment, &weights, &optimiser);
        let parameters = Parameters::new(weights);
        let layers = Layers::new(experiment, &transformer.specs);
        let following = Following::new(experiment);
        let (objective, digest) = (experiment.objective.clone(), BatchDigest::default());
        let state =
            State { step: 0, tokens: 0, parameters, optimiser, layers, following, federated, objective, digest };
        Self {
            experiment: experiment.clone(),
            dataset,
            gradient: Gradient::new(&transformer),
            losses: None,
            transformer,
            kept: Snapshot(state.clone()),
            state,
            pending: Vec::new(),
            last_finite: None,
            failed_rate: None,
        }
    }

    /// Steps done.
    pub fn steps_done(&self) -> usize {
        self.state.step
    }

    /// Whether all steps of the experiment are done.
    pub fn is_finished(&self) -> bool {
        self.state.step >= self.experiment.train.steps
    }

    /// The experiment that is run.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// The texts that are learned.
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.dataset
    }

    /// The network.
    pub fn transformer(&self) -> &Transformer {
        &self.transformer
    }

    /// The present weights.
    pub fn weights(&self) -> &Weights {
        self.state.weights()
    }

    /// How the network reads.
    pub fn reading(&self) -> Reading {
        self.experiment.objective.reading(self.experiment.model.context)
    }

    /// The network with some weights of this run, in the memory of the CPU.
    pub async fn checkpoint(&self, weights: &Weights) -> Result<Checkpoint, TrainError> {
        Checkpoint::read(&self.transformer, weights, self.reading()).await
    }

    /// Digest of all batches so far, hexadecimal.
    pub fn batch_digest(&self) -> String {
        self.state.digest.hex()
    }

    /// Hands one optimiser step to the device.
    pub fn step(&mut self) {
        let step = self.update(self.state.rate(&self.experiment));
        self.pending.push(step);
    }

    /// Hands one update to the device.
    pub(super) fn update(&mut self, learning_rate: f64) -> PendingStep {
        self.gradients();
        let Experiment { train, model, .. } = &self.experiment;
        let State { step, optimiser, layers, parameters, following, federated, .. } = &mut self.state;
        following.remember(&parameters.weights, learning_rate);
        if let Some(federated) = federated {
            federated.remember(&parameters.weights);
        }
        let learning_rates = layers.learning_rates(learning_rate, *step + 1);
        let gradient_norms = self.gradient.update(optimiser, parameters, train, &learning_rates);
        if let Some(federated) = federated {
            federated.end(parameters, optimiser);
        }

        let losses = self.losses.take().unwrap_or_default();
        self.state.step += 1;
        self.state.tokens += (train.batch * train.accumulation * model.context) as u64;
        let (step, tokens) = (self.state.step, self.state.tokens);
        PendingStep { step, learning_rate, tokens, losses, gradient_norms }
    }

    /// As [`Trainer::update`], of a state beside the run, which stays as it is.
    pub(super) fn update_aside(&mut self, aside: &mut State, learning_rate: f64) -> PendingStep {
        assert!(self.losses.is_none(), "a gradient that is ready belongs to the run's next step");
        std::mem::swap(&mut self.state, aside);
        let step = self.update(learning_rate);
        std::mem::swap(&mut self.state, aside);
        step
    }

    /// Whether [`Trainer::measure`] has something to do before the next step.
    pub fn is_measurement_due(&self) -> bool {
        !self.is_finished() && self.state.layers.due(&self.experiment, self.state.step + 1).is_some()
    }

    /// Measures the weights before the next step, and lets the layerwise method set its multipliers. None when nothing
    /// is due.
    pub async fn measure(&mut self) -> Result<Option<LayersFrame>, TrainError> {
        let update = self.state.step + 1;
        let Some(due) = self.state.layers.due(&self.experiment, update) else {
            return Ok(None);
        };
        self.federate().await?;
        let changes = due.wants_changes().then(|| self.changes(&vec![1.0; self.transformer.specs.len()]));
        let measured = Measured { weights: self.weights().clone(), changes };
        let Self { state, experiment, transformer, .. } = self;
        state.layers.measure(experiment, &transformer.specs, update, due, measured).await.map(Some)
    }

    /// The next step's mean gradient, and what the optimiser would subtract from the weights at these learning rates.
    pub(super) fn changes(&mut self, learning_rates: &[f64]) -> [Tensor<1>; 2] {
        self.gradients();
        let train = &self.experiment.train;
        let State { optimiser, parameters, .. } = &self.state;
        let (mut optimiser, mut updated) = (optimiser.clone(), parameters.clone());
        self.gradient.clone().update(&mut optimiser, &mut updated, train, learning_rates);
        [self.mean_gradient(), parameters.weights.clone() - updated.weights]
    }

    /// The mean gradient of the next step, after [`Trainer::gradients`].
    pub(super) fn mean_gradient(&self) -> Tensor<1> {
        self.gradient.total() / self.experiment.train.accumulation as f64
    }

    /// Sums up the gradient of the next step's micro-batches if it was not yet.
    pub(super) fn gradients(&mut self) {
        if self.losses.is_none() {
            let State { federated, parameters, optimiser, .. } = &mut self.state;
            if let Some(federated) = federated {
                federated.begin(parameters, optimiser);
            }
            self.losses = Some((0..self.experiment.train.accumulation).map(|index| self.micro_batch(index)).collect());
        }
    }

    /// Adds the gradient of one micro-batch to the step's; the sum of the returned values is its loss.
    fn micro_batch(&mut self, index: usize) -> Tensor<1> {
        let Experiment { seed, text, train, model, .. } = &self.experiment;
        let batches = Batches { seed: *seed, batch: train.batch, context: model.context };
        let (step, micro) = (self.state.step as u64, index as u64);
        let Dataset { first, then, .. } = &*self.dataset;
        let batch = match then.as_ref().filter(|_| text.is_switched(train.steps, self.state.step + 1)) {
            None => batches.get(self.learned(first), step, micro),
            Some(then) => batches.replaying(self.learned(then), self.learned(first), text.replay, step, micro),
        };
        self.state.digest.add(&batch);
        let at = Moment { seed: *seed, step: self.state.step, steps: train.steps, micro: index };
        let example = self.state.objective.example(&batch, self.transformer.vocabulary, at);
        let dropout = Dropout { seed: *seed, step: (self.state.step * train.accumulation + index) as u64 };
        self.gradient.add(&self.transformer, &self.state.parameters.weights, &example, dropout, index > 0)
    }

    /// What of a text the next update may see: all of it, or the section of the client whose turn it is.
    fn learned<'a>(&self, text: &'a Tokens) -> &'a [u32] {
        match &self.state.federated {
            None => &text.train,
            Some(federated) => federated.section(&text.train, self.experiment.model.context),
        }
    }

    /// Steps handed to the device since the last [`Trainer::read`].
    pub fn unread(&self) -> usize {
        self.pending.len()
    }

    /// Reads the metrics of all unread steps, in one transfer. `seconds` of the rows is 0: the caller has the clock.
    ///
    /// The finite rows before a divergence are returned together with the error. Where the schedule has another rate to
    /// go on with there is no error: the run is back where that rate was chosen, and [`Trainer::failed_rate`] says so.
    pub async fn read(&mut self) -> (Vec<StepMetrics>, Result<(), TrainError>) {
        let pending = std::mem::take(&mut self.pending);
        let values = match metrics::read(&pending).await {
            Ok(values) => values,
            Err(error) => return (Vec::new(), Err(error)),
        };
        let mut rows = Vec::with_capacity(values.len());
        for (step, read) in pending.iter().zip(values) {
            let loss = if read.is_finite() { read.loss } else { f64::NAN };
            self.state.following.trained(&self.experiment, step.step, loss);
            if !read.is_finite() {
                if self.go_back(step) {
                    return (rows, Ok(()));
                }
                return (rows, Err(self.diverged(step.step).await));
            }
            let gradient_norm = read.gradient_norm;
            self.last_finite = Some(LastFinite { step: step.step, loss, gradient_norm, largest_update: None });
            rows.push(step.row(read));
        }
        (rows, Ok(()))
    }

    /// Losses on held-out windows, and the share of exact answers for a synthetic task. A finite loss on the text that is
    /// learned makes the present state the one to return to when the run diverges.
    pub async fn validate(&mut self) -> Result<Validation, TrainError> {
        self.federate().await?;
        let (learned, other) = self.texts(self.state.step);
        let weights = self.weights();
        let Estimate { loss, error } = self.validation_loss(learned, weights).await?;
        let found = Validation {
            loss,
            error,
            other_loss: match other {
                Some(other) => Some(self.validation_loss(other, weights).await?.loss),
                None => None,
            },
            exact_match: validation::exact_match(&self.transformer, weights, &self.dataset, &self.experiment).await?,
        };
        let probed =
            validation::probe(&self.transformer, weights, &learned.validation, &self.experiment, self.state.step);
        if let Some(losses) = probed.await? {
            self.state.objective = self.experiment.objective.tuned(&losses);
        }
        self.state.following.validated(&self.experiment, self.state.step, found.loss);
        if found.loss.is_finite() {
            self.kept = self.snapshot();
        }
        Ok(found)
    }

    /// The text that an update, counted from 1, learns, and the other one where there are two.
    pub(super) fn texts(&self, update: usize) -> (&Tokens, Option<&Tokens>) {
        let Experiment { text, train, .. } = &self.experiment;
        let Dataset { first, then, .. } = &*self.dataset;
        match then {
            Some(then) if text.is_switched(train.steps, update) => (then, Some(first)),
            then => (first, then.as_ref()),
        }
    }

    /// Loss of weights on the held-out windows of a text.
    pub(super) async fn validation_loss(&self, text: &Tokens, weights: &Weights) -> Result<Estimate, TrainError> {
        validation::loss(&self.transformer, weights, &text.validation, &self.experiment).await
    }

    /// Returns to where the present rate was chosen after the one before it failed, if the schedule knows such a rate.
    fn go_back(&mut self, failed: &PendingStep) -> bool {
        let Some(stage) = self.state.following.way_back() else { return false };
        let following = self.state.following.clone();
        self.state = State { following, ..stage };
        self.losses = None;
        self.kept = self.snapshot();
        self.last_finite = self.last_finite.take().filter(|last| last.step <= self.state.step);
        self.failed_rate = Some(FailedRate { step: failed.step, rate: failed.learning_rate });
        true
    }

    /// A copy of the present state.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.state.clone())
    }

    /// Returns to a copy of this run's state; unread metrics are dropped.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        self.state = snapshot.0.clone();
        self.kept = snapshot.clone();
        self.last_finite = None;
        self.failed_rate = None;
        self.losses = None;
        self.pending.clear();
    }
}

/// The tokens of an experiment's network, and what it is computed with.
pub fn network(experiment: &Experiment, dataset: &Dataset) -> (Vocabulary, Operations) {
    let tokens = dataset.tokeniser.vocabulary();
    let noise = experiment.objective.reading(experiment.model.context).noise;
    let vocabulary = if noise.has_mask() { Vocabulary::with_mask(tokens) } else { tokens.into() };
    // The fused kernels know one loss, the cross-entropy.
    let operations = if noise == Noise::Uniform { Operations::Plain } else { experiment.operations };
    (vocabulary, operations)
}

#[cfg(test)]
pub(super) mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::{
        experiment::{Corpus, ModelConfig, Operations, Positions},
        model::{flat, tensors},
        text::{Split, Tokeniser},
    };

    /// A short text in characters.
    pub fn dataset() -> Arc<Dataset> {
        let split =
            Split::of_text(Corpus::Own, "pack my box with five dozen liquor jugs. ".repeat(30)).expect("a text");
        let tokeniser = Tokeniser::Char(split.char_tokeniser().expect("few characters"));
        Arc::new(Dataset::new(&split, tokeniser, 8).expect("a long text"))
    }

    /// A transformer of two narrow layers with biases.
    pub fn experiment() -> Experiment {
        let model =
            ModelConfig { layers: 2, heads: 2, width: 8, context: 8, bias: true, tied: false, ..Default::default() };
        let mut experiment = Experiment { model, ..Default::default() };
        experiment.train.batch = 4;
        experiment
    }

    fn loss(trainer: &mut Trainer) -> f32 {
        let digest = trainer.state.digest.clone();
        let loss = trainer.micro_batch(0).sum().into_scalar();
        trainer.state.digest = digest;
        loss
    }

    impl Trainer {
        /// Gradients of an objective on the next step's windows, each with noise of its own.
        pub fn gradients_of(&mut self, objective: &Chosen<dyn Objective>, draws: usize) -> Vec<Tensor<1>> {
            let Experiment { seed, train, model, .. } = self.experiment.clone();
            let batches = Batches { seed, batch: train.batch, context: model.context };
            let windows = batches.get(&self.dataset.first.train, self.state.step as u64, 0);
            let mut gradient = |step: usize| {
                let at = Moment { seed, step, steps: draws, micro: 0 };
                let example = objective.example(&windows, self.transformer.vocabulary, at);
                let dropout = Dropout { seed, step: 0 };
                self.gradient.add(&self.transformer, &self.state.parameters.weights, &example, dropout, false);
                self.gradient.total()
            };
            (0..draws).map(&mut gradient).collect()
        }
    }

    /// Central differences along the gradient of each parameter, against its length.
    #[test]
    fn gradients_agree_with_finite_differences() {
        for operations in [Operations::Fused, Operations::Plain] {
            for (positions, tied) in [(Positions::Rope, false), (Positions::Learned, true)] {
                let mut experiment = Experiment { operations, ..experiment() };
                (experiment.model.positions, experiment.model.tied) = (positions, tied);
                let mut trainer = Trainer::new(&experiment, dataset(), &Device::flex());
                // Larger weights than at the start, so that every gradient is well above the noise of f32.
                let weights = trainer.weights().clone() * 4.0;
                trainer.state.parameters.weights = weights.clone();
                loss(&mut trainer);
                let gradient = trainer.gradient.total();
                let specs = trainer.transformer.specs.clone();
                let size = |list: &Tensor<1>, index: usize| {
                    tensors(&specs, list)[index].clone().square().sum().sqrt().into_scalar::<f32>()
                };
                for (index, spec) in specs.iter().enumerate() {
                    let name = &spec.name;
                    let length = size(&gradient, index);
                    if length < 1e-4 {
                        // A key's bias shifts all scores of a query alike, so that its gradient is 0.
                        assert!(name.ends_with("key.bias"), "{name}: {length}");
                        continue;
                    }
                    let span = flat(&specs).span(index);
                    let direction = gradient.clone().slice(span.clone()) / f64::from(length);
                    let epsilon = 3e-3 * f64::from(size(&weights, index).max(0.1));
                    let mut at = |step: f64| {
                        let moved = weights.clone().slice(span.clone()) + direction.clone() * step;
                        trainer.state.parameters.weights = weights.clone().slice_assign([span.clone()], moved);
                        f64::from(loss(&mut trainer))
                    };
                    let slope = (at(epsilon) - at(-epsilon)) / (2.0 * epsilon);
                    let error = (slope - f64::from(length)).abs() / f64::from(length);
                    assert!(error < 0.05, "{operations:?} {positions:?} {name}: {slope} against {length}");
                }
            }
        }
    }

    /// Losses of the first steps.
    fn losses(experiment: &Experiment, steps: usize) -> Vec<f64> {
        let mut trainer = Trainer::new(experiment, dataset(), &Device::flex());
        (0..steps).for_each(|_| trainer.step());
        let (rows, result) = block_on(trainer.read());
        assert_eq!(result, Ok(()));
        rows.iter().flat_map(|row| [row.loss, row.gradient_norm, row.gradient_l1]).collect()
    }

    #[test]
    fn fused_and_plain_operations_train_alike() {
        for accumulation in [1, 3] {
            let mut experiment = experiment();
            experiment.train.accumulation = accumulation;
            let fused = losses(&experiment, 50);
            experiment.operations = Operations::Plain;
            for (fused, plain) in fused.iter().zip(losses(&experiment, 50)) {
                assert!((fused - plain).abs() < 1e-4 * plain.abs(), "{fused} against {plain}");
            }
        }
    }

    #[test]
    fn a_snapshot_stays_while_training_goes_on() {
        let mut trainer = Trainer::new(&experiment(), dataset(), &Device::flex());
        trainer.step();
        let snapshot = trainer.snapshot();
        let before = trainer.weights().clone().into_data();
        trainer.step();
        assert_ne!(trainer.weights().clone().into_data(), before);
        trainer.restore(&snapshot);
        assert_eq!(trainer.weights().clone().into_data(), before);
    }

    #[test]
    fn accumulated_micro_batches_are_averaged() {
        let mut experiment = experiment();
        experiment.train.accumulation = 3;
        let mut trainer = Trainer::new(&experiment, dataset(), &Device::flex());
        let parts: Vec<f32> = (0..3).map(|micro_batch| trainer.micro_batch(micro_batch).sum().into_scalar()).collect();
        trainer.step();
        let (rows, result) = block_on(trainer.read());
        assert_eq!(result, Ok(()));
        assert!((rows[0].loss - f64::from(parts.iter().sum::<f32>() / 3.0)).abs() < 1e-6);
        assert_eq!(rows[0].tokens, (3 * 4 * 8) as f64);
    }

    #[test]
    fn dropout_changes_training_but_not_validation() {
        let dropped = |dropout| {
            let mut experiment = experiment();
            experiment.model.dropout = dropout;
            let mut trainer = Trainer::new(&experiment, dataset(), &Device::flex());
            let validation = block_on(trainer.validate()).expect("flex does not fail").loss;
            (loss(&mut trainer), validation)
        };
        let (plain, with) = (dropped(0.0), dropped(0.5));
        assert_ne!(plain.0, with.0);
        // Fused and plain operations round differently.
        assert!((plain.1 - with.1).abs() < 1e-6);
    }
}
