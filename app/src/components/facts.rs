//! Facts about the run at the foot of the settings.

use leptos::prelude::*;
use tailblazer_core::session::Prepared;

use crate::workspace::{
    Workspace,
    format::{compact, integer},
};

/// Sizes and digests.
#[component]
pub fn Facts() -> impl IntoView {
    let workspace = Workspace::expect();
    let fact = move |read: fn(&Prepared) -> String| {
        move || workspace.prepared.with(|prepared| prepared.as_ref().map_or_else(|| "–".into(), read))
    };
    let exact = move |read: fn(&Prepared) -> usize| {
        move || workspace.prepared.with(|prepared| prepared.as_ref().map(|prepared| read(prepared).to_string()))
    };
    let corpus = move || workspace.prepared.with(|p| p.as_ref().map(|p| p.corpus_digest.clone()).unwrap_or_default());
    let batches = move || {
        workspace.version.track();
        workspace.record.with_value(|record| record.columns.batch_digest().to_owned())
    };
    view! {
        <dl class="foot">
            <dt>"Parameters"</dt>
            <dd data-testid="fact-parameters" data-value=exact(|p| p.parameters)>{fact(|p| integer(p.parameters))}</dd>
            <dt>"Vocabulary"</dt>
            <dd data-testid="fact-vocabulary" data-value=exact(|p| p.vocabulary)>{fact(|p| integer(p.vocabulary))}</dd>
            <dt>"Train, validation tokens"</dt>
            <dd>{fact(|p| format!("{}, {}", compact(p.train_tokens as f64), compact(p.validation_tokens as f64)))}</dd>
            <dt>"FLOP per step"</dt>
            <dd>{fact(|p| compact(p.flops_per_step))}</dd>
            <dt>"Text digest"</dt>
            <dd class="mono" data-testid="corpus-digest" data-value=corpus title=corpus>{move || short(&corpus())}</dd>
            <dt>"Batch digest"</dt>
            <dd class="mono" data-testid="batch-digest" data-value=batches title=batches>
                {move || short(&batches())}
            </dd>
        </dl>
    }
}

/// Enough of a digest to compare two by eye.
fn short(digest: &str) -> String {
    match digest.get(..12) {
        Some(start) => start.into(),
        None if digest.is_empty() => "–".into(),
        None => digest.into(),
    }
}
