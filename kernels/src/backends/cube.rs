//! WebGPU: tensors of burn-cubecl as buffers for the launches of [`Step`].

use std::{collections::HashMap, sync::Arc};

use burn::{
    backend::{
        Scalar, TensorMetadata as _,
        ops::FloatTensorOps as _,
        tensor::{FloatTensor, IntTensor},
        wgpu::{CubeBackend, CubeTensor},
    },
    tensor::{DType, FloatDType, Shape},
};
use cubecl::{
    CubeKernel, PrecompiledSource,
    client::Client,
    ir::{UIntKind, metadata::Info},
    prelude::*,
    server::{Handle, KernelArguments},
};

use crate::{
    cpu::MUON,
    gpu::{
        dispatch::Dispatch,
        ops::{Optimiser, Rope, Rule, mask_words},
        step::{Buffer, Launch, Phase, Step},
    },
    model::Model,
    ops::{Batch, LossAndGradient, State, TransformerOps, Updated},
    plan::Plan,
    update::Update,
};

/// Whether several allocations lie in one buffer: everywhere but in a browser.
const SHARED_PAGES: bool = !cfg!(target_family = "wasm");

impl TransformerOps for CubeBackend {
    fn transformer_logits(weights: FloatTensor<Self>, tokens: IntTensor<Self>, plan: &Plan) -> FloatTensor<Self> {
        let model = plan.model();
        let out = Target::new(&weights, [model.rows(), model.vocabulary]);
        let bound =
            [(Buffer::Weights, handle(&weights)), (Buffer::Tokens, handle(&tokens)), (Buffer::Logits, out.handle())];
        with_replay(plan, |replay| {
            // The loss has no targets here.
            let is_needed = |launch: &Launch| launch.phase == Phase::Forward && !launch.binds(Buffer::Loss);
            let step = replay.step(plan, Rule::AdamW, false);
            replay.run(&weights.client, plan, &step, is_needed, &bound);
        });
        out.0
    }

    fn transformer_losses(weights: FloatTensor<Self>, batch: Batch<Self>, plan: &Plan) -> FloatTensor<Self> {
        let losses = Target::new(&weights, [plan.model().rows()]);
        let bound = batch_buffers(&weights, &batch, &losses);
        with_replay(plan, |replay| {
            let step = replay.step(plan, Rule::AdamW, false);
            replay.run(&weights.client, plan, &step, |launch| launch.phase == Phase::Forward, &bound);
        });
        losses.0
    }

    fn transformer_gradient(
        weights: FloatTensor<Self>,
        batch: Batch<Self>,
        gradient: FloatTensor<Self>,
        accumulate: bool,
        plan: &Plan,
    ) -> LossAndGradient<Self> {
        let losses = Target::new(&weights, [plan.model().rows()]);
        with_replay(plan, |replay| {
            let step = replay.step(plan, Rule::AdamW, accumulate);
            let length = step.size(Buffer::Parts, 0);
            let gradient = if gradient.shape().num_elements() == length {
                own(gradient)
            } else {
                Self::float_zeros(Shape::new([length]), &weights.device, FloatDType::F32)
            };
            let parts = (Buffer::Parts, handle(&gradient));
            let bound: Vec<_> = batch_buffers(&weights, &batch, &losses).into_iter().chain([parts]).collect();
            replay.run(&weights.client, plan, &step, |launch| launch.phase < Phase::Update, &bound);
            LossAndGradient { losses: losses.0, gradient }
        })
    }

    fn transformer_update(
        state: State<Self>,
        gradient: FloatTensor<Self>,
        update: &Update,
        plan: &Plan,
    ) -> Updated<Self> {
        let State { weights, first, second } = state;
        let [weights, first, second] = [weights, first, second].map(own);
        let client = weights.client.clone();
        let settings = Optimiser::settings(update);
        with_replay(plan, |replay| {
            let step = replay.step(plan, Rule::from(&update.rule), false);
            let squares = Target::new(&weights, [step.size(Buffer::Squares, 0)]);
            let bound = [
                (Buffer::Weights, handle(&weights)),
                (Buffer::First, handle(&first)),
                (Buffer::Second, handle(&second)),
                (Buffer::Parts, handle(&gradient)),
                (Buffer::Squares, squares.handle()),
                (Buffer::Settings, client.create_from_slice(f32::as_bytes(&settings))),
            ];
            replay.run(&client, plan, &step, |launch| launch.phase == Phase::Update, &bound);
            Updated { state: State { weights, first, second }, norm: squares.0 }
        })
    }

