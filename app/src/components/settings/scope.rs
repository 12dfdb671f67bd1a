//! Which part of the comparison the settings edit: the base, or what differs in one arm.

use leptos::prelude::*;
use tailblazer_core::experiment::{ARMS, Comparison};

use crate::{
    t,
    workspace::{Scope, Workspace},
};

/// The base and the arms, of which one is edited, and a button that adds an arm.
#[component]
pub fn Scopes() -> impl IntoView {
    let workspace = Workspace::expect();
    let is_alone = move || workspace.arms() < 2;
    let button = move |scope: Scope| {
        let (hook, word) = match scope {
            Scope::Base => ("Base".to_owned(), t!("Base").to_owned()),
            Scope::Arm(arm) => {
                let letter = Comparison::letter(arm).to_string();
                (letter.clone(), letter)
            }
        };
        let style = match scope {
            Scope::Base => String::new(),
            Scope::Arm(arm) => format!("--arm-colour: var(--arm-{}-text)", arm + 1),
        };
        view! {
            <button
                type="button"
                style=style
                class:scope-arm=scope != Scope::Base
                aria-pressed=move || (workspace.scope.get() == scope).to_string()
                data-testid=format!("scope-{hook}")
                on:click=move |_| workspace.edit(scope)
            >
                {word.clone()}
            </button>
        }
    };
    let buttons = move || {
        let arms = (0..workspace.arms()).map(Scope::Arm);
        std::iter::once(Scope::Base).chain(arms).map(button).collect_view()
    };
    view! {
        <div class="scopes">
            <Show when=move || !is_alone() fallback=|| view! { <span class="k">{t!("One arm")}</span> }>
                <span class="k">{t!("Edit")}</span>
                <span class="seg" role="group" aria-label=t!("What the settings edit")>{buttons}</span>
            </Show>
            <button
                type="button"
                class="btn small"
                data-testid="arm-add"
                title=t!("Key N")
                disabled=move || {
                    workspace.arms() >= ARMS || workspace.view.classroom.with(|classroom| classroom.locks("arms"))
                }
                on:click=move |_| workspace.add_arm()
            >
                {t!("+ Add arm")}
            </button>
        </div>
    }
}
