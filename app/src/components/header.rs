//! Brand, view, theme and link.

use leptos::{ev::MouseEvent, prelude::*};

use super::{
    guide::{GuideButton, guided},
    icon::{Glyph, Icon, Logo},
};
use crate::{
    browser::{address, language},
    t,
    words::{self, Language},
    workspace::{Workspace, summary, view::Screen},
};

/// The head of the page.
#[component]
pub fn Header() -> impl IntoView {
    let workspace = Workspace::expect();
    let theme = workspace.view.theme;
    let is_train = move || workspace.view.screen.get() == Screen::Train;
    let has_link = move || workspace.view.screen.get().has_experiment();
    let is_decode = move || workspace.view.screen.get() == Screen::Decode;
    let guided = guided(workspace);
    let title = move || match guided.get() {
        Some(preset) => words::text(preset.title).to_owned(),
        None => summary::question(&workspace.shown()),
    };
    let label = move || {
        let (now, next) = (theme.get().word(), theme.get().next().word());
        t!("Theme: {now}. Switch to {next}.", now, next)
    };
    view! {
        <header class="top" prop:inert=move || workspace.sheet_open()>
            <span class="brand"><Logo />"Tailblazer"</span>
            <nav class="tabs" aria-label=t!("Views")>{Screen::TABS.map(|screen| view! { <ScreenTab screen /> })}</nav>
            <Show when=is_train>
                <span class="vr"></span>
                <h1 class="title">{title}</h1>
                <GuideButton guided />
            </Show>
            <Show when=is_decode><p class="paper title">{title}</p></Show>
            <span class="grow"></span>
            <LanguageSelect />
            <button
                type="button"
                class="btn quiet icon"
                data-testid="theme-toggle"
                aria-label=label
                title=label
                on:click=move |_| theme.update(|theme| *theme = theme.next())
            >
                <Glyph icon=Icon::Theme />
            </button>
            <button
                type="button"
                class="btn share-open"
                hidden=move || !has_link()
                data-testid="share-open"
                aria-label=t!("Share this experiment")
                title=t!("A link, a frame for a course page, a citation")
                aria-haspopup="dialog"
                on:click=move |_| workspace.view.sharing.set(true)
            >
                <Glyph icon=Icon::Link />
                <span class="word">{t!("Share")}</span>
            </button>
            <a
                class="open-full"
                href=move || address::full_page(workspace)
                target="_blank"
                rel="noopener"
                data-testid="open-full"
            >
                {t!("Open in Tailblazer")}
            </a>
        </header>
    }
}

/// The languages by their tags, which fit beside everything else in the head.
#[component]
fn LanguageSelect() -> impl IntoView {
    let workspace = Workspace::expect();
    let spoken = move || workspace.view.language.get().tag();
    let choose = move |tag: String| {
        if let Some(language) = Language::of_tag(&tag) {
            language::choose(workspace, language);
        }
    };
    let option = |language: Language| {
        view! { <option value=language.tag() title=language.name()>{language.tag().to_uppercase()}</option> }
    };
    view! {
        <span class="pick language">
            <select
                data-testid="lang-select"
                aria-label=t!("Language")
                title=t!("Language")
                prop:value=spoken
                on:change:target=move |event| choose(event.target().value())
            >
                {Language::ALL.map(option)}
            </select>
        </span>
    }
}

/// A link to a screen. Followed here, it leaves what is trained as it is; opened elsewhere, it is an ordinary link.
#[component]
fn ScreenTab(screen: Screen) -> impl IntoView {
    let workspace = Workspace::expect();
    let hook = match screen {
        Screen::Decode => "tab-decode".to_owned(),
        _ => format!("screen-{}", screen.name().unwrap_or("train")),
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
