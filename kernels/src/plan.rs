//! How one model is computed on batches of one shape.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
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
    mask: Mask,
    memory: Arc<Mutex<Memory>>,
}

/// A mask with a number that no other one has, by which a device finds its copy.
pub(crate) struct Mask {
    #[cfg_attr(not(feature = "webgpu"), expect(dead_code))]
    pub number: u64,
    pub allowed: Vec<bool>,
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
        let (offsets, mask) = (model.offsets(), Mask::new(allowed));
        Self(Arc::new(Inner { model, offsets, positions, mask, memory: Arc::default() }))
    }

    /// The same plan with another mask of the same kind, and with the same memory: two plans that share it wait for each
    /// other.
    ///
    /// # Panics
    /// If the mask does not fit the model's time.
    pub fn with_mask(&self, allowed: Vec<bool>) -> Self {
        let Inner { model, offsets, positions, mask, memory } = &*self.0;
        assert_eq!(allowed.len(), mask.allowed.len(), "a mask over [time, time]");
        let (offsets, positions, memory) = (offsets.clone(), positions.clone(), memory.clone());
        Self(Arc::new(Inner { model: *model, offsets, positions, mask: Mask::new(allowed), memory }))
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

    pub(crate) fn mask(&self) -> &Mask {
        &self.0.mask
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        // A pass that panicked leaves numbers behind that the next pass overwrites.
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mask {
    fn new(allowed: Vec<bool>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), allowed }
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Plan").field("model", &self.0.model).finish_non_exhaustive()
    }
}
