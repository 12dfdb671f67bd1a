//! Which text is learned and how it becomes tokens.

use leptos::prelude::*;
use tailblazer_core::experiment::{Corpus, TokeniserKind};

use super::own_text::OwnTextField;
use crate::{
    components::field::{Choice, Fault, NumberField, forgive, setting},
    key, t, words,
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
    let has_second = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.text.then.is_some()));
    let tokeniser = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.text.tokeniser));
    let tokenisers = vec![
        (TokeniserKind::Char, kebab(&TokeniserKind::Char), t!("characters")),
        (TokeniserKind::Byte, kebab(&TokeniserKind::Byte), t!("bytes")),
        (TokeniserKind::Bpe, kebab(&TokeniserKind::Bpe), "BPE"),
    ];
    view! {
        <CorpusPick corpus />
        <Show when=move || corpus.get() == Corpus::Own>
            <OwnTextField />
        </Show>
        <Show when=move || corpus.get() != Corpus::Own>
            <p class="note">{move || words::text(corpus.get().provenance())}</p>
        </Show>
        <Show when=move || !is_task(corpus.get()) || has_second.get()>
            <SecondText />
        </Show>
        <div class="knobs two">
            <Show when=move || is_task(corpus.get())>
                <NumberField setting=setting!(key!("Problem size"), "text.task_size", text.task_size) />
            </Show>
            <Choice setting=setting!(key!("Tokens"), "text.tokeniser", text.tokeniser) options=tokenisers />
            <Show when=move || tokeniser.get() == TokeniserKind::Bpe>
                <NumberField setting=setting!(key!("Vocabulary"), "text.vocabulary", text.vocabulary) />
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
    let option = |corpus: Corpus| view! { <option value=kebab(&corpus)>{words::text(corpus.name())}</option> };
    let (tasks, texts): (Vec<Corpus>, Vec<Corpus>) = Corpus::ALL.into_iter().partition(|corpus| is_task(*corpus));
    view! {
        <label class="field wide block" for="text.corpus">
            <span>{t!("Source")}</span>
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
                <optgroup label=t!("Texts")>{texts.into_iter().map(option).collect_view()}</optgroup>
                <optgroup label=t!("Tasks")>{tasks.into_iter().map(option).collect_view()}</optgroup>
            </select>
            <Fault path="text.corpus" />
        </label>
    }
}

/// What is learned after the first text, and when.
#[component]
fn SecondText() -> impl IntoView {
    const NONE: &str = key!("none");
    let workspace = Workspace::expect();
    let then = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.text.then));
    let bundled = Corpus::ALL.into_iter().filter(|corpus| corpus.file().is_some());
    let option = |corpus: Corpus| view! { <option value=kebab(&corpus)>{words::text(corpus.name())}</option> };
    view! {
        <label class="field wide block" for="text.then">
            <span>{t!("Then")}</span>
            <select
                id="text.then"
                data-testid="text.then"
                title=t!("A second text, learned after the first one with the same tokeniser.")
                prop:value=move || then.get().map_or_else(|| NONE.into(), |corpus| kebab(&corpus))
                on:change:target=move |event| {
                    forgive(workspace, "text.then");
                    let chosen = from_kebab(&event.target().value());
                    workspace.experiment.update(|experiment| experiment.text.then = chosen);
                }
            >
                <option value=NONE>{words::text(NONE)}</option>
                {bundled.map(option).collect_view()}
            </select>
            <Fault path="text.then" />
        </label>
        {move || then.get().map(|corpus| view! {
            <p class="note">{words::text(corpus.provenance())}</p>
            <div class="knobs two">
                <NumberField
                    setting=setting!(key!("Switch"), "text.switch", text.switch)
                    unit=t!("share")
                    title=t!("The share of the run after which the second text is learned.")
                />
                <NumberField
                    setting=setting!(key!("Replay"), "text.replay", text.replay)
                    unit=t!("share")
                    title=t!("The share of the sequences after the switch that still come from the first text.")
                />
            </div>
        })}
    }
}

/// A prompt that came with one text goes with it; a prompt of the visitor's own stays. Nothing follows a task.
fn choose(workspace: Workspace, corpus: Corpus) {
    forgive(workspace, "text.corpus");
    workspace.experiment.update(|experiment| {
        if is_task(corpus) {
            experiment.text.then = None;
        }
        if experiment.sample.prompt == experiment.text.corpus.prompt() {
            experiment.sample.prompt = corpus.prompt().into();
        }
        experiment.text.corpus = corpus;
    });
}
