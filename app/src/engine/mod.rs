//! The page's side of the worker: it starts it, sends commands, and takes events into the [`Workspace`].
//!
//! The worker is expendable. When it dies, the curves stay on the page, the run is marked as failed, and the next
//! command starts a new worker.

use std::{cell::RefCell, rc::Rc};

use leptos::prelude::*;
use tailblazer_core::{
    experiment::Corpus,
    session::{Command, Event, OwnText, PROTOCOL, RunState},
};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{ErrorEvent, MessageEvent, Url, Worker, WorkerOptions, WorkerType};

use crate::{
    transport::{FromWorker, ToWorker},
    workspace::{
        Workspace,
        action::{Action, Request},
        message::Message,
    },
};

/// Milliseconds between two refreshes of a table while steps are made.
const SLOW: f64 = 1_000.0;

/// A key to the engine; it is copied freely.
#[derive(Clone, Copy)]
pub struct Engine(StoredValue<Rc<Inner>, LocalStorage>);

struct Inner {
    workspace: Workspace,
    link: RefCell<Option<Link>>,
    frames: RefCell<Frames>,
}

/// A worker, and the commands that wait until it listens.
struct Link {
    worker: Worker,
    waiting: Option<Vec<Command>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

/// Metrics that arrived since the last paint.
#[derive(Default)]
struct Frames {
    arrived: u32,
    scheduled: bool,
    last_slow: f64,
}

impl Engine {
    /// Starts the engine and its worker.
    pub fn start(workspace: Workspace) -> Self {
        let inner = Rc::new(Inner { workspace, link: RefCell::default(), frames: RefCell::default() });
        inner.connect();
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
        }
        if let [Request::Configure, Request::Start | Request::Step] = requests {
            workspace.starting.set_value(true);
        }
        for request in requests {
            inner.request(*request);
        }
    }
}

impl Inner {
    fn request(self: &Rc<Self>, request: Request) {
        match request {
            Request::Configure => {
                let plan = untrack(|| self.workspace.edited());
                // The session remembers the last text that it was given, so a text that was removed is sent as empty.
                let none = || OwnText { name: String::new(), text: String::new() };
                let own_text = (plan.experiment.text.corpus == Corpus::Own)
                    .then(|| plan.own_text.as_deref().cloned().unwrap_or_else(none));
                let command = Command::Configure { experiment: Box::new(plan.experiment.clone()), own_text };
                self.workspace.asked.set_value(Some(plan));
                self.send(command);
            }
            Request::Start => self.send(Command::Start),
            Request::Pause => self.send(Command::Pause),
            Request::Step => self.send(Command::Step),
            Request::Reset => self.send(Command::Reset),
            Request::Cancel => self.cancel(),
            Request::Forget => self.workspace.apply(Event::State { state: RunState::Idle }),
        }
    }

    fn send(self: &Rc<Self>, command: Command) {
        if self.link.borrow().is_none() {
            self.connect();
        }
        let mut link = self.link.borrow_mut();
        let Some(link) = link.as_mut() else { return };
        match &mut link.waiting {
            Some(waiting) => waiting.push(command),
            None => post(&link.worker, &ToWorker::Command(command), &self.workspace),
        }
    }

    fn connect(self: &Rc<Self>) {
        match self.spawn() {
            Ok(link) => *self.link.borrow_mut() = Some(link),
            Err(_) => self.lost("This browser cannot start the training worker, so nothing can be trained here."),
        }
    }

    fn spawn(self: &Rc<Self>) -> Result<Link, JsValue> {
        let base = document().base_uri()?.unwrap_or_default();
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&Url::new_with_base("worker_loader.js", &base)?.href(), &options)?;

        let inner = Rc::downgrade(self);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(inner) = inner.upgrade() {
                inner.receive(event.data());
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));

        let inner = Rc::downgrade(self);
        let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |_| {
            if let Some(inner) = inner.upgrade() {
                inner.lost("The training worker stopped unexpectedly; train again to start over.");
            }
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Link { worker, waiting: Some(Vec::new()), _on_message: on_message, _on_error: on_error })
    }

    fn receive(self: &Rc<Self>, data: JsValue) {
        match FromWorker::decode(data) {
            Ok(FromWorker::Event(Event::Ready { protocol })) => self.greet(protocol),
            Ok(FromWorker::Event(event @ Event::Metrics(_))) => {
                self.workspace.apply(event);
                self.paint_soon();
            }
            Ok(FromWorker::Event(event)) => self.workspace.apply(event),
            Ok(FromWorker::Crash(reason)) => {
                self.lost(&format!("The training worker broke down ({reason}); train again to start over."));
            }
            Err(error) => self.workspace.messages.push(Message::failure(format!("Reload the page: {error}."))),
        }
    }

    fn greet(&self, protocol: u32) {
        if protocol != PROTOCOL {
            let text = "The page and its worker come from different builds: reload the page.";
            return self.workspace.messages.push(Message::failure(text));
        }
        let mut link = self.link.borrow_mut();
        let Some(link) = link.as_mut() else { return };
        for command in link.waiting.take().unwrap_or_default() {
            post(&link.worker, &ToWorker::Command(command), &self.workspace);
        }
    }

    /// Gives a preparation up. The session takes commands only between two pieces of work, so a new worker is quicker;
    /// where steps were trained that a new worker would not have, the session pauses as soon as it can.
    fn cancel(self: &Rc<Self>) {
        if !self.workspace.record.with_value(|record| record.columns.is_empty()) {
            return self.send(Command::Pause);
        }
        self.end_worker();
        self.workspace.prepared.set(None);
        self.workspace.apply(Event::State { state: RunState::Idle });
        self.connect();
    }

    /// Ends a worker that broke down. The page keeps what it has; there is no prepared run any more.
    fn lost(&self, sentence: &str) {
        self.end_worker();
        self.workspace.messages.push(Message::failure(sentence));
        self.workspace.apply(Event::State { state: RunState::Failed });
    }

    fn end_worker(&self) {
        if let Some(link) = self.link.borrow_mut().take() {
            link.worker.set_onmessage(None);
            link.worker.set_onerror(None);
            link.worker.terminate();
            // This may run inside one of the link's own callbacks, which must not be freed while it runs.
            set_timeout(move || drop(link), std::time::Duration::ZERO);
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
        if let Some(link) = self.link.borrow().as_ref().filter(|_| arrived > 0) {
            post(&link.worker, &ToWorker::Acknowledge(arrived), &self.workspace);
        }
    }
}

fn post(worker: &Worker, message: &ToWorker, workspace: &Workspace) {
    let sent = message.encode().map_err(|error| error.to_string()).and_then(|value| {
        worker.post_message(&value).map_err(|_| "the browser refused to pass it to the worker".to_owned())
    });
    if let Err(why) = sent {
        workspace.messages.push(Message::failure(format!("A command was not sent: {why}.")));
    }
}
