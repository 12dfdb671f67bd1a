//! The GPU against f64 and against the CPU.

use std::sync::OnceLock;

use burn::tensor::{Device, DeviceKind, Tensor};

use super::*;
use crate::{
    cpu::{AdamW, Lars, Sgd},
    functions::{self, GradientSum},
    gpu::checks,
    model::{MaskKind, tests::nano},
    update::{self, Group},
};

/// The GPU of this machine, or its software adapter; a process opens it once.
fn device() -> Device {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    let open = |kind| Device::wgpu_options().device_kind(kind).init().ok();
    let opened = DEVICE.get_or_init(|| {
        [DeviceKind::DefaultDevice, DeviceKind::Cpu].into_iter().find_map(open).expect(
            "these tests need a Vulkan, Metal or DirectX adapter: without a GPU, `cargo xtask setup` installs one",
        )
    });
    opened.clone()
}

fn primitive(tensor: Tensor<1>) -> CubeTensor {
    tensor.try_into_primitive::<CubeBackend>().expect("a tensor on the GPU")
}

fn check(check: checks::Check) {
    let client = primitive(Tensor::zeros([1], &device())).client;
    check(&mut |dispatch, buffers| {
        let handles: Vec<Handle> = buffers.iter().map(|words| client.create_from_slice(u32::as_bytes(words))).collect();
        let arguments = handles
            .iter()
            .fold(KernelArguments::new(), |arguments, handle| arguments.with_buffer(handle.clone().binding()));
        let [x, y, z] = dispatch.workgroups;
        client.launch(Box::new(Wgsl(Arc::new(dispatch.clone()))), CubeCount::Static(x, y, z), arguments);
        for (words, handle) in buffers.iter_mut().zip(handles) {
            let bytes = client.read_one(handle).expect("the adapter answers");
            let length = words.len();
            words.copy_from_slice(&u32::from_bytes(&bytes)[..length]);
        }
    });
}

#[test]
fn linear_maps_agree_with_f64() {
    check(checks::linear);
}

#[test]
fn norms_agree_with_f64() {
    check(checks::norm);
}

#[test]
fn attention_agrees_with_f64() {
    check(checks::attention);
}

#[test]
fn losses_and_embeddings_agree_with_f64() {
    check(checks::cross_entropy);
    check(checks::embedding);
}

#[test]
fn updates_agree_with_f64() {
    check(checks::optimiser);
    check(checks::newton_schulz);
}

#[test]
fn whole_steps_agree_with_f64() {
    check(checks::step);
}

/// Losses, gradient norms and last weights of a few steps.
fn train(device: &Device, model: Model, rule: update::Rule, steps: i32, accumulation: usize) -> Vec<f32> {
    let allowed = if model.mask == MaskKind::Bits {
        (0..model.time * model.time).map(|at| (at / model.time + at % model.time) % 3 != 1).collect()
    } else {
        Vec::new()
    };
    let plan = Plan::new(model, (0..model.time).map(|position| position / 2).collect(), allowed);
    let flat = &plan.offsets().flat;
    let mut values = vec![0.0f32; flat.length];
    for index in 0..flat.lengths.len() {
        for (at, value) in values[flat.span(index)].iter_mut().enumerate() {
            *value = ((at * 37 + index * 11) % 101) as f32 / 101.0 - 0.5;
        }
    }
    let mut state = functions::State::new(Tensor::from_floats(values.as_slice(), device));
    let mut sum = GradientSum::new(device);
    let groups: Vec<Group> = (0..flat.lengths.len())
        .map(|index| Group { learning_rate: 1e-3 * index as f64, decay: 0.1, is_scaled: index % 3 > 0 })
        .collect();
    let mut found = Vec::new();
    let read = |tensor: Tensor<1>| tensor.into_data().iter::<f32>().collect::<Vec<_>>();
    for number in 1..=steps {
        for micro_batch in 0..accumulation {
            let ids = |shift: usize, below: usize| {
                let id = |row: usize| ((row * 13 + shift + micro_batch) % below) as i32;
                let ids: Vec<i32> = (0..model.rows()).map(id).collect();
                Tensor::from_ints(ids.as_slice(), device)
            };
            let weights: Vec<f32> = (0..model.rows()).map(|row| (row % 3) as f32 / model.rows() as f32).collect();
            let batch = functions::Batch {
                tokens: ids(number as usize, model.vocabulary),
                targets: ids(number as usize + 1, model.outputs),
                loss_weights: Tensor::from_floats(weights.as_slice(), device),
            };
            found.push(functions::losses(&plan, &state.weights, batch.clone()).sum().into_scalar());
            let losses = functions::gradient(&plan, &state.weights, batch, &mut sum, micro_batch > 0);
            found.push(losses.sum().into_scalar());
        }
        found.push(sum.total(&plan).square().sum().sqrt().into_scalar());
        let rule = match rule {
            update::Rule::AdamW(rule) => update::Rule::AdamW(AdamW { update: number, ..rule }),
            update::Rule::Lamb(rule) => update::Rule::Lamb(AdamW { update: number, ..rule }),
            other => other,
        };
        let scale = 1.0 / accumulation as f64;
        let update = Update { rule, clip: 1.0, gradient_scale: scale, groups: groups.clone() };
        found.push(*read(functions::update(&plan, &mut state, &sum, &update)).last().expect("a norm"));
    }
    found.extend(read(state.weights));
    found
}

