//! The screen that trains: run bar, settings, charts and samples.

use leptos::prelude::*;

use super::{
    apart::{self, Apart},
    charts, results, run_bar, samples,
};
use crate::{
    key, t, words,
    workspace::{
        Workspace,
        view::{Pace, Screen, Tab, XAxis},
    },
};

/// The screen. It stays in place while another one is shown, and its runs go on; below the decoders of a small frame its
/// strip and its run bar are seen.
#[component]
pub fn TrainScreen() -> impl IntoView {
    let workspace = Workspace::expect();
    let is_shown = move || workspace.view.screen.get() == Screen::Train;
    let is_strip = Memo::new(move |_| workspace.trains_in_strip());
    let tab = move || match workspace.view.tab.get() {
        Tab::Loss => "loss",
        Tab::Rate => "rate",
        Tab::Alpha => "alpha",
        Tab::Esd => "esd",
        Tab::Text => "text",
    };
    view! {
        <div class="screen" class:strip=is_strip hidden=move || !is_shown() && !is_strip.get()>
            <run_bar::RunBar />
            <Apart part=apart::SETTINGS />
            <main
                prop:inert=move || workspace.sheet_open()
                data-tab=tab
                class:comparing=move || { workspace.arms() > 1 }
            >
                <Show when=move || { workspace.arms() > 1 }><Apart part=apart::ARMS /></Show>
                <results::Results />
                <Tabs />
                <Apart part=apart::PANELS />
            </main>
        </div>
    }
}

/// The charts and the samples.
#[component]
pub fn Panels() -> impl IntoView {
    let pace = Workspace::expect().view.pace;
    view! {
        <charts::LossCard />
        <Show when=move || pace.get() == Pace::Rate fallback=|| view! { <charts::GradientCard /> }>
            <charts::RateCard />
        </Show>
        <charts::AlphaCard />
        <charts::EsdCard />
        <samples::Samples />
    }
}

/// On a small screen the charts and the samples share one place.
#[component]
fn Tabs() -> impl IntoView {
    let tab = Workspace::expect().view.tab;
    let button = move |this: Tab, word: &'static str, panel: &'static str| {
        let chosen = move || tab.get() == this;
        view! {
            <button
                type="button"
                aria-pressed=move || chosen().to_string()
                aria-controls=panel
                data-testid=format!("tab-{}", word.to_lowercase())
                on:click=move |_| tab.set(this)
            >
                {words::text(word)}
            </button>
        }
    };
    view! {
        <div class="tabs-small" role="group" aria-label=t!("Panel")>
            {button(Tab::Loss, key!("Loss"), "panel-loss")}
            {button(Tab::Rate, key!("Rate"), "panel-rate")}
            {button(Tab::Alpha, key!("Alpha"), "panel-alpha")}
            {button(Tab::Esd, key!("ESD"), "panel-esd")}
            {button(Tab::Text, key!("Text"), "panel-text")}
            <AxisPick id="x-axis-small" />
        </div>
    }
}

/// What the horizontal axis of all charts counts.
#[component]
pub fn AxisPick(
    /// The field's id.
    id: &'static str,
) -> impl IntoView {
    let axis = Workspace::expect().view.x_axis;
    let choose = move |name: String| {
        if let Some(chosen) = XAxis::named(&name) {
            axis.set(chosen);
        }
    };
    view! {
        <label class="pick" title=t!("Key X")>
            <span class="k">{t!("x-axis")}</span>
            <select
                id=id
                data-testid=id
                prop:value=move || axis.get().name()
                on:change:target=move |event| choose(event.target().value())
            >
                {XAxis::ALL.map(|axis| view! { <option value=axis.name()>{axis.word()}</option> })}
            </select>
        </label>
    }
}
