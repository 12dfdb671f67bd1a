//! Opening WebGPU.

use std::sync::Mutex;

use burn::tensor::{
    Device, DeviceKind,
    wgpu::{WgpuInitError, WgpuOptions, WgpuSetup, wgpu},
};

use tailblazer_kernels::{gpu::Needs, submissions};

use super::{OpenDevice, cpu, instead_of};
use crate::{
    experiment::DeviceChoice,
    session::{Adapter, Backend},
};

/// Why WebGPU cannot be used.
#[derive(Debug, thiserror::Error)]
enum GpuError {
    /// It could not be opened.
    #[error(transparent)]
    Init(#[from] WgpuInitError),
    /// The adapter offers less than the kernels need.
    #[error("its limit {name} is {offered}, and the kernels need {needed}")]
    Limit {
        /// WebGPU's name of the limit.
        name: &'static str,
        /// What the adapter offers.
        offered: u32,
        /// What the kernels need.
        needed: u32,
    },
}

/// A GPU that was opened once; burn refuses to open the same one again.
#[derive(Clone)]
struct Gpu {
    device: Device,
    adapter: Adapter,
    name: String,
    largest_tensor: u64,
}

static GPU: Mutex<Option<Gpu>> = Mutex::new(None);

/// Whether it passed its self-test, once it took it.
static PASSED: Mutex<Option<bool>> = Mutex::new(None);

/// Whether the GPU passed its self-test in this program; none where it took none.
pub fn passed() -> Option<bool> {
    *PASSED.lock().expect("no holder panics")
}

/// Remembers whether it passed.
pub fn note(is_passed: bool) {
    *PASSED.lock().expect("no holder panics") = Some(is_passed);
}

/// Memory of a run on a GPU. WebGPU does not tell how much there is; more than this is rarely free.
const GPU_MEMORY: u64 = 4 << 30;

/// Opens WebGPU where the choice allows it, else the CPU.
pub async fn open(choice: DeviceChoice) -> OpenDevice {
    match (gpu().await, choice) {
        (Ok(gpu), DeviceChoice::Gpu) => gpu.chosen(),
        (Ok(gpu), _) if gpu.adapter == Adapter::Hardware => gpu.open("WebGPU has a hardware adapter.".into()),
        (Ok(gpu), _) => instead_of(&gpu.adapter),
        (Err(error), DeviceChoice::Gpu) => {
            cpu(format!("WebGPU was chosen but could not be opened ({error}), so the CPU computes."))
        }
        (Err(_), _) => instead_of(&Adapter::Missing),
    }
}

impl Gpu {
    fn chosen(self) -> OpenDevice {
        let reason = match &self.adapter {
            Adapter::Software { name } => {
                format!("You chose WebGPU; {name} is a software adapter, slower than the CPU.")
            }
            _ => "You chose WebGPU.".into(),
        };
        self.open(reason)
    }

    fn open(self, reason: String) -> OpenDevice {
        let Self { device, name, largest_tensor, .. } = self;
        OpenDevice { device, backend: Backend::Gpu, name, reason, largest_tensor, memory: GPU_MEMORY }
    }
}

async fn gpu() -> Result<Gpu, GpuError> {
    if let Some(gpu) = GPU.lock().expect("no holder panics").clone() {
        return Ok(gpu);
    }
    let (device, setup) = match options(DeviceKind::DefaultDevice).init_with_setup_async().await {
        Ok(opened) => opened,
        // Natively a software adapter is opened only when it is asked for by kind.
        Err(WgpuInitError::AdapterUnavailable { .. }) if cfg!(not(target_family = "wasm")) => {
            options(DeviceKind::Cpu).init_with_setup_async().await?
        }
        Err(error) => return Err(error.into()),
    };
    check(&setup.device.limits())?;
    let gpu = describe(device, &setup);
    *GPU.lock().expect("no holder panics") = Some(gpu.clone());
    Ok(gpu)
}

/// Twice as many kernels in a submission as by default: a step of a small model is a hundred kernels of microseconds.
fn options(kind: DeviceKind) -> WgpuOptions {
    Device::wgpu_options().device_kind(kind).tasks_max(submissions::MOST as usize)
}

/// Refuses a device that offers less than the kernels need.
fn check(limits: &wgpu::Limits) -> Result<(), GpuError> {
    let Needs { storage_buffers, invocations, workgroup_bytes } = Needs::OF_ALL_KERNELS;
    let pairs = [
        ("maxStorageBuffersPerShaderStage", limits.max_storage_buffers_per_shader_stage, storage_buffers),
        ("maxComputeInvocationsPerWorkgroup", limits.max_compute_invocations_per_workgroup, invocations),
        ("maxComputeWorkgroupStorageSize", limits.max_compute_workgroup_storage_size, workgroup_bytes),
    ];
    match pairs.into_iter().find(|(_, offered, needed)| offered < needed) {
        Some((name, offered, needed)) => Err(GpuError::Limit { name, offered, needed }),
        None => Ok(()),
    }
}

fn describe(device: Device, setup: &WgpuSetup) -> Gpu {
    let info = setup.adapter.get_info();
    let name = if info.name.is_empty() { "WebGPU adapter".into() } else { info.name };
    let limits = setup.device.limits();
    let largest_tensor = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
    let adapter = Adapter::judge(name.clone(), info.device_type == wgpu::DeviceType::Cpu);
    Gpu { device, adapter, name, largest_tensor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_below_a_limit_is_refused_by_its_name() {
        assert!(check(&wgpu::Limits::default()).is_ok());
        let small = wgpu::Limits { max_storage_buffers_per_shader_stage: 4, ..wgpu::Limits::default() };
        let message = check(&small).expect_err("4 buffers are too few").to_string();
        assert!(message.contains("maxStorageBuffersPerShaderStage is 4") && message.contains("need 7"), "{message}");
    }
}
