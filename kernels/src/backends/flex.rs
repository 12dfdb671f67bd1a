//! The CPU: tensors of burn-flex as slices for [`cpu`].

use burn::{
    backend::{
        Flex, TensorMetadata as _,
        tensor::{FloatTensor, IntTensor},
    },
    tensor::{DType, Shape},
};

use crate::{
    cpu,
    ops::{Batch, LossAndGradient, State, TransformerOps, Updated},
    plan::Plan,
    update::Update,
};

/// A tensor of the backend, whatever its kind.
type FlexTensor = FloatTensor<Flex>;

impl TransformerOps for Flex {
    fn transformer_logits(weights: FloatTensor<Self>, tokens: IntTensor<Self>, plan: &Plan) -> FloatTensor<Self> {
        let weights = packed(weights);
        let mut out = zeros([plan.model().rows(), plan.model().outputs]);
        with_step(plan, |step| {
            floats_mut(&mut out).copy_from_slice(step.logits(floats(&weights), &ids(&tokens)));
        });
        out
    }

    fn transformer_losses(weights: FloatTensor<Self>, batch: Batch<Self>, plan: &Plan) -> FloatTensor<Self> {
        let (weights, factors) = (packed(weights), packed(batch.loss_weights));
        let (tokens, targets) = (ids(&batch.tokens), ids(&batch.targets));
        let mut losses = zeros([plan.model().rows()]);
        with_step(plan, |step| {
            step.losses(floats(&weights), &tokens, &targets, floats(&factors), floats_mut(&mut losses));
        });
        losses
    }

    fn transformer_gradient(
        weights: FloatTensor<Self>,
        batch: Batch<Self>,
        gradient: FloatTensor<Self>,
        accumulate: bool,
        plan: &Plan,
    ) -> LossAndGradient<Self> {
        let (weights, factors) = (packed(weights), packed(batch.loss_weights));
        let (tokens, targets) = (ids(&batch.tokens), ids(&batch.targets));
        let mut losses = zeros([plan.model().rows()]);
        let length = plan.offsets().flat.length;
        let mut sum = if gradient.shape().num_elements() == length { packed(gradient) } else { zeros([length]) };
        let mut run = |target: &mut [f32]| {
            let losses = floats_mut(&mut losses);
            with_step(plan, |step| {
                step.gradient(floats(&weights), &tokens, &targets, floats(&factors), losses, target);
            });
        };
        if accumulate {
            let mut gradient = vec![0.0; length];
            run(&mut gradient);
            floats_mut(&mut sum).iter_mut().zip(gradient).for_each(|(sum, value)| *sum += value);
        } else {
            run(floats_mut(&mut sum));
        }
        LossAndGradient { losses, gradient: sum }
    }

    fn transformer_update(
        state: State<Self>,
        gradient: FloatTensor<Self>,
        update: &Update,
        plan: &Plan,
    ) -> Updated<Self> {
        let State { weights, first, second } = state;
        let [mut weights, mut first, mut second] = [weights, first, second].map(packed);
        let moments = [floats_mut(&mut first), floats_mut(&mut second)];
        let flat = &plan.offsets().flat;
        let found = cpu::update(update, flat, floats_mut(&mut weights), moments, floats(&packed(gradient)));
        let mut norms = zeros([2]);
        floats_mut(&mut norms).copy_from_slice(&found.map(|norm| norm as f32));
        Updated { state: State { weights, first, second }, norms }
    }

    fn newton_schulz(matrices: FloatTensor<Self>, iterations: usize) -> FloatTensor<Self> {
        let [_, rows, columns] = matrices.shape().dims();
        let mut matrices = packed(matrices);
        let (steps, mut workspace) = (vec![cpu::MUON; iterations], cpu::Workspace::new());
        // A matrix without values has no chunks of its own.
        for matrix in floats_mut(&mut matrices).chunks_exact_mut((rows * columns).max(1)) {
            cpu::newton_schulz([rows, columns], matrix, &steps, &mut workspace);
        }
        matrices
    }
}

fn with_step<R>(plan: &Plan, work: impl FnOnce(&mut cpu::Step) -> R) -> R {
    let mut memory = plan.memory();
    let make = || cpu::Step::new(plan.model(), plan.positions().iter().copied(), plan.mask().allowed.clone());
    let step = memory.cpu.get_or_insert_with(make);
    // Another plan may have used the memory since.
    step.set_mask(&plan.mask().allowed);
    work(step)
}

/// A tensor whose numbers lie in a row.
fn packed(tensor: FlexTensor) -> FlexTensor {
    if tensor.as_slice::<f32>().is_some() { tensor } else { tensor.to_contiguous() }
}

/// Zeros.
fn zeros<const D: usize>(shape: [usize; D]) -> FlexTensor {
    FlexTensor::zeros(Shape::new(shape), DType::F32)
}

fn floats(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("a packed tensor of f32")
}

/// The numbers of a packed tensor for writing; they are copied first if somebody else holds them.
fn floats_mut(tensor: &mut FlexTensor) -> &mut [f32] {
    let (start, end) = tensor.layout().contiguous_offsets().expect("a packed tensor");
    &mut tensor.storage_mut()[start..end]
}

fn ids(tensor: &FlexTensor) -> Vec<i32> {
    let tensor = tensor.to_contiguous();
    match tensor.dtype() {
        DType::I64 => tensor.storage::<i64>().iter().map(|id| *id as i32).collect(),
        _ => tensor.storage::<i32>().to_vec(),
    }
}
