//! The transformer: its parameters as a flat list with names, its forward pass, masks as data, and what it costs.

mod cost;
mod layout;
mod mask;
mod parameters;
mod rope;
mod transformer;

pub use cost::Cost;
pub use layout::{LayerLayout, Layout, Linear, Norm};
pub use mask::Mask;
pub use parameters::{ParameterSpec, Role, Weights, initialise, specs};
pub use transformer::{Dropout, Transformer};
