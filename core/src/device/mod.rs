//! Where to compute: WebGPU on the visitor's adapter, or the CPU.

#[cfg(feature = "webgpu")]
mod gpu;
#[cfg(feature = "webgpu")]
mod self_test;

use burn::tensor::Device;

#[cfg(feature = "webgpu")]
pub use self::{
    gpu::{note, passed},
    self_test::{Check, SelfTest, self_test},
};

use crate::{
    experiment::DeviceChoice,
    model::Cost,
    session::{Adapter, Backend, Failure},
};

/// An open device and why it was chosen.
#[derive(Clone, Debug)]
pub struct OpenDevice {
    /// For tensors.
    pub device: Device,
    /// Which engine computes.
    pub backend: Backend,
    /// Name of the adapter, or "CPU".
    pub name: String,
    /// One sentence: why this device.
    pub reason: String,
    /// Largest tensor that it can hold, in bytes.
    pub largest_tensor: u64,
    /// Memory that a run may use, in bytes.
    pub memory: u64,
}

/// Memory of a run on the CPU: a WebAssembly memory ends at 4 GiB, and the page needs room beside the model.
const CPU_MEMORY: u64 = 3 << 30;

/// Opens the device that the experiment asks for; `adapter` is the WebGPU adapter, if somebody has looked for one
/// already. A GPU that cannot be opened is no failure: the CPU computes then, and the reason says why.
pub async fn open(choice: DeviceChoice, adapter: Option<Adapter>) -> OpenDevice {
    match (choice, adapter) {
        (DeviceChoice::Cpu, _) => cpu("You chose the CPU.".into()),
        (DeviceChoice::Auto, Some(adapter @ (Adapter::Missing | Adapter::Software { .. }))) => instead_of(&adapter),
        #[cfg(feature = "webgpu")]
        (choice, _) => gpu::open(choice).await,
        #[cfg(not(feature = "webgpu"))]
        _ => cpu("This engine was built without WebGPU.".into()),
    }
}

/// The CPU, where the choice was left open and this is the adapter.
fn instead_of(adapter: &Adapter) -> OpenDevice {
    cpu(match adapter {
        Adapter::Software { name } => {
            format!("The only WebGPU adapter, {name}, is software and slower than the CPU.")
        }
        _ => "There is no WebGPU adapter here.".into(),
    })
}

/// The CPU in place of a GPU that computes wrongly.
#[cfg(feature = "webgpu")]
pub fn instead_of_a_failed(gpu: &OpenDevice) -> OpenDevice {
    cpu(format!("WebGPU on {} failed its self-test, so the CPU computes.", gpu.name))
}

/// The CPU, for this reason.
pub fn cpu(reason: String) -> OpenDevice {
    OpenDevice {
        device: Device::flex(),
        backend: Backend::Cpu,
        name: "CPU".into(),
        reason,
        largest_tensor: CPU_MEMORY,
        memory: CPU_MEMORY,
    }
}

impl OpenDevice {
    /// Checks that a run fits: its largest tensor and its predicted peak memory.
    ///
    /// # Errors
    /// Names the setting to lower and the largest value that fits.
    pub fn check(&self, cost: impl Fn(usize) -> Cost, batch: usize) -> Result<(), Failure> {
        let fits = |cost: Cost| cost.largest_tensor <= self.largest_tensor && cost.memory <= self.memory;
        let needed = cost(batch);
        if fits(needed) {
            return Ok(());
        }
        let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
        let (needed, limit, what) = if needed.largest_tensor > self.largest_tensor {
            (needed.largest_tensor, self.largest_tensor, "for its largest tensor")
        } else {
            (needed.memory, self.memory, "in all")
        };
        let need = format!("needs {} MB {what}, and {} holds {} MB", megabytes(needed), self.name, megabytes(limit));
        let largest = (1..batch).rev().find(|batch| fits(cost(*batch)));
        let (field, message) = match largest {
            Some(largest) => ("train.batch", format!("Batch {batch} {need}: lower the batch to {largest} or less.")),
            None => ("model.context", format!("The model {need} even with batch 1: lower the context or the width.")),
        };
        Err(Failure { field: Some(field.into()), message })
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::experiment::{ModelConfig, Operations};

    #[test]
    fn what_the_page_found_is_the_reason() {
        let reason = |adapter| block_on(open(DeviceChoice::Auto, Some(adapter))).reason;
        assert_eq!(reason(Adapter::Missing), "There is no WebGPU adapter here.");
        assert!(reason(Adapter::judge("SwiftShader".into(), false)).contains("SwiftShader, is software"));
    }

    #[test]
    fn a_batch_that_does_not_fit_is_refused_with_the_largest_that_does() {
        let device = OpenDevice { largest_tensor: 1 << 20, ..cpu("test".into()) };
        let config = ModelConfig::default();
        let cost = |batch| Cost::of(&config, Operations::Plain, 65.into(), [batch, config.context]);
        assert_eq!(device.check(cost, 1), Ok(()));
        let failure = device.check(cost, 1024).expect_err("too large");
        assert_eq!(failure.field.as_deref(), Some("train.batch"));
        let largest: usize = failure
            .message
            .split("the batch to ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next())
            .and_then(|number| number.parse().ok())
            .expect("the message holds a number");
        assert_eq!(device.check(cost, largest), Ok(()));
        assert!(device.check(cost, largest + 1).is_err());
    }

    #[test]
    fn a_context_that_never_fits_is_named() {
        let device = OpenDevice { largest_tensor: 1 << 20, ..cpu("test".into()) };
        let config = ModelConfig { context: 4096, ..Default::default() };
        let failure = device
            .check(|batch| Cost::of(&config, Operations::Plain, 65.into(), [batch, config.context]), 8)
            .expect_err("too large");
        assert_eq!(failure.field.as_deref(), Some("model.context"));
    }
}
