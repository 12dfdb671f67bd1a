//! Which text is learned and how it becomes tokens.

use leptos::prelude::*;
use tailblazer_core::experiment::{Corpus, TokeniserKind};

use super::own_text::OwnTextField;
use crate::{
    components::field::{Choice, Fault, NumberField, forgive, setting},
    workspace::{
        Workspace,
        summary::{from_kebab, is_task, kebab},
    },
};

/// The fields of the text.
#[component]
pub fn Text() -> impl IntoView {
    let workspace = Workspace::expect();
    let corpus = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.text.corpus));
    let tokeniser = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.text.tokeniser));
    let tokenisers = vec![
        (TokeniserKind::Char, kebab(&TokeniserKind::Char), "characters"),
        (TokeniserKind::Byte, kebab(&TokeniserKind::Byte), "bytes"),
        (TokeniserKind::Bpe, kebab(&TokeniserKind::Bpe), "BPE"),
    ];
    view! {
        <CorpusPick corpus />
        <Show when=move || corpus.get() == Corpus::Own>
            <OwnTextField />
        </Show>
        <Show when=move || corpus.get() != Corpus::Own>
            <p class="note">{move || corpus.get().provenance()}</p>
        </Show>
        <div class="knobs two">
            <Show when=move || is_task(corpus.get())>
                <NumberField setting=setting!("Problem size", "text.task_size", text.task_size) />
            </Show>
            <Choice setting=setting!("Tokens", "text.tokeniser", text.tokeniser) options=tokenisers />
            <Show when=move || tokeniser.get() == TokeniserKind::Bpe>
                <NumberField setting=setting!("Vocabulary", "text.vocabulary", text.vocabulary) />
            </Show>
        </div>
    }
}

#[component]
fn CorpusPick(
    /// The chosen source.
    corpus: Memo<Corpus>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let option = |corpus: Corpus| view! { <option value=kebab(&corpus)>{corpus.name()}</option> };
    let (tasks, texts): (Vec<Corpus>, Vec<Corpus>) = Corpus::ALL.into_iter().partition(|corpus| is_task(*corpus));
    view! {
        <label class="field wide block" for="text.corpus">
            <span>"Source"</span>
            <select
                id="text.corpus"
                data-testid="corpus-select"
                prop:value=move || kebab(&corpus.get())
                on:change:target=move |event| {
                    if let Some(chosen) = from_kebab(&event.target().value()) {
                        choose(workspace, chosen);
                    }
                }
            >
                <optgroup label="Texts">{texts.into_iter().map(option).collect_view()}</optgroup>
                <optgroup label="Tasks">{tasks.into_iter().map(option).collect_view()}</optgroup>
            </select>
            <Fault path="text.corpus" />
        </label>
    }
}

/// A prompt that came with one text goes with it; a prompt of the visitor's own stays.
fn choose(workspace: Workspace, corpus: Corpus) {
    forgive(workspace, "text.corpus");
    workspace.experiment.update(|experiment| {
        if experiment.sample.prompt == experiment.text.corpus.prompt() {
            experiment.sample.prompt = corpus.prompt().into();
        }
        experiment.text.corpus = corpus;
    });
}
