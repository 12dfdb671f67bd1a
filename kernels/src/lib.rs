//! Tensor operations of the transformer, in one place that knows burn and nothing of models or pages.
//!
//! [`plain`] composes them from burn's primitives: correct on every backend, and the reference that faster
//! implementations are held to.

pub mod plain;
