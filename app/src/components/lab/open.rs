//! A link that opens an experiment.

use leptos::{ev::MouseEvent, prelude::*};
use tailblazer_core::experiment::comparison_from_link;

use crate::{browser::address, engine::Engine, t, workspace::Workspace};

/// A link to an experiment. Where something was trained it opens a tab of its own, so that nothing is lost.
#[component]
pub fn OpenLink(
    /// The experiment's link, relative to the page.
    #[prop(into)]
    link: String,
    /// The style.
    class: &'static str,
    /// The hook.
    #[prop(into)]
    hook: String,
    /// What is shown.
    children: Children,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let engine = Engine::expect();
    let is_trained = move || workspace.has_trained();
    let href = link.clone();
    let follow = move |event: MouseEvent| {
        if address::is_plain(&event) && !untrack(is_trained) {
            event.prevent_default();
            address::open(workspace, engine, comparison_from_link(&link).0);
        }
    };
    view! {
        <a
            href=href
            class=class
            data-testid=hook
            target=move || is_trained().then_some("_blank")
            title=move || is_trained().then(|| t!("Opens a tab of its own, because a run is on this one"))
            on:click=follow
        >
            {children()}
        </a>
    }
}
