//! What the cache costs: a forward over the last block of a context behind its cached keys, against one over the block
//! alone, and against one that computes the whole context again. Compare ratios within one run; machines differ.

use std::{hint::black_box, time::Duration};

use burn::tensor::Device;
use criterion::{Criterion, criterion_group, criterion_main};
use futures::executor::block_on;
use tailblazer_core::{
    decode::{Cached, Checkpoint, ForwardKind, Network as _, Query, Row},
    experiment::{ModelConfig, ModelPreset, Operations},
    model::{Transformer, Vocabulary, initialise},
    objective::{Clean, Reading},
};

/// Tokens of a block.
const BLOCK: usize = 16;

fn forward(network: &mut Cached, positions: std::ops::Range<usize>, keep: bool) {
    let rows: Vec<Row> = positions.clone().map(|position| Row { token: position as u32 % 60, position }).collect();
    let allow = |query: usize, key: usize| key / BLOCK <= query / BLOCK;
    let kind = if keep { ForwardKind::Commit } else { ForwardKind::Draft };
    let query = Query::new(kind, rows, allow, positions.start);
    let query = Query { keep: if keep { positions.len() } else { 0 }, ..query };
    black_box(block_on(network.forward(query)).expect("finite numbers"));
}

fn decoding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    group.sample_size(20).measurement_time(Duration::from_secs(3));
    for preset in [ModelPreset::Nano, ModelPreset::Micro] {
        let mut config = ModelConfig::default();
        preset.apply(&mut config);
        let device = Device::flex();
        let transformer = Transformer::new(&config, Vocabulary::with_mask(80), Operations::Fused, &device);
        let weights = initialise(&transformer.specs, 1, &device);
        let reading = Reading::masked(BLOCK, Clean::Block);
        let checkpoint = block_on(Checkpoint::read(&transformer, &weights, reading)).expect("flex does not fail");
        let last = config.context - BLOCK..config.context;

        let mut network = checkpoint.network();
        let mut bench = |name: &str, network: &mut Cached, positions: std::ops::Range<usize>| {
            group.bench_function(format!("{}/{name}", preset.name()), |bencher| {
                bencher.iter(|| forward(network, positions.clone(), false));
            });
        };
        bench("block-alone", &mut network, 0..BLOCK);
        bench("recomputed", &mut network, 0..config.context);
        forward(&mut network, 0..last.start, true);
        bench("cached", &mut network, last);
    }
    group.finish();
}

criterion_group!(benches, decoding);
criterion_main!(benches);
