//! What holds for every optimiser.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use futures::executor::block_on;
use tailblazer_kernels::functions::{self, GradientSum, State};

use super::*;
use crate::{
    experiment::{Corpus, Experiment, ModelConfig, Operations, Positions, validate},
    model::{ParameterSpec, Role, Transformer, flat, initialise},
    objective::{Moment, Objective},
    policy::Chosen,
    text::{Batches, Dataset, Split, Tokeniser},
    train::Trainer,
};

mod golden;
mod reference;

pub use golden::{golden, numbers};
use reference::Reference;

/// An optimiser with some knobs set, without decay and clipping.
fn config(id: &str, knobs: &[(&str, f64)]) -> OptimiserConfig {
    let method = Method::find(id).expect(id);
    let mut config = OptimiserConfig { method, weight_decay: 0.0, clip: 0.0, ..Default::default() };
    for (id, value) in knobs {
        let knob = method.description().knobs.iter().find(|knob| knob.id == *id).expect(id);
        config.set_value(knob, *value);
    }
    config
}

fn spec(role: Role, shape: [usize; 2]) -> ParameterSpec {
    ParameterSpec { name: "w".into(), role, layer: None, shape, deviation: 0.02 }
}

/// Parameters of every kind whose lengths are no multiples of a block, one of them a single number.
fn odd_specs() -> Vec<ParameterSpec> {
    vec![
        spec(Role::Embedding, [11, 7]),
        spec(Role::Query, [8, 8]),
        spec(Role::Up, [5, 13]),
        spec(Role::Down, [13, 5]),
        spec(Role::Output, [1, 1]),
        spec(Role::Scale, [1, 1]),
        spec(Role::Bias, [1, 70]),
    ]
}

/// Numbers between -1 and 1 that look random.
fn noise(seed: usize, length: usize) -> Vec<f64> {
    let number = |at: usize| f64::from(((at * 7919 + seed * 104_729 + 31) % 2003) as f32 / 1001.0 - 1.0);
    (0..length).map(number).collect()
}

/// A flat list from the parameters one by one.
fn list(specs: &[ParameterSpec], parameters: &[Vec<f64>]) -> Tensor<1> {
    let flat = flat(specs);
    let mut values = vec![0.0f32; flat.length];
    for (index, parameter) in parameters.iter().enumerate() {
        values[flat.span(index)].iter_mut().zip(parameter).for_each(|(value, number)| *value = *number as f32);
    }
    Tensor::from_floats(values.as_slice(), &Device::flex())
}

fn values(tensor: &Tensor<1>) -> Vec<f32> {
    tensor.clone().into_data().iter::<f32>().collect()
}

fn wide(tensor: &Tensor<1>) -> Vec<f64> {
    values(tensor).into_iter().map(f64::from).collect()
}

/// The parameters of a flat list one by one; its gaps must be 0.
fn parameters(specs: &[ParameterSpec], list: &Tensor<1>) -> Vec<Vec<f64>> {
    let (flat, mut values) = (flat(specs), values(list));
    let found = (0..specs.len()).map(|index| {
        let span = values[flat.span(index)].iter_mut();
        span.map(|value| f64::from(std::mem::take(value))).collect()
    });
    let found = found.collect();
    assert!(values.iter().all(|gap| *gap == 0.0), "the gaps stay 0");
    found
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs();
        assert!(error <= tolerance * expected.abs().max(1.0), "{what}: {found} at {at}, not {expected}");
    }
}

