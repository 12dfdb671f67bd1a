//! The page of Tailblazer: an interface that sends commands to a worker and shows what the worker reports.
//!
//! Nothing here computes on tensors. The page ([`components`], [`engine`], [`workspace`]) and the [`worker`] share
//! this crate and the messages in [`transport`]. Programs of a worker have nothing of the page in them: its parts are
//! exported functions, which every program that links them would carry along.

#[cfg(not(in_worker))]
pub mod browser;
#[cfg(not(in_worker))]
pub mod chart;
#[cfg(not(in_worker))]
pub mod components;
#[cfg(not(in_worker))]
pub mod engine;
pub mod transport;
#[cfg(not(in_worker))]
pub mod words;
#[cfg(feature = "engine")]
pub mod worker;
#[cfg(not(in_worker))]
pub mod workspace;
