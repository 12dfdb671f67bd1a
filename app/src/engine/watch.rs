//! A watch over engines that compute on a GPU: one whose driver hangs never answers, and says nothing of it either.

use std::{rc::Rc, time::Duration};

use leptos::prelude::*;
use tailblazer_core::session::{Adapter, Backend, RunState, Stage};

use super::{Page, arm::ArmEngine, loss::Loss};

/// Seconds between two looks.
const PERIOD: u32 = 2;

/// Seconds without a word after which an engine is given up. A step that a visitor may see takes a fraction of one.
const LIMIT: u32 = 30;

/// The same for a software adapter, whose steps and validations may take long.
const SOFTWARE_LIMIT: u32 = 240;

/// Looks at every arm as long as the page lives.
pub fn start(page: &Rc<Page>) {
    let page = Rc::downgrade(page);
    let look = move || {
        let Some(page) = page.upgrade() else { return };
        let arms = page.arms.borrow().clone();
        // A page that nobody sees draws nothing, and hears nothing either.
        let is_seen = !document().hidden();
        let is_software = matches!(page.adapter(), Some(Adapter::Software { .. }));
        let limit = if is_software { SOFTWARE_LIMIT } else { LIMIT };
        arms.iter().for_each(|arm| arm.look(is_seen, limit));
    };
    // It looks as long as the page lives.
    let _ = set_interval_with_handle(look, Duration::from_secs(PERIOD.into()));
}

impl ArmEngine {
    /// Counts the seconds without a word from an engine that should have some to say.
    fn look(self: &Rc<Self>, is_seen: bool, limit: u32) {
        let is_on_gpu = self
            .run
            .device
            .with_untracked(|device| device.as_ref().is_some_and(|device| device.backend == Backend::Gpu));
        let stage = self.run.progress.with_untracked(|progress| progress.as_ref().map(|progress| progress.stage));
        let is_at_work = match self.run.state.get_untracked() {
            RunState::Running => is_on_gpu,
            RunState::Preparing => {
                matches!(stage, Some(Stage::SelfTest | Stage::Race)) || is_on_gpu && stage == Some(Stage::Kernels)
            }
            _ => false,
        };
        let silent = if is_seen && is_at_work { self.silent.get() + PERIOD } else { 0 };
        self.silent.set(silent);
        if silent >= limit {
            self.silent.set(0);
            self.lost_now(&Loss::Silent(silent));
        }
    }
}
