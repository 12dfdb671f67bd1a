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
#[cfg(feature = "webgpu")]
pub use tailblazer_kernels::submissions::keep_short;

use crate::{
    experiment::{DeviceChoice, ModelConfig},
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

/// Parts of a context that are tried in its place where it does not fit.
const SIXTEENTHS: usize = 16;

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
    /// Checks that a run of a model with a batch fits: its largest tensor and its predicted peak memory. `cost` is what
    /// such a run takes, none where it could not be. Returns that of this run.
    ///
    /// # Errors
    /// Names the settings of which one has to be lowered, each with the largest value that fits.
    pub fn check(
        &self,
        cost: impl Fn(&ModelConfig, usize) -> Option<Cost>,
        model: &ModelConfig,
        batch: usize,
    ) -> Result<Cost, Failure> {
        let fits = |cost: &Cost| cost.largest_tensor <= self.largest_tensor && cost.memory <= self.memory;
        let needed = cost(model, batch).unwrap_or_default();
        if fits(&needed) {
            return Ok(needed);
        }
        let would = |model: ModelConfig, batch: usize| cost(&model, batch).is_some_and(|cost| fits(&cost));
        let smaller = (1..batch).rev().find(|batch| would(model.clone(), *batch));
        let shorter = (1..SIXTEENTHS)
            .rev()
            .map(|part| model.context * part / SIXTEENTHS)
            .find(|context| *context > 1 && would(ModelConfig { context: *context, ..model.clone() }, batch));
        // Any head has an even number of channels, as rotary positions want it.
        let narrower = (1..model.width.div_ceil(2 * model.heads))
            .rev()
            .map(|pairs| 2 * pairs * model.heads)
            .find(|width| would(ModelConfig { width: *width, ..model.clone() }, batch));
        let ways = [
            smaller.map(|largest| ("train.batch", format!("the batch to {largest}"))),
            shorter.map(|largest| ("model.context", format!("the context to {largest}"))),
            narrower.map(|largest| ("model.width", format!("the width to {largest}"))),
        ];
        let ways: Vec<_> = ways.into_iter().flatten().collect();
        let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
        let (needed, limit, what) = if needed.largest_tensor > self.largest_tensor {
            (needed.largest_tensor, self.largest_tensor, "for its largest tensor")
        } else {
            (needed.memory, self.memory, "in all")
        };
        let need = format!("needs {} MB {what}, and {} holds {} MB", megabytes(needed), self.name, megabytes(limit));
        let message = match ways.as_slice() {
            [] => format!("This run {need}: lower the context and the width together."),
            [(_, one)] => format!("This run {need}: lower {one}."),
            [(_, one), (_, other)] => format!("This run {need}: lower {one} or {other}."),
            [(_, one), (_, other), (_, third), ..] => format!("This run {need}: lower {one}, {other} or {third}."),
        };
        let field = ways.first().map_or("model.context", |(field, _)| *field);
        Err(Failure { field: Some(field.into()), message })
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::experiment::Operations;

    #[test]
    fn what_the_page_found_is_the_reason() {
        let reason = |adapter| block_on(open(DeviceChoice::Auto, Some(adapter))).reason;
        assert_eq!(reason(Adapter::Missing), "There is no WebGPU adapter here.");
        assert!(reason(Adapter::judge("SwiftShader".into(), false)).contains("SwiftShader, is software"));
    }

    fn cost(model: &ModelConfig, batch: usize) -> Option<Cost> {
        Some(Cost::of(model, Operations::Plain, 65.into(), [batch, model.context]))
    }

    /// The number behind some words of a message.
    fn number(message: &str, words: &str) -> usize {
        let rest = message.split(words).nth(1).expect("the words are there");
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().expect("the message holds a number")
    }

    #[test]
    fn a_batch_that_does_not_fit_is_refused_with_whatever_does() {
        let device = OpenDevice { memory: 100 << 20, ..cpu("test".into()) };
        let model = ModelConfig::default();
        let check = |model: &ModelConfig, batch| device.check(cost, model, batch);
        assert_eq!(check(&model, 1), Ok(cost(&model, 1).expect("a cost")));
        let failure = check(&model, 64).expect_err("too large");
        assert_eq!(failure.field.as_deref(), Some("train.batch"));
        let largest = number(&failure.message, "the batch to ");
        assert!(check(&model, largest).is_ok() && check(&model, largest + 1).is_err());
        let context = number(&failure.message, "the context to ");
        assert!(check(&ModelConfig { context, ..model.clone() }, 64).is_ok(), "{}", failure.message);
        let width = number(&failure.message, "the width to ");
        assert!(check(&ModelConfig { width, ..model.clone() }, 64).is_ok(), "{}", failure.message);
        assert!(check(&ModelConfig { width: width + 2 * model.heads, ..model.clone() }, 64).is_err());
    }

    #[test]
    fn what_cannot_be_is_not_advised() {
        let device = OpenDevice { largest_tensor: 64 << 20, ..cpu("test".into()) };
        let model = ModelConfig { context: 4096, ..ModelConfig::default() };
        let blocks = |model: &ModelConfig, batch| cost(model, batch).filter(|_| model.context.is_multiple_of(1024));
        let failure = device.check(blocks, &model, 1).expect_err("too large");
        assert_eq!(failure.field.as_deref(), Some("model.context"), "{}", failure.message);
        assert!(number(&failure.message, "the context to ").is_multiple_of(1024), "{}", failure.message);
    }

    #[test]
    fn what_nothing_alone_makes_fit_is_said() {
        let device = OpenDevice { largest_tensor: 8, ..cpu("test".into()) };
        let failure = device.check(cost, &ModelConfig::default(), 8).expect_err("too large");
        assert!(failure.message.contains("together"), "{}", failure.message);
    }
}
