//! Recordings of guided experiments, shown until something is trained or changed.

use std::time::Duration;

use gloo::net::http::Request;
use leptos::{leptos_dom::helpers::IntervalHandle, prelude::*, task::spawn_local};
use tailblazer_core::session::{Recording, RunState};

use crate::workspace::Workspace;

/// Time between two moments of a replay that plays.
const TICK: Duration = Duration::from_millis(50);

/// How long a whole replay takes.
const WHOLE: Duration = Duration::from_secs(12);

/// Shows the recording of the guided experiment that is on the page, and takes it off once that is changed.
pub fn follow(workspace: Workspace) {
    let guided = Memo::new(move |_| workspace.recorded().map(|preset| preset.name));
    Effect::new(move || {
        workspace.end_replay();
        let Some(name) = guided.get() else { return };
        spawn_local(async move {
            let recording = load(name).await;
            let is_free = || {
                let runs = workspace.runs();
                let is_idle = |run: &crate::workspace::run::Run| {
                    run.state.get() == RunState::Idle && run.asked.with_value(Option::is_none) && !run.has_steps()
                };
                guided.get() == Some(name) && runs.iter().all(is_idle)
            };
            if let Some(recording) = recording.filter(|_| untrack(is_free)) {
                workspace.show_recording(recording);
                if workspace.view.classroom.with_untracked(|classroom| classroom.replays) {
                    play(workspace);
                }
            }
        });
    });
    let timer = StoredValue::new(None::<IntervalHandle>);
    Effect::new(move || {
        let is_playing = workspace.replay.is_playing.get();
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
        if is_playing {
            timer.set_value(set_interval_with_handle(move || tick(workspace), TICK).ok());
        }
    });
}

/// Plays from where it is, and from the start at the end.
pub fn play(workspace: Workspace) {
    if workspace.replay.next(0.0).is_none() {
        workspace.seek(0);
    }
    workspace.replay.is_playing.set(true);
}

fn tick(workspace: Workspace) {
    match workspace.replay.next(TICK.as_secs_f64() / WHOLE.as_secs_f64()) {
        Some(step) => workspace.seek(step),
        None => workspace.replay.is_playing.set(false),
    }
}

/// The recording of a name; none where there is none, or none that can be read.
async fn load(name: &str) -> Option<Recording> {
    let response = Request::get(&format!("recordings/{name}.tbr")).send().await.ok()?;
    let bytes = response.binary().await.ok().filter(|_| response.ok())?;
    let read = crate::components::load_recording_reader().await.ok()?;
    read(&bytes)
}
