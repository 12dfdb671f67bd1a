//! The settings: one row per group with a line that sums it up. Editing them never touches a run.

mod bars;
pub mod device;
mod layerwise;
mod model;
mod objective;
mod own_text;
mod schedule;
mod scope;
mod sections;
mod text;

use leptos::{html, prelude::*};
use tailblazer_core::experiment::Experiment;

use scope::Scopes;

use super::{
    facts::Facts,
    icon::{Glyph, Icon},
};
use crate::{
    t,
    workspace::{Workspace, summary},
};

/// Whether the fields of a group are on the screen: what is drawn among them waits until they are.
#[derive(Clone, Copy)]
struct InSight(Signal<bool>);

/// The settings: a column, or a drawer or a sheet on a small screen.
#[component]
pub fn Settings() -> impl IntoView {
    let workspace = Workspace::expect();
    let view = workspace.view;
    let close = NodeRef::<html::Button>::new();
    let opened = move || workspace.sheet_open();
    // The focus goes where the visitor is sent, and back.
    Effect::new(move |before: Option<bool>| {
        let open = opened();
        let target = match (before.unwrap_or(false), open) {
            (false, true) => close.get_untracked().map(Into::into),
            (true, false) => opener(),
            _ => None,
        };
        if let Some(target) = target {
            // The element may be invisible until the style sheet has caught up.
            request_animation_frame(move || drop(target.focus()));
        }
        open
    });
    view! {
        <div class="scrim" class:open=opened on:click=move |_| view.settings_open.set(false)></div>
        <section
            id="settings"
            aria-label=t!("Settings")
            class:open=opened
            role=move || view.compact.get().then_some("dialog")
            aria-modal=move || view.compact.get().then_some("true")
        >
            <header class="sheet-head">
                <h2>{t!("Settings")}</h2>
                <button
                    type="button"
                    class="btn quiet icon"
                    node_ref=close
                    aria-label=t!("Close the settings")
                    data-testid="settings-close"
                    on:click=move |_| view.settings_open.set(false)
                >
                    <Glyph icon=Icon::Cross />
                </button>
            </header>
            <Scopes />
            <div class="rows">
                <Group name="text" title=t!("Text") summary=summary::text open=true><text::Text /></Group>
                <Group name="model" title=t!("Model") summary=summary::model><model::Model /></Group>
                <Group name="objective" title=t!("Objective") summary=summary::objective><objective::Objective /></Group>
                <Group name="optimiser" title=t!("Optimiser") summary=summary::optimiser><sections::Optimiser /></Group>
                <Group name="schedule" title=t!("Schedule") summary=summary::schedule open=true>
                    <schedule::Schedule />
                </Group>
                <Group name="layerwise" title=t!("Layerwise") summary=summary::layerwise><layerwise::Layerwise /></Group>
                <Group name="train" title=t!("Run") summary=summary::run><sections::Run /></Group>
                <Group name="sample" title=t!("Samples") summary=summary::samples><sections::Samples /></Group>
                <Group name="device" title=t!("Device") summary=device::summary><device::DeviceSection /></Group>
            </div>
            <Facts />
        </section>
    }
}

fn opener() -> Option<web_sys::HtmlElement> {
    use wasm_bindgen::JsCast;
    let button = document().query_selector("[data-testid=settings-open]").ok().flatten()?;
    button.dyn_into().ok()
}

/// A row that opens.
#[component]
fn Group(
    /// The group's name in paths.
    name: &'static str,
    /// Its title.
    title: &'static str,
    /// What it is set to, in one line.
    summary: fn(&Experiment) -> String,
    /// Whether it is open at first.
    #[prop(optional)]
    open: bool,
    /// Its fields.
    children: Children,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let view = workspace.view;
    let is_open = RwSignal::new(open);
    let in_sight = move || is_open.get() && (!view.compact.get() || view.settings_open.get());
    provide_context(InSight(Signal::derive(in_sight)));
    let is_locked = view.classroom.with_untracked(|classroom| classroom.locks(name));
    let line = Memo::new(move |_| workspace.experiment.with(summary));
    let prefix = format!("{name}.");
    let at_fault = Memo::new(move |_| {
        let faults = workspace.faults();
        faults.iter().any(|fault| fault.field == name || fault.field.starts_with(&prefix))
    });
    view! {
        <details
            open=open
            data-piece=name
            data-testid=format!("settings-{name}")
            on:toggle:target=move |event| is_open.set(event.target().has_attribute("open"))
        >
            <summary>
                <span class="k">{title}</span>
                <Show when=move || at_fault.get()>
                    <span class="fault-mark" title=t!("A setting here needs a change")><Glyph icon=Icon::Warning /></span>
                </Show>
                <span class="v" title=move || line.get()>{move || line.get()}</span>
            </summary>
            <fieldset class="group" disabled=is_locked data-testid=is_locked.then_some("locked")>
                {is_locked.then(|| view! { <p class="note">{t!("Locked by the link that opened this page.")}</p> })}
                {children()}
            </fieldset>
        </details>
    }
}
