//! Facts about the run at the foot of the settings, and what its device was seen to do.

use leptos::prelude::*;
use tailblazer_core::session::{Counters, Prepared, TextFacts, Work};

use crate::{
    t,
    workspace::{
        Workspace,
        format::{bytes, compact, fixed, integer, plain},
    },
};

/// Sizes and digests.
#[component]
pub fn Facts() -> impl IntoView {
    let workspace = Workspace::expect();
    let fact = move |read: fn(&Prepared) -> String| {
        move || workspace.run().prepared.with(|prepared| prepared.as_ref().map_or_else(|| "–".into(), read))
    };
    let exact = move |read: fn(&Prepared) -> usize| {
        move || workspace.run().prepared.with(|prepared| prepared.as_ref().map(|prepared| read(prepared).to_string()))
    };
    let corpus =
        move || workspace.run().prepared.with(|p| p.as_ref().map(|p| p.text.digest.clone()).unwrap_or_default());
    let second = move || workspace.run().prepared.with(|p| p.as_ref().and_then(|p| p.then.clone()));
    let batches = move || {
        workspace.version.track();
        workspace.run().record.with_value(|record| record.columns.batch_digest().to_owned())
    };
    let drawing = move || {
        workspace.slow_version.track();
        workspace.drawing.get_value()
    };
    view! {
        <dl class="foot">
            <dt>{t!("Parameters")}</dt>
            <dd data-testid="fact-parameters" data-value=exact(|p| p.parameters)>{fact(|p| integer(p.parameters))}</dd>
            <dt>{t!("Vocabulary")}</dt>
            <dd data-testid="fact-vocabulary" data-value=exact(|p| p.vocabulary)>{fact(|p| integer(p.vocabulary))}</dd>
            <dt>{t!("Train, validation tokens")}</dt>
            <dd>{fact(|p| tokens(&p.text))}</dd>
            <dt>{t!("FLOP per step")}</dt>
            <dd>{fact(|p| compact(p.flops_per_step))}</dd>
            <dt>{t!("Text digest")}</dt>
            <dd class="mono" data-testid="corpus-digest" data-value=corpus title=corpus>{move || short(&corpus())}</dd>
            {move || second().map(|text| view! {
                <dt>{t!("Second text, tokens")}</dt>
                <dd>{tokens(&text)}</dd>
                <dt>{t!("Second text, digest")}</dt>
                <dd
                    class="mono"
                    data-testid="then-digest"
                    data-value=text.digest.clone()
                    title=text.digest.clone()
                >
                    {short(&text.digest)}
                </dd>
            })}
            <dt>{t!("Batch digest")}</dt>
            <dd class="mono" data-testid="batch-digest" data-value=batches title=batches>
                {move || short(&batches())}
            </dd>
            <Counts />
            <dt title=t!("From the beginning of the last frame with news to where the browser was free again.")>
                {t!("Drawing a frame")}
            </dt>
            <dd data-testid="fact-drawing" data-value=move || text(drawing())>
                {move || drawing().map_or_else(|| "–".into(), |drawing| format!("{} ms", fixed(drawing, 1)))}
            </dd>
        </dl>
    }
}

/// The tokens to train on and the held-out ones.
fn tokens(text: &TextFacts) -> String {
    format!("{}, {}", compact(text.train_tokens as f64), compact(text.validation_tokens as f64))
}

/// What the engine counted during the last steps; the CPU has nothing to count but its memory.
#[component]
fn Counts() -> impl IntoView {
    let workspace = Workspace::expect();
    let work = move || {
        workspace.version.track();
        workspace.run().record.with_value(|record| *record.columns.work())
    };
    let per_step = move |count: fn(&Counters) -> u64| move || work().per_step(count);
    let shown = |value: Option<f64>| value.map_or_else(|| "–".into(), |value| plain((value * 100.0).round() / 100.0));
    let (dispatches, submits) = (per_step(|c| c.dispatches), per_step(|c| c.submits));
    let readbacks = per_step(|c| c.readbacks);
    let reads = move || {
        let Work { count, reads, .. } = work();
        if reads.readbacks == 0 {
            return String::new();
        }
        format!(", {}", t!("and {readbacks} to read {count}", readbacks = reads.readbacks, count))
    };
    let total =
        move |count: fn(&Counters) -> u64| move || Some(work()).filter(|w| w.count > 0).map(|w| count(&w.total));
    let budget = move || workspace.run().budget.get();
    let (pipelines, memory) = (total(|c| c.pipelines), total(|c| c.device_bytes));
    let title = t!("Counted at the browser's WebGPU; the CPU makes no such calls.");
    view! {
        <dt title=title>{t!("Dispatches per step")}</dt>
        <dd data-testid="metric-dispatches" data-value=move || text(dispatches())>{move || shown(dispatches())}</dd>
        <dt title=title>{t!("Submits per step")}</dt>
        <dd data-testid="metric-submits" data-value=move || text(submits())>{move || shown(submits())}</dd>
        <dt title=title>{t!("Readbacks per step")}</dt>
        <dd data-testid="metric-readbacks" data-value=move || text(readbacks())>
            {move || shown(readbacks())}{reads}
        </dd>
        <dt title=title>{t!("Pipelines made")}</dt>
        <dd data-testid="metric-pipelines" data-value=move || text(pipelines())>
            {move || pipelines().map_or_else(|| "–".into(), |count| integer(count as usize))}
        </dd>
        <dt title=t!("Weights, gradients, moments and what is kept for the backward pass, at the peak of a step; and what a run may use here.")>
            {t!("Predicted peak memory")}
        </dt>
        <dd data-testid="fact-predicted-bytes" data-value=move || text(budget().map(|budget| budget.predicted))>
            {move || budget().map_or_else(|| "–".into(), |budget| {
                t!(
                    "{predicted} of {limit}",
                    predicted = bytes(budget.predicted as usize),
                    limit = bytes(budget.limit as usize)
                )
            })}
        </dd>
        <dt title=t!("WebGPU buffers that are alive, or the memory of the engine on the CPU.")>
            {t!("Memory on the device")}
        </dt>
        <dd data-testid="metric-device-bytes" data-value=move || text(memory())>
            {move || memory().map_or_else(|| "–".into(), |count| bytes(count as usize))}
        </dd>
    }
}

fn text(value: Option<impl ToString>) -> Option<String> {
    value.map(|value| value.to_string())
}

/// Enough of a digest to compare two by eye.
fn short(digest: &str) -> String {
    match digest.get(..12) {
        Some(start) => start.into(),
        None if digest.is_empty() => "–".into(),
        None => digest.into(),
    }
}
