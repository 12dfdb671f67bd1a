//! One arm's side of its worker: it starts the engine that the device needs, sends commands, and takes events into the
//! arm's [`Run`].
//!
//! The worker is expendable. When it dies or its device does, a new one goes on from the state that was last saved. Where
//! that fails again and again the curves stay on the page, the run is marked as failed, and the next command starts a new
//! worker. An engine is replaced
//! when a run is prepared on a device that it does not have; the engine of the run before waits until the new run is
//! ready, so that a refusal loses nothing.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::*;
use tailblazer_core::{
    experiment::{Corpus, DeviceChoice},
    session::{Command, Event, OwnText, PROTOCOL, Resume, RunState, Stage},
};
use wasm_bindgen::JsValue;

use super::{
    Page,
    link::{Link, Program},
    loss::Loss,
};
use crate::{
    browser::trials,
    t,
    transport::FromWorker,
    words,
    workspace::{
        action::Request,
        message::Message,
        run::{Plan, Run},
    },
};

/// The engine of one arm.
pub struct ArmEngine {
    page: Rc<Page>,
    pub(super) run: Run,
    /// The engine that gets the commands.
    link: RefCell<Option<Link>>,
    /// The engine of the run on the page, while another one prepares the next run.
    previous: RefCell<Option<Link>>,
    /// The state to return to when the next run is not to be.
    before: Cell<RunState>,
    /// What the next preparation is of, in place of what is edited, and what it goes on from.
    pub(super) next: RefCell<Option<(Plan, Option<Resume>)>>,
    /// What waits for the adapter.
    held: Cell<Option<&'static [Request]>>,
    links: Cell<u32>,
    /// Metrics that arrived since the last paint.
    arrived: Cell<u32>,
    /// Workers that were lost since the run was last saved.
    pub(super) losses: Cell<u32>,
    /// Seconds without a word from an engine that should have some to say.
    pub(super) silent: Cell<u32>,
    /// What arrived before the page could read it, with the link that it came from.
    unread: RefCell<Vec<(u32, JsValue)>>,
}

impl ArmEngine {
    /// An arm without a worker.
    pub fn new(page: Rc<Page>, run: Run) -> Rc<Self> {
        Rc::new(Self {
            page,
            run,
            link: RefCell::default(),
            previous: RefCell::default(),
            before: Cell::default(),
            next: RefCell::default(),
            held: Cell::default(),
            links: Cell::default(),
            arrived: Cell::default(),
            losses: Cell::default(),
            silent: Cell::default(),
            unread: RefCell::default(),
        })
    }

