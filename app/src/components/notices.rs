//! Messages to the visitor, and what a screen reader is told about the run.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use tailblazer_core::{experiment::ARMS, session::RunState};

use super::{
    apart::{self, Apart},
    icon::{Glyph, Icon},
    results::state_word,
};
use crate::{
    browser::{frame::now, library, offline},
    engine::Engine,
    t, words,
    workspace::{
        Workspace,
        format::{fixed, integer},
        library::Unfinished,
        message::{Message, Offer, Tone},
        remedy::Remedy,
    },
};

/// Milliseconds between two announcements of the run's state.
const QUIET: f64 = 10_000.0;

/// The messages, the newest first.
#[component]
pub fn Notices() -> impl IntoView {
    let Workspace { messages, replay, .. } = Workspace::expect();
    view! {
        <div class="notices" aria-live="polite">
            <Show when=move || replay.is_shown()><Apart part=apart::REPLAY /></Show>
            <UnfinishedNotice />
            <For each=move || messages.get() key=|message| message.id let:message>
                <Notice message />
            </For>
        </div>
    }
}

/// Offers to go on with what this tab had before it was loaded again.
#[component]
fn UnfinishedNotice() -> impl IntoView {
    let workspace = Workspace::expect();
    let engine = Engine::expect();
    let unfinished = workspace.view.unfinished;
    let sentence = move || {
        let Unfinished { step, steps, .. } = unfinished.get()?;
        Some(t!(
            "The run that was here is kept: it stopped after {step} of {steps} steps.",
            step = integer(step),
            steps = integer(steps),
        ))
    };
    let go_on = move |_| {
        let Some(Unfinished { group, .. }) = unfinished.get_untracked() else { return };
        unfinished.set(None);
        spawn_local(async move {
            match library::load_resume().await {
                Ok(resume) => resume(workspace, engine, group),
                Err(_) => workspace.messages.push(Message::failure(t!(
                    "A part of the page did not load, so the run does not go on yet: check the connection and try again."
                ))),
            }
        });
    };
    // Whoever trains something else has decided.
    Effect::new(move |before: Option<RunState>| {
        let state = workspace.state();
        if before == Some(RunState::Idle) && state != RunState::Idle {
            unfinished.set(None);
        }
        state
    });
    view! {
        <Show when=move || unfinished.with(Option::is_some)>
            <div class="notice">
                <Glyph icon=Icon::Reset />
                <p role="status" data-testid="unfinished">{sentence}</p>
                <button type="button" class="btn small" data-testid="resume-last" on:click=go_on>{t!("Resume")}</button>
                <button
                    type="button"
                    class="btn small icon quiet"
                    aria-label=t!("Dismiss: the run stays in the list of runs")
                    on:click=move |_| unfinished.set(None)
                >
                    <Glyph icon=Icon::Cross />
                </button>
            </div>
        </Show>
    }
}

#[component]
fn Notice(message: Message) -> impl IntoView {
    let workspace = Workspace::expect();
    let messages = workspace.messages;
    let (class, icon, role) = match message.tone {
        Tone::Note => ("notice", Icon::Check, "status"),
        Tone::Warning => ("notice warn", Icon::Warning, "status"),
        Tone::Failure => ("notice bad", Icon::Warning, "alert"),
    };
    let (is_update, title) = (message.offer == Some(Offer::Update), message.text.clone());
    let more = move || is_update.then(|| offline::cost(workspace)).flatten().map(|cost| format!(" {cost}"));
    let buttons = message.offer.map(|offer| match offer {
        Offer::Update => view! {
            <button type="button" class="btn small" data-testid="message-offer" on:click=move |_| offline::update()>
                {t!("Update")}
            </button>
        }
        .into_any(),
        Offer::Remedies { arm } => view! { <Remedies arm /> }.into_any(),
    });
    view! {
        <div class=class>
            <Glyph icon=icon />
            <p role=role data-testid="message" title=title>{message.text} {more}</p>
            {buttons}
            <button
                type="button"
                class="btn small icon quiet"
                aria-label=t!("Dismiss this message")
                on:click=move |_| messages.dismiss(message.id)
            >
                <Glyph icon=Icon::Cross />
            </button>
        </div>
    }
}

/// What to try in place of a run that diverged: each button adds an arm.
#[component]
fn Remedies(
    /// The arm that diverged.
    arm: usize,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let is_full =
        move || workspace.arms() >= ARMS || workspace.view.classroom.with(|classroom| classroom.locks("arms"));
    let experiment = untrack(|| workspace.shown_of(arm));
    let button = |remedy: Remedy| {
        let changed = remedy.of(&experiment)?;
        Some(view! {
            <button
                type="button"
                class="btn small"
                data-testid=remedy.hook()
                disabled=is_full
                on:click=move |_| workspace.add(&changed)
            >
                {remedy.words()}
            </button>
        })
    };
    view! { <div class="remedies">{t!("As another arm:")} {Remedy::ALL.map(button)}</div> }
}

/// Says the state of the run to a screen reader, at most once in ten seconds and never the step counter.
#[component]
pub fn Announcer() -> impl IntoView {
    let workspace = Workspace::expect();
    let said = RwSignal::new(String::new());
    let last = StoredValue::new(f64::NEG_INFINITY);
    let waiting = StoredValue::new(false);
    let say = move || {
        waiting.set_value(false);
        last.set_value(now());
        said.set(untrack(|| sentence(&workspace)));
    };
    Effect::new(move |first: Option<()>| {
        workspace.runs().iter().for_each(|run| run.state.track());
        if first.is_none() || waiting.get_value() {
            return;
        }
        let rest = last.get_value() + QUIET - now();
        if rest <= 0.0 {
            say();
        } else {
            waiting.set_value(true);
            set_timeout(say, Duration::from_millis(rest as u64));
        }
    });
    view! { <p class="sr" role="status" aria-live="polite">{move || said.get()}</p> }
}

fn sentence(workspace: &Workspace) -> String {
    let state = workspace.state();
    let word = words::text(state_word(state));
    let (step, validation) = workspace
        .run()
        .record
        .with_value(|record| (record.columns.last().map(|row| row.step), record.validations.last().map(|v| v.loss)));
    match (state, step) {
        (RunState::Paused | RunState::Finished | RunState::Failed, Some(step)) => {
            let step = integer(step);
            match validation.map(|loss| fixed(loss, 2)) {
                Some(loss) => t!("Run {state} at step {step}, validation loss {loss}.", state = word, step, loss),
                None => t!("Run {state} at step {step}.", state = word, step),
            }
        }
        _ => t!("Run {state}.", state = word),
    }
}
