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
pub use parameters::{ParameterSpec, Role, Weights, flat, flatten, initialise, specs, tensors};
pub use transformer::{Dropout, PreparedMask, Transformer};
