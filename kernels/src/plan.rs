//! How one model is computed on batches of one shape.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

#[cfg(feature = "webgpu")]
use crate::backends::Replay;
use crate::{
    cpu,
    model::{MaskKind, Model, Offsets},
};

/// A model, its positions and its mask, with the memory that its passes share. Copies share it too.
#[derive(Clone)]
pub struct Plan(Arc<Inner>);

struct Inner {
    model: Model,
    offsets: Offsets,
    positions: Vec<usize>,
    allowed: Vec<bool>,
    memory: Mutex<Memory>,
}

/// What a device keeps between passes; made when it is first needed.
#[derive(Default)]
pub(crate) struct Memory {
    pub cpu: Option<cpu::Step>,
    #[cfg(feature = "webgpu")]
    pub gpu: Option<Replay>,
}

impl Plan {
    /// A plan for a model whose time steps have these positions, which rotary positions turn by. `allowed`,
    /// `[time, time]`, says which query attends which key for [`MaskKind::Bits`], and is empty otherwise.
    ///
    /// # Panics
    /// If positions or mask do not fit the model's time.
    pub fn new(model: Model, positions: Vec<usize>, allowed: Vec<bool>) -> Self {
        assert_eq!(positions.len(), model.time, "a position for every time step");
        let pairs = if model.mask == MaskKind::Bits { model.time * model.time } else { 0 };
        assert_eq!(allowed.len(), pairs, "a mask over [time, time]");
        Self(Arc::new(Inner { model, offsets: model.offsets(), positions, allowed, memory: Mutex::default() }))
    }

    /// The model.
    pub fn model(&self) -> Model {
        self.0.model
    }

    /// Where its parameters lie.
    pub fn offsets(&self) -> &Offsets {
        &self.0.offsets
    }

    pub(crate) fn positions(&self) -> &[usize] {
        &self.0.positions
    }

    pub(crate) fn allowed(&self) -> &[bool] {
        &self.0.allowed
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        // A pass that panicked leaves numbers behind that the next pass overwrites.
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Plan").field("model", &self.0.model).finish_non_exhaustive()
    }
}
