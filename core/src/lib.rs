//! The science of Tailblazer: what to run, the text, the model, the training and the decoding.
//!
//! Nothing here knows a browser: the same [`session`] runs in the page's worker, in the command line
//! `tailblazer` and in tests.
//!
//! Without the feature `engine` nothing computes with tensors: what is left is what an interface needs to describe an
//! experiment and to talk to an engine elsewhere. Without `webgpu` the engine computes on the CPU alone.

#[cfg_attr(not(feature = "engine"), allow(dead_code, unused_imports))]
pub mod decode;
#[cfg(feature = "engine")]
pub mod device;
pub mod experiment;
pub mod lab;
pub mod layerwise;
pub mod model;
#[cfg_attr(not(feature = "engine"), allow(dead_code, unused_imports))]
pub mod objective;
pub mod optim;
pub mod policy;
pub mod random;
pub mod schedule;
pub mod session;
pub mod stats;
pub mod text;
#[cfg(feature = "engine")]
pub mod train;
