//! The state of the run in a word, its losses, and the messages: a strip of one height in every state.

use leptos::prelude::*;
use tailblazer_core::{
    objective::Quantity,
    session::{RunState, Stage},
};

use super::{
    apart::{self, Apart},
    icon::{Glyph, Icon},
    notices::{Announcer, Notices},
};
use crate::{
    key, t, words,
    workspace::{
        Workspace,
        format::{fixed, integer},
        quantity,
        run::Progress,
        summary,
    },
};

/// The word for a state, as scripts read it; the page shows its [`words::text`].
pub fn state_word(state: RunState) -> &'static str {
    match state {
        RunState::Idle => key!("idle"),
        RunState::Preparing => key!("preparing"),
        RunState::Running => key!("running"),
        RunState::Paused => key!("paused"),
        RunState::Finished => key!("finished"),
        RunState::Failed => key!("failed"),
    }
}

/// What is being prepared, in words.
pub fn stage_words(progress: Option<Progress>) -> String {
    let Some(progress) = progress else { return t!("Preparing").into() };
    match (progress.stage, progress.total) {
        (Stage::Engine, _) => t!("Loading the engine").into(),
        (Stage::Text, _) => t!("Loading text").into(),
        (Stage::Tokeniser, 0) => t!("Training the tokeniser").into(),
        (Stage::Tokeniser, total) => {
            let done = integer(progress.done);
            t!("Training the tokeniser, {done} of {all} merges", done, all = integer(total))
        }
        (Stage::Device, _) => t!("Opening the device").into(),
        (Stage::SelfTest, _) => t!("Testing the GPU. Only the first visit waits.").into(),
        (Stage::Race, _) => t!("Racing the GPU against the CPU").into(),
        (Stage::Kernels, _) => t!("Compiling kernels. Only the first run waits.").into(),
    }
}

/// The strip.
#[component]
pub fn Results() -> impl IntoView {
    let workspace = Workspace::expect();
    let preparing = move || workspace.state() == RunState::Preparing;
    view! {
        <section class="card results" aria-label=t!("Results")>
            <StateBadge />
            <Show when=preparing fallback=move || view! { <Outcome /> }>
                <Preparation />
            </Show>
            <Notices />
            <Announcer />
        </section>
    }
}

#[component]
fn StateBadge() -> impl IntoView {
    let workspace = Workspace::expect();
    let tone = move || match workspace.state() {
        RunState::Idle | RunState::Paused | RunState::Running => "badge state",
        RunState::Preparing => "badge state warn",
        RunState::Finished => "badge state ok",
        RunState::Failed => "badge state bad",
    };
    let icon = Signal::derive(move || match workspace.state() {
        RunState::Idle => Icon::Circle,
        RunState::Preparing | RunState::Running => Icon::Dot,
        RunState::Paused => Icon::Pause,
        RunState::Finished => Icon::Check,
        RunState::Failed => Icon::Cross,
    });
    let word = move || state_word(workspace.state());
    view! {
        <span class=tone>
            <Glyph icon=icon />
            <span data-testid="run-state" data-state=word>{move || words::text(word())}</span>
        </span>
    }
}

#[component]
fn Preparation() -> impl IntoView {
    let workspace = Workspace::expect();
    // Of the arms that are prepared, the first one.
    let progress = move || workspace.runs().iter().find_map(|run| run.progress.get());
    let known = move || progress().filter(|progress| progress.total > 0);
    let share = move || known().map(|progress| format!("{}", progress.done as f64 / progress.total as f64));
    view! {
        <div class="preparation">
            <p>{move || stage_words(progress())}</p>
            <progress max="1" value=share aria-label=t!("Preparation")></progress>
        </div>
    }
}

/// What came out: the losses of a run alone, or the verdict over arms.
#[component]
fn Outcome() -> impl IntoView {
    let workspace = Workspace::expect();
    let is_comparison = Memo::new(move |_| workspace.arms() > 1);
    view! {
        <Show when=move || is_comparison.get() fallback=|| view! { <Figures /> }>
            <Apart part=apart::VERDICT />
        </Show>
    }
}

#[component]
fn Figures() -> impl IntoView {
    let workspace = Workspace::expect();
    let unit = move || summary::loss_unit(&workspace.shown());
    let last = move || {
        workspace.version.track();
        workspace.run().record.with_value(|record| record.columns.last().copied())
    };
    let validation = move || {
        workspace.version.track();
        workspace.run().record.with_value(|record| record.validations.last().copied())
    };
    let number = |value: Option<f64>| value.map_or_else(|| "–".into(), |value| fixed(value, 3));
    let exact = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let validation_note = move || {
        let word = if quantity::is_bounded(&workspace.shown()) { t!("validation bound") } else { t!("validation") };
        let Some(v) = validation() else { return word.to_owned() };
        let step = integer(v.step);
        match v.error.map(|error| fixed(quantity::STANDARD_ERRORS * error, 3)) {
            Some(error) => t!("{word} ± {error} (2 s.e.), step {step}", word, error, step),
            None => t!("{word}, step {step}", word, step),
        }
    };
    let training_note = move || match quantity::training(&workspace.shown()) {
        Quantity::Likelihood => t!("training, last step"),
        Quantity::Bound => t!("training bound, last step"),
        Quantity::MaskedCrossEntropy => t!("training, masked cross-entropy, last step"),
    };
    // What a model that knows nothing but the size of its vocabulary loses.
    let guess =
        move || workspace.run().prepared.with(|prepared| prepared.as_ref().map(|prepared| prepared.vocabulary as f64));
    let solved = move || validation().and_then(|v| v.exact_match);
    // The loss on the text that was not learned last, and its name.
    let other = move || {
        let validation = validation()?;
        let experiment = workspace.shown();
        let (_, text) = experiment.text.learned(experiment.train.steps, validation.step);
        validation.other_loss.zip(text)
    };
    view! {
        <div class="figures">
            <p class="figure">
                <b
                    data-testid="metric-val-loss"
                    data-value=move || exact(validation().map(|v| v.loss))
                    data-step=move || validation().map_or_else(String::new, |v| v.step.to_string())
                >
                    {move || number(validation().map(|v| v.loss))}
                </b>
                <i>{move || validation().map(|_| unit())}</i>
                <span>{validation_note}</span>
            </p>
            <p class="figure">
                <b data-testid="metric-loss" data-value=move || exact(last().map(|row| row.loss))>
                    {move || number(last().map(|row| row.loss))}
                </b>
                <i>{move || last().map(|_| unit())}</i>
                <span>{training_note}</span>
            </p>
            <Show when=move || other().is_some()>
                <p class="figure">
                    <b data-testid="metric-other-loss" data-value=move || exact(other().map(|(loss, _)| loss))>
                        {move || number(other().map(|(loss, _)| loss))}
                    </b>
                    <i>{unit}</i>
                    <span>{move || other().map(|(_, text)| t!("on {text}", text = words::text(text.name())))}</span>
                </p>
            </Show>
            <Show when=move || solved().is_some()>
                <p class="figure">
                    <b data-testid="metric-exact-match" data-value=move || exact(solved())>
                        {move || format!("{:.0} %", solved().unwrap_or_default() * 100.0)}
                    </b>
                    <span>{t!("answered exactly")}</span>
                </p>
            </Show>
            <Show when=move || guess().is_some()>
                <p class="figure guess">
                    <b>{move || number(guess().map(f64::ln))}</b>
                    <i>{unit}</i>
                    <span>
                        {move || t!("a blind guess, ln {vocabulary}", vocabulary = guess().unwrap_or_default())}
                    </span>
                </p>
            </Show>
        </div>
    }
}
