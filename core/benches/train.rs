//! Training throughput in tokens per second, of the shapes that other trainers publish, with fused operations and with
//! burn's own.
//!
//! `TAILBLAZER_BENCH_GPU=1` adds the GPU. Compare ratios within one run; machines differ. `tests/pytorch/train.py` trains
//! the same shapes with PyTorch.

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::executor::block_on;
use tailblazer_core::{
    device,
    experiment::{Corpus, DeviceChoice, Experiment, ModelPreset, Operations},
    text::{Dataset, Split, Tokeniser},
    train::Trainer,
};

fn training(criterion: &mut Criterion) {
    let mut devices = vec![("cpu", DeviceChoice::Cpu)];
    if std::env::var_os("TAILBLAZER_BENCH_GPU").is_some() {
        devices.push(("gpu", DeviceChoice::Gpu));
    }
    let mut group = criterion.benchmark_group("train");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    for (device_name, choice) in devices {
        let open = block_on(device::open(choice, None));
        println!("{device_name}: {} ({})", open.name, open.reason);
        for (preset, batch) in [(ModelPreset::Nano, 16), (ModelPreset::Micro, 12)] {
            for (name, operations) in [("fused", Operations::Fused), ("plain", Operations::Plain)] {
                let mut experiment = Experiment { operations, ..Experiment::default() };
                preset.apply(&mut experiment.model);
                experiment.train.batch = batch;
                let mut trainer = Trainer::new(&experiment, dataset(), &open.device);
                group.throughput(Throughput::Elements((batch * experiment.model.context) as u64));
                group.bench_function(format!("{}/{device_name}/{name}", preset.name()), |bencher| {
                    bencher.iter(|| {
                        trainer.step();
                        let (rows, result) = block_on(trainer.read());
                        result.expect("training succeeds");
                        black_box(rows)
                    });
                });
            }
        }
    }
    group.finish();
}

/// A text of 65 characters, as many as Tiny Shakespeare has.
fn dataset() -> Arc<Dataset> {
    let text: String =
        (0..200_000u32).map(|i| char::from(b'!' + (i.wrapping_mul(2_654_435_761) >> 16) as u8 % 65)).collect();
    let split = Split::of_text(Corpus::Own, text).expect("a text");
    let tokeniser = Tokeniser::Char(split.char_tokeniser().expect("65 characters"));
    Arc::new(Dataset::new(&split, tokeniser, 64).expect("a long text"))
}

criterion_group!(benches, training);
criterion_main!(benches);
