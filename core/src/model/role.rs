//! What a parameter does in the transformer.

use serde::{Deserialize, Serialize};

/// What a parameter does in the transformer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
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

impl Role {
    /// Whether it is a matrix between hidden layers, whose both sides grow with the width.
    pub fn is_hidden(self) -> bool {
        matches!(self, Self::Query | Self::Key | Self::Value | Self::Output | Self::Up | Self::Down)
    }

    /// Whether it is a table at one end of the model: the embedding, the positions or the head.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Embedding | Self::Positions | Self::Head)
    }

    /// Its short name on a chart.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedding => "embed",
            Self::Positions => "positions",
            Self::Query => "q",
            Self::Key => "k",
            Self::Value => "v",
            Self::Output => "o",
            Self::Up => "up",
            Self::Down => "down",
            Self::Head => "head",
            Self::Scale => "norm",
            Self::Bias => "bias",
        }
    }
}
