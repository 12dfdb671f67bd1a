//! Opening WebGPU.

use std::sync::Mutex;

use burn::tensor::{
    Device, DeviceKind,
    wgpu::{WgpuInitError, WgpuOptions, WgpuSetup, wgpu},
};

use super::{OpenDevice, cpu, instead_of};
use crate::{
    experiment::DeviceChoice,
    session::{Adapter, Backend},
};

/// A GPU that was opened once; burn refuses to open the same one again.
#[derive(Clone)]
struct Gpu {
    device: Device,
    adapter: Adapter,
    name: String,
    largest_tensor: u64,
}

static GPU: Mutex<Option<Gpu>> = Mutex::new(None);

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
    let limits = setup.device.limits();
    let largest_tensor = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
    let adapter = Adapter::judge(name.clone(), info.device_type == wgpu::DeviceType::Cpu);
    Gpu { device, adapter, name, largest_tensor }
}
