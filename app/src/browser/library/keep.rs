//! Keeps the runs of this page as they go: every few seconds, at every pause, and when the tab is hidden.

use std::{cell::Cell, rc::Rc, sync::Arc};

use gloo::{
    events::EventListener,
    storage::{SessionStorage, Storage as _},
    timers::callback::Interval,
};
use leptos::{prelude::*, task::spawn_local};
use tailblazer_core::{
    experiment::ARMS,
    session::{Autosave, Command, Report, RunState},
};
use web_sys::VisibilityState;

use super::{
    OPEN_GROUP,
    store::{Store, StoreError},
    tabs,
};
use crate::{
    engine::Engine,
    workspace::{Workspace, library::Entry, message::Message, record::Record, run::Run},
};

/// Milliseconds between two savings of a run that trains.
const EVERY: u32 = 10_000;

/// Saves from now on.
pub fn follow(workspace: Workspace, engine: Engine) {
    let keeper = Keeper { workspace, engine, is_told: Rc::default() };
    tabs::listen(workspace);
    let ticking = keeper.clone();
    Interval::new(EVERY, move || ticking.ask(|run| run.state.get_untracked() == RunState::Running)).forget();
    let hiding = keeper.clone();
    EventListener::new(&document(), "visibilitychange", move |_| {
        if document().visibility_state() == VisibilityState::Hidden {
            hiding.ask(|run| matches!(run.state.get_untracked(), RunState::Running | RunState::Paused));
        }
    })
    .forget();
    for run in (0..ARMS).map(|place| workspace.run_at(place)) {
        let keeper = keeper.clone();
        let resting = keeper.clone();
        Effect::new(move |before: Option<RunState>| {
            let state = run.state.get();
            let is_at_rest = matches!(state, RunState::Paused | RunState::Finished);
            if before.is_some_and(|before| before != state) && is_at_rest {
                resting.ask_of(&run);
            }
            if before == Some(RunState::Running) && state == RunState::Failed {
                // No state: what was kept of it before is better.
                resting.store(run, None);
            }
            state
        });
        let ending = keeper.clone();
        Effect::new(move |before: Option<usize>| {
            let seed = run.seed.get();
            // The next seed begins at once, so its predecessor never rests.
            if before.is_some_and(|before| seed == before + 1)
                && let Some(entry) = Entry::of_earlier(&run, js_sys::Date::now())
                && let Some(report) = run.earlier.with_value(|list| list.last().map(Record::report))
            {
                ending.put(entry, report, None);
            }
            seed
        });
        Effect::new(move || {
            if let Some(state) = run.autosaved.get() {
                keeper.store(run, Some(state));
            }
        });
    }
}

/// What saving needs.
#[derive(Clone)]
struct Keeper {
    workspace: Workspace,
    engine: Engine,
    /// Whether the visitor was told that nothing is kept: once is enough.
    is_told: Rc<Cell<bool>>,
}

impl Keeper {
    /// Asks for the states of some runs.
    fn ask(&self, which: impl Fn(&Run) -> bool) {
        untrack(|| self.workspace.runs()).iter().filter(|run| which(run)).for_each(|run| self.ask_of(run));
    }

    fn ask_of(&self, run: &Run) {
        if run.filed.with_value(Option::is_some) && run.has_steps() {
            self.engine.ask(run, Command::Autosave);
        }
    }

    /// Stores a run as it is now.
    fn store(&self, run: Run, state: Option<Arc<Autosave>>) {
        let Some(entry) = Entry::of(&run, js_sys::Date::now()) else { return };
        // Later steps may have arrived: what is gone on from and what was reported are of one step.
        let report = match &state {
            Some(state) => run.report().until(state.step),
            None => run.report(),
        };
        self.put(entry, report, state);
    }

    fn put(&self, entry: Entry, report: Report, state: Option<Arc<Autosave>>) {
        // It is only a hint for the next visit.
        let _ = SessionStorage::set(OPEN_GROUP, &entry.group);
        let keeper = self.clone();
        spawn_local(async move {
            let spared = tabs::groups(keeper.workspace);
            let stored = match Store::open().await {
                Ok(store) => store.put(&entry, &report, state.as_deref(), &spared).await,
                Err(error) => Err(error),
            };
            match stored {
                Ok(()) => {
                    tabs::stored();
                    keeper.workspace.view.library_version.update(|version| *version += 1);
                }
                Err(error) => keeper.tell(error),
            }
        });
    }

    fn tell(&self, error: StoreError) {
        if !self.is_told.replace(true) {
            self.workspace.messages.push(Message::warning(error.to_string()));
        }
    }
}
