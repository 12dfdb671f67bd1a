//! The shape of the transformer.

use leptos::prelude::*;
use tailblazer_core::experiment::{ModelPreset, Positions};

use crate::{
    components::field::{Choice, NumberField, Toggle, forgive, setting},
    key, t,
    workspace::{Workspace, summary::kebab},
};

/// The fields of the model.
#[component]
pub fn Model() -> impl IntoView {
    let positions = vec![
        (Positions::Rope, kebab(&Positions::Rope), t!("rotary")),
        (Positions::Learned, kebab(&Positions::Learned), t!("learned")),
    ];
    view! {
        <Presets />
        <div class="knobs">
            <NumberField setting=setting!(key!("Layers"), "model.layers", model.layers) />
            <NumberField setting=setting!(key!("Heads"), "model.heads", model.heads) />
            <NumberField setting=setting!(key!("Width"), "model.width", model.width) />
            <NumberField setting=setting!(key!("Context"), "model.context", model.context) />
            <NumberField setting=setting!(key!("Dropout"), "model.dropout", model.dropout) />
            <Choice setting=setting!(key!("Positions"), "model.positions", model.positions) options=positions />
        </div>
        <div class="toggles">
            <Toggle setting=setting!(key!("Tied head"), "model.tied", model.tied) />
            <Toggle setting=setting!(key!("Bias"), "model.bias", model.bias) />
        </div>
    }
}

#[component]
fn Presets() -> impl IntoView {
    let workspace = Workspace::expect();
    let preset = Memo::new(move |_| workspace.experiment.with(|experiment| ModelPreset::matching(&experiment.model)));
    let button = move |this: ModelPreset| {
        view! {
            <button
                type="button"
                aria-pressed=move || (preset.get() == Some(this)).to_string()
                data-testid=format!("model-preset.{}", this.name())
                on:click=move |_| apply(workspace, this)
            >
                {this.name()}
            </button>
        }
    };
    view! {
        <div class="field wide block" role="group" aria-label=t!("Preset")>
            <span>{t!("Preset")}</span>
            <span class="seg full">{ModelPreset::ALL.map(button).collect_view()}</span>
        </div>
    }
}

/// A preset also replaces what was typed into its fields and could not be read.
fn apply(workspace: Workspace, preset: ModelPreset) {
    for path in ["model.layers", "model.heads", "model.width"] {
        forgive(workspace, path);
        workspace.unreadable.update(|fields| drop(fields.remove(path)));
    }
    workspace.experiment.update(|experiment| preset.apply(&mut experiment.model));
}
