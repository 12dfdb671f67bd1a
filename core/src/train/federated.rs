//! Federated averaging in a run (McMahan et al. 2017, arXiv:1602.05629): clients that take turns on one device, and the
//! server that averages their models after every round.
//!
//! A step of the run is one update of one client, so that a federated run costs what any other of as many steps does.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use tailblazer_kernels::functions::State as Parameters;

use super::{
    TrainError, Trainer,
    metrics::{read_all, sum},
    saved::{Lists, SavedError, Shelf},
};
use crate::{
    experiment::Experiment,
    model::Weights,
    optim::{SavedUpdater, Updater},
    schedule::{
        Federation,
        fedhyper::{Client, MOMENTUM_KEPT, Product, Server},
    },
};

/// The server and its clients; a copy goes on as the original would.
#[derive(Clone)]
pub struct Federated {
    federation: Federation,
    server: Server,
    /// What the server multiplies the clients' rates by.
    rate: f64,
    /// The rule of the client whose turn it is.
    client: Client,
    /// Updates of this round done.
    done: usize,
    /// The model that the last round left.
    global: Weights,
    /// The sum of the models of this round's clients that have finished.
    sum: Option<Weights>,
    /// `Delta` of the last round.
    delta: Option<Weights>,
    /// `last`, the momentum of the server.
    momentum: Option<Weights>,
    /// What every client's optimiser remembers, where it does.
    memories: Vec<Option<Memory>>,
    /// An optimiser before its first update.
    fresh: Updater,
    /// The weights before the client's last update, for a rule that compares steps.
    before: Option<Weights>,
    /// The client's last movement that its rule was told.
    movement: Option<Weights>,
}

/// What the optimiser of a client remembers between two rounds.
#[derive(Clone)]
struct Memory {
    first: Tensor<1>,
    second: Tensor<1>,
    optimiser: Updater,
}

/// It as plain data, to be saved with the run.
#[derive(Serialize, Deserialize)]
pub struct SavedFederated {
    server: Server,
    rate: f64,
    client: Client,
    done: usize,
    global: usize,
    sum: Option<usize>,
    delta: Option<usize>,
    momentum: Option<usize>,
    /// Both moments of each client that remembers, and its optimiser.
    memories: Vec<Option<(usize, usize, SavedUpdater)>>,
    before: Option<usize>,
    movement: Option<usize>,
}

impl SavedFederated {
    /// Writes it down.
    pub fn of(federated: &Federated, shelf: &mut Shelf) -> Self {
        let memories = federated.memories.iter().map(|memory| {
            let Memory { first, second, optimiser } = memory.as_ref()?;
            Some((shelf.put(first), shelf.put(second), optimiser.save(|number| shelf.put(number))))
        });
        Self {
            memories: memories.collect(),
            server: federated.server.clone(),
            rate: federated.rate,
            client: federated.client.clone(),
            done: federated.done,
            global: shelf.put(&federated.global),
            sum: shelf.put_some(federated.sum.as_ref()),
            delta: shelf.put_some(federated.delta.as_ref()),
            momentum: shelf.put_some(federated.momentum.as_ref()),
            before: shelf.put_some(federated.before.as_ref()),
            movement: shelf.put_some(federated.movement.as_ref()),
        }
    }

    /// It again; `fresh` is that of the same experiment before its first step.
    pub fn restored(self, fresh: &Federated, lists: &Lists) -> Result<Federated, SavedError> {
        if self.memories.len() != fresh.memories.len() || self.done > fresh.federation.round_steps() {
            return Err(SavedError::Damaged);
        }
        let memory = |(first, second, optimiser)| {
            let optimiser = fresh.fresh.restored(optimiser, |place| lists.number(place))?;
            Ok(Memory { first: lists.weights(first)?, second: lists.weights(second)?, optimiser })
        };
        let memories = self.memories.into_iter().map(|saved| saved.map(memory).transpose());
        Ok(Federated {
            memories: memories.collect::<Result<_, SavedError>>()?,
            server: self.server,
            rate: self.rate,
            client: self.client,
            done: self.done,
            global: lists.weights(self.global)?,
            sum: lists.some_weights(self.sum)?,
            delta: lists.some_weights(self.delta)?,
            momentum: lists.some_weights(self.momentum)?,
            before: lists.some_weights(self.before)?,
            movement: lists.some_weights(self.movement)?,
            ..fresh.clone()
        })
    }
}

