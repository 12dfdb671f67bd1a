//! What is predicted: the objective and its knobs.

use leptos::prelude::*;
use tailblazer_core::{
    experiment::Experiment,
    objective::Method,
    policy::{Description, Knob},
};

use crate::{
    components::method::{KnobFields, MethodSelect},
    t,
    workspace::{Workspace, quantity},
};

/// The fields of the objective.
#[component]
pub fn Objective() -> impl IntoView {
    let workspace = Workspace::expect();
    let method = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.objective.method()));
    let losses = Memo::new(move |_| workspace.experiment.with(quantity::sentence));
    view! {
        <MethodSelect
            path="objective.method"
            label=t!("Objective")
            hook="objective-select"
            methods=Method::all().map(|method| method.description()).collect()
            chosen=Signal::derive(move || method.get().id())
            choose=|experiment, id| {
                if let Some(method) = Method::find(id) {
                    experiment.objective.choose(method);
                }
            }
        />
        <div class="knobs">
            {move || view! {
                <KnobFields method=method.get().description() group="objective" get=value set=set_value names hook />
            }}
        </div>
        <p class="note" data-testid="objective-losses">{losses}</p>
    }
}

fn value(experiment: &Experiment, knob: &Knob) -> f64 {
    experiment.objective.value(knob)
}

fn set_value(experiment: &mut Experiment, knob: &Knob, value: f64) {
    experiment.objective.set(knob, value);
}

fn names(method: &'static Description, knob: &str) -> &'static [&'static str] {
    Method::find(method.id).map_or(&[], |method| method.names(knob))
}

fn hook(knob: &Knob) -> Option<&'static str> {
    (knob.id == "block").then_some("block-size")
}
