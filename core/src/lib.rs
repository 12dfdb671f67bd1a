//! The science of Tailblazer: what to run, the text, the model, the training and the decoding.
//!
//! Nothing here knows a browser: the same [`session`] runs in the page's worker, in the command line
//! `tailblazer` and in tests. Modules stand in the order in which data flows through them.

pub mod decode;
pub mod device;
pub mod experiment;
pub mod model;
pub mod objective;
pub mod optim;
pub mod random;
pub mod schedule;
pub mod session;
pub mod text;
pub mod train;
