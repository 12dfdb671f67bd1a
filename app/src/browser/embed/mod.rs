//! The page in somebody else's: who may steer it, what it reports, and a rest while nobody sees it.

pub mod protocol;

use gloo::events::EventListener;
use leptos::prelude::*;
use tailblazer_core::{
    experiment::{Comparison, comparison_from_link},
    session::RunState,
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, Window, js_sys};

use super::{address, classroom::when_seen};
use crate::{
    components::state_word,
    engine::Engine,
    workspace::{Workspace, action::Action, classroom::Layout},
};
use protocol::{ArmReport, Report, Request};

/// The embedding page.
#[derive(Clone)]
struct Host {
    window: Window,
    /// The origins that may steer this page, and hear of it.
    origins: Vec<String>,
}

/// Listens to the embedding page, if there is one, and reports to it.
pub fn listen(workspace: Workspace, engine: Engine) {
    let Some(parent) = window().parent().ok().flatten().filter(|parent| *parent != window()) else { return };
    let query = window().location().search().unwrap_or_default();
    let origins = query.trim_start_matches('?').split('&').find_map(|pair| pair.strip_prefix("origins="));
    let origins = origins.and_then(|list| js_sys::decode_uri_component(list).ok()).map(String::from);
    let host = Host { window: parent, origins: protocol::allowed(origins.as_deref(), &document().referrer()) };

    let told = host.clone();
    EventListener::new(&window(), "message", move |event| {
        let Some(event) = event.dyn_ref::<MessageEvent>() else { return };
        if let Err(message) = take(workspace, engine, &told, event) {
            told.tell(&Report::Refused { message });
        }
    })
    .forget();

    let told = StoredValue::new_local(host);
    told.with_value(|host| host.tell(&Report::Ready { poster: false, link: workspace.link.get_untracked() }));
    Effect::new(move || {
        workspace.slow_version.track();
        let report = state(workspace);
        told.with_value(|host| host.tell(&report));
    });
    if workspace.view.classroom.with_untracked(|classroom| classroom.layout) == Layout::Full {
        report_height(told);
    }
    rest_unseen(workspace, engine);
}

impl Host {
    /// Sends a report to the origins that may hear it; a page of another origin gets none.
    fn tell(&self, report: &Report) {
        let Ok(message) = js_sys::JSON::parse(&protocol::write(report)) else { return };
        for origin in &self.origins {
            // An origin was checked when it was read.
            let _ = self.window.post_message(&message, origin);
        }
    }
}

/// Carries out a message; an error is a sentence for the embedding page.
fn take(workspace: Workspace, engine: Engine, host: &Host, event: &MessageEvent) -> Result<(), String> {
    let is_host = event.source().is_some_and(|source| JsValue::from(source) == JsValue::from(host.window.clone()));
    if !is_host || !host.origins.contains(&event.origin()) {
        return Ok(());
    }
    let Ok(json) = js_sys::JSON::stringify(&event.data()) else { return Ok(()) };
    let Some(request) = protocol::read(&String::from(json)).map_err(|error| error.to_string())? else { return Ok(()) };
    let act = |action: Action| match untrack(|| workspace.possible(action)) {
        true => {
            engine.act(action);
            Ok(())
        }
        false => Err(format!("Nothing can be done for {action:?} in this state.")),
    };
    match request {
        Request::Play => act(Action::Play),
        Request::Pause => act(Action::Pause),
        Request::Step => act(Action::Step),
        Request::Reset => act(Action::Reset),
        Request::Open { link } => {
            let (comparison, errors) = comparison_from_link(&link);
            address::report(&workspace, &errors);
            address::open(workspace, engine, comparison);
            errors.first().map_or(Ok(()), |error| Err(error.to_string()))
        }
        Request::State => {
            host.tell(&untrack(|| state(workspace)));
            Ok(())
        }
    }
}

/// Where the runs are.
fn state(workspace: Workspace) -> Report {
    let arm = |arm: usize| {
        // What is replayed was not trained here.
        let record = workspace.run_of(arm).record;
        let (step, validation) = record.with_value(|record| {
            if workspace.replay.is_shown() {
                return (0, None);
            }
            let step = record.columns.last().map_or(0, |row| row.step);
            (step, record.validations.last().map(|validation| validation.loss))
        });
        ArmReport { arm: Comparison::letter(arm), step, validation: validation.filter(|loss| loss.is_finite()) }
    };
    Report::State {
        state: state_word(workspace.state()),
        steps: workspace.shown().train.steps,
        arms: (0..workspace.arms()).map(arm).collect(),
    }
}

/// Reports the height of the page whenever it changes.
fn report_height(host: StoredValue<Host, LocalStorage>) {
    let Some(root) = document().document_element() else { return };
    let known = std::cell::Cell::new(0.0);
    let measured = root.clone();
    super::frame::on_resize(&root, move || {
        let height = f64::from(measured.scroll_height());
        if known.replace(height) != height {
            host.with_value(|host| host.tell(&Report::Height { height }));
        }
    });
}

/// Pauses what trains while the frame is out of sight, and goes on once it is seen again.
fn rest_unseen(workspace: Workspace, engine: Engine) {
    let Some(body) = document().body() else { return };
    let rests = StoredValue::new(false);
    when_seen(&body, move |is_seen| {
        let is_running = untrack(|| workspace.state()) == RunState::Running;
        if !is_seen && is_running {
            rests.set_value(true);
            engine.act(Action::Pause);
        } else if is_seen && rests.get_value() {
            rests.set_value(false);
            if untrack(|| workspace.state()) == RunState::Paused {
                engine.act(Action::Play);
            }
        }
        true
    });
}
