//! What the model writes while it learns, the newest first; every sample is kept.

use leptos::prelude::*;
use tailblazer_core::{experiment::Comparison, session::Sample};

use super::{arms::Swatch, denoising::Denoising};
use crate::{
    t,
    workspace::{Workspace, format, summary},
};

/// The samples of the run.
#[component]
pub fn Samples() -> impl IntoView {
    let workspace = Workspace::expect();
    let note = move || {
        let experiment = workspace.shown();
        match experiment.sample.every {
            0 => t!("switched off").to_owned(),
            _ => t!(
                "{samples}, temp. {temperature}",
                samples = summary::samples(&experiment),
                temperature = format::scientific(experiment.sample.temperature)
            ),
        }
    };
    let newest = move || workspace.run().samples.with(|samples| samples.last().cloned());
    let earlier =
        move || workspace.run().samples.with(|samples| samples.iter().rev().skip(1).cloned().collect::<Vec<_>>());
    view! {
        <section class="card samples" id="panel-text" aria-label=t!("Samples")>
            <header><h2>{t!("Samples")}</h2><span class="unit">{note}</span></header>
            <div class="list" tabindex="0" role="region" aria-label=t!("Samples, the newest first")>
                <Show when=move || { workspace.arms() > 1 }><OfArms /></Show>
                <Denoising />
                <Show when=move || { workspace.arms() < 2 }>
                {move || match newest() {
                    Some(sample) => view! { <Entry sample newest=true /> }.into_any(),
                    None => view! { <Waiting /> }.into_any(),
                }}
                <For each=earlier key=|sample| (sample.step, sample.text.len()) let:sample>
                    <Entry sample newest=false />
                </For>
                </Show>
            </div>
        </section>
    }
}

/// The newest sample of every arm: arms are columns here too.
#[component]
fn OfArms() -> impl IntoView {
    let workspace = Workspace::expect();
    let column = move |arm: usize| {
        let newest = move || workspace.run_of(arm).samples.with(|samples| samples.last().cloned());
        let step = move || newest().map_or_else(|| t!("before step 1").into(), |sample| step_words(sample.step));
        let text = move || {
            let sample = newest();
            let prompt = sample.as_ref().map_or_else(|| workspace.shown_of(arm).sample.prompt, |s| s.prompt.clone());
            view! { <span class="pr">{prompt}</span> {sample.map(|sample| sample.text)} }
        };
        let letter = Comparison::letter(arm);
        view! {
            <article class="newest">
                <h3 class="arm-sample"><Swatch arm /><b>{letter.to_string()}</b>{step}</h3>
                <pre data-testid=format!("arm-{letter}-sample")>{text}</pre>
            </article>
        }
    };
    move || (0..workspace.arms()).map(column).collect_view()
}

fn step_words(step: usize) -> String {
    t!("step {step}", step = format::integer(step))
}

#[component]
fn Entry(sample: Sample, newest: bool) -> impl IntoView {
    let step = sample.step.to_string();
    view! {
        <article class:newest=newest>
            <h3>{step_words(sample.step)}</h3>
            <pre data-testid=newest.then_some("sample-text") data-step=step>
                <span class="pr">{sample.prompt}</span>
                {sample.text}
            </pre>
        </article>
    }
}

/// Before the first sample only the prompt is known.
#[component]
fn Waiting() -> impl IntoView {
    let workspace = Workspace::expect();
    let prompt = move || workspace.shown().sample.prompt;
    view! {
        <article>
            <h3>{t!("before step 1")}</h3>
            <pre>
                <span class="pr">{prompt}</span>
                <span class="cells" aria-hidden="true">
                    {(0..14).map(|i| view! { <i class:masked=i < 8></i> }).collect_view()}
                </span>
            </pre>
        </article>
    }
}