#[test]
fn training_agrees_with_the_cpu() {
    let tiny = Model {
        batch: 3,
        time: 10,
        context: 10,
        vocabulary: 17,
        outputs: 17,
        width: 24,
        layers: 2,
        heads: 2,
        hidden: 96,
        ..nano()
    };
    // Where a gradient is 0 (a key's bias), a small epsilon would blow its rounding up to a whole step.
    let adamw = update::Rule::AdamW(AdamW { beta1: 0.9, beta2: 0.95, epsilon: 1e-3, update: 1 });
    let lamb = update::Rule::Lamb(AdamW { beta1: 0.9, beta2: 0.95, epsilon: 1e-3, update: 1 });
    let sgd = |nesterov| update::Rule::Sgd(Sgd { momentum: 0.9, nesterov });
    let point = Model { width: 10, heads: 1, hidden: 30, batch: 1, time: 1, context: 1, mask: MaskKind::Full, ..tiny };
    for (model, rule, accumulation) in [
        (Model { bias: true, tied: false, rope: false, ..tiny }, adamw, 1),
        (Model { mask: MaskKind::Bits, outputs: 16, ..tiny }, adamw, 3),
        (Model { tied: false, outputs: 15, ..tiny }, adamw, 2),
        (Model { outputs: 15, ..tiny }, adamw, 1),
        (point, adamw, 2),
        (Model { bias: true, ..tiny }, sgd(false), 1),
        (tiny, sgd(true), 2),
        (Model { bias: true, ..tiny }, update::Rule::Lars(Lars { momentum: 0.9, coefficient: 0.1 }), 1),
        (tiny, lamb, 2),
    ] {
        let run = |device: &Device| train(device, model, rule, 4, accumulation);
        let (gpu, cpu) = (run(&device()), run(&Device::flex()));
        assert_eq!(gpu.len(), cpu.len());
        for (at, (gpu, cpu)) in gpu.iter().zip(&cpu).enumerate() {
            assert!((gpu - cpu).abs() < 1e-4 * cpu.abs().max(1.0), "{model:?}: {gpu}, on the CPU {cpu}, at {at}");
        }
    }
}

#[test]
fn matrices_are_orthogonalised_as_on_the_cpu() {
    for (count, rows, columns) in [(1, 1, 1), (3, 4, 9), (2, 16, 16), (2, 20, 33)] {
        let values: Vec<f32> = (0..count * rows * columns).map(|at| (at * 37 % 101) as f32 / 101.0 - 0.5).collect();
        let run = |device: &Device| {
            let matrices = Tensor::<1>::from_floats(values.as_slice(), device).reshape([count, rows, columns]);
            functions::newton_schulz(matrices, 5).into_data().iter::<f32>().collect::<Vec<_>>()
        };
        for (gpu, cpu) in run(&device()).iter().zip(run(&Device::flex())) {
            assert!((gpu - cpu).abs() < 1e-3, "{rows} x {columns}: {gpu}, on the CPU {cpu}");
        }
    }
}
