//! The page's side of the worker: it starts the engine that the device needs, sends commands, and takes events into the
//! [`Workspace`].
//!
//! The worker is expendable. When it dies, the curves stay on the page, the run is marked as failed, and the next
//! command starts a new worker. An engine is replaced when a run is prepared on a device that it does not have; the
//! engine of the run before waits until the new run is ready, so that a refusal loses nothing.

mod link;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::*;
use tailblazer_core::{
    experiment::{Corpus, DeviceChoice},
    session::{Adapter, Command, Event, OwnText, PROTOCOL, RunState, Stage},
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::{
    browser::adapter,
    transport::FromWorker,
    workspace::{
        Workspace,
        action::{Action, Request},
        message::Message,
    },
};
use link::{Link, Program};

/// Milliseconds between two refreshes of a table while steps are made.
const SLOW: f64 = 1_000.0;

/// A key to the engine; it is copied freely.
#[derive(Clone, Copy)]
pub struct Engine(StoredValue<Rc<Inner>, LocalStorage>);

struct Inner {
    workspace: Workspace,
    /// The engine that gets the commands.
    link: RefCell<Option<Link>>,
    /// The engine of the run on the page, while another one prepares the next run.
    previous: RefCell<Option<Link>>,
    /// The state to return to when the next run is not to be.
    before: Cell<RunState>,
    /// The WebGPU adapter, once it was looked for.
    adapter: RefCell<Option<Adapter>>,
    is_looking: Cell<bool>,
    /// What waits for the answer.
    held: Cell<Option<&'static [Request]>>,
    links: Cell<u32>,
    frames: RefCell<Frames>,
}

/// Metrics that arrived since the last paint.
#[derive(Default)]
struct Frames {
    arrived: u32,
    scheduled: bool,
    last_slow: f64,
}

impl Engine {
    /// Starts the engine that the experiment needs.
    pub fn start(workspace: Workspace) -> Self {
        let inner = Rc::new(Inner {
            workspace,
            link: RefCell::default(),
            previous: RefCell::default(),
            before: Cell::default(),
            adapter: RefCell::default(),
            is_looking: Cell::default(),
            held: Cell::default(),
            links: Cell::default(),
            frames: RefCell::default(),
        });
        inner.provide(workspace.experiment.with_untracked(|experiment| experiment.device));
        Self(StoredValue::new_local(inner))
    }

    /// The engine of this page.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Does what a button or a key asks for, if it means anything now.
    pub fn act(&self, action: Action) {
        let inner = self.0.get_value();
        let workspace = inner.workspace;
        let requests = untrack(|| action.requests(workspace.standing()));
        if requests.contains(&Request::Configure) || requests.contains(&Request::Reset) {
            // What an earlier attempt left behind does not stand in the way of a new one.
            workspace.refused.set(None);
            workspace.messages.clear();
        }
        if requests.contains(&Request::Configure) {
            let faults = untrack(|| workspace.faults());
            if !faults.is_empty() {
                for fault in faults.into_iter().rev() {
                    workspace.messages.push(Message::failure(fault.message));
                }
                return;
            }
            inner.before.set(workspace.state.get_untracked());
        }
        inner.perform(requests);
    }

    /// Has the matrix products of the prepared run timed by themselves.
    pub fn measure_limit(&self) {
        self.0.get_value().send(Command::Limit);
    }

    /// Ends the engine and forgets its run: the next one starts with nothing compiled and nothing in memory.
    pub fn renew(&self) {
        let inner = self.0.get_value();
        if let Some(previous) = inner.previous.borrow_mut().take() {
            previous.end();
        }
        inner.end_worker();
        inner.workspace.apply(Event::State { state: RunState::Idle });
    }
}

impl Inner {
    fn perform(self: &Rc<Self>, requests: &'static [Request]) {
        if requests.contains(&Request::Configure) {
            let is_known = self.provide(untrack(|| self.workspace.experiment.get().device));
            if let [Request::Configure, Request::Start | Request::Step] = requests {
                self.workspace.starting.set_value(true);
            }
            if !is_known || self.link.borrow().as_ref().is_some_and(Link::is_loading) {
                self.workspace.apply(Event::State { state: RunState::Preparing });
                self.workspace.apply(Event::Progress { stage: Stage::Engine, done: 0, total: 0 });
            }
            if !is_known {
                return self.held.set(Some(requests));
            }
        }
        for request in requests {
            self.request(*request);
        }
    }

    fn request(self: &Rc<Self>, request: Request) {
        match request {
            Request::Configure => self.configure(),
            Request::Start => self.send(Command::Start),
            Request::Pause => self.send(Command::Pause),
            Request::Step => self.send(Command::Step),
            Request::Reset => self.send(Command::Reset),
            Request::Cancel => self.cancel(),
            Request::Forget => self.workspace.apply(Event::State { state: RunState::Idle }),
        }
    }

    fn configure(&self) {
        let plan = untrack(|| self.workspace.edited());
        // The session remembers the last text that it was given, so a text that was removed is sent as empty.
        let none = || OwnText { name: String::new(), text: String::new() };
        let own_text = (plan.experiment.text.corpus == Corpus::Own)
            .then(|| plan.own_text.as_deref().cloned().unwrap_or_else(none));
        let (experiment, adapter) = (Box::new(plan.experiment.clone()), self.adapter.borrow().clone());
        self.workspace.asked.set_value(Some(plan));
        self.send(Command::Configure { experiment, own_text, adapter });
    }

    fn send(&self, command: Command) {
        let sent = self.link.borrow_mut().as_mut().map_or(Ok(()), |link| link.send(command));
        self.say(sent);
    }

    fn say(&self, sent: Result<(), String>) {
        if let Err(why) = sent {
            self.workspace.messages.push(Message::failure(format!("A command was not sent: {why}.")));
        }
    }

    /// Makes the engine for a device the one that gets the commands. Returns whether it is known which one that is: an
    /// open choice depends on the adapter, which is looked for first.
    fn provide(self: &Rc<Self>, choice: DeviceChoice) -> bool {
        let program = Program::for_choice(choice, self.adapter.borrow().as_ref());
        match program {
            Some(program) if self.link.borrow().as_ref().is_none_or(|link| link.program != program) => {
                self.set_aside();
                self.connect(program);
            }
            Some(_) => {}
            None => self.look_for_adapter(),
        }
        program.is_some()
    }

    fn look_for_adapter(self: &Rc<Self>) {
        if self.is_looking.replace(true) {
            return;
        }
        let inner = Rc::downgrade(self);
        spawn_local(async move {
            let found = adapter::find().await;
            let Some(inner) = inner.upgrade() else { return };
            *inner.adapter.borrow_mut() = Some(found);
            match inner.held.take() {
                Some(requests) => inner.perform(requests),
                None => drop(inner.provide(untrack(|| inner.workspace.experiment.get().device))),
            }
        });
    }

    /// Pauses the present engine and keeps it beside the next one while its run is on the page; else it ends.
    fn set_aside(&self) {
        let Some(mut link) = self.link.borrow_mut().take() else { return };
        let arrived = std::mem::take(&mut self.frames.borrow_mut().arrived);
        let has_run = self.workspace.record.with_value(|record| !record.columns.is_empty());
        if !has_run || self.previous.borrow().is_some() || self.workspace.plan.with_untracked(Option::is_none) {
            self.workspace.plan.set(None);
            return link.end();
        }
        self.say(link.acknowledge(arrived).and_then(|()| link.send(Command::Pause)));
        if self.before.get() == RunState::Running {
            self.before.set(RunState::Paused);
        }
        *self.previous.borrow_mut() = Some(link);
    }

    fn connect(self: &Rc<Self>, program: Program) {
        let id = self.links.get() + 1;
        self.links.set(id);
        let (receiver, failing) = (Rc::downgrade(self), Rc::downgrade(self));
        let on_message = move |data| {
            if let Some(inner) = receiver.upgrade() {
                inner.receive(id, data);
            }
        };
        let on_error = move || {
            if let Some(inner) = failing.upgrade() {
                inner.lost(id, "The training worker stopped unexpectedly; train again to start over.");
            }
        };
        match Link::start(program, id, on_message, on_error) {
            Ok(link) => *self.link.borrow_mut() = Some(link),
            Err(_) => self.lost(id, "This browser cannot start the training worker, so nothing can be trained here."),
        }
    }

    fn receive(self: &Rc<Self>, id: u32, data: JsValue) {
        let message = match FromWorker::decode(data) {
            Ok(message) => message,
            Err(error) => return self.workspace.messages.push(Message::failure(format!("Reload the page: {error}."))),
        };
        let is_previous = self.previous.borrow().as_ref().is_some_and(|previous| previous.id == id);
        match message {
            FromWorker::Crash(reason) => {
                self.lost(id, &format!("The training worker broke down ({reason}); train again to start over."));
            }
            // The last steps of a run that has just been paused; whatever else its engine says is out of date.
            FromWorker::Event(event @ Event::Metrics(_)) if is_previous => {
                self.workspace.apply(event);
                self.workspace.touch();
                self.say(self.previous.borrow().as_ref().map_or(Ok(()), |previous| previous.acknowledge(1)));
            }
            FromWorker::Event(_) if is_previous => {}
            FromWorker::Event(Event::Ready { protocol }) => self.greet(protocol),
            FromWorker::Event(event @ Event::Metrics(_)) => {
                self.workspace.apply(event);
                self.paint_soon();
            }
            FromWorker::Event(event) => {
                let (is_ready, is_refused) = (matches!(event, Event::Prepared(_)), matches!(event, Event::Failed(_)));
                self.workspace.apply(event);
                if is_ready && let Some(previous) = self.previous.borrow_mut().take() {
                    previous.end();
                }
                if is_refused && self.previous.borrow().is_some() {
                    self.go_back();
                }
            }
        }
    }

    fn greet(&self, protocol: u32) {
        if protocol != PROTOCOL {
            let text = "The page and its worker come from different builds: reload the page.";
            return self.workspace.messages.push(Message::failure(text));
        }
        let sent = self.link.borrow_mut().as_mut().map_or(Ok(()), Link::greet);
        self.say(sent);
    }

    /// Gives a preparation up. The session takes commands only between two pieces of work, so a new worker is quicker;
    /// where steps were trained that a new worker would not have, the session pauses as soon as it can.
    fn cancel(self: &Rc<Self>) {
        if self.held.take().is_some() || self.previous.borrow().is_some() {
            return self.go_back();
        }
        if !self.workspace.record.with_value(|record| record.columns.is_empty()) {
            return self.send(Command::Pause);
        }
        let program = self.link.borrow().as_ref().map(|link| link.program);
        self.end_worker();
        self.workspace.prepared.set(None);
        self.workspace.apply(Event::State { state: RunState::Idle });
        if let Some(program) = program {
            self.connect(program);
        }
    }

    /// Gives the next run up in favour of the one on the page.
    fn go_back(&self) {
        if let Some(previous) = self.previous.borrow_mut().take()
            && let Some(link) = self.link.borrow_mut().replace(previous)
        {
            link.end();
        }
        self.workspace.asked.set_value(None);
        self.workspace.starting.set_value(false);
        self.workspace.apply(Event::State { state: self.before.get() });
    }

    /// Ends a worker that broke down. The page keeps what it has; there is no prepared run any more.
    fn lost(&self, id: u32, sentence: &str) {
        if self.previous.borrow().as_ref().is_some_and(|previous| previous.id == id) {
            if let Some(previous) = self.previous.borrow_mut().take() {
                previous.end();
            }
            return;
        }
        self.workspace.messages.push(Message::failure(sentence));
        if self.previous.borrow().is_some() {
            return self.go_back();
        }
        self.end_worker();
        self.workspace.apply(Event::State { state: RunState::Failed });
    }

    fn end_worker(&self) {
        if let Some(link) = self.link.borrow_mut().take() {
            link.end();
        }
        self.frames.borrow_mut().arrived = 0;
        self.workspace.plan.set(None);
        self.workspace.asked.set_value(None);
        self.workspace.starting.set_value(false);
    }

    /// Shows what arrived with the next frame, and only then asks for more.
    fn paint_soon(self: &Rc<Self>) {
        let mut frames = self.frames.borrow_mut();
        frames.arrived += 1;
        if std::mem::replace(&mut frames.scheduled, true) {
            return;
        }
        let inner = Rc::downgrade(self);
        request_animation_frame(move || {
            if let Some(inner) = inner.upgrade() {
                inner.paint();
            }
        });
    }

    fn paint(&self) {
        let now = window().performance().map_or(0.0, |clock| clock.now());
        let (arrived, slow) = {
            let mut frames = self.frames.borrow_mut();
            frames.scheduled = false;
            let slow = now - frames.last_slow >= SLOW;
            if slow {
                frames.last_slow = now;
            }
            (std::mem::take(&mut frames.arrived), slow)
        };
        self.workspace.version.update(|version| *version += 1);
        if slow || self.workspace.state.get_untracked() != RunState::Running {
            self.workspace.slow_version.update(|version| *version += 1);
        }
        if arrived > 0 {
            self.say(self.link.borrow().as_ref().map_or(Ok(()), |link| link.acknowledge(arrived)));
        }
    }
}