    /// Does what an action asks of this arm.
    pub fn perform(self: &Rc<Self>, requests: &'static [Request]) {
        // Behind the first seed a reset goes back to a run that the session has no more.
        let is_anew = requests.contains(&Request::Reset) && self.run.seed.get_untracked() > 0;
        if let [first, Request::Start | Request::Step] = requests
            && (*first == Request::Configure || is_anew)
        {
            self.run.starting.set_value(true);
        }
        if requests.contains(&Request::Configure) {
            self.before.set(self.run.state.get_untracked());
            let is_known = self.provide(untrack(|| self.edited().experiment.device));
            if !is_known || self.link.borrow().as_ref().is_some_and(Link::is_loading) {
                self.run.apply(Event::State { state: RunState::Preparing });
                self.run.apply(Event::Progress { stage: Stage::Engine, done: 0, total: 0 });
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
            Request::Configure => match self.next.take() {
                Some((plan, from)) => self.configure(plan, from),
                None => self.configure(untrack(|| self.edited()), None),
            },
            Request::Start => self.send(Command::Start),
            Request::Pause => self.send(Command::Pause),
            Request::Step => self.send(Command::Step),
            Request::Branch => self.send(Command::Branch),
            Request::Reset => match self.run.plan.get_untracked() {
                Some(plan) if self.run.seed.get_untracked() > 0 => self.configure(Plan { seed: 0, ..plan }, None),
                _ => self.send(Command::Reset),
            },
            Request::Cancel => self.cancel(),
            Request::Forget => self.run.apply(Event::State { state: RunState::Idle }),
        }
    }

    fn edited(&self) -> Plan {
        self.page.workspace.edited(self.run.arm.get())
    }

    fn configure(&self, plan: Plan, resume: Option<Resume>) {
        // The session remembers the last text that it was given, so a text that was removed is sent as empty.
        let none = || OwnText { name: String::new(), text: String::new() };
        let own_text = (plan.experiment.text.corpus == Corpus::Own)
            .then(|| plan.own_text.as_deref().cloned().unwrap_or_else(none));
        let (experiment, adapter) = (Box::new(plan.seeded()), self.page.adapter());
        let (known, failed) = trials::known(&self.page.adapter_words(), &experiment);
        if failed.is_some() {
            self.page.workspace.failed_test.set(failed);
        }
        self.run.asked.set_value(Some(plan));
        self.send(Command::Configure { experiment, own_text, adapter, resume: resume.map(Box::new), known });
    }

    pub fn send(&self, command: Command) {
        let sent = self.link.borrow_mut().as_mut().map_or(Ok(()), |link| link.send(command));
        self.say(sent);
    }

    fn say(&self, sent: Result<(), String>) {
        if let Err(why) = sent {
            self.run.say(Message::failure(t!("A command was not sent: {why}.", why)));
        }
    }

    /// Makes the engine for a device the one that gets the commands. Returns whether it is known which one that is: an
    /// open choice depends on the adapter, which is looked for first.
    pub fn provide(self: &Rc<Self>, choice: DeviceChoice) -> bool {
        let program = Program::for_choice(choice, self.page.adapter().as_ref());
        match program {
            Some(program) if self.link.borrow().as_ref().is_none_or(|link| link.program != program) => {
                self.set_aside();
                self.connect(program);
            }
            _ => {}
        }
        // What is known of an adapter is known by its words, also where the choice is made.
        if choice != DeviceChoice::Cpu {
            self.page.look_for_adapter();
        }
        program.is_some()
    }

    /// Goes on with what waited for the adapter. Only the first arm has an engine before anything is asked of it, so that
    /// the first run starts at once and no visitor loads more than the page needs.
    pub fn go_on(self: &Rc<Self>, is_first: bool) {
        match self.held.take() {
            Some(requests) => self.perform(requests),
            None if is_first => drop(self.provide(untrack(|| self.edited().experiment.device))),
            None => {}
        }
    }

    /// Pauses the present engine and keeps it beside the next one while its run is on the page; else it ends.
    fn set_aside(&self) {
        let Some(mut link) = self.link.borrow_mut().take() else { return };
        let arrived = self.arrived.take();
        if !self.run.has_steps() || self.previous.borrow().is_some() || self.run.plan.with_untracked(Option::is_none) {
            self.run.plan.set(None);
            return link.end();
        }
        self.say(link.acknowledge(arrived).and_then(|()| link.send(Command::Pause)));
        if self.before.get() == RunState::Running {
            self.before.set(RunState::Paused);
        }
        *self.previous.borrow_mut() = Some(link);
    }

    fn connect(self: &Rc<Self>, program: Program) {
        self.page.load_codec();
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
                inner.lost(id, &Loss::Stopped);
            }
        };
        match Link::start(program, id, self.page.codec.clone(), on_message, on_error) {
            Ok(link) => *self.link.borrow_mut() = Some(link),
            Err(_) => self.lost(id, &Loss::NoWorker),
        }
    }

    /// Reads what arrived before the page could.
    pub fn catch_up(self: &Rc<Self>) {
        let unread = self.unread.take();
        unread.into_iter().for_each(|(id, data)| self.receive(id, data));
    }

    /// The page cannot read what a worker says: nothing can be trained.
    pub fn give_up(self: &Rc<Self>) {
        self.lost_now(&Loss::Incomplete);
    }

    fn receive(self: &Rc<Self>, id: u32, data: JsValue) {
        let Some(codec) = self.page.codec.get() else { return self.unread.borrow_mut().push((id, data)) };
        let message = match (codec.decode)(data) {
            Ok(message) => message,
            Err(error) => {
                let error = words::sentence(&error.to_string());
                return self.run.say(Message::failure(t!("Reload the page: {error}.", error)));
            }
        };
        self.silent.set(0);
        let is_previous = self.previous.borrow().as_ref().is_some_and(|previous| previous.id == id);
        match message {
            FromWorker::Crash(reason) => self.lost(id, &Loss::Broke(reason)),
            FromWorker::Event(Event::Lost { message }) => self.lost(id, &Loss::Device(message)),
            // The last steps of a run that has just been paused; whatever else its engine says is out of date.
            FromWorker::Event(event @ Event::Metrics(_)) if is_previous => {
                self.run.apply(event);
                self.run.shared.touch();
                self.say(self.previous.borrow().as_ref().map_or(Ok(()), |previous| previous.acknowledge(1)));
            }
            FromWorker::Event(_) if is_previous => {}
            FromWorker::Event(Event::Ready { protocol }) => self.greet(protocol),
            FromWorker::Event(event @ Event::Metrics(_)) => {
                self.run.apply(event);
                self.paint_soon();
            }
            FromWorker::Event(Event::State { state: RunState::Finished }) if self.begin_next_seed() => {}
            FromWorker::Event(Event::Tested { adapter, passed, report }) => self.take_test(&adapter, passed, report),
            FromWorker::Event(Event::Raced(race)) => {
                let asked = self.run.asked.with_value(Clone::clone);
                if let Some(plan) = asked.or_else(|| self.run.plan.get_untracked()) {
                    trials::note_race(&self.page.adapter_words(), &plan.experiment, race);
                }
            }
            FromWorker::Event(event) => {
                if matches!(event, Event::Autosave(_)) {
                    self.losses.set(0);
                }
                let (is_ready, is_refused) = (matches!(event, Event::Prepared(_)), matches!(event, Event::Failed(_)));
                self.run.apply(event);
                if is_ready {
                    self.lose_decodes();
                }
                if is_ready && let Some(previous) = self.previous.borrow_mut().take() {
                    previous.end();
                }
                if is_refused && self.previous.borrow().is_some() {
                    self.go_back();
                }
            }
        }
    }

    /// Remembers a self-test, and says so where the device failed it.
    fn take_test(&self, name: &str, passed: bool, report: String) {
        trials::note_test(&self.page.adapter_words(), passed, &report);
        if !passed {
            self.page.workspace.failed_test.set(Some(report));
            self.page.workspace.messages.push(Message::warning(t!(
                "WebGPU on {name} computes wrongly, so the CPU computes: the badge of the device has the details.",
                name
            )));
        }
    }

    /// Goes on with the next seed when a run is finished and more are wanted.
    fn begin_next_seed(&self) -> bool {
        let seeds = self.page.workspace.comparison.with_untracked(|comparison| comparison.seeds);
        let Some(plan) = self.run.plan.get_untracked() else { return false };
        if !self.run.next_seed(seeds) {
            return false;
        }
        self.run.starting.set_value(true);
        self.configure(Plan { seed: self.run.seed.get_untracked(), ..plan }, None);
        self.send(Command::Start);
        true
    }

    fn greet(&self, protocol: u32) {
        if protocol != PROTOCOL {
            let text = t!("The page and its worker come from different builds: reload the page.");
            return self.run.say(Message::failure(text));
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
        if self.run.has_steps() {
            return self.send(Command::Pause);
        }
        let program = self.link.borrow().as_ref().map(|link| link.program);
        self.end_worker();
        self.run.prepared.set(None);
        self.run.apply(Event::State { state: RunState::Idle });
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
        self.run.asked.set_value(None);
        self.run.starting.set_value(false);
        self.run.apply(Event::State { state: self.before.get() });
    }

    /// Ends a worker that broke down. The page keeps what it has; there is no prepared run any more.
    fn lost(self: &Rc<Self>, id: u32, loss: &Loss) {
        if self.previous.borrow().as_ref().is_some_and(|previous| previous.id == id) {
            if let Some(previous) = self.previous.borrow_mut().take() {
                previous.end();
            }
            return;
        }
        if self.previous.borrow().is_some() {
            self.run.say(Message::failure(loss.with_advice()));
            return self.go_back();
        }
        if loss.is_of_one_worker() && self.recover(loss) {
            return;
        }
        self.run.say(Message::failure(loss.with_advice()));
        self.end_worker();
        self.run.apply(Event::State { state: RunState::Failed });
    }

    /// Gives up the engine that gets the commands.
    pub(super) fn lost_now(self: &Rc<Self>, loss: &Loss) {
        let id = self.link.borrow().as_ref().map(|link| link.id);
        if let Some(id) = id {
            self.lost(id, loss);
        }
    }

    /// Ends the engine and forgets its run: the next one starts with nothing compiled and nothing in memory.
    pub fn renew(&self) {
        self.end();
        self.run.apply(Event::State { state: RunState::Idle });
    }

    /// Ends the engine, and the one that waits beside it.
    pub fn end(&self) {
        if let Some(previous) = self.previous.borrow_mut().take() {
            previous.end();
        }
        self.end_worker();
    }

    pub(super) fn end_worker(&self) {
        if let Some(link) = self.link.borrow_mut().take() {
            link.end();
        }
        self.lose_decodes();
        self.arrived.set(0);
        self.unread.borrow_mut().clear();
        self.run.plan.set(None);
        self.run.asked.set_value(None);
        self.run.starting.set_value(false);
    }

    /// What was asked of the session's last run is answered no more.
    fn lose_decodes(&self) {
        let workspace = self.page.workspace;
        workspace.decode.lose(untrack(|| workspace.place_of(self.run.arm.get())));
    }

    /// Shows what arrived with the next frame, and only then asks for more.
    fn paint_soon(&self) {
        self.arrived.set(self.arrived.get() + 1);
        self.page.paint_soon();
    }

    /// Asks for more, now that everything that arrived is on the page.
    pub fn painted(&self) {
        let arrived = self.arrived.take();
        if arrived > 0 {
            self.say(self.link.borrow().as_ref().map_or(Ok(()), |link| link.acknowledge(arrived)));
        }
    }
}
