//! Runs that go on: from what the browser kept, and after a worker that was lost.

use std::{rc::Rc, sync::Arc};

use leptos::prelude::*;
use tailblazer_core::{
    experiment::DeviceChoice,
    session::{Report, Resume, RunState},
};

use super::arm::ArmEngine;
use crate::workspace::{
    action::Request,
    format::integer,
    message::Message,
    run::{Plan, Resumed},
};

/// How often a run goes on with a new worker before it is given up; the last time it does so on the CPU.
const RECOVERIES: u32 = 3;

impl ArmEngine {
    /// Goes on with a run that was kept, and trains where it is asked to.
    pub fn resume(self: &Rc<Self>, plan: Plan, from: Resume, report: Report, trains: bool) {
        let saved = match &from {
            Resume::State(saved) => Some(Arc::new(saved.clone())),
            Resume::Weights(_) => None,
        };
        self.run.resumed.set_value(Some(Resumed { report, saved }));
        *self.resumed.borrow_mut() = Some((plan, from));
        self.perform(if trains { &[Request::Configure, Request::Start] } else { &[Request::Configure] });
    }

    /// Starts a new worker that goes on where the run was last saved; on the CPU where that has failed before. Returns
    /// whether there is such a state, and it has not failed too often.
    pub fn recover(self: &Rc<Self>) -> bool {
        let (state, saved) = (self.run.state.get_untracked(), self.run.autosaved.get_untracked());
        let (Some(mut plan), Some(saved)) = (self.run.plan.get_untracked(), saved) else { return false };
        let losses = self.losses.get() + 1;
        if losses > RECOVERIES || matches!(state, RunState::Idle | RunState::Failed) {
            return false;
        }
        self.losses.set(losses);
        let place = if losses == RECOVERIES {
            plan.experiment.device = DeviceChoice::Cpu;
            " on the CPU"
        } else {
            ""
        };
        self.run.say(Message::warning(format!(
            "The training worker stopped unexpectedly: the run goes on from step {}{place}.",
            integer(saved.step)
        )));
        let report = self.run.report().until(saved.step);
        self.end_worker();
        self.resume(plan, Resume::State((*saved).clone()), report, state == RunState::Running);
        true
    }
}
