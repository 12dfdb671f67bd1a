//! The transformer: its parameters as a flat list with names, its forward pass, masks as data, and what it costs.

#[cfg(feature = "engine")]
mod cost;
#[cfg(feature = "engine")]
mod layout;
#[cfg(feature = "engine")]
mod mask;
#[cfg(feature = "engine")]
mod parameters;
mod role;
#[cfg(feature = "engine")]
mod rope;
#[cfg(feature = "engine")]
mod transformer;

#[cfg(feature = "engine")]
pub use self::{
    cost::Cost,
    layout::{LayerLayout, Layout, Linear, Norm, Vocabulary},
    mask::Mask,
    parameters::{ParameterSpec, Weights, flat, flatten, initialise, specs, tensors},
    transformer::{Dropout, PreparedView, Transformer},
};
pub use role::Role;
