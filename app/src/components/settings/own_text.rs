//! The visitor's own text: pasted, dropped or picked. It stays in the tab.

use std::sync::Arc;

use leptos::{ev, html, prelude::*};
use tailblazer_core::{
    experiment::Invalid,
    session::OwnText,
    text::{
        TextError,
        own::{check_size, decode},
    },
};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DragEvent, File};

use crate::{
    components::field::{Fault, forgive},
    key, t, words,
    workspace::{Workspace, format, message::Message},
};

/// A longer text would make the text area slow; it is kept beside it.
const SHOWN: usize = 200_000;

/// The name of a text that came without one.
const PASTED: &str = key!("pasted text");

/// The text area, the file picker and the place to drop a file.
#[component]
pub fn OwnTextField() -> impl IntoView {
    let workspace = Workspace::expect();
    let text = workspace.own_text;
    let picker = NodeRef::<html::Input>::new();
    let dragging = RwSignal::new(false);

    let value = move || {
        text.with(|text| match text {
            Some(own) if own.text.len() <= SHOWN => own.text.clone(),
            _ => String::new(),
        })
    };
    let note = move || {
        text.with(|text| match text {
            None => {
                t!("Paste, drop or pick a text of at least one context: UTF-8, up to 20 MB. It stays in this browser.")
                    .into()
            }
            Some(own) => {
                let name = if own.name == PASTED { words::text(PASTED) } else { &own.name };
                let size = format::bytes(own.text.len());
                if own.text.len() > SHOWN {
                    t!("{name}, {size}. Too long to be shown here, but it is learned.", name, size)
                } else {
                    format!("{name}, {size}")
                }
            }
        })
    };
    let dropped = move |event: DragEvent| {
        event.prevent_default();
        dragging.set(false);
        if let Some(file) = event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0)) {
            take_file(workspace, file);
        }
    };
    let picked = move |event: ev::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let Some(input) = input else { return };
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            take_file(workspace, file);
        }
        // Picking the same file again must count as a change.
        input.set_value("");
    };
    view! {
        <div
            class="own-text"
            class:dragging=move || dragging.get()
            on:dragover=move |event| {
                event.prevent_default();
                dragging.set(true);
            }
            on:dragleave=move |_| dragging.set(false)
            on:drop=dropped
        >
            <label class="field wide block" for="corpus-text">
                <span>{t!("Your text")}</span>
                <textarea
                    id="corpus-text"
                    data-testid="corpus-text"
                    rows="4"
                    spellcheck="false"
                    prop:value=value
                    on:input:target=move |event| take_text(workspace, event.target().value())
                ></textarea>
                <Fault path="text.own" />
            </label>
            <p class="note" data-testid="corpus-text-note">{note}</p>
            <div class="own-actions">
                <input
                    type="file"
                    class="sr"
                    tabindex="-1"
                    aria-label=t!("Pick a text file")
                    data-testid="corpus-file"
                    accept=".txt,.md,.csv,.json,text/*"
                    node_ref=picker
                    on:change=picked
                />
                <button
                    type="button"
                    class="btn small"
                    on:click=move |_| {
                        if let Some(picker) = picker.get_untracked() {
                            picker.click();
                        }
                    }
                >
                    {t!("Pick a file")}
                </button>
                <Show when=move || text.with(Option::is_some)>
                    <button type="button" class="btn small quiet" on:click=move |_| text.set(None)>
                        {t!("Remove")}
                    </button>
                </Show>
            </div>
        </div>
    }
}

fn take_text(workspace: Workspace, text: String) {
    forgive_text(workspace);
    match check_size(text.len() as u64) {
        Ok(()) if text.is_empty() => workspace.own_text.set(None),
        Ok(()) => workspace.own_text.set(Some(Arc::new(OwnText { name: PASTED.into(), text }))),
        Err(error) => refuse(workspace, &error),
    }
}

/// Says at the field and as a message why a text was not taken.
fn refuse(workspace: Workspace, error: &TextError) {
    let message = error.to_string();
    untrack(|| workspace.run()).refused.set(Some(Invalid { field: error.field().into(), message: message.clone() }));
    workspace.messages.push(Message::failure(message));
}

/// Reads a file, unless its size alone forbids it. What was there before stays if the file is refused.
fn take_file(workspace: Workspace, file: File) {
    if let Err(error) = check_size(file.size() as u64) {
        return refuse(workspace, &error);
    }
    spawn_local(async move {
        let Ok(buffer) = JsFuture::from(file.array_buffer()).await else {
            let sentence = t!("The file {name} could not be read.", name = file.name());
            return workspace.messages.push(Message::failure(sentence));
        };
        let bytes = js_sys::Uint8Array::new(&buffer).to_vec();
        match decode(bytes) {
            Ok(text) => {
                forgive_text(workspace);
                workspace.own_text.set(Some(Arc::new(OwnText { name: file.name(), text })));
            }
            Err(error) => refuse(workspace, &error),
        }
    });
}

fn forgive_text(workspace: Workspace) {
    for path in ["text", "text.corpus", "text.own"] {
        forgive(workspace, path);
    }
}
