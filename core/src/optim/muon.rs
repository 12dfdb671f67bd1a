//! Muon, momentum orthogonalised by Newton-Schulz (Jordan et al. 2024, kellerjordan.github.io/posts/muon).

#[cfg(feature = "engine")]
use std::collections::BTreeMap;

#[cfg(feature = "engine")]
use burn::tensor::Tensor;
#[cfg(feature = "engine")]
use tailblazer_kernels::{
    functions::{self, State},
    plain,
    update::Group,
};

#[cfg(feature = "engine")]
use super::{Inputs, Memory, adamw};
use super::{
    Optimiser,
    knobs::{BETA1, BETA2, EPSILON, MOMENTUM, NESTEROV},
};
use crate::policy::{Description, Knob};
#[cfg(feature = "engine")]
use crate::{experiment::OptimiserConfig, model::ParameterSpec};

/// ```text
/// m <- momentum m + (1 - momentum) g
/// u = m                                   with Nesterov: (1 - momentum) g + momentum m
/// w <- w (1 - lr decay) - lr factor NS(u)
/// ```
///
/// Hidden matrices only: attention and MLP. Embedding, positions, head, scales and biases follow AdamW at a
/// rate of its own. `NS(u)` has singular values near 1 whatever the gradient's. Queries, keys and values are matrices of
/// their own here and have the factor 1, where one joint matrix would have sqrt(3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Muon;

const VELOCITY: Knob = Knob { default: 0.95, ..MOMENTUM };

const LOOKAHEAD: Knob = Knob { default: 1.0, ..NESTEROV };

const ITERATIONS: Knob = Knob {
    id: "iterations",
    name: "Iterations",
    unit: "",
    range: 0.0..=20.0,
    is_whole: true,
    default: 5.0,
    summary: "Newton-Schulz iterations; 0 only divides the momentum of a matrix by its norm.",
};

const SCALE: Knob = Knob {
    id: "scale",
    name: "Scale",
    unit: "0 to 3",
    range: 0.0..=3.0,
    is_whole: true,
    default: 0.0,
    summary: "Factor of a matrix's step: 0 is sqrt(max(1, out / in)), 1 is Moonlight's 0.2 sqrt(max(in, out)), \
              2 is sqrt(out / in), 3 is none.",
};

const AUXILIARY: Knob = Knob {
    id: "auxiliary",
    name: "AdamW rate",
    unit: "×",
    range: 0.0..=100.0,
    is_whole: false,
    default: 0.2,
    summary: "AdamW's learning rate for what is no hidden matrix, as a multiple of Muon's.",
};

static DESCRIPTION: Description = Description {
    id: "muon",
    name: "Muon",
    summary: "Turns the momentum of each hidden matrix into a nearly orthogonal step, so that all directions move alike.",
    source: "Jordan et al. 2024, kellerjordan.github.io/posts/muon; Moonlight, Liu et al. 2025, arXiv:2502.16982",
    knobs: &[VELOCITY, LOOKAHEAD, ITERATIONS, SCALE, AUXILIARY, BETA1, BETA2, EPSILON],
    null: None,
};

impl Optimiser for Muon {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn peak(&self) -> f64 {
        0.04
    }

    fn decay(&self) -> f64 {
        5e-3
    }

