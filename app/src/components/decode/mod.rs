//! The screen that decodes: one network, several decoders side by side, forward by forward.

mod bar;
mod column;
mod grid;
mod inspector;
mod knobs;
mod meters;
mod number;
mod scatter;
mod timeline;

use std::time::Duration;

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use tailblazer_core::session::RunState;

use crate::{
    browser::{address, frame},
    engine::Engine,
    t,
    workspace::{
        Workspace,
        classroom::Layout,
        decode::{Decode, trace::Trace},
        view::Screen,
    },
};

/// Milliseconds without an edit before what was edited is decoded.
const PAUSE: Duration = Duration::from_millis(400);

/// The screen.
#[component]
pub fn DecodeScreen() -> impl IntoView {
    let workspace = Workspace::expect();
    let engine = Engine::expect();
    let decode = workspace.decode;
    follow_networks(workspace);
    follow_edits(workspace, engine);
    follow_judges(workspace, engine);
    begin_in_frames(workspace, engine);
    keep_playing(decode);
    on_cleanup(move || decode.playback.pause());

    let has_network = Memo::new(move |_| workspace.trained(decode.model.get().run).is_some());
    let has_traces = Memo::new(move |_| decode.over(|trace| trace.start.is_some()).contains(&true));
    view! {
        <Show when=move || has_network.get() || has_traces.get() fallback=|| view! { <Untrained /> }>
            <bar::Bar />
            <Place class="decoding">
                <h1 class="sr">{t!("Decode")}</h1>
                <SideBySide />
            </Place>
        </Show>
    }
}

/// The main part of the page, unless that is the strip of the screen that trains.
#[component]
fn Place(
    /// Its class.
    class: &'static str,
    /// What is in it.
    children: ChildrenFn,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let is_beside = Memo::new(move |_| workspace.trains_in_strip());
    move || match is_beside.get() {
        true => view! { <section class=class aria-label=t!("Decode")>{children()}</section> }.into_any(),
        false => view! { <main class=class>{children()}</main> }.into_any(),
    }
}

/// The decoders beside one another, and what belongs to all of them.
#[component]
pub fn SideBySide() -> impl IntoView {
    let decode = Workspace::expect().decode;
    let places = move || decode.list.with(|list| list.iter().map(|entry| entry.place).collect::<Vec<_>>());
    let count = move || format!("--columns: {}", decode.list.with(Vec::len).max(1));
    view! {
        <div class="decoders" style=count>
            <For each=places key=|place| *place let:place><column::DecoderColumn place /></For>
        </div>
        <div class="below">
            <timeline::Timeline />
            <scatter::Scatter />
            <inspector::Inspector />
        </div>
    }
}

/// Nothing is there to decode from.
#[component]
fn Untrained() -> impl IntoView {
    let workspace = Workspace::expect();
    view! {
        <Place class="page decode-empty">
            <h1 class="sr">{t!("Decode")}</h1>
            <div class="card" data-testid="decode-untrained">
                <p>{t!("Nothing is trained yet: train a network for a few steps, then watch here how it writes.")}</p>
                <button
                    type="button"
                    class="btn primary"
                    data-testid="decode-to-train"
                    on:click=move |_| address::go(workspace, Screen::Train)
                >
                    {t!("Go to Train")}
                </button>
            </div>
        </Place>
    }
}

/// Decodes from an arm that is trained, and suggests decoders that its network allows.
fn follow_networks(workspace: Workspace) {
    let decode = workspace.decode;
    let trained = Memo::new(move |_| {
        let places = (0..workspace.arms()).map(|arm| workspace.place_of(arm));
        places.filter(|place| workspace.trained(*place).is_some()).collect::<Vec<_>>()
    });
    Effect::new(move || decode.follow(&trained.get()));
    let reading = Memo::new(move |_| workspace.reading());
    Effect::new(move || {
        if let Some(reading) = reading.get() {
            decode.suggest(&reading);
        }
    });
}

/// Decodes what was edited, once nothing is edited any more.
fn follow_edits(workspace: Workspace, engine: Engine) {
    let decode = workspace.decode;
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let before = decode.common.get_untracked();
    let forget = move || {
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    };
    Effect::new(move |first: Option<()>| {
        let (common, _, _) = (decode.common.get(), decode.list.track(), decode.model.track());
        forget();
        let is_edited = decode.is_chosen.get_untracked() || decode.was_asked() || common != before;
        if first.is_none() || !is_edited {
            return;
        }
        let ask = move || {
            if engine.decode(false) > 0 && !prefers_stillness() {
                decode.playback.at.set(0.0);
                decode.playback.play();
            }
        };
        timer.set_value(set_timeout_with_handle(ask, PAUSE).ok());
    });
    on_cleanup(forget);
}

/// A small frame decodes by itself once what it decodes from is trained.
fn begin_in_frames(workspace: Workspace, engine: Engine) {
    let is_frame = workspace.view.classroom.with_untracked(|classroom| classroom.layout != Layout::Full);
    Effect::new(move |was_running: Option<bool>| {
        let state = workspace.state();
        let is_ready = is_frame && was_running == Some(true) && state == RunState::Finished;
        if is_ready && !workspace.decode.was_asked() && !prefers_stillness() {
            engine.play_decodes();
        }
        state == RunState::Running
    });
}

/// Whether the visitor asked for no motion: then nothing plays by itself.
fn prefers_stillness() -> bool {
    let query = window().match_media("(prefers-reduced-motion: reduce)");
    query.ok().flatten().is_some_and(|query| query.matches())
}

/// Gives every measurement to a judge, where there is one.
fn follow_judges(workspace: Workspace, engine: Engine) {
    let decode = workspace.decode;
    Effect::new(move || {
        for id in decode.unjudged.get() {
            engine.judge_decoded(id);
        }
    });
}

/// Lets the moment go on with the frames of the browser.
fn keep_playing(decode: Decode) {
    // A pause ends the frames that were asked for before it.
    let turn = StoredValue::new(0u32);
    Effect::new(move || {
        turn.update_value(|turn| *turn += 1);
        if decode.playback.is_playing.get() {
            let (this, now) = (turn.get_value(), frame::now());
            request_animation_frame(move || tick(decode, turn, this, now));
        }
    });
}

fn tick(decode: Decode, turn: StoredValue<u32>, this: u32, before: f64) {
    if turn.try_get_value() != Some(this) {
        return;
    }
    let now = frame::now();
    let (end, is_busy) = untrack(|| (decode.end(), decode.is_busy()));
    decode.playback.pass((now - before) / 1e3, end, is_busy);
    request_animation_frame(move || tick(decode, turn, this, now));
}

/// The place of a decoder among the columns, counted from 1: hooks and labels count so.
fn number_of(decode: Decode, place: usize) -> Memo<usize> {
    Memo::new(move |_| {
        decode.list.with(|list| list.iter().position(|entry| entry.place == place)).map_or(0, |index| index + 1)
    })
}

/// The text of a token as a cell shows it: what cannot be seen has a sign.
fn shown(trace: &Trace, token: u32) -> String {
    let word = trace.word(token).unwrap_or_default();
    word.chars()
        .map(|letter| match letter {
            ' ' => '␣',
            '\n' => '↵',
            '\t' => '⇥',
            other => other,
        })
        .collect()
}
