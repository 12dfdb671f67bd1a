//! What a layerwise method knows of a parameter and of the moment.

/// What a parameter does in the transformer, as far as its learning rate cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Token embedding, also when it is the head as well.
    Embedding,
    /// Learned positions.
    Positions,
    /// Attention queries.
    Query,
    /// Attention keys.
    Key,
    /// Attention values.
    Value,
    /// Attention output.
    Output,
    /// The MLP's first map.
    Up,
    /// The MLP's second map.
    Down,
    /// Untied head.
    Head,
    /// Scale of a layer norm.
    Scale,
    /// Bias of a linear map or a layer norm.
    Bias,
}

impl Kind {
    /// Whether it is a matrix between hidden layers, whose both sides grow with the width.
    pub fn is_hidden(self) -> bool {
        matches!(self, Self::Query | Self::Key | Self::Value | Self::Output | Self::Up | Self::Down)
    }

    /// Whether it is a table at one end of the model: the embedding, the positions or the head.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Embedding | Self::Positions | Self::Head)
    }
}

#[cfg(feature = "engine")]
impl From<crate::model::Role> for Kind {
    fn from(role: crate::model::Role) -> Self {
        use crate::model::Role;

        match role {
            Role::Embedding => Self::Embedding,
            Role::Positions => Self::Positions,
            Role::Query => Self::Query,
            Role::Key => Self::Key,
            Role::Value => Self::Value,
            Role::Output => Self::Output,
            Role::Up => Self::Up,
            Role::Down => Self::Down,
            Role::Head => Self::Head,
            Role::Scale => Self::Scale,
            Role::Bias => Self::Bias,
        }
    }
}

/// One parameter of the model's flat list, with what was measured of it.
///
/// A method sees them all in the order of the list, in which a bias follows the matrix or scale that it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// What it does.
    pub kind: Kind,
    /// The layer that it belongs to, if it belongs to one.
    pub layer: Option<usize>,
    /// `[rows, columns]`; a matrix maps rows to columns, a vector has one row.
    pub shape: [usize; 2],
    /// The tail exponent of its spectrum; none while it is not measured or where there is no tail.
    pub alpha: Option<f64>,
    /// Its norms, where they were measured.
    pub norms: Option<Norms>,
}

impl Parameter {
    /// A parameter of which nothing was measured.
    pub fn new(kind: Kind, layer: Option<usize>, shape: [usize; 2]) -> Self {
        Self { kind, layer, shape, alpha: None, norms: None }
    }

    /// The size of its spectrum: `min(rows, columns)`.
    pub fn eigenvalues(&self) -> usize {
        self.shape[0].min(self.shape[1])
    }
}

#[cfg(feature = "engine")]
impl From<&crate::model::ParameterSpec> for Parameter {
    fn from(spec: &crate::model::ParameterSpec) -> Self {
        Self::new(spec.role.into(), spec.layer, spec.shape)
    }
}

/// l2 norms of one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
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
        list.push(match parameter.kind {
            Kind::Bias => list.last().copied().unwrap_or(1.0),
            _ => of(index, parameter),
        });
    }
    list
}
