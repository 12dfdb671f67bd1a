//! The learning rate over layers: the method, the multipliers that it gives, and its knobs.

use leptos::prelude::*;
use tailblazer_core::{
    experiment::Experiment,
    layerwise::{Manual, Method},
    policy::Knob,
};

use super::{InSight, bars::Bars};
use crate::{
    components::{
        charts::Multipliers,
        field::{NumberField, setting},
        method::{KnobFields, KnobSetting, MethodSelect},
    },
    key, t,
    workspace::Workspace,
};

/// The fields of the method.
#[component]
pub fn Layerwise() -> impl IntoView {
    let workspace = Workspace::expect();
    let InSight(in_sight) = expect_context();
    let method = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.layerwise.rule.method()));
    // Bars that are set by hand show what will be; of all other methods the chart shows what is.
    let is_manual = move || method.get() == Method::of(&Manual);
    let chart = move || view! { <Multipliers in_sight /> };
    let knobs = move || {
        let method = method.get().description();
        (!is_manual()).then(|| view! { <KnobFields method group="layerwise" get=value set=set_value /> })
    };
    view! {
        <MethodSelect
            path="layerwise.method"
            label=t!("Method")
            hook="layerwise-select"
            methods=Method::all().map(|method| method.description()).collect()
            chosen=Signal::derive(move || method.get().id())
            choose=|experiment, id| {
                if let Some(method) = Method::find(id) {
                    experiment.layerwise.rule.choose(method);
                }
            }
        />
        <Show when=is_manual fallback=chart><Bars /></Show>
        <div class="knobs">
            {knobs}
            <NumberField
                setting=setting!(key!("Watch spectra"), "layerwise.watch", layerwise.watch)
                unit=t!("every")
                title=t!("Steps between two measurements for the charts; 0 for none.")
            />
        </div>
        <p class="note">
            {t!(
                "Matrices with fewer than 16 eigenvalues have no tail to fit; the release asks for 50, more than a \
                 model 48 wide has."
            )}
        </p>
    }
}

/// The setting of a knob of the layerwise methods.
pub fn knob_setting(knob: &'static Knob) -> KnobSetting {
    KnobSetting { knob, group: "layerwise", get: value, set: set_value }
}

fn value(experiment: &Experiment, knob: &Knob) -> f64 {
    experiment.layerwise.rule.value(knob)
}

fn set_value(experiment: &mut Experiment, knob: &Knob, value: f64) {
    experiment.layerwise.rule.set(knob, value);
}
