//! Brand, view, theme and link.

use leptos::prelude::*;

use super::icon::{Glyph, Icon, Logo};
use crate::{
    browser::address,
    workspace::{Workspace, summary},
};

/// The head of the page.
#[component]
pub fn Header() -> impl IntoView {
    let workspace = Workspace::expect();
    let theme = workspace.view.theme;
    let label = move || format!("Theme: {}. Switch to {}.", theme.get().name(), theme.get().next().name());
    view! {
        <header class="top" prop:inert=move || workspace.sheet_open()>
            <span class="brand"><Logo />"Tailblazer"</span>
            <nav class="tabs" aria-label="Views"><span aria-current="page">"Train"</span></nav>
            <span class="vr"></span>
            <h1 class="title">{move || summary::question(&workspace.shown())}</h1>
            <span class="grow"></span>
            <button
                type="button"
                class="btn quiet icon"
                data-testid="theme-switch"
                aria-label=label
                title=label
                on:click=move |_| theme.update(|theme| *theme = theme.next())
            >
                <Glyph icon=Icon::Theme />
            </button>
            <button
                type="button"
                class="btn"
                data-testid="copy-link"
                aria-label="Copy a link to this experiment"
                title="Copy a link to this experiment"
                on:click=move |_| address::copy(workspace)
            >
                <Glyph icon=Icon::Link />
                <span class="word">"Copy link"</span>
            </button>
        </header>
    }
}
