//! How fast this device has trained before, so that the page can say how long an experiment will take.

use gloo::storage::{LocalStorage, Storage as _};
use leptos::prelude::*;
use tailblazer_core::session::RunState;

use crate::workspace::{Workspace, run::Run};

/// Where it is remembered.
const KEY: &str = "tailblazer-speed";

/// Seconds of training before a speed is worth remembering.
const ENOUGH: f64 = 3.0;

/// Floating-point operations in a second of the last run here; none before one.
pub fn known() -> Option<f64> {
    LocalStorage::get(KEY).ok().filter(|speed: &f64| speed.is_finite() && *speed > 0.0)
}

/// Remembers the speed of every run that rests.
pub fn follow(workspace: Workspace) {
    Effect::new(move || {
        let rests = |run: &Run| matches!(run.state.get(), RunState::Paused | RunState::Finished);
        for run in workspace.runs().into_iter().filter(|run| rests(run)) {
            let operations = run.prepared.with(|prepared| prepared.as_ref().map(|prepared| prepared.flops_per_step));
            let last = run.record.with_value(|record| record.columns.last().copied());
            if let (Some(operations), Some(last)) = (operations, last)
                && last.seconds > ENOUGH
            {
                // It is only a hint: a private window remembers nothing.
                let _ = LocalStorage::set(KEY, operations * last.step as f64 / last.seconds);
            }
        }
    });
}
