//! What is known of a GPU before a run: whether it passed its self-test, and whether it won a race against the CPU.

use serde::{Deserialize, Serialize};

use super::Backend;

/// What is known of the WebGPU adapter from earlier visits; nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    /// Whether it passed its self-test; none where it never took one.
    pub passed: Option<bool>,
    /// What was faster on this model and batch; none where nobody has raced.
    pub faster: Option<Backend>,
}

/// A short race on the model and the batch at hand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Race {
    /// Training steps per second with WebGPU.
    pub gpu: f64,
    /// The same on the CPU.
    pub cpu: f64,
}

impl Race {
    /// What was faster.
    pub fn faster(&self) -> Backend {
        if self.cpu > self.gpu { Backend::Cpu } else { Backend::Gpu }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faster_device_wins_and_webgpu_where_they_are_equal() {
        assert_eq!(Race { gpu: 10.0, cpu: 11.0 }.faster(), Backend::Cpu);
        assert_eq!(Race { gpu: 10.0, cpu: 10.0 }.faster(), Backend::Gpu);
    }
}
