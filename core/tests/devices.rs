//! The GPU, or its software adapter, against the CPU.

use std::sync::{Arc, OnceLock};

use futures::executor::block_on;
use tailblazer_core::{
    device::{self, OpenDevice},
    experiment::{Corpus, DeviceChoice, Experiment, ModelConfig, Positions},
    optim::Method,
    session::Backend,
    text::{Dataset, Split, Tokeniser},
    train::Trainer,
};

fn dataset(context: usize) -> Arc<Dataset> {
    let text = "pack my box with five dozen liquor jugs, then judge the vexing wizards. ".repeat(40);
    let split = Split::of_text(Corpus::Own, text).expect("a text");
    let tokeniser = Tokeniser::Char(split.char_tokeniser().expect("few characters"));
    Arc::new(Dataset::new(&split, tokeniser, context).expect("a long text"))
}

fn experiment() -> Experiment {
    let model = ModelConfig { layers: 2, heads: 2, width: 20, context: 12, ..Default::default() };
    let mut experiment = Experiment { model, ..Default::default() };
    experiment.train.batch = 5;
    experiment.schedule.peak = 0.01;
    experiment
}

/// The device of a choice. The GPU is opened once: two tests that open it at the same moment get in each other's way.
fn open(choice: DeviceChoice) -> OpenDevice {
    static GPU: OnceLock<OpenDevice> = OnceLock::new();
    if choice != DeviceChoice::Gpu {
        return block_on(device::open(choice, None));
    }
    let open = GPU.get_or_init(|| block_on(device::open(choice, None)));
    // Without a GPU a software adapter does; `cargo xtask setup` installs one.
    assert_eq!(open.backend, Backend::Gpu, "{}", open.reason);
    open.clone()
}

/// Losses of some steps and the validation loss behind them.
fn train(experiment: &Experiment, choice: DeviceChoice, steps: usize) -> Vec<f64> {
    let open = open(choice);
    let mut trainer = Trainer::new(experiment, dataset(experiment.model.context), &open.device);
    (0..steps).for_each(|_| trainer.step());
    let (rows, result) = block_on(trainer.read());
    assert_eq!(result, Ok(()));
    let validation = block_on(trainer.validate()).expect("the device answers").loss;
    rows.iter().map(|row| row.loss).chain([validation]).collect()
}

#[test]
fn a_right_device_passes_its_self_test() {
    for choice in [DeviceChoice::Cpu, DeviceChoice::Gpu] {
        let OpenDevice { device, name, .. } = open(choice);
        let test = block_on(device::self_test(&device, name));
        println!("{}", test.report());
        assert!(test.is_passed(), "{}", test.report());
        assert!(test.checks.len() >= 30, "every operation of two models");
    }
}

#[test]
fn fifty_steps_agree() {
    for (positions, bias, tied, accumulation) in
        [(Positions::Rope, false, true, 1), (Positions::Learned, true, false, 2)]
    {
        let mut experiment = experiment();
        let model = &mut experiment.model;
        (model.positions, model.bias, model.tied) = (positions, bias, tied);
        experiment.train.accumulation = accumulation;
        let (gpu, cpu) = (train(&experiment, DeviceChoice::Gpu, 50), train(&experiment, DeviceChoice::Cpu, 50));
        assert!(cpu[49] < cpu[0], "the loss falls");
        assert_eq!(gpu.len(), cpu.len());
        for (step, (gpu, cpu)) in gpu.iter().zip(&cpu).enumerate() {
            assert!((gpu - cpu).abs() < 1e-3 * cpu, "{gpu} on the GPU, {cpu} on the CPU, at step {step}");
        }
    }
}

#[test]
fn every_optimiser_agrees() {
    for method in Method::all() {
        let mut experiment = experiment();
        experiment.optimiser.choose(method);
        experiment.optimiser.weight_decay = method.decay();
        (experiment.schedule.peak, experiment.schedule.warmup) = (method.peak(), 10);
        let (gpu, cpu) = (train(&experiment, DeviceChoice::Gpu, 30), train(&experiment, DeviceChoice::Cpu, 30));
        assert!(cpu[29] < cpu[0], "{method:?}: the loss falls");
        for (step, (gpu, cpu)) in gpu.iter().zip(&cpu).enumerate() {
            assert!((gpu - cpu).abs() < 2e-3 * cpu, "{method:?}: {gpu} on the GPU, {cpu} on the CPU, at step {step}");
        }
    }
}

/// A snapshot shares its tensors with the run, which may then not write into them.
#[test]
fn a_snapshot_on_the_gpu_stays_while_training_goes_on() {
    let experiment = experiment();
    let open = open(DeviceChoice::Gpu);
    let mut trainer = Trainer::new(&experiment, dataset(experiment.model.context), &open.device);
    let validate = |trainer: &mut Trainer| block_on(trainer.validate()).expect("the device answers").loss;
    trainer.step();
    let snapshot = trainer.snapshot();
    let before = validate(&mut trainer);
    (0..5).for_each(|_| trainer.step());
    assert_ne!(validate(&mut trainer), before);
    trainer.restore(&snapshot);
    assert_eq!(validate(&mut trainer), before);
}
