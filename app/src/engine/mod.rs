//! The page's side of the workers: every arm has one of its own, and the run bar steers them all.

mod arm;
mod codec;
mod decode;
mod link;
mod loss;
mod pace;
mod resume;
mod save;
mod watch;

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
    time::Duration,
};

use leptos::prelude::*;
use tailblazer_core::{
    experiment::ARMS,
    session::{Adapter, Backend, Command, Report, Resume, RunState},
};
use wasm_bindgen_futures::spawn_local;

use crate::{
    browser::{
        adapter::{self, Found},
        frame::{self, now},
    },
    workspace::{
        Workspace,
        action::{Action, Request},
        library::Filed,
        message::Message,
        run::{Plan, Run},
    },
};
use arm::ArmEngine;
use codec::{Codec, codec};
use pace::Pace;

/// Milliseconds between two refreshes of a table while steps are made.
const SLOW: f64 = 1_000.0;

/// A key to the engines; it is copied freely.
#[derive(Clone, Copy)]
pub struct Engine(StoredValue<Rc<Page>, LocalStorage>);

/// What all arms share.
pub struct Page {
    workspace: Workspace,
    /// The arms' engines, in the order of the places of their runs.
    arms: RefCell<Vec<Rc<ArmEngine>>>,
    /// The WebGPU adapter, once it was looked for.
    found: RefCell<Option<Found>>,
    is_looking: Cell<bool>,
    is_scheduled: Cell<bool>,
    /// What reads and writes messages, once it is loaded.
    codec: Rc<OnceCell<Codec>>,
    pace: Pace,
    last_slow: Cell<f64>,
}

impl Engine {
    /// Starts the engine that the first arm needs, unless the page begins with a recording.
    pub fn start(workspace: Workspace) -> Self {
        let page = Rc::new(Page {
            workspace,
            arms: RefCell::default(),
            found: RefCell::default(),
            is_looking: Cell::default(),
            is_scheduled: Cell::default(),
            codec: Rc::default(),
            pace: Pace::default(),
            last_slow: Cell::default(),
        });
        let arms = (0..ARMS).map(|place| ArmEngine::new(page.clone(), workspace.run_at(place)));
        *page.arms.borrow_mut() = arms.collect();
        watch::start(&page);
        let engine = Self(StoredValue::new_local(page));
        // Who looks at a recording first may never train.
        if untrack(|| workspace.recorded()).is_none() {
            let device = untrack(|| workspace.edited(0).experiment.device);
            engine.first().provide(device);
        }
        engine
    }

    /// The engines of this page.
    pub fn expect() -> Self {
        expect_context()
    }

    fn workspace(&self) -> Workspace {
        self.0.with_value(|page| page.workspace)
    }

    /// The engine of the first arm.
    fn first(&self) -> Rc<ArmEngine> {
        self.arm(untrack(|| self.workspace().place_of(0)))
    }

    /// The engine at a place of the list of all runs.
    fn arm(&self, place: usize) -> Rc<ArmEngine> {
        self.0.with_value(|page| page.arms.borrow()[place].clone())
    }

    /// Does with all arms what a button or a key asks for, if it means anything now.
    pub fn act(&self, action: Action) {
        self.perform(untrack(|| self.workspace().requests(action)));
    }

    /// Does it with one arm.
    pub fn act_on(&self, arm: usize, action: Action) {
        let workspace = self.workspace();
        let standing = untrack(|| workspace.run_of(arm).standing(&workspace.edited(arm)));
        let mut requests: Vec<&'static [Request]> = vec![&[]; untrack(|| workspace.arms())];
        requests[arm] = action.requests(standing);
        self.perform(requests);
    }

    fn perform(&self, requests: Vec<&'static [Request]>) {
        let workspace = self.workspace();
        let asks = |request| requests.iter().any(|list| list.contains(&request));
        if asks(Request::Configure) || asks(Request::Reset) {
            // What an earlier attempt left behind does not stand in the way of a new one.
            untrack(|| workspace.runs()).iter().for_each(|run| run.refused.set(None));
            workspace.messages.clear();
        }
        if asks(Request::Configure) {
            let obstacles = untrack(|| workspace.obstacles());
            if !obstacles.is_empty() {
                for sentence in obstacles.into_iter().rev() {
                    workspace.messages.push(Message::failure(sentence));
                }
                return;
            }
        }
        if asks(Request::Configure) {
            workspace.end_replay();
        }
        if asks(Request::Configure) || asks(Request::Reset) {
            self.file(&requests);
        }
        for (arm, requests) in requests.into_iter().enumerate().filter(|(_, requests)| !requests.is_empty()) {
            self.arm(untrack(|| workspace.place_of(arm))).perform(requests);
        }
    }

