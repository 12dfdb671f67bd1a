//! The dialog that shares what is edited: as a link, as a frame for a course page, and as a citation.

mod cite;
mod embed;
mod figure;
mod qr;
mod save;

pub use figure::save as save_figure;

use leptos::{html, prelude::*};

use crate::{
    browser::address,
    components::icon::{Glyph, Icon},
    t,
    workspace::{Workspace, message::Message},
};

/// The dialog. It is in the page while it is open.
#[component]
pub fn ShareDialog() -> impl IntoView {
    let workspace = Workspace::expect();
    let open = workspace.view.sharing;
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        if let Some(dialog) = dialog.get() {
            // It was put into the page a moment ago, closed.
            let _ = dialog.show_modal();
        }
    });
    // What the link is to say of the page; the page itself stays as it is.
    let classroom = RwSignal::new(workspace.view.classroom.get_untracked());
    let link = Memo::new(move |_| address::whole_link(workspace, &classroom.get()));
    view! {
        <dialog
            class="share"
            node_ref=dialog
            aria-labelledby="share-title"
            on:close=move |_| open.set(false)
        >
            // A dialog's head is not the head of a page.
            <header role="none">
                <h2 id="share-title">{t!("Share this experiment")}</h2>
                <button
                    type="button"
                    class="btn quiet icon"
                    aria-label=t!("Close")
                    data-testid="share-close"
                    on:click=move |_| open.set(false)
                >
                    <Glyph icon=Icon::Cross />
                </button>
            </header>
            <div class="share-body">
                <LinkSection link />
                <embed::EmbedSection classroom link />
                <cite::CiteSection />
                <save::SaveSection />
            </div>
        </dialog>
    }
}

/// The link itself.
#[component]
fn LinkSection(link: Memo<String>) -> impl IntoView {
    let workspace = Workspace::expect();
    let has_own_text = move || address::has_own_text(workspace);
    let length = move || {
        let words = t!("{count} characters.", count = link.with(|link| link.chars().count()));
        if has_own_text() { format!("{words} {}", t!("Your text is not in it.")) } else { words }
    };
    let use_of = t!("It holds what differs from a preset, and opens the same experiment with the same seeds.");
    view! {
        <section aria-labelledby="share-link-title">
            <h3 id="share-link-title">{t!("Link")}</h3>
            <div class="share-row">
                <input
                    class="mono"
                    type="text"
                    readonly
                    aria-label=t!("Link to this experiment")
                    data-testid="share-link"
                    prop:value=move || link.get()
                    on:focus:target=move |event| event.target().select()
                />
                <CopyButton text=Signal::derive(move || link.get()) what=t!("The link") hook="share-copy" />
            </div>
            <p class="note">
                {length} {format!(" {use_of}")}
            </p>
            <details class="share-qr">
                <summary>{t!("QR code")}</summary>
                {move || qr::code(&link.get())}
            </details>
        </section>
    }
}

/// A button that copies a text.
#[component]
fn CopyButton(
    /// The text.
    text: Signal<String>,
    /// What it is, as the message says it.
    what: &'static str,
    /// The hook.
    hook: &'static str,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let is_copied = RwSignal::new(false);
    let copy = move |_| {
        let text = text.get_untracked();
        leptos::task::spawn_local(async move {
            if address::copy(&text).await {
                is_copied.try_set(true);
            } else {
                let sentence = t!("{what} could not be copied: select it and copy it.", what);
                workspace.messages.push(Message::warning(sentence));
            }
        });
    };
    // Another text is not copied yet.
    Effect::new(move || {
        text.track();
        is_copied.set(false);
    });
    let word = move || if is_copied.get() { t!("Copied") } else { t!("Copy") };
    view! {
        <button type="button" class="btn" data-testid=hook on:click=copy>
            <Glyph icon=Signal::derive(move || if is_copied.get() { Icon::Check } else { Icon::Link }) />
            <span role="status">{word}</span>
        </button>
    }
}

/// A box that switches one thing of the classroom.
#[component]
fn Switch(
    /// Its words.
    label: &'static str,
    /// The hook.
    #[prop(into)]
    hook: String,
    /// Whether it is on.
    is_on: Signal<bool>,
    /// Switches it.
    set: Callback<bool>,
) -> impl IntoView {
    view! {
        <label class="check">
            <input
                type="checkbox"
                data-testid=hook
                prop:checked=is_on
                on:change:target=move |event| set.run(event.target().checked())
            />
            {label}
        </label>
    }
}