impl Federated {
    /// The beginning of a run, where its schedule is federated.
    pub fn new(experiment: &Experiment, weights: &Weights, optimiser: &Updater) -> Option<Self> {
        let federation = experiment.schedule.shape.federation(&experiment.schedule)?;
        Some(Self {
            server: federation.server(),
            rate: 1.0,
            client: federation.client(),
            done: 0,
            global: weights.clone(),
            sum: None,
            delta: None,
            momentum: None,
            memories: vec![None; federation.clients],
            fresh: optimiser.clone(),
            before: None,
            movement: None,
            federation,
        })
    }

    /// Gives all clients another model before the first round.
    pub fn start_from(&mut self, weights: &Weights) {
        self.global = weights.clone();
    }

    /// The model that the last round left.
    pub fn global(&self) -> &Weights {
        &self.global
    }

    /// What the planned learning rate of the next update is multiplied by.
    pub fn factor(&self) -> f64 {
        self.rate * self.client.scale()
    }

    /// The text that the client whose turn it is learns.
    pub fn section<'a>(&self, tokens: &'a [u32], context: usize) -> &'a [u32] {
        self.federation.section(tokens, self.turn(), context + 1)
    }

    /// Whose turn it is.
    fn turn(&self) -> usize {
        (self.done / self.federation.local_steps).min(self.federation.clients - 1)
    }

    /// Before the gradient of an update: a client whose turn begins has the global model.
    pub fn begin(&mut self, parameters: &mut Parameters, optimiser: &mut Updater) {
        if !self.done.is_multiple_of(self.federation.local_steps) {
            return;
        }
        let turn = self.turn();
        *parameters = Parameters::new(self.global.clone());
        match self.memories[turn].clone() {
            Some(memory) => {
                (parameters.first, parameters.second) = (memory.first, memory.second);
                *optimiser = memory.optimiser;
            }
            None => *optimiser = self.fresh.clone(),
        }
    }

    /// Takes note of an update that is about to be made from these weights.
    pub fn remember(&mut self, weights: &Weights) {
        self.before = self.client.wants_products().then(|| weights.clone());
    }

    /// After an update: a client whose turn ends hands its model in.
    pub fn end(&mut self, parameters: &Parameters, optimiser: &Updater) {
        self.done += 1;
        if !self.done.is_multiple_of(self.federation.local_steps) {
            return;
        }
        let turn = (self.done - 1) / self.federation.local_steps;
        let weights = parameters.weights.clone();
        self.sum = Some(match self.sum.take() {
            None => weights,
            Some(sum) => sum + weights,
        });
        if !self.federation.forgets {
            let (first, second) = (parameters.first.clone(), parameters.second.clone());
            self.memories[turn] = Some(Memory { first, second, optimiser: optimiser.clone() });
        }
        (self.client, self.before, self.movement) = (self.federation.client(), None, None);
    }

    /// Tells the client's rule how its last update agrees with the one before and with the last round.
    async fn compare(&mut self, weights: &Weights) -> Result<(), TrainError> {
        let Some(before) = self.before.take() else { return Ok(()) };
        let movement = weights.clone() - before;
        let product = |other: &Option<Weights>| match other {
            Some(other) => (movement.clone() * other.clone()).sum(),
            None => Tensor::zeros([1], &movement.device()),
        };
        let found = [product(&self.delta), product(&self.movement), movement.clone().square().sum()];
        let [with_global, with_last, square] = {
            let found = read_all(found).await?;
            [0, 1, 2].map(|index| sum(&found[index]))
        };
        let product = |dot| Product { dot, square };
        self.client.batch(product(with_global), product(with_last));
        self.movement = Some(movement);
        Ok(())
    }

    /// Averages the models of a round that is over, and moves the global model as the rule says.
    async fn average(&mut self) -> Result<(), TrainError> {
        if self.done < self.federation.round_steps() {
            return Ok(());
        }
        let Some(sum_of_models) = self.sum.take() else { return Ok(()) };
        let mean = match self.federation.clients {
            1 => sum_of_models,
            clients => sum_of_models / clients as f64,
        };
        let delta = mean.clone() - self.global.clone();
        let product = match &self.delta {
            Some(last) if self.server.wants_products() => {
                let found = [(last.clone() * delta.clone()).sum(), delta.clone().square().sum()];
                let found = read_all(found).await?;
                Product { dot: sum(&found[0]), square: sum(&found[1]) }
            }
            _ => Product::default(),
        };
        let round = self.server.round(product);
        // A whole step to the mean is the mean, without rounding.
        self.global = if round.delta == 1.0 { mean } else { self.global.clone() + delta.clone() * round.delta };
        if let Some(momentum) = self.momentum.as_ref().filter(|_| round.momentum != 0.0) {
            self.global = self.global.clone() + momentum.clone() * round.momentum;
        }
        if self.server.has_momentum() {
            self.momentum = Some(match self.momentum.take() {
                None => delta.clone(),
                Some(last) => last * MOMENTUM_KEPT + delta.clone(),
            });
        }
        (self.rate, self.delta, self.done) = (round.rate, Some(delta), 0);
        Ok(())
    }
}