    /// Opens a place in the library for runs that begin together.
    fn file(&self, requests: &[&'static [Request]]) {
        let workspace = self.workspace();
        let (begun, link) = (js_sys::Date::now(), workspace.link.get_untracked());
        // Two tabs of one browser never begin in the same moment with the same number.
        let group = format!("{begun:.0}-{:.0}", 1e6 * js_sys::Math::random());
        let begins = |list: &[Request]| list.contains(&Request::Configure) || list.contains(&Request::Reset);
        for arm in (0..requests.len()).filter(|arm| begins(requests[*arm])) {
            let filed = Filed { group: group.clone(), arm, link: link.clone(), begun };
            untrack(|| workspace.run_of(arm)).filed.set_value(Some(filed));
        }
    }

    /// Goes on with a kept run of an arm.
    pub fn resume(&self, arm: usize, plan: Plan, from: Resume, report: Report, trains: bool) {
        let place = untrack(|| self.workspace().place_of(arm));
        self.arm(place).resume(plan, from, report, trains);
    }

    /// Asks something of the session of a run.
    pub fn ask(&self, run: &Run, command: Command) {
        let place = untrack(|| self.workspace().place_of(run.arm.get()));
        self.arm(place).send(command);
    }

    /// Removes an arm with its engine.
    pub fn remove(&self, arm: usize) {
        let workspace = self.workspace();
        if untrack(|| workspace.arms()) > 1 {
            self.arm(untrack(|| workspace.place_of(arm))).end();
            workspace.remove_arm(arm);
        }
    }

    /// Ends the engines of arms that there are no more: the comparison was replaced.
    pub fn end_unused(&self) {
        let workspace = self.workspace();
        let used: Vec<_> = untrack(|| (0..workspace.arms()).map(|arm| workspace.place_of(arm)).collect());
        (0..ARMS).filter(|place| !used.contains(place)).for_each(|place| self.arm(place).end());
    }

    /// Has the matrix products of the first arm's run timed by themselves.
    pub fn measure_limit(&self) {
        self.first().send(Command::Limit);
    }

    /// Ends the first arm's engine and forgets its run: the next one starts with nothing compiled and nothing in memory.
    pub fn renew(&self) {
        self.first().renew();
    }
}

impl Page {
    /// The WebGPU adapter, once it was looked for.
    fn adapter(&self) -> Option<Adapter> {
        self.found.borrow().as_ref().map(|found| found.adapter.clone())
    }

    /// What the browser says of it; nothing before it was looked for.
    fn adapter_words(&self) -> String {
        self.found.borrow().as_ref().map_or_else(String::new, |found| found.words.clone())
    }

    /// Loads what reads and writes messages, where it is not there yet; then the arms read what has arrived.
    fn load_codec(self: &Rc<Self>) {
        if self.codec.get().is_some() {
            return;
        }
        let page = self.clone();
        spawn_local(async move {
            let loaded = codec().await;
            let arms = page.arms.borrow().clone();
            match loaded {
                Ok(codec) => {
                    page.codec.get_or_init(|| codec);
                    arms.iter().for_each(ArmEngine::catch_up);
                }
                Err(_) => arms.iter().for_each(ArmEngine::give_up),
            }
        });
    }

    /// Looks for a WebGPU adapter, once for all arms; those that wait for the answer go on then.
    fn look_for_adapter(self: &Rc<Self>) {
        if self.is_looking.replace(true) {
            return;
        }
        let page = Rc::downgrade(self);
        spawn_local(async move {
            let found = adapter::find().await;
            let Some(page) = page.upgrade() else { return };
            *page.found.borrow_mut() = Some(found);
            let (arms, first) = (page.arms.borrow().clone(), untrack(|| page.workspace.place_of(0)));
            arms.iter().enumerate().for_each(|(place, arm)| arm.go_on(place == first));
        });
    }

    /// Shows what arrived with the next frame, or a later one where every core trains; only then is more asked for.
    fn paint_soon(self: &Rc<Self>) {
        if self.is_scheduled.replace(true) {
            return;
        }
        let page = Rc::downgrade(self);
        let paint = move || {
            if let Some(page) = page.upgrade() {
                page.paint();
            }
        };
        match self.pace.wait(now(), self.is_crowded()) {
            0.0 => request_animation_frame(paint),
            wait => set_timeout(move || request_animation_frame(paint), Duration::from_secs_f64(wait / 1e3)),
        }
    }

    /// Whether training leaves no core of the CPU free.
    fn is_crowded(&self) -> bool {
        let trains = |run: &Run| {
            run.state.get() == RunState::Running
                && run.device.with(|device| device.as_ref().is_some_and(|device| device.backend == Backend::Cpu))
        };
        let busy = untrack(|| self.workspace.runs().iter().filter(|run| trains(run)).count());
        busy as f64 >= window().navigator().hardware_concurrency()
    }

    /// Measures the drawing that follows, up to where the browser is free again.
    fn measure_drawing(self: &Rc<Self>) {
        let page = Rc::downgrade(self);
        // The charts ask for the frame later, so this comes first in it.
        request_animation_frame(move || {
            let began = now();
            let note = move || {
                if let Some(page) = page.upgrade() {
                    let ended = now();
                    page.pace.note(began, ended);
                    page.workspace.drawing.set_value(Some(ended - began));
                }
            };
            frame::when_free(note);
        });
    }

    fn paint(self: &Rc<Self>) {
        let now = now();
        self.is_scheduled.set(false);
        self.measure_drawing();
        let slow = now - self.last_slow.get() >= SLOW;
        if slow {
            self.last_slow.set(now);
        }
        self.workspace.version.update(|version| *version += 1);
        if slow || untrack(|| self.workspace.state()) != RunState::Running {
            self.workspace.slow_version.update(|version| *version += 1);
        }
        let arms = self.arms.borrow().clone();
        arms.iter().for_each(|arm| arm.painted());
    }
}
