//! The WebGPU implementation: WGSL kernels, and what to launch for which shape.
//!
//! Nothing here launches anything. [`ops`] and [`step`] describe launches as [`Dispatch`](dispatch::Dispatch)es, which
//! name a kernel file, the constants that fit it to a shape, the workgroups and the buffers; [`template`] makes the
//! WGSL of one. [`checks`] holds every kernel to f64 through whatever launcher it is given.
//!
//! # Rules that the kernels keep
//!
//! - Shapes are constants of the source, so that drivers fold them; launches of one shape share a pipeline.
//! - Results never depend on the order in which invocations run: no atomics, and sums over rows go through
//!   [`Splits`](ops::Splits). A run repeats bit for bit on one device.
//! - At most 7 storage buffers, 256 invocations and 1 KiB of workgroup memory per workgroup, no subgroups, f32 only.
//! - No access is left to bounds checks: cubecl turns them off. Workgroup memory is not assumed to be zero.
//! - Register tiles instead of workgroup memory. On the software adapters a 64 x 64 tile staged through workgroup memory
//!   took 1.5 to 1.9 times as long as the same tile in registers (SwiftShader and lavapipe, all shapes of gpt-nano and
//!   gpt-micro); it has not been measured on a GPU.
//!
//! # Launching through cubecl 0.11.3
//!
//! The backend extension launches a dispatch as a `CubeKernel` that brings its own text. burn's `template` feature would
//! do nearly the same; without its `SourceKernel` the entry point, which becomes the pipeline's label, has the kernel's
//! name. What the sources of cubecl-wgpu 0.11.3 make of it:
//!
//! - A precompiled kernel has no representation, so `create_pipeline` (`backend/base.rs`) passes no layout and wgpu
//!   derives it from the source. A binding that the entry point does not use would be missing from it; every kernel
//!   uses what it declares, and `Dispatch::check` compares the names.
//! - Bindings are numbered by the order of the arguments (`register_pipeline` in `compute/stream.rs`). A buffer of
//!   scalars would be appended behind them, and is not when `KernelArguments::info` is empty, as here.
//! - In the browser every allocation has its own buffer (`EXCLUSIVE_MEMORY_ONLY`), inputs are bound read-only, and one
//!   buffer may be bound twice for reading. Natively allocations share pages, and one page may not be bound both
//!   read-only and writable in one dispatch: `SHARED_PAGES` is `!cfg!(target_family = "wasm")`, unless the feature
//!   `exclusive-memory-only` is on.
//! - A view into a buffer is `handle.clone().offset_start(bytes)`, which ends up as the offset of the binding. It must
//!   be a multiple of the device's alignment, at most 256 bytes: [`BLOCK`](crate::flat::BLOCK) is 64 values.
//! - The pipeline cache is keyed by the id alone, so the key holds every constant. The source is made on a miss only.
//! - `KernelId::mode` decides whether naga bounds every loop natively (`create_module`); the kernels' loops all end.
//! - The text is refused by a runtime that compiles SPIR-V or MSL (`vulkan` and `metal` features of burn).
//! - 32 launches go into one submission by default; `tasks_max(64)` on the device makes it two for a step of gpt-nano.
//!   Long steps go in more of them: see [`submissions`](crate::submissions).

pub mod checks;
pub mod dispatch;
pub mod ops;
pub mod step;
pub mod template;

/// What a device must offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Storage buffers that one kernel binds.
    pub storage_buffers: u32,
    /// Invocations of a workgroup.
    pub invocations: u32,
    /// Bytes of workgroup memory.
    pub workgroup_bytes: u32,
}

impl Needs {
    /// What the most demanding kernels need.
    pub const OF_ALL_KERNELS: Self = Self { storage_buffers: 7, invocations: 256, workgroup_bytes: 1024 };
}
