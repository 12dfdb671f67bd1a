//! The engine behind one message protocol: [`Command`] in, [`Event`] out.
//!
//! The same `run` serves the page's worker, the command line and the tests; what differs is their `Host`. An interface
//! needs the messages alone, and gets them without the feature `engine`.

mod adapter;
#[cfg(feature = "engine")]
mod aside;
mod counters;
mod decode;
#[cfg(feature = "engine")]
mod decoding;
mod denoising;
#[cfg(feature = "engine")]
mod engine;
#[cfg(feature = "engine")]
mod host;
#[cfg(feature = "engine")]
mod keeping;
#[cfg(feature = "engine")]
mod limit;
#[cfg(feature = "engine")]
mod prepare;
mod protocol;
#[cfg(feature = "webgpu")]
mod racing;
mod recording;
mod report;
mod saved;
#[cfg(all(test, feature = "engine"))]
mod tests;
mod trial;

pub use adapter::Adapter;
pub use counters::{Counters, Work};
pub use decode::{
    DecodeFrame, DecodeRequest, DecodeStart, DecoderSetup, JudgeRequest, Judged, MeasureRequest, Measured, TextQuality,
};
pub use denoising::{Denoising, MASK};
#[cfg(feature = "engine")]
pub use engine::run;
#[cfg(feature = "engine")]
pub use host::Host;
pub use protocol::{
    Backend, BranchEnd, BranchFrame, Budget, Command, Event, Failure, LayersFrame, Limit, MetricsFrame, OwnText,
    PROTOCOL, Prepared, RunState, SearchFrame, Stage, StepMetrics, TextFacts,
};
pub use recording::{Recording, RecordingError};
pub use report::{DeviceReport, Report, Sample, Validation};
pub use saved::{Autosave, Resume, Saved, SavedTensor, WeightsAbout, WeightsError};
pub use trial::{Known, Race};
