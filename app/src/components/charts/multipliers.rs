//! The multipliers of one arm by depth, small enough to stand among the settings.

use std::rc::Rc;

use leptos::prelude::*;
use tailblazer_core::experiment::Comparison;

use super::{drawing, sentence};
use crate::{
    chart::{multipliers, scene::Scene},
    components::canvas::{Canvas, follow_runs},
    t,
    workspace::Workspace,
};

/// The multipliers of the arm that is looked at: those of its next update, or those that it would begin with.
#[component]
pub fn Multipliers(
    /// Whether it is on the screen; elsewhere nothing is drawn.
    in_sight: Signal<bool>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let letter =
        move || (workspace.arms() > 1).then(|| t!("arm {letter}", letter = Comparison::letter(workspace.arm())));
    let summary =
        sentence(workspace, move |input| input.arm(workspace.arm()).map(multipliers::summary).unwrap_or_default());
    let canvas = move || {
        let draw = drawing(workspace, move |input, width, height| match input.arm(workspace.arm()) {
            Some(arm) => multipliers::scene(input, arm, width, height),
            None => Scene::new(width, height),
        });
        let follow = Rc::new(move || follow_runs(workspace));
        view! { <Canvas draw follow size=RwSignal::new((0.0, 0.0)) /> }
    };
    view! {
        <div class="field wide block">
            <span>{format!("{} ", t!("Multipliers by depth"))} <i>{letter}</i></span>
            <div class="multipliers" role="img" aria-label=summary data-testid="multipliers">
                <Show when=move || in_sight.get()>{canvas()}</Show>
            </div>
        </div>
    }
}