    #[cfg(feature = "engine")]
    fn step(&self, inputs: &Inputs, state: &mut State, _memory: &mut Memory, gradient: Tensor<1>) {
        let Inputs { config, specs, parameters, .. } = *inputs;
        let OptimiserConfig { beta1, beta2, .. } = *config;
        let momentum = config.value(&VELOCITY);
        let kept: Vec<f64> = specs.iter().map(|spec| if spec.role.is_hidden() { momentum } else { beta1 }).collect();
        let taken: Vec<f64> = kept.iter().map(|kept| 1.0 - kept).collect();
        state.first = parameters.times(state.first.clone(), &kept) + parameters.times(gradient.clone(), &taken);
        state.second = state.second.clone() * beta2 + gradient.clone().square() * (1.0 - beta2);

        let velocity = if config.value(&LOOKAHEAD) == 1.0 {
            gradient * (1.0 - momentum) + state.first.clone() * momentum
        } else {
            state.first.clone()
        };
        let auxiliary = adamw::direction(config, state, inputs.update);
        let direction = join(inputs, auxiliary, orthogonalised(inputs, velocity));

        let ratio = config.value(&AUXILIARY);
        let group = |(spec, group): (&ParameterSpec, &Group)| {
            let learning_rate = if spec.role.is_hidden() { group.learning_rate } else { group.learning_rate * ratio };
            Group { learning_rate, ..*group }
        };
        let groups: Vec<Group> = specs.iter().zip(inputs.groups).map(group).collect();
        let factor =
            |spec: &ParameterSpec| if spec.role.is_hidden() { factor(config.value(&SCALE), spec.shape) } else { 1.0 };
        let direction = parameters.times(direction, &specs.iter().map(factor).collect::<Vec<_>>());
        Inputs { groups: &groups, ..*inputs }.descend(state, direction);
    }
}

/// The factor of the step of a matrix that maps `inputs` to `outputs`.
#[cfg(feature = "engine")]
pub(super) fn factor(scale: f64, [inputs, outputs]: [usize; 2]) -> f64 {
    let (inputs, outputs) = (inputs as f64, outputs as f64);
    match scale as u8 {
        0 => (outputs / inputs).max(1.0).sqrt(),
        1 => 0.2 * inputs.max(outputs).sqrt(),
        2 => (outputs / inputs).sqrt(),
        _ => 1.0,
    }
}

/// The hidden matrices of a flat list after Newton-Schulz, flat, by the index of the parameter. Matrices of one shape,
/// or of its transpose, go through it together.
#[cfg(feature = "engine")]
fn orthogonalised(inputs: &Inputs, list: Tensor<1>) -> BTreeMap<usize, Tensor<1>> {
    let Inputs { config, specs, parameters, is_fused, .. } = *inputs;
    let iterations = config.value(&ITERATIONS) as usize;
    let mut shapes: BTreeMap<[usize; 2], Vec<usize>> = BTreeMap::new();
    for (index, spec) in specs.iter().enumerate().filter(|(_, spec)| spec.role.is_hidden()) {
        let [rows, columns] = spec.shape;
        shapes.entry([rows.min(columns), rows.max(columns)]).or_default().push(index);
    }
    let turned = |index: usize, matrix: Tensor<2>| {
        let [rows, columns] = specs[index].shape;
        if rows > columns { matrix.swap_dims(0, 1) } else { matrix }
    };
    let mut found = BTreeMap::new();
    for (shape, indices) in shapes {
        let matrix = |index: &usize| {
            let values = list.clone().slice(parameters.flat().span(*index));
            turned(*index, values.reshape(specs[*index].shape))
        };
        let matrices = Tensor::<2>::stack::<3>(indices.iter().map(matrix).collect(), 0);
        let matrices = if is_fused {
            functions::newton_schulz(matrices, iterations)
        } else {
            plain::newton_schulz(matrices, iterations)
        };
        for (place, index) in indices.into_iter().enumerate() {
            let matrix: Tensor<2> = matrices.clone().slice(place..place + 1).reshape(shape);
            found.insert(index, turned(index, matrix).reshape([specs[index].len()]));
        }
    }
    found
}

/// The flat list with some of its parameters replaced.
#[cfg(feature = "engine")]
fn join(inputs: &Inputs, list: Tensor<1>, mut replaced: BTreeMap<usize, Tensor<1>>) -> Tensor<1> {
    let flat = inputs.parameters.flat();
    let mut parts = Vec::new();
    // The first value of the list that is not in a part yet.
    let mut rest = 0;
    for index in 0..flat.lengths.len() {
        let Some(values) = replaced.remove(&index) else { continue };
        let span = flat.span(index);
        if span.start > rest {
            parts.push(list.clone().slice(rest..span.start));
        }
        parts.push(values);
        rest = span.end;
    }
    if flat.length > rest {
        parts.push(list.slice(rest..flat.length));
    }
    Tensor::cat(parts, 0)
}
