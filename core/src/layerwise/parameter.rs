//! What a layerwise method knows of a parameter and of the moment.

use serde::{Deserialize, Serialize};

use crate::model::Role;

/// One parameter of the model's flat list, with what was measured of it.
///
/// A method sees them all in the order of the list, in which a bias follows the matrix or scale that it belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// What it does.
    pub role: Role,
    /// The layer that it belongs to, if it belongs to one.
    pub layer: Option<usize>,
    /// `[rows, columns]`; a matrix maps rows to columns, a vector has one row.
    pub shape: [usize; 2],
    /// The tail exponent of its spectrum; none while it is not measured or where there is no tail.
    #[serde(default)]
    pub alpha: Option<f64>,
    /// Its norms, where they were measured.
    #[serde(default)]
    pub norms: Option<Norms>,
}

impl Parameter {
    /// A parameter of which nothing was measured.
    pub fn new(role: Role, layer: Option<usize>, shape: [usize; 2]) -> Self {
        Self { role, layer, shape, alpha: None, norms: None }
    }

    /// The size of its spectrum: `min(rows, columns)`.
    pub fn eigenvalues(&self) -> usize {
        self.shape[0].min(self.shape[1])
    }
}

#[cfg(feature = "engine")]
impl From<&crate::model::ParameterSpec> for Parameter {
    fn from(spec: &crate::model::ParameterSpec) -> Self {
        Self::new(spec.role, spec.layer, spec.shape)
    }
}

/// l2 norms of one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Norms {
    /// Of its values.
    pub weight: f64,
    /// Of its gradient, without weight decay.
    pub gradient: f64,
    /// Of the optimiser's update at a learning rate of 1, with weight decay.
    pub update: f64,
}

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The run's seed.
    pub seed: u32,
    /// The number of the update that is about to be made, from 1.
    pub update: usize,
    /// Updates of the whole run.
    pub steps: usize,
}

/// One multiplier per parameter: `of` decides, and a bias has the multiplier of the parameter that it follows, because
/// it belongs to the same linear map or norm.
pub(super) fn multipliers(parameters: &[Parameter], mut of: impl FnMut(usize, &Parameter) -> f64) -> Vec<f64> {
    let mut list = Vec::with_capacity(parameters.len());
    for (index, parameter) in parameters.iter().enumerate() {
        list.push(match parameter.role {
            Role::Bias => list.last().copied().unwrap_or(1.0),
            _ => of(index, parameter),
        });
    }
    list
}
