//! Where to compute: WebGPU on the visitor's adapter, or the CPU.

use std::sync::Mutex;

use burn::tensor::{
    Device, DeviceKind,
    wgpu::{WgpuInitError, WgpuOptions, WgpuSetup, wgpu},
};

use crate::{
    experiment::DeviceChoice,
    model::Cost,
    session::{Backend, Failure},
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

/// A GPU that was opened once; burn refuses to open the same one again.
#[derive(Clone)]
struct Gpu {
    device: Device,
    name: String,
    is_software: bool,
    largest_tensor: u64,
}

static GPU: Mutex<Option<Gpu>> = Mutex::new(None);

/// Memory of a run on the CPU: a WebAssembly memory ends at 4 GiB, and the page needs room beside the model.
const CPU_MEMORY: u64 = 3 << 30;

/// Memory of a run on a GPU. WebGPU does not tell how much there is; more than this is rarely free.
const GPU_MEMORY: u64 = 4 << 30;

/// Opens the device that the experiment asks for. A GPU that cannot be opened is no failure: the CPU computes then,
/// and the reason says why.
pub async fn open(choice: DeviceChoice) -> OpenDevice {
    match choice {
        DeviceChoice::Cpu => cpu("You chose the CPU.".into()),
        DeviceChoice::Gpu => match gpu().await {
            Ok(gpu) if gpu.is_software => {
                let reason = format!("You chose WebGPU; {} is a software adapter, slower than the CPU.", gpu.name);
                gpu.open(reason)
            }
            Ok(gpu) => gpu.open("You chose WebGPU.".into()),
            Err(error) => cpu(format!("WebGPU was chosen but could not be opened ({error}), so the CPU computes.")),
        },
        DeviceChoice::Auto => match gpu().await {
            Ok(gpu) if gpu.is_software => {
                cpu(format!("The only WebGPU adapter, {}, is software and slower than the CPU.", gpu.name))
            }
            Ok(gpu) => gpu.open("WebGPU has a hardware adapter.".into()),
            Err(_) => cpu("There is no WebGPU adapter here.".into()),
        },
    }
}

fn cpu(reason: String) -> OpenDevice {
    OpenDevice {
        device: Device::flex(),
        backend: Backend::Cpu,
        name: "CPU".into(),
        reason,
        largest_tensor: CPU_MEMORY,
        memory: CPU_MEMORY,
    }
}

impl Gpu {
    fn open(self, reason: String) -> OpenDevice {
        let Self { device, name, largest_tensor, .. } = self;
        OpenDevice { device, backend: Backend::Gpu, name, reason, largest_tensor, memory: GPU_MEMORY }
    }
}

async fn gpu() -> Result<Gpu, WgpuInitError> {
    if let Some(gpu) = GPU.lock().expect("no holder panics").clone() {
        return Ok(gpu);
    }
    let (device, setup) = match options(DeviceKind::DefaultDevice).init_with_setup_async().await {
        Ok(opened) => opened,
        // Natively a software adapter is opened only when it is asked for by kind.
        Err(WgpuInitError::AdapterUnavailable { .. }) if cfg!(not(target_family = "wasm")) => {
            options(DeviceKind::Cpu).init_with_setup_async().await?
        }
        Err(error) => return Err(error),
    };
    let gpu = describe(device, &setup);
    *GPU.lock().expect("no holder panics") = Some(gpu.clone());
    Ok(gpu)
}

/// 64 kernels per submission (the default is 32): a step of a small model is hundreds of kernels of microseconds.
fn options(kind: DeviceKind) -> WgpuOptions {
    Device::wgpu_options().device_kind(kind).tasks_max(64)
}

fn describe(device: Device, setup: &WgpuSetup) -> Gpu {
    let info = setup.adapter.get_info();
    let name = if info.name.is_empty() { "WebGPU adapter".into() } else { info.name };
    let lower = name.to_lowercase();
    let is_software = info.device_type == wgpu::DeviceType::Cpu
        || ["swiftshader", "llvmpipe", "basic render"].iter().any(|software| lower.contains(software));
    let limits = setup.device.limits();
    let largest_tensor = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
    Gpu { device, name, is_software, largest_tensor }
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
    use super::*;
    use crate::experiment::ModelConfig;

    #[test]
    fn a_batch_that_does_not_fit_is_refused_with_the_largest_that_does() {
        let device = OpenDevice { largest_tensor: 1 << 20, ..cpu("test".into()) };
        let config = ModelConfig::default();
        let cost = |batch| Cost::of(&config, 65, batch);
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
        let failure = device.check(|batch| Cost::of(&config, 65, batch), 8).expect_err("too large");
        assert_eq!(failure.field.as_deref(), Some("model.context"));
    }
}
