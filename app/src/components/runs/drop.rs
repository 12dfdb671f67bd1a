//! Where files come in: an archive of runs, weights or a recording, dropped or chosen.

use leptos::{ev::DragEvent, html::Input, prelude::*, task::spawn_local};

use crate::{
    browser::library::import,
    engine::Engine,
    t, words,
    workspace::{Workspace, message::Message},
};

/// The place to drop a file on, with a button that asks for one.
#[component]
pub fn FileDrop() -> impl IntoView {
    let workspace = Workspace::expect();
    let engine = Engine::expect();
    let (is_over, is_busy) = (RwSignal::new(false), RwSignal::new(false));
    let fault = RwSignal::new(None::<String>);
    let take = move |file: web_sys::File| {
        is_busy.set(true);
        fault.set(None);
        spawn_local(async move {
            let opened = import::open(workspace, engine, file).await;
            is_busy.try_set(false);
            if let Err(sentence) = opened
                && fault.try_set(Some(sentence.clone())).is_some()
            {
                // This screen is gone by now.
                workspace.messages.push(Message::failure(sentence));
            }
        });
    };
    let dropped = move |event: DragEvent| {
        event.prevent_default();
        is_over.set(false);
        if let Some(file) = event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0)) {
            take(file);
        }
    };
    let over = move |event: DragEvent| {
        event.prevent_default();
        is_over.set(true);
    };
    let said = move || fault.get().map(|sentence| words::sentence(&sentence));
    let input = NodeRef::<Input>::new();
    let chosen = move |_| {
        let Some(element) = input.get() else { return };
        if let Some(file) = element.files().and_then(|files| files.get(0)) {
            take(file);
        }
        // The same file can be chosen again.
        element.set_value("");
    };
    view! {
        <label
            class="file-drop"
            class:over=is_over
            data-testid="import-drop"
            aria-busy=move || is_busy.get().then_some("true")
            on:dragover=over
            on:dragleave=move |_| is_over.set(false)
            on:drop=dropped
        >
            <input
                node_ref=input
                type="file"
                class="sr"
                accept=".zip,.safetensors,.tbr"
                data-testid="import-file"
                on:change=chosen
            />
            <span>
                {format!("{} ", t!("Drop a zip, weights (safetensors) or a recording here, or"))}
                <u>{t!("choose a file")}</u>
            </span>
            {move || said().map(|sentence| view! { <span class="fault" role="alert" data-testid="import-fault">{sentence}</span> })}
        </label>
    }
}
