//! Parts of the page whose code is a program of its own: the page paints without them and loads each when it is first
//! shown.

use futures::{FutureExt as _, future::LocalBoxFuture};
use leptos::{
    prelude::*,
    wasm_split::{SplitLoaderError, wasm_split},
};
use wasm_bindgen_futures::spawn_local;

use super::{
    arms::Arms,
    bench::BenchScreen,
    decode::DecodeScreen,
    lab::LabScreen,
    methods::MethodsScreen,
    replay::{self, ReadRecording, ReplayBar},
    runs::RunsScreen,
    save_menu::{Figure, Form},
    settings::Settings,
    share::{self, ShareDialog},
    train::Panels,
    verdict::VerdictStrip,
};
use crate::{t, workspace::Workspace};

/// Draws a part whose code has arrived.
type Draw = fn() -> AnyView;

/// Saves a chart.
pub type SaveFigure = fn(Workspace, Figure, Form) -> LocalBoxFuture<'static, ()>;

/// A part of the page.
#[derive(Clone, Copy)]
pub struct Part {
    load: fn() -> LocalBoxFuture<'static, Result<Draw, SplitLoaderError>>,
    /// Whether nothing else is on the screen while it is loaded.
    is_alone: bool,
}

/// The settings.
pub const SETTINGS: Part = Part { load: || settings().boxed_local(), is_alone: false };

/// The strips of the arms.
pub const ARMS: Part = Part { load: || arms().boxed_local(), is_alone: false };

/// The verdict over the arms.
pub const VERDICT: Part = Part { load: || verdict().boxed_local(), is_alone: false };

/// The charts and the samples.
pub const PANELS: Part = Part { load: || panels().boxed_local(), is_alone: false };

/// The recording on the page.
pub const REPLAY: Part = Part { load: || replay_bar().boxed_local(), is_alone: false };

/// The screen that decodes.
pub const DECODE: Part = Part { load: || decode().boxed_local(), is_alone: true };

/// The lab.
pub const LAB: Part = Part { load: || lab().boxed_local(), is_alone: true };

/// The runs that the browser keeps.
pub const RUNS: Part = Part { load: || runs().boxed_local(), is_alone: true };

/// The methods.
pub const METHODS: Part = Part { load: || methods().boxed_local(), is_alone: true };

/// The benchmark.
pub const BENCH: Part = Part { load: || bench().boxed_local(), is_alone: true };

/// The dialog that shares.
pub const SHARE: Part = Part { load: || share().boxed_local(), is_alone: false };

/// A part that is loaded when it is first drawn.
#[component]
pub fn Apart(
    /// The part.
    part: Part,
) -> impl IntoView {
    let attempt = RwSignal::new(0);
    let loaded = RwSignal::new(None::<Option<Draw>>);
    Effect::new(move |_| {
        attempt.track();
        loaded.set(None);
        spawn_local(async move {
            let code = (part.load)().await;
            // Another part may be shown in its place by now.
            loaded.try_set(Some(code.ok()));
        });
    });
    move || match loaded.get() {
        None => view! {
            <p class="alone" role="status" aria-busy="true" hidden=!part.is_alone>{t!("Loading")}</p>
        }
        .into_any(),
        Some(Some(draw)) => draw(),
        Some(None) => view! {
            <div class="alone" role="alert" data-testid="part-missing">
                <p>{t!("A part of the page did not load: check the connection, or reload the page.")}</p>
                <button
                    type="button"
                    class="btn"
                    data-testid="part-again"
                    on:click=move |_| attempt.update(|attempt| *attempt += 1)
                >
                    {t!("Try again")}
                </button>
            </div>
        }
        .into_any(),
    }
}

#[wasm_split(train, wasm_split_path = ::leptos::wasm_split, fallible)]
fn settings() -> Result<Draw, SplitLoaderError> {
    Ok(|| view! { <Settings /> }.into_any())
}

#[wasm_split(train, wasm_split_path = ::leptos::wasm_split, fallible)]
fn arms() -> Result<Draw, SplitLoaderError> {
    Ok(|| view! { <Arms /> }.into_any())
}

#[wasm_split(train, wasm_split_path = ::leptos::wasm_split, fallible)]
fn verdict() -> Result<Draw, SplitLoaderError> {
    Ok(|| view! { <VerdictStrip /> }.into_any())
}

#[wasm_split(train, wasm_split_path = ::leptos::wasm_split, fallible)]
fn panels() -> Result<Draw, SplitLoaderError> {
    Ok(|| view! { <Panels /> }.into_any())
}

#[wasm_split(replay, wasm_split_path = ::leptos::wasm_split, fallible)]
fn replay_bar() -> Result<Draw, SplitLoaderError> {
    Ok(|| view! { <ReplayBar /> }.into_any())
}

/// What reads recordings.
#[wasm_split(replay, wasm_split_path = ::leptos::wasm_split, fallible)]
pub fn recording_reader() -> Result<ReadRecording, SplitLoaderError> {
    Ok(replay::read)
}

#[wasm_split(decode, wasm_split_path = ::leptos::wasm_split, fallible)]
fn decode() -> Result<Draw, SplitLoaderError> {
    Ok(|| view! { <DecodeScreen /> }.into_any())
}

#[wasm_split(pages, wasm_split_path = ::leptos::wasm_split, fallible)]
fn lab() -> Result<Draw, SplitLoaderError> {
    Ok(|| view! { <LabScreen /> }.into_any())
}

#[wasm_split(library, wasm_split_path = ::leptos::wasm_split, fallible)]
fn runs() -> Result<Draw, SplitLoaderError> {
    Ok(|| view! { <RunsScreen /> }.into_any())
}

#[wasm_split(pages, wasm_split_path = ::leptos::wasm_split, fallible)]
fn methods() -> Result<Draw, SplitLoaderError> {
    Ok(|| view! { <MethodsScreen /> }.into_any())
}

#[wasm_split(pages, wasm_split_path = ::leptos::wasm_split, fallible)]
fn bench() -> Result<Draw, SplitLoaderError> {
    Ok(|| view! { <BenchScreen /> }.into_any())
}

#[wasm_split(share, wasm_split_path = ::leptos::wasm_split, fallible)]
fn share() -> Result<Draw, SplitLoaderError> {
    Ok(|| view! { <ShareDialog /> }.into_any())
}

/// The code that saves charts, which comes with the dialog that shares.
#[wasm_split(share, wasm_split_path = ::leptos::wasm_split, fallible)]
pub fn figure_saver() -> Result<SaveFigure, SplitLoaderError> {
    Ok(|workspace, figure, form| share::save_figure(workspace, figure, form).boxed_local())
}
