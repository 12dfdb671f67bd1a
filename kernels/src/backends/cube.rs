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

use super::submissions::SUBMISSIONS;
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
        let out = Target::new(&weights, [model.rows(), model.outputs]);
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
        let settings = Optimiser::settings(update, &plan.offsets().flat);
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
            Updated { state: State { weights, first, second }, norms: squares.0 }
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
    /// Of a mask's buffer there is one for each mask, by its number.
    buffers: HashMap<(Buffer, u64), Handle>,
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
                        let mask = if view.buffer == Buffer::Mask { plan.mask().number } else { 0 };
                        let make = || own_buffer(client, plan, step, view.buffer);
                        self.buffers.entry((view.buffer, mask)).or_insert_with(make)
                    }
                };
                let start = (view.offset * size_of::<f32>()) as u64;
                arguments = arguments.with_buffer(handle.clone().offset_start(start).binding());
            }
            let [x, y, z] = launch.dispatch.workgroups;
            client.launch(Box::new(Wgsl(launch.dispatch.clone())), CubeCount::Static(x, y, z), arguments);
            if SUBMISSIONS.launched() {
                // A device that has failed says so where its results are read.
                client.flush().ok();
            }
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
            let words = mask_words(time, |query, key| plan.mask().allowed[query * time + key]);
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
mod tests;
