//! What the model writes while it learns, the newest first; every sample is kept.

use leptos::prelude::*;

use crate::workspace::{Workspace, format, run::Sample, summary};

/// The samples of the run.
#[component]
pub fn Samples() -> impl IntoView {
    let workspace = Workspace::expect();
    let note = move || {
        let experiment = workspace.shown();
        match experiment.sample.every {
            0 => "switched off".to_owned(),
            _ => format!(
                "{}, temp. {}",
                summary::samples(&experiment),
                format::scientific(experiment.sample.temperature)
            ),
        }
    };
    let newest = move || workspace.run().samples.with(|samples| samples.last().cloned());
    let earlier =
        move || workspace.run().samples.with(|samples| samples.iter().rev().skip(1).cloned().collect::<Vec<_>>());
    view! {
        <section class="card samples" id="panel-text" aria-label="Samples">
            <header><h2>"Samples"</h2><span class="unit">{note}</span></header>
            <div class="list" tabindex="0" role="region" aria-label="Samples, the newest first">
                {move || match newest() {
                    Some(sample) => view! { <Entry sample newest=true /> }.into_any(),
                    None => view! { <Waiting /> }.into_any(),
                }}
                <For each=earlier key=|sample| (sample.step, sample.text.len()) let:sample>
                    <Entry sample newest=false />
                </For>
            </div>
        </section>
    }
}

#[component]
fn Entry(sample: Sample, newest: bool) -> impl IntoView {
    let step = sample.step.to_string();
    view! {
        <article class:newest=newest>
            <h3>"step "{format::integer(sample.step)}</h3>
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
            <h3>"before step 1"</h3>
            <pre>
                <span class="pr">{prompt}</span>
                <span class="cells" aria-hidden="true">
                    {(0..14).map(|i| view! { <i class:masked=i < 8></i> }).collect_view()}
                </span>
            </pre>
        </article>
    }
}
