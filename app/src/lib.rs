//! The page of Tailblazer: an interface that sends commands to a worker and shows what the worker reports.
//!
//! Nothing here computes on tensors. The page ([`components`], [`engine`], [`workspace`]) and the [`worker`] share
//! this crate and the messages in [`transport`].

pub mod browser;
pub mod chart;
pub mod components;
pub mod engine;
pub mod transport;
#[cfg(feature = "engine")]
pub mod worker;
pub mod workspace;
