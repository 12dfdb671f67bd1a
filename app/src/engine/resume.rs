//! Runs that go on: from what the browser kept, and after a worker that was lost.

use std::{rc::Rc, sync::Arc};

use leptos::prelude::*;
use tailblazer_core::{
    experiment::DeviceChoice,
    session::{Report, Resume, RunState},
};

use super::{arm::ArmEngine, loss::Loss};
use crate::{
    t,
    workspace::{
        action::Request,
        format::integer,
        message::Message,
        run::{Plan, Resumed},
    },
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
        self.begin(plan, Some(from), trains);
    }

    /// Prepares a run that is not the edited one, and trains where it is asked to.
    fn begin(self: &Rc<Self>, plan: Plan, from: Option<Resume>, trains: bool) {
        *self.next.borrow_mut() = Some((plan, from));
        self.perform(if trains { &[Request::Configure, Request::Start] } else { &[Request::Configure] });
    }

    /// Starts a new worker that goes on where the run was last saved, or begins again where it was not; on the CPU where
    /// that has failed before. Returns whether there is a run, and it has not failed too often.
    pub fn recover(self: &Rc<Self>, loss: &Loss) -> bool {
        let state = self.run.state.get_untracked();
        // What was being prepared comes before what is on the page.
        let asked = self.run.asked.with_value(Clone::clone);
        let from = match &asked {
            None => self.run.autosaved.get_untracked().map(|saved| (self.run.report().until(saved.step), saved)),
            Some(_) => {
                let resumed = self.run.resumed.try_update_value(Option::take).flatten();
                resumed.and_then(|Resumed { report, saved }| Some((report, saved?)))
            }
        };
        let Some(mut plan) = asked.or_else(|| self.run.plan.get_untracked()) else { return false };
        let losses = self.losses.get() + 1;
        if losses > RECOVERIES || matches!(state, RunState::Idle | RunState::Failed) {
            return false;
        }
        self.losses.set(losses);
        let is_last = losses == RECOVERIES;
        if is_last {
            plan.experiment.device = DeviceChoice::Cpu;
        }
        let step = from.as_ref().map(|(_, saved)| integer(saved.step));
        let what = match step {
            Some(step) if is_last => t!("The run goes on from step {step} on the CPU.", step),
            Some(step) => t!("The run goes on from step {step}.", step),
            None if is_last => t!("The run begins again on the CPU.").to_owned(),
            None => t!("The run begins again.").to_owned(),
        };
        self.run.say(Message::warning(format!("{} {what}", loss.sentence())));
        let trains = self.run.starting.get_value() || state == RunState::Running;
        self.end_worker();
        match from {
            Some((report, saved)) => self.resume(plan, Resume::State((*saved).clone()), report, trains),
            None => self.begin(plan, None, trains),
        }
        true
    }
}
