//! The engine behind one message protocol: [`Command`] in, [`Event`] out.
//!
//! The same [`run`] serves the page's worker, the command line and the tests; what differs is their [`Host`].

mod engine;
mod host;
mod prepare;
mod protocol;
#[cfg(test)]
mod tests;

pub use engine::run;
pub use host::Host;
pub use protocol::{
    Backend, Command, Event, Failure, MetricsFrame, OwnText, PROTOCOL, Prepared, RunState, Stage, StepMetrics,
};
