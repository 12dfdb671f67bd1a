//! The groups that are no more than fields and a choice.

use leptos::prelude::*;

use tailblazer_core::{experiment::SEEDS, optim::Method};

use crate::{
    components::{
        field::{NumberField, TextField, setting},
        method::{KnobFields, MethodSelect},
    },
    key, t,
    workspace::{Workspace, format::scientific},
};

/// The update rule: the method, its knobs, and what all methods share.
#[component]
pub fn Optimiser() -> impl IntoView {
    let workspace = Workspace::expect();
    let method = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.optimiser.method));
    let methods = Method::all().map(|method| method.description()).collect();
    // A rate and a decay that suit one method are far from what suits another.
    let suited = move || {
        let method = method.get();
        workspace.experiment.with(|experiment| {
            experiment.schedule.peak == method.peak() && experiment.optimiser.weight_decay == method.decay()
        })
    };
    let suit = move |_| {
        workspace.experiment.update(|experiment| {
            let method = experiment.optimiser.method;
            (experiment.schedule.peak, experiment.optimiser.weight_decay) = (method.peak(), method.decay());
        });
    };
    let offer = move || {
        let method = method.get();
        let (peak, decay) = (scientific(method.peak()), scientific(method.decay()));
        t!("Use a peak of {peak} and a decay of {decay}", peak, decay)
    };
    view! {
        <MethodSelect
            path="optimiser.method"
            label=t!("Method")
            hook="optimiser-select"
            methods
            chosen=Signal::derive(move || method.get().id())
            choose=|experiment, id| {
                if let Some(method) = Method::find(id) {
                    experiment.optimiser.choose(method);
                }
            }
        />
        <Show when=move || !suited()>
            <button type="button" class="more" data-testid="optimiser-suit" on:click=suit>{offer}</button>
        </Show>
        <div class="knobs">
            {move || view! {
                <KnobFields
                    method=method.get().description()
                    group="optimiser"
                    get=|experiment, knob| experiment.optimiser.value(knob)
                    set=|experiment, knob, value| experiment.optimiser.set_value(knob, value)
                />
            }}
            <NumberField setting=setting!(key!("Weight decay"), "optimiser.weight_decay", optimiser.weight_decay) />
            <NumberField setting=setting!(key!("Clip"), "optimiser.clip", optimiser.clip) unit=t!("l2 norm") />
        </div>
        <p class="note">
            {t!("Decay acts on matrices and embeddings, not on vectors. A clip of 0 is none.")}
        </p>
    }
}

/// Length, batch, validation and seed.
#[component]
pub fn Run() -> impl IntoView {
    view! {
        <div class="knobs">
            <NumberField setting=setting!(key!("Steps"), "train.steps", train.steps) />
            <NumberField setting=setting!(key!("Batch"), "train.batch", train.batch) />
            <NumberField setting=setting!(key!("Accumulate"), "train.accumulation", train.accumulation) />
            <NumberField setting=setting!(key!("Validate"), "train.eval_every", train.eval_every) unit=t!("every") />
            <NumberField setting=setting!(key!("Windows"), "train.eval_windows", train.eval_windows) />
            <NumberField setting=setting!(key!("Seed"), "seed", seed) />
            <Seeds />
        </div>
    }
}

/// How many seeds each arm runs; common to all arms, so it is no setting of one.
#[component]
fn Seeds() -> impl IntoView {
    let workspace = Workspace::expect();
    let seeds = move || workspace.comparison.with(|comparison| comparison.seeds);
    let typed = move |text: String| {
        if let Ok(seeds) = text.trim().parse() {
            workspace.comparison.update(|comparison| comparison.seeds = seeds);
        }
    };
    let is_bad = move || !(1..=SEEDS).contains(&seeds());
    view! {
        <label
            class="field"
            for="seeds"
            title=t!("Runs of each arm, one after another, with this seed and those that follow.")
        >
            <span>{t!("Seeds")}</span>
            <input
                id="seeds"
                data-testid="seeds-input"
                type="text"
                inputmode="numeric"
                autocomplete="off"
                prop:value=move || seeds().to_string()
                aria-invalid=move || is_bad().to_string()
                on:input:target=move |event| typed(event.target().value())
            />
            <Show when=is_bad>
                <span class="err">{t!("Seeds must be a whole number from 1 to {most}.", most = SEEDS)}</span>
            </Show>
        </label>
    }
}

/// The samples drawn while the model trains.
#[component]
pub fn Samples() -> impl IntoView {
    view! {
        <div class="knobs">
            <NumberField setting=setting!(key!("Sample"), "sample.every", sample.every) unit=t!("every") />
            <NumberField setting=setting!(key!("Length"), "sample.length", sample.length) unit=t!("tokens") />
            <NumberField setting=setting!(key!("Temperature"), "sample.temperature", sample.temperature) />
            <TextField setting=setting!(key!("Prompt"), "sample.prompt", sample.prompt) />
        </div>
        <p class="note">{t!("Every 0 steps draws none. Temperature 0 takes the likeliest token.")}</p>
    }
}
