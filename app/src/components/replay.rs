//! The recording on the page: when and where it was made, and the moment that is shown.

use leptos::prelude::*;
use tailblazer_core::session::Recording;

use super::icon::{Glyph, Icon};
use crate::{
    browser::replay,
    t,
    workspace::{Workspace, format::integer},
};

/// Reads the bytes of a recording; none where they are none.
pub type ReadRecording = fn(&[u8]) -> Option<Recording>;

/// The reader.
pub fn read(bytes: &[u8]) -> Option<Recording> {
    Recording::from_bytes(bytes).ok()
}

/// Play, a scrubber over the steps, and where the recording comes from.
#[component]
pub fn ReplayBar() -> impl IntoView {
    let workspace = Workspace::expect();
    let shown = workspace.replay;
    let with = move |read: fn(&Recording) -> String| {
        move || shown.recording.with(|recording| recording.as_ref().map(|recording| read(recording)))
    };
    let steps = move || shown.recording.with(|recording| recording.as_ref().map_or(0, |recording| recording.steps()));
    let source = with(|Recording { date, device, build, .. }| {
        t!("Recorded {date} on {device}, build {build}. Train runs it here.", date, device, build)
    });
    let toggle = move |_| match shown.is_playing.get_untracked() {
        true => shown.is_playing.set(false),
        false => replay::play(workspace),
    };
    let icon = Signal::derive(move || if shown.is_playing.get() { Icon::Pause } else { Icon::Play });
    let label = move || if shown.is_playing.get() { t!("Pause the recording") } else { t!("Play the recording") };
    let scrub = move |event| {
        shown.is_playing.set(false);
        if let Ok(step) = event_target_value(&event).parse() {
            workspace.seek(step);
        }
    };
    view! {
        <div class="notice replay" data-testid="replay">
            <button
                type="button"
                class="btn small icon"
                data-testid="replay-play"
                aria-label=label
                title=label
                on:click=toggle
            >
                <Glyph icon=icon />
            </button>
            <input
                type="range"
                min="0"
                max=move || steps().to_string()
                prop:value=move || shown.at.get().to_string()
                aria-label=t!("Step of the recording")
                aria-valuetext=move || {
                    t!("step {step} of {steps}", step = integer(shown.at.get()), steps = integer(steps()))
                }
                data-testid="replay-scrubber"
                on:input=scrub
            />
            <p data-testid="replay-source">{source}</p>
        </div>
    }
}
