//! Parameters: what each one is, and their initial values.

use burn::tensor::{Device, Tensor, TensorData};
use rand_distr::{Distribution as _, Normal};
use tailblazer_kernels::flat::{BLOCK, Flat};

use super::{Layout, Role, Vocabulary};
use crate::{
    experiment::ModelConfig,
    random::{Purpose, stream},
};

/// A parameter's description: everything about it but its values.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterSpec {
    /// Unique name, such as `layers.0.query.weight`.
    pub name: String,
    /// What it does.
    pub role: Role,
    /// The layer that it belongs to, if it belongs to one.
    pub layer: Option<usize>,
    /// `[rows, columns]`; a matrix maps rows to columns, a vector has one row.
    pub shape: [usize; 2],
    /// Standard deviation of its initial values, around 0 for matrices.
    pub deviation: f64,
}

impl ParameterSpec {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.shape[0] * self.shape[1]
    }

    /// Whether it has no value at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether weight decay applies: matrices and embeddings yes, scales and biases no (nanoGPT's two groups).
    pub fn decays(&self) -> bool {
        !matches!(self.role, Role::Scale | Role::Bias)
    }
}

/// The values of all parameters in one flat tensor, in the order of their [`ParameterSpec`]s; see [`flat`].
pub type Weights = Tensor<1>;

/// Where each parameter lies in [`Weights`].
pub fn flat(specs: &[ParameterSpec]) -> Flat {
    Flat::new(specs.iter().map(ParameterSpec::len))
}

/// The parameters one by one, `[rows, columns]` each.
pub fn tensors(specs: &[ParameterSpec], weights: &Weights) -> Vec<Tensor<2>> {
    let flat = flat(specs);
    specs.iter().enumerate().map(|(index, spec)| weights.clone().slice(flat.span(index)).reshape(spec.shape)).collect()
}

/// Puts one tensor per parameter into a flat one.
pub fn flatten(specs: &[ParameterSpec], tensors: Vec<Tensor<2>>) -> Weights {
    let parts = specs.iter().zip(tensors).flat_map(|(spec, tensor)| {
        let gap = spec.len().next_multiple_of(BLOCK) - spec.len();
        let gap = (gap > 0).then(|| Tensor::zeros([gap], &tensor.device()));
        [Some(tensor.reshape([spec.len()])), gap]
    });
    Tensor::cat(parts.flatten().collect(), 0)
}

/// The descriptions of a configuration's parameters.
pub fn specs(config: &ModelConfig, vocabulary: impl Into<Vocabulary>) -> Vec<ParameterSpec> {
    Layout::new(config, vocabulary.into()).1
}

/// Initial values as in GPT-2 and nanoGPT: normal matrices, scales 1, biases 0.
///
/// Each parameter has its own stream of randomness, so a change of one shape leaves the others as they were.
pub fn initialise(specs: &[ParameterSpec], seed: u32, device: &Device) -> Weights {
    let flat = flat(specs);
    let mut values = vec![0.0; flat.length];
    for (index, spec) in specs.iter().enumerate() {
        values[flat.span(index)].copy_from_slice(&initial_values(spec, index, seed));
    }
    Tensor::from_data(TensorData::new(values, [flat.length]), device)
}

fn initial_values(spec: &ParameterSpec, index: usize, seed: u32) -> Vec<f32> {
    match spec.role {
        Role::Scale => vec![1.0; spec.len()],
        Role::Bias => vec![0.0; spec.len()],
        _ => {
            let mut random = stream(seed, Purpose::Weights, 0, index as u64);
            let normal = Normal::new(0.0, spec.deviation).expect("a deviation is finite and not negative");
            (0..spec.len()).map(|_| normal.sample(&mut random) as f32).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{ModelPreset, Positions};

    fn count(config: &ModelConfig, vocabulary: usize) -> usize {
        specs(config, vocabulary).iter().map(ParameterSpec::len).sum()
    }

    /// minGPT's gpt-nano at vocabulary 65, counted in the released model.
    #[test]
    fn gpt_nano_has_the_published_number_of_parameters() {
        let mut config =
            ModelConfig { context: 128, positions: Positions::Learned, bias: true, tied: true, ..Default::default() };
        ModelPreset::Nano.apply(&mut config);
        assert_eq!(count(&config, 65), 94_176);
        config.tied = false;
        assert_eq!(count(&config, 65), 97_296);
        config.context = 64;
        assert_eq!(count(&config, 65), 94_224);
    }

    #[test]
    fn parameters_survive_flattening() {
        let config = ModelConfig { bias: true, tied: false, width: 24, ..Default::default() };
        let specs = specs(&config, 7);
        let weights = initialise(&specs, 1, &Device::flex());
        let list = tensors(&specs, &weights);
        assert_eq!(list[1].clone().into_data().iter::<f32>().collect::<Vec<_>>(), initial_values(&specs[1], 1, 1));
        assert_eq!(flatten(&specs, list).into_data(), weights.into_data());
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = specs(&ModelConfig { bias: true, tied: false, ..Default::default() }, 65)
            .into_iter()
            .map(|spec| spec.name)
            .collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn initial_values_have_the_deviation_of_their_role() {
        let config = ModelConfig::default();
        for (index, spec) in specs(&config, 65).iter().enumerate().filter(|(_, spec)| spec.decays()) {
            let values = initial_values(spec, index, 1);
            let square = values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / values.len() as f64;
            assert!((square.sqrt() / spec.deviation - 1.0).abs() < 0.05, "{}", spec.name);
        }
        let down = specs(&config, 65).into_iter().find(|spec| spec.role == Role::Down).expect("there is one");
        assert!((down.deviation - 0.008165).abs() < 1e-6);
    }
}
