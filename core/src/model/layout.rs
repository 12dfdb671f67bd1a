//! Where each parameter of the transformer lies in the flat list, and what it is.

use crate::experiment::{ModelConfig, Positions};

use super::{ParameterSpec, Role};

/// The tokens of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// Tokens that it reads.
    pub read: usize,
    /// Tokens that it predicts, the first of those that it reads.
    pub predicted: usize,
}

impl Vocabulary {
    /// So many tokens, and a mask behind them that is read and never predicted.
    pub fn with_mask(tokens: usize) -> Self {
        Self { read: tokens + 1, predicted: tokens }
    }
}

impl From<usize> for Vocabulary {
    /// So many tokens, all of which are predicted.
    fn from(tokens: usize) -> Self {
        Self { read: tokens, predicted: tokens }
    }
}

/// Indices of the transformer's parameters in its flat list.
///
/// A flat list keeps every consumer of parameters short: the optimiser, checkpoints and layerwise rates walk it,
/// and only the forward pass needs to know what is where.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Token embedding, `[read, width]`.
    pub embedding: usize,
    /// Learned positions, `[context, width]`; none with rotary positions.
    pub positions: Option<usize>,
    /// The layers in order.
    pub layers: Vec<LayerLayout>,
    /// The norm before the head.
    pub norm: Norm,
    /// The head, `[width, predicted]`; none when it is the transposed embedding.
    pub head: Option<usize>,
}

/// Indices of one layer's parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerLayout {
    /// The norm before attention.
    pub attention_norm: Norm,
    /// Queries, `[width, width]`.
    pub query: Linear,
    /// Keys, `[width, width]`.
    pub key: Linear,
    /// Values, `[width, width]`.
    pub value: Linear,
    /// The projection back into the residual stream, `[width, width]`.
    pub output: Linear,
    /// The norm before the MLP.
    pub mlp_norm: Norm,
    /// The MLP's first map, `[width, 4 width]`.
    pub up: Linear,
    /// The MLP's second map, `[4 width, width]`.
    pub down: Linear,
}

/// Indices of a linear map `x W + b`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    /// The matrix, `[inputs, outputs]`.
    pub weight: usize,
    /// The bias, `[1, outputs]`, if there is one.
    pub bias: Option<usize>,
}

/// Indices of a layer norm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    /// The scale, `[1, width]`.
    pub scale: usize,
    /// The bias, `[1, width]`, if there is one.
    pub bias: Option<usize>,
}

/// Standard deviation of initial weights and embeddings (GPT-2, nanoGPT).
const DEVIATION: f64 = 0.02;

impl Layout {
    /// The layout of a configuration, and the description of every parameter in list order.
    pub fn new(config: &ModelConfig, vocabulary: Vocabulary) -> (Self, Vec<ParameterSpec>) {
        let mut list = List { specs: Vec::new(), bias: config.bias };
        let width = config.width;

        let embedding = list.push("embedding", Role::Embedding, None, [vocabulary.read, width], DEVIATION);
        let positions = (config.positions == Positions::Learned)
            .then(|| list.push("positions", Role::Positions, None, [config.context, width], DEVIATION));

        // Maps into the residual stream start smaller, so that its variance does not grow with depth (GPT-2).
        let residual = DEVIATION / (2.0 * config.layers as f64).sqrt();
        let layers = (0..config.layers)
            .map(|layer| {
                let mut linear = |name, role, shape, deviation| list.linear(name, role, layer, shape, deviation);
                let (square, rise, fall) = ([width, width], [width, 4 * width], [4 * width, width]);
                let query = linear("query", Role::Query, square, DEVIATION);
                let key = linear("key", Role::Key, square, DEVIATION);
                let value = linear("value", Role::Value, square, DEVIATION);
                let output = linear("output", Role::Output, square, residual);
                let up = linear("up", Role::Up, rise, DEVIATION);
                let down = linear("down", Role::Down, fall, residual);
                let attention_norm = list.norm(&format!("layers.{layer}.attention_norm"), Some(layer), width);
                let mlp_norm = list.norm(&format!("layers.{layer}.mlp_norm"), Some(layer), width);
                LayerLayout { attention_norm, query, key, value, output, mlp_norm, up, down }
            })
            .collect();

        let norm = list.norm("norm", None, width);
        let head =
            (!config.tied).then(|| list.push("head", Role::Head, None, [width, vocabulary.predicted], DEVIATION));
        (Self { embedding, positions, layers, norm, head }, list.specs)
    }
}

struct List {
    specs: Vec<ParameterSpec>,
    bias: bool,
}

impl List {
    fn push(&mut self, name: &str, role: Role, layer: Option<usize>, shape: [usize; 2], deviation: f64) -> usize {
        self.specs.push(ParameterSpec { name: name.into(), role, layer, shape, deviation });
        self.specs.len() - 1
    }

    fn linear(&mut self, name: &str, role: Role, layer: usize, shape: [usize; 2], deviation: f64) -> Linear {
        let name = format!("layers.{layer}.{name}");
        let weight = self.push(&format!("{name}.weight"), role, Some(layer), shape, deviation);
        let bias = self.bias.then(|| self.push(&format!("{name}.bias"), Role::Bias, Some(layer), [1, shape[1]], 0.0));
        Linear { weight, bias }
    }

    fn norm(&mut self, name: &str, layer: Option<usize>, width: usize) -> Norm {
        let scale = self.push(&format!("{name}.scale"), Role::Scale, layer, [1, width], 0.0);
        let bias = self.bias.then(|| self.push(&format!("{name}.bias"), Role::Bias, layer, [1, width], 0.0));
        Norm { scale, bias }
    }
}
