//! Brand, view, theme and link.

use leptos::{ev::MouseEvent, prelude::*};

use super::{
    guide::{GuideButton, guided},
    icon::{Glyph, Icon, Logo},
};
use crate::{
    browser::address,
    workspace::{Workspace, summary, view::Screen},
};

/// The head of the page.
#[component]
pub fn Header() -> impl IntoView {
    let workspace = Workspace::expect();
    let theme = workspace.view.theme;
    let is_train = move || workspace.view.screen.get() == Screen::Train;
    let guided = guided(workspace);
    let title = move || match guided.get() {
        Some(preset) => preset.title.to_owned(),
        None => summary::question(&workspace.shown()),
    };
    let label = move || format!("Theme: {}. Switch to {}.", theme.get().name(), theme.get().next().name());
    view! {
        <header class="top" prop:inert=move || workspace.sheet_open()>
            <span class="brand"><Logo />"Tailblazer"</span>
            <nav class="tabs" aria-label="Views">{Screen::TABS.map(|screen| view! { <ScreenTab screen /> })}</nav>
            <Show when=is_train>
                <span class="vr"></span>
                <h1 class="title">{title}</h1>
                <GuideButton guided />
            </Show>
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
                hidden=move || !is_train()
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

/// A link to a screen. Followed here, it leaves what is trained as it is; opened elsewhere, it is an ordinary link.
#[component]
fn ScreenTab(screen: Screen) -> impl IntoView {
    let workspace = Workspace::expect();
    let hook = match screen {
        Screen::Decode => "tab-decode".to_owned(),
        _ => format!("screen-{}", screen.word().to_lowercase()),
    };
    let follow = move |event: MouseEvent| {
        if address::is_plain(&event) {
            event.prevent_default();
            address::go(workspace, screen);
        }
    };
    view! {
        <a
            href=move || address::address_of(workspace, screen)
            aria-current=move || (workspace.view.screen.get() == screen).then_some("page")
            data-testid=hook
            on:click=follow
        >
            {screen.word()}
        </a>
    }
}
