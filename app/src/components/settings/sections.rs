//! The groups that are no more than fields.

use leptos::prelude::*;

use crate::components::field::{NumberField, TextField, setting};

/// The fields of AdamW.
#[component]
pub fn Optimiser() -> impl IntoView {
    view! {
        <div class="knobs">
            <NumberField setting=setting!("Beta 1", "optimiser.beta1", optimiser.beta1) />
            <NumberField setting=setting!("Beta 2", "optimiser.beta2", optimiser.beta2) />
            <NumberField setting=setting!("Epsilon", "optimiser.epsilon", optimiser.epsilon) />
            <NumberField setting=setting!("Weight decay", "optimiser.weight_decay", optimiser.weight_decay) />
            <NumberField setting=setting!("Clip", "optimiser.clip", optimiser.clip) unit="l2 norm" />
        </div>
        <p class="note">
            "Decay acts on matrices and embeddings, not on vectors. A clip of 0 is none."
        </p>
    }
}

/// Length, batch, validation and seed.
#[component]
pub fn Run() -> impl IntoView {
    view! {
        <div class="knobs">
            <NumberField setting=setting!("Steps", "train.steps", train.steps) />
            <NumberField setting=setting!("Batch", "train.batch", train.batch) />
            <NumberField setting=setting!("Accumulate", "train.accumulation", train.accumulation) />
            <NumberField setting=setting!("Validate", "train.eval_every", train.eval_every) unit="every" />
            <NumberField setting=setting!("Windows", "train.eval_windows", train.eval_windows) />
            <NumberField setting=setting!("Seed", "seed", seed) />
        </div>
    }
}

/// The samples drawn while the model trains.
#[component]
pub fn Samples() -> impl IntoView {
    view! {
        <div class="knobs">
            <NumberField setting=setting!("Sample", "sample.every", sample.every) unit="every" />
            <NumberField setting=setting!("Length", "sample.length", sample.length) unit="tokens" />
            <NumberField setting=setting!("Temperature", "sample.temperature", sample.temperature) />
            <TextField setting=setting!("Prompt", "sample.prompt", sample.prompt) />
        </div>
        <p class="note">"Every 0 steps draws none. Temperature 0 takes the likeliest token."</p>
    }
}