impl Trainer {
    /// Lets the rules of a federated run see the last update, and averages the models of a round that is over.
    pub(super) async fn federate(&mut self) -> Result<(), TrainError> {
        let Some(federated) = &mut self.state.federated else { return Ok(()) };
        federated.compare(&self.state.parameters.weights).await?;
        federated.average().await
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use futures::executor::block_on;

    use super::{
        super::trainer::tests::{dataset, experiment},
        *,
    };
    use crate::schedule::{Shape, fedhyper::Rule};

    /// A run of 2 clients with 3 updates a round each.
    fn federated(rule: Rule, knobs: &[(&str, f64)]) -> Trainer {
        let mut experiment = experiment();
        experiment.schedule.choose(Shape::find(rule.description().id).expect("a schedule"));
        experiment.schedule.warmup = 0;
        for (id, value) in [("clients", 2.0), ("local_steps", 3.0)].iter().chain(knobs) {
            experiment.schedule.knobs.0.insert((*id).into(), *value);
        }
        Trainer::new(&experiment, dataset(), &Device::flex())
    }

    fn values(tensor: &Tensor<1>) -> Vec<f64> {
        tensor.to_data().iter::<f64>().collect()
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    fn minus(a: &[f64], b: &[f64]) -> Vec<f64> {
        a.iter().zip(b).map(|(a, b)| a - b).collect()
    }

    fn close(found: &[f64], expected: &[f64], what: &str) {
        let error = minus(found, expected).iter().fold(0.0f64, |most, error| most.max(error.abs()));
        assert!(error < 1e-6, "{what}: {error}");
    }

    fn step(trainer: &mut Trainer) {
        block_on(trainer.follow()).expect("flex does not fail");
        trainer.step();
    }

    fn server_of(trainer: &Trainer) -> &Federated {
        trainer.state.federated.as_ref().expect("a federated run")
    }

    /// The weights of the client whose turn it is.
    fn local(trainer: &Trainer) -> Vec<f64> {
        values(&trainer.state.parameters.weights)
    }

    /// The models of both clients after a round, and the global model that follows from them.
    fn round(trainer: &mut Trainer) -> ([Vec<f64>; 2], Vec<f64>) {
        let models = [0; 2].map(|_| {
            (0..3).for_each(|_| step(trainer));
            local(trainer)
        });
        block_on(trainer.follow()).expect("flex does not fail");
        (models, values(trainer.weights()))
    }

    fn mean([a, b]: &[Vec<f64>; 2]) -> Vec<f64> {
        a.iter().zip(b).map(|(a, b)| (a + b) / 2.0).collect()
    }

    #[test]
    fn without_gain_the_global_model_is_the_mean_of_the_clients() {
        for rule in Rule::ALL {
            let mut trainer = federated(rule, &[("gain", 0.0)]);
            let start = values(trainer.weights());
            let (models, global) = round(&mut trainer);
            assert_ne!(models[0], models[1]);
            close(&global, &mean(&models), "the first round");
            // Before a round is over nobody sees another model.
            (0..5).for_each(|_| step(&mut trainer));
            assert_eq!(values(trainer.weights()), global);
            assert_ne!(global, start);
        }
    }

    #[test]
    fn every_client_begins_with_the_global_model_and_an_optimiser_of_its_own() {
        for (forgets, is_empty) in [(1.0, true), (0.0, false)] {
            let mut trainer = federated(Rule::Global, &[("forgets", forgets)]);
            round(&mut trainer);
            (0..3).for_each(|_| step(&mut trainer));
            let first = values(&trainer.state.parameters.first);
            // The second client's turn in the second round begins.
            trainer.gradients();
            assert_eq!(local(&trainer), values(trainer.weights()));
            let moments = values(&trainer.state.parameters.first);
            assert_eq!(moments.iter().all(|moment| *moment == 0.0), is_empty);
            assert_ne!(moments, first);
        }
    }

    #[test]
    fn the_server_goes_by_how_successive_rounds_agree() {
        for rule in [Rule::Global, Rule::GlobalMomentum, Rule::ServerLocal] {
            let mut trainer = federated(rule, &[]);
            let mut server = server_of(&trainer).federation.server();
            let (mut global, mut last, mut momentum) = (values(trainer.weights()), Vec::new(), Vec::new());
            let mut moved = 0;
            for number in 0..4 {
                let (models, found) = round(&mut trainer);
                let delta = minus(&mean(&models), &global);
                let product = Product { dot: dot(&last, &delta), square: dot(&delta, &delta) };
                let expected = server.round(if number == 0 { Product::default() } else { product });
                momentum.resize(delta.len(), 0.0);
                for ((global, delta), momentum) in global.iter_mut().zip(&delta).zip(&mut momentum) {
                    *global += expected.delta * delta + expected.momentum * *momentum;
                    *momentum = delta + MOMENTUM_KEPT * *momentum;
                }
                close(&found, &global, rule.description().name);
                let factor = server_of(&trainer).factor();
                assert!((factor - expected.rate).abs() < 1e-3, "{rule:?}: {factor}, not {}", expected.rate);
                moved += usize::from(expected.delta != 1.0 || expected.rate != 1.0);
                (global, last) = (found, delta);
            }
            assert_eq!(moved, 3, "{rule:?}");
        }
    }

    #[test]
    fn a_client_goes_by_how_its_steps_agree() {
        let mut trainer = federated(Rule::ClientLocal, &[]);
        let start = values(trainer.weights());
        let (_, global) = round(&mut trainer);
        let delta = minus(&global, &start);
        let mut client = server_of(&trainer).federation.client();
        let (mut before, mut last, mut expected) = (global, None::<Vec<f64>>, 1.0);
        for _ in 0..3 {
            block_on(trainer.follow()).expect("flex does not fail");
            let factor = server_of(&trainer).factor();
            assert!((factor - expected).abs() < 1e-4, "{factor}, not {expected}");
            trainer.step();
            let movement = minus(&local(&trainer), &before);
            let product = |other: &[f64]| Product { dot: dot(&movement, other), square: dot(&movement, &movement) };
            let with_last = last.as_deref().map_or_else(Product::default, product);
            expected = client.batch(product(&delta), with_last);
            (before, last) = (local(&trainer), Some(movement));
        }
        assert_ne!(expected, 1.0);
        assert_eq!(server_of(&trainer).factor(), 1.0, "a new turn");
    }

    #[test]
    fn a_copy_goes_on_as_the_run_would() {
        for rule in Rule::ALL {
            let mut trainer = federated(rule, &[("forgets", 0.0)]);
            // In the middle of a turn, and where a turn has begun with a gradient that is ready.
            for steps in [4, 9] {
                while trainer.steps_done() < steps {
                    step(&mut trainer);
                }
                block_on(trainer.follow()).expect("flex does not fail");
                trainer.gradients();
                let snapshot = trainer.snapshot();
                let [first, second] = [(); 2].map(|()| {
                    trainer.restore(&snapshot);
                    (0..9).for_each(|_| step(&mut trainer));
                    let (rows, result) = block_on(trainer.read());
                    assert_eq!(result, Ok(()));
                    (rows, values(trainer.weights()))
                });
                assert!(first == second, "{rule:?} after {steps}");
                trainer.restore(&snapshot);
            }
        }
    }

    #[test]
    fn sections_cover_a_text_once() {
        let tokens: Vec<u32> = (0..1003).collect();
        let federation = server_of(&federated(Rule::Full, &[("clients", 7.0)])).federation.clone();
        let sections: Vec<_> = (0..7).flat_map(|client| federation.section(&tokens, client, 9)).copied().collect();
        assert_eq!(sections, tokens);
        // A text that is too short for all is shared.
        let [first, third] = [0, 2].map(|client| federation.section(&tokens[..20], client, 9));
        assert_eq!((first, third), (&tokens[..10], &tokens[..10]));
    }
}