    /// Batched matrix products: a launch takes all matrices of one shape.
    fn newton_schulz(matrices: FloatTensor<Self>, iterations: usize) -> FloatTensor<Self> {
        let [a, b, c] = MUON.map(|factor| Scalar::Float(factor.into()));
        let squares = Self::float_mul(matrices.clone(), matrices.clone());
        let norm = Self::float_sqrt(Self::float_sum_dim(Self::float_sum_dim(squares, 2), 1));
        let start = Self::float_div(matrices, Self::float_add_scalar(norm, Scalar::Float(1e-7)));
        (0..iterations).fold(start, |x, _| {
            let gram = Self::float_matmul(x.clone(), Self::float_swap_dims(x.clone(), 1, 2));
            let square = Self::float_mul_scalar(Self::float_matmul(gram.clone(), gram.clone()), c);
            let mixed = Self::float_add(Self::float_mul_scalar(gram, b), square);
            Self::float_add(Self::float_mul_scalar(x.clone(), a), Self::float_matmul(mixed, x))
        })
    }
}

/// The launches of a plan's passes and the buffers that stay between them.
#[derive(Default)]
pub(crate) struct Replay {
    /// The steps that were needed so far: their optimiser, and whether they add to the gradient.
    steps: Vec<(Rule, bool, Arc<Step>)>,
    buffers: HashMap<Buffer, Handle>,
}

impl Replay {
    /// The step with an optimiser; passes without an update are the same with each.
    fn step(&mut self, plan: &Plan, rule: Rule, accumulate: bool) -> Arc<Step> {
        if let Some((.., step)) = self.steps.iter().find(|(of, adds, _)| (*of, *adds) == (rule, accumulate)) {
            return step.clone();
        }
        let step = Arc::new(Step::new(plan.model(), rule, accumulate));
        self.steps.push((rule, accumulate, step.clone()));
        step
    }

    /// Hands the needed launches to the device; `bound` are the buffers that are not the replay's own.
    fn run(
        &mut self,
        client: &Client,
        plan: &Plan,
        step: &Step,
        is_needed: impl Fn(&Launch) -> bool,
        bound: &[(Buffer, Handle)],
    ) {
        for launch in step.launches.iter().filter(|launch| !launch.dispatch.is_empty() && is_needed(launch)) {
            let mut arguments = KernelArguments::new();
            for view in &launch.views {
                let given = bound.iter().find(|(buffer, _)| *buffer == view.buffer);
                let handle = match given {
                    Some((_, handle)) => handle,
                    None => {
                        self.buffers.entry(view.buffer).or_insert_with(|| own_buffer(client, plan, step, view.buffer))
                    }
                };
                let start = (view.offset * size_of::<f32>()) as u64;
                arguments = arguments.with_buffer(handle.clone().offset_start(start).binding());
            }
            let [x, y, z] = launch.dispatch.workgroups;
            client.launch(Box::new(Wgsl(launch.dispatch.clone())), CubeCount::Static(x, y, z), arguments);
        }
    }
}

/// A buffer that only the plan's passes use: what its content depends on is written once.
fn own_buffer(client: &Client, plan: &Plan, step: &Step, buffer: Buffer) -> Handle {
    let Model { time, width, heads, .. } = plan.model();
    match buffer {
        Buffer::Angles => {
            let table = Rope::table(plan.positions().iter().copied(), width / heads);
            client.create_from_slice(f32::as_bytes(&table))
        }
        Buffer::Mask => {
            let words = mask_words(time, |query, key| plan.allowed()[query * time + key]);
            client.create_from_slice(u32::as_bytes(&words))
        }
        Buffer::GroupOf => {
            let flat = &plan.offsets().flat;
            let each: Vec<u32> = (0..flat.lengths.len() as u32).collect();
            client.create_from_slice(u32::as_bytes(&flat.group_of_blocks(&each)))
        }
        _ => client.empty(step.size(buffer, 0) * size_of::<f32>()),
    }
}

/// A kernel that brings its own text.
#[derive(Clone)]
struct Wgsl(Arc<Dispatch>);

impl KernelMetadata for Wgsl {
    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(self.0.key())
    }

    fn address_type(&self) -> ElemType {
        UIntKind::U32.into()
    }
}

impl CubeKernel for Wgsl {
    fn define(&self) -> KernelDefinition {
        let dim = CubeDim::new_1d(self.0.kernel.workgroup).0;
        let settings = KernelSettings::new(dim, ExecutionMode::Checked, AddressType::U32);
        KernelDefinition { body: Scope::root(settings.clone()), settings, info: Info::default() }
    }