#[test]
fn descriptions_are_complete_and_ids_unique() {
    for (i, method) in Method::all().enumerate() {
        let Description { id, name, summary, source, knobs, .. } = method.description();
        assert_eq!(Method::all().position(|other| other.id() == *id), Some(i), "{id} twice");
        assert!(id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{id}");
        assert!(!name.is_empty() && !source.is_empty() && summary.ends_with('.'), "{id}");
        for (i, knob) in knobs.iter().enumerate() {
            assert_eq!(knobs.iter().position(|other| other.id == knob.id), Some(i), "{id}: {} twice", knob.id);
            assert!(!["method", "weight_decay", "clip"].contains(&knob.id), "{id}: {} is taken", knob.id);
            // A third of the settings' column holds no more.
            assert!(format!("{} {}", knob.name, knob.unit).chars().count() <= 13, "{id}: {} is too long", knob.id);
            assert!(knob.range.contains(&knob.default) && knob.summary.ends_with('.'), "{id}: {}", knob.id);
        }
        let mut experiment = Experiment::default();
        experiment.optimiser.choose(method);
        (experiment.schedule.peak, experiment.optimiser.weight_decay) = (method.peak(), method.decay());
        assert_eq!(validate(&experiment), [], "{id} at what it recommends");
    }
    assert_eq!(
        Method::all().map(Method::id).collect::<Vec<_>>(),
        ["adamw", "sgd", "lion", "lamb", "lars", "muon", "adam-hd"]
    );
}

/// Five clipped updates of every optimiser with a learning rate of its own for each parameter, one of them 0.
#[test]
fn updates_agree_with_f64() {
    let specs = odd_specs();
    let rates = [0.01, 0.02, 0.03, 0.01, 0.05, 0.0, 0.02];
    for config in [
        config("adamw", &[]),
        config("sgd", &[]),
        config("sgd", &[("nesterov", 1.0), ("momentum", 0.5)]),
        config("lion", &[]),
        config("lamb", &[]),
        config("lars", &[("trust", 0.5)]),
        config("muon", &[]),
        config("muon", &[("nesterov", 0.0), ("scale", 1.0), ("auxiliary", 0.5), ("iterations", 3.0)]),
        config("muon", &[("scale", 2.0)]),
        config("adam-hd", &[]),
        config("adam-hd", &[("gain", 0.0), ("additive", 1e-3)]),
        config("adam-hd", &[("gain", 0.5), ("highest", 0.05)]),
    ] {
        let config = OptimiserConfig { weight_decay: 0.3, clip: 2.0, epsilon: 1e-4, ..config };
        let start: Vec<Vec<f64>> = specs.iter().enumerate().map(|(at, spec)| noise(at, spec.len())).collect();
        let mut state = State::new(list(&specs, &start));
        let mut updater = Updater::new(&config, 0.04, &specs, &Device::flex());
        let mut reference = Reference::new(&config, 0.04, &specs, start.clone());
        for step in 1..=5 {
            let gradient: Vec<Vec<f64>> =
                specs.iter().enumerate().map(|(at, spec)| noise(at + 10 * step, spec.len())).collect();
            let norms = wide(&updater.step_plain(&mut state, list(&specs, &gradient), &rates));
            let expected = reference.step(&gradient, &rates);
            let sizes: f64 = gradient.iter().flatten().map(|value| value.abs()).sum();
            assert_close(&norms, &[sizes, expected], 1e-5, "norms");
        }
        let found = parameters(&specs, &state.weights);
        for (index, (found, expected)) in found.iter().zip(&reference.weights).enumerate() {
            assert_close(found, expected, 2e-5, &format!("{config:?}, parameter {index}"));
        }
        assert_eq!(
            found[5],
            start[5].iter().map(|w| f64::from(*w as f32)).collect::<Vec<_>>(),
            "a rate of 0 stands still"
        );
    }
}

#[test]
fn without_a_learning_rate_or_a_gradient_nothing_moves() {
    let specs = odd_specs();
    let start: Vec<Vec<f64>> = specs.iter().enumerate().map(|(at, spec)| noise(at, spec.len())).collect();
    for method in Method::all() {
        for (rate, strength, weight_decay) in [(0.0, 1.0, 0.1), (0.1, 0.0, 0.0)] {
            let config = OptimiserConfig { method, weight_decay, ..Default::default() };
            let mut state = State::new(list(&specs, &start));
            let before = values(&state.weights);
            let mut updater = Updater::new(&config, 0.1, &specs, &Device::flex());
            for _ in 0..3 {
                let gradient = list(&specs, &start) * strength;
                updater.step_plain(&mut state, gradient, &vec![rate; specs.len()]);
            }
            assert_eq!(values(&state.weights), before, "{method:?}");
            assert_eq!(updater.scale().clone().into_scalar::<f32>(), 1.0, "{method:?}");
        }
        // Weights and gradients of 0 have no norms to compare.
        let mut state = State::new(list(&specs, &[]));
        let mut updater = Updater::new(&OptimiserConfig { method, ..Default::default() }, 0.1, &specs, &Device::flex());
        updater.step_plain(&mut state, list(&specs, &[]), &vec![0.1; specs.len()]);
        assert!(values(&state.weights).iter().all(|weight| *weight == 0.0), "{method:?}");
    }
}

#[test]
fn gradient_descent_without_momentum_subtracts_the_gradient() {
    let specs = odd_specs();
    let weights = list(&specs, &[noise(1, 77), noise(2, 64)]);
    let gradient = list(&specs, &[noise(3, 77), noise(4, 64)]);
    for nesterov in [0.0, 1.0] {
        let mut state = State::new(weights.clone());
        let config = config("sgd", &[("momentum", 0.0), ("nesterov", nesterov)]);
        let mut updater = Updater::new(&config, 0.1, &specs, &Device::flex());
        updater.step_plain(&mut state, gradient.clone(), &vec![0.1; specs.len()]);
        assert_eq!(values(&state.weights), values(&(weights.clone() - gradient.clone() * 0.1)));
    }
}

fn dataset() -> Arc<Dataset> {
    let split = Split::of_text(Corpus::Own, "pack my box with five dozen liquor jugs. ".repeat(30)).expect("a text");
    let tokeniser = Tokeniser::Char(split.char_tokeniser().expect("few characters"));
    Arc::new(Dataset::new(&split, tokeniser, 8).expect("a long text"))
}

/// A small model at the learning rate and the decay that an optimiser recommends.
fn experiment(method: Method) -> Experiment {
    let model = ModelConfig { layers: 2, heads: 2, width: 12, context: 8, ..Default::default() };
    let mut experiment = Experiment { model, ..Default::default() };
    experiment.optimiser.choose(method);
    experiment.optimiser.weight_decay = method.decay();
    (experiment.schedule.peak, experiment.schedule.warmup) = (method.peak(), 5);
    (experiment.train.batch, experiment.train.steps) = (4, 100);
    experiment
}

/// Losses and gradient norms of the next steps.
fn losses(trainer: &mut Trainer, steps: usize) -> Vec<f64> {
    (0..steps).for_each(|_| trainer.step());
    let (rows, result) = block_on(trainer.read());
    assert_eq!(result, Ok(()));
    rows.iter().flat_map(|row| [row.loss, row.gradient_norm]).collect()
}

#[test]
fn every_optimiser_lowers_the_loss() {
    for method in Method::all() {
        for operations in [Operations::Fused, Operations::Plain] {
            let experiment = Experiment { operations, ..experiment(method) };
            let losses = losses(&mut Trainer::new(&experiment, dataset(), &Device::flex()), 100);
            let mean = |range: std::ops::Range<usize>| losses[range].iter().step_by(2).sum::<f64>() / 10.0;
            let (first, last) = (mean(0..20), mean(180..200));
            assert!(last < first - 0.2, "{method:?} {operations:?}: from {first} to {last}");
        }
    }
}

#[test]
fn every_optimiser_goes_on_from_a_snapshot_bit_for_bit() {
    for method in Method::all() {
        let mut trainer = Trainer::new(&experiment(method), dataset(), &Device::flex());
        losses(&mut trainer, 10);
        let snapshot = trainer.snapshot();
        let once = losses(&mut trainer, 10);
        let weights = values(trainer.weights());
        trainer.restore(&snapshot);
        assert_eq!(losses(&mut trainer, 10), once, "{method:?}");
        assert_eq!(values(trainer.weights()), weights, "{method:?}");
    }
}

#[test]
fn null_settings_reproduce_adamw_bit_for_bit() {
    let mut found = Vec::new();
    for method in Method::all() {
        for operations in [Operations::Fused, Operations::Plain] {
            let mut experiment = Experiment { operations, ..experiment(Method::of(&AdamW)) };
            let run = |experiment: &Experiment| {
                let mut trainer = Trainer::new(experiment, dataset(), &Device::flex());
                (losses(&mut trainer, 20), values(trainer.weights()))
            };
            let expected = run(&experiment);
            experiment.optimiser.choose(method);
            let Some(null) = experiment.optimiser.null() else { continue };
            assert_eq!(run(&Experiment { optimiser: null, ..experiment }), expected, "{method:?} {operations:?}");
            found.push(method.id());
        }
    }
    assert_eq!(found, ["adamw", "adamw", "adam-hd", "adam-hd"]);
}

/// The same gradient through both operations, with a learning rate for each parameter.
#[test]
fn fused_and_plain_operations_update_alike() {
    let dataset = dataset();
    let model = ModelConfig {
        layers: 2,
        heads: 2,
        width: 12,
        context: 8,
        bias: true,
        tied: false,
        positions: Positions::Learned,
        ..Default::default()
    };
    let device = Device::flex();
    let transformer = Transformer::new(&model, dataset.tokeniser.vocabulary(), Operations::Fused, &device);
    let rates: Vec<f64> = (0..transformer.specs.len()).map(|at| 1e-3 * (at % 5) as f64).collect();
    let batch = Batches { seed: 1, batch: 4, context: 8 };
    let next_token = Chosen::<dyn Objective>::default();
    let at = |step| Moment { seed: 1, step: step as usize, steps: 4, micro: 0 };
    for method in Method::all() {
        for nesterov in [0.0, 1.0] {
            let mut config = OptimiserConfig { method, epsilon: 1e-4, ..Default::default() };
            if let Some(knob) = method.description().knobs.iter().find(|knob| knob.id == "nesterov") {
                config.set_value(knob, nesterov);
            }
            let updater = Updater::new(&config, 4e-3, &transformer.specs, &device);
            let state = State::new(initialise(&transformer.specs, 1, &device));
            let ((mut fused, mut fused_state), (mut plain, mut plain_state)) =
                ((updater.clone(), state.clone()), (updater, state));
            for step in 0..4 {
                let mut sum = GradientSum::new(&device);
                for micro_batch in 0..2 {
                    let batch = batch.get(&dataset.first.train, step, micro_batch);
                    let (plan, batch) =
                        transformer.fused(&next_token.example(&batch, transformer.vocabulary, at(step)));
                    functions::gradient(&plan, &fused_state.weights, batch, &mut sum, micro_batch > 0);
                }
                let plan = transformer.plan(transformer.causal(), 4);
                let gradient = sum.total(&plan) * 0.5;
                let expected = wide(&plain.step_plain(&mut plain_state, gradient, &rates));
                let norms = wide(&fused.step_fused(&plan, &mut fused_state, &sum, 2, &rates));
                assert_close(&norms[norms.len() - 2..], &expected, 1e-5, "norms");
                let what = format!("{method:?} after step {step}");
                assert_close(&wide(&fused_state.weights), &wide(&plain_state.weights), 1e-5, &what);
                // From here on both have the same weights, so that one sign that differs does not grow.
                plain_state.weights = fused_state.weights.clone();
            }
        }
    }
}

/// Dropout makes gradients that fused kernels do not compute; every optimiser takes them.
#[test]
fn a_model_with_dropout_trains_with_every_optimiser() {
    for method in Method::all() {
        let mut experiment = experiment(method);
        experiment.model.dropout = 0.1;
        let found = losses(&mut Trainer::new(&experiment, dataset(), &Device::flex()), 3);
        assert!(found.iter().all(|value| value.is_finite()), "{method:?}");
    }
}
