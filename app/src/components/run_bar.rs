//! Train, pause, step, branch, reset; where the run is; how it is looked at; where it computes.

use leptos::prelude::*;
use tailblazer_core::session::RunState;

use super::{
    icon::{Glyph, Icon},
    meters::Meters,
    settings::device::{DeviceBadge, DevicePick},
    track::Track,
    train::AxisPick,
};
use crate::{
    engine::Engine,
    key, t, words,
    workspace::{Workspace, action::Action, format::integer, summary},
};

/// The run bar: below the header, or docked at the foot of a small screen.
#[component]
pub fn RunBar() -> impl IntoView {
    let workspace = Workspace::expect();
    view! {
        <section class="run" aria-label=t!("Run") prop:inert=move || workspace.sheet_open()>
            <div class="actions">
                <PlayButton />
                <ActionButton
                    action=Action::Step
                    icon=Icon::Step
                    word=key!("Step")
                    hook="run-step"
                    label=t!("Step: train one step")
                    title=t!("Key .")
                />
                <ActionButton
                    action=Action::Branch
                    icon=Icon::Branch
                    word=key!("Branch")
                    hook="run-branch"
                    label=t!("Branch: let a copy of the run decay and see its loss")
                    title=t!("Let a copy of the run decay to the floor and see its loss; the run stays as it is. Key B")
                />
                <ActionButton
                    action=Action::Reset
                    icon=Icon::Reset
                    word=key!("Reset")
                    hook="run-reset"
                    label=t!("Reset to step 0")
                    title=t!("Keys Shift R")
                />
                <button
                    type="button"
                    class="btn settings-button"
                    data-testid="settings-open"
                    aria-label=t!("Settings")
                    aria-expanded=move || workspace.view.settings_open.get().to_string()
                    aria-controls="settings"
                    on:click=move |_| workspace.view.settings_open.set(true)
                >
                    <Glyph icon=Icon::Sliders />
                </button>
            </div>
            <Track />
            <Meters />
            <Changed />
            <div class="tools">
                <AxisPick id="x-axis" />
                <DevicePick id="device-select" />
                <DeviceBadge />
            </div>
        </section>
    }
}

/// One button, so that the keyboard's focus stays when its meaning changes.
#[component]
fn PlayButton() -> impl IntoView {
    let workspace = Workspace::expect();
    let engine = Engine::expect();
    let state = move || workspace.state();
    let busy = move || matches!(state(), RunState::Running | RunState::Preparing);
    let word = move || match state() {
        RunState::Idle | RunState::Paused => t!("Train"),
        RunState::Preparing => t!("Cancel"),
        RunState::Running => t!("Pause"),
        RunState::Finished | RunState::Failed => t!("Train again"),
    };
    let icon = Signal::derive(move || match state() {
        RunState::Running => Icon::Pause,
        RunState::Preparing => Icon::Cross,
        _ => Icon::Play,
    });
    view! {
        <button
            type="button"
            class="btn primary"
            data-testid=move || if busy() { "run-pause" } else { "run-play" }
            title=t!("Key Space")
            on:click=move |_| engine.act(if busy() { Action::Pause } else { Action::Play })
        >
            <Glyph icon=icon />
            {word}
        </button>
    }
}

/// A button of an action that is possible now and then.
#[component]
fn ActionButton(
    /// The action.
    action: Action,
    /// Its icon.
    icon: Icon,
    /// Its English word, which a narrow bar leaves out.
    word: &'static str,
    /// Its hook.
    hook: &'static str,
    /// What it does, for screen readers.
    label: &'static str,
    /// Its key, and what else a pointer should be told.
    title: &'static str,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let engine = Engine::expect();
    view! {
        <button
            type="button"
            class="btn"
            data-testid=hook
            data-piece=word.to_lowercase()
            aria-label=label
            title=title
            disabled=move || !workspace.possible(action)
            on:click=move |_| engine.act(action)
        >
            <Glyph icon=icon />
            <span class="word">{words::text(word)}</span>
        </button>
    }
}

/// Says that the settings are not those of the run.
#[component]
fn Changed() -> impl IntoView {
    let workspace = Workspace::expect();
    let shown = move || workspace.changed() && workspace.state() != RunState::Idle;
    let which = move || {
        let mut paths: Vec<String> = Vec::new();
        for arm in 0..workspace.arms() {
            let edited = workspace.edited(arm);
            let plan = workspace.run_of(arm).plan.get();
            paths.extend(
                plan.map(|plan| summary::differences(&plan.experiment, &edited.experiment)).unwrap_or_default(),
            );
        }
        paths.sort();
        paths.dedup();
        if paths.is_empty() {
            paths.push(t!("your text").into());
        }
        let more = paths.len().saturating_sub(4);
        paths.truncate(4);
        let settings = paths.join(", ");
        match more {
            0 => t!("Changed: {settings}. The run keeps its own settings until a reset.", settings),
            more => t!(
                "Changed: {settings} and {count} more. The run keeps its own settings until a reset.",
                settings,
                count = integer(more),
            ),
        }
    };
    view! {
        <Show when=shown>
            <span class="chip changed" data-testid="settings-changed" title=which>
                {t!("Settings changed: Reset to apply")}
            </span>
        </Show>
    }
}
