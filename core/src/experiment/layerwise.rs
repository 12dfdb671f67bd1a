//! The settings of the learning rate over layers.

use serde::{Deserialize, Serialize};

use crate::{layerwise::Layerwise, policy::Chosen};

/// Which multiplier each parameter has, and how closely spectra are watched.
///
/// In links, a knob of the method is a field of its own beside the others: `layerwise.s2=3`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerwiseConfig {
    /// The method.
    #[serde(flatten)]
    pub rule: Chosen<dyn Layerwise>,
    /// Steps between two measurements of the spectra for the charts, besides those that the method asks for; 0 for none.
    #[serde(default = "watch")]
    pub watch: usize,
}

impl Default for LayerwiseConfig {
    fn default() -> Self {
        Self { rule: Chosen::default(), watch: watch() }
    }
}

/// LLR's own interval.
fn watch() -> usize {
    100
}