    fn source(&self) -> Option<PrecompiledSource> {
        let (source, name) = (self.0.source(SHARED_PAGES), self.0.kernel.name.to_string());
        Some(PrecompiledSource { source, entrypoint_name: name, lang: "wgsl" })
    }
}

/// A result that is still to be written, beside a tensor on the same device.
struct Target(CubeTensor);

impl Target {
    fn new<const D: usize>(beside: &CubeTensor, shape: [usize; D]) -> Self {
        let CubeTensor { client, device, .. } = beside;
        let handle = client.empty(shape.iter().product::<usize>() * size_of::<f32>());
        Self(CubeTensor::new_contiguous(client.clone(), device.clone(), Shape::new(shape), handle, DType::F32))
    }

    fn handle(&self) -> Handle {
        self.0.handle.clone()
    }
}

fn batch_buffers(weights: &CubeTensor, batch: &Batch<CubeBackend>, losses: &Target) -> [(Buffer, Handle); 5] {
    [
        (Buffer::Weights, handle(weights)),
        (Buffer::Tokens, handle(&batch.tokens)),
        (Buffer::Targets, handle(&batch.targets)),
        (Buffer::LossWeights, handle(&batch.loss_weights)),
        (Buffer::Loss, losses.handle()),
    ]
}

fn with_replay<R>(plan: &Plan, work: impl FnOnce(&mut Replay) -> R) -> R {
    work(plan.memory().gpu.get_or_insert_default())
}

/// A tensor that nobody else sees changing.
fn own(tensor: CubeTensor) -> CubeTensor {
    if tensor.can_mut() { tensor } else { tensor.copy() }
}

/// The buffer of a tensor whose numbers lie in a row, 4 bytes each.
fn handle(tensor: &CubeTensor) -> Handle {
    assert!(tensor.is_contiguous() && tensor.dtype.size() == 4, "a packed tensor of 4-byte numbers");
    tensor.handle.clone()
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use burn::tensor::{Device, DeviceKind, Tensor};

    use super::*;
    use crate::{
        cpu::{AdamW, Sgd},
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
            let handles: Vec<Handle> =
                buffers.iter().map(|words| client.create_from_slice(u32::as_bytes(words))).collect();
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
        let groups: Vec<Group> =
            (0..flat.lengths.len()).map(|index| Group { learning_rate: 1e-3 * index as f64, decay: 0.1 }).collect();
        let mut found = Vec::new();
        let read = |tensor: Tensor<1>| tensor.into_data().iter::<f32>().collect::<Vec<_>>();
        for number in 1..=steps {
            for micro_batch in 0..accumulation {
                let ids = |shift: usize| {
                    let id = |row: usize| ((row * 13 + shift + micro_batch) % model.vocabulary) as i32;
                    let ids: Vec<i32> = (0..model.rows()).map(id).collect();
                    Tensor::from_ints(ids.as_slice(), device)
                };
                let weights: Vec<f32> = (0..model.rows()).map(|row| (row % 3) as f32 / model.rows() as f32).collect();
                let batch = functions::Batch {
                    tokens: ids(number as usize),
                    targets: ids(number as usize + 1),
                    loss_weights: Tensor::from_floats(weights.as_slice(), device),
                };
                found.push(functions::losses(&plan, &state.weights, batch.clone()).sum().into_scalar());
                let losses = functions::gradient(&plan, &state.weights, batch, &mut sum, micro_batch > 0);
                found.push(losses.sum().into_scalar());
            }
            found.push(sum.total(&plan).square().sum().sqrt().into_scalar());
            let rule = match rule {
                update::Rule::AdamW(rule) => update::Rule::AdamW(AdamW { update: number, ..rule }),
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
            width: 24,
            layers: 2,
            heads: 2,
            hidden: 96,
            ..nano()
        };
        // Where a gradient is 0 (a key's bias), a small epsilon would blow its rounding up to a whole step.
        let adamw = update::Rule::AdamW(AdamW { beta1: 0.9, beta2: 0.95, epsilon: 1e-3, update: 1 });
        let sgd = |nesterov| update::Rule::Sgd(Sgd { momentum: 0.9, nesterov });
        let point =
            Model { width: 10, heads: 1, hidden: 30, batch: 1, time: 1, context: 1, mask: MaskKind::Full, ..tiny };
        for (model, rule, accumulation) in [
            (Model { bias: true, tied: false, rope: false, ..tiny }, adamw, 1),
            (Model { mask: MaskKind::Bits, ..tiny }, adamw, 3),
            (point, adamw, 2),
            (Model { bias: true, ..tiny }, sgd(false), 1),
            (tiny, sgd(true), 2),
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
}
