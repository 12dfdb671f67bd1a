//! One token, how far confidence can be trusted, and what attends what.

use leptos::prelude::*;
use tailblazer_core::{
    decode::{Action, Mark},
    objective::{Moment, View},
    text::Batch,
};

use super::shown;
use crate::{
    chart::{calibration, mask},
    components::figure::Figure,
    t, words,
    workspace::{
        Workspace,
        decode::{Selected, cell::State, choice, trace::Trace},
        format::fixed,
    },
};

/// Height of the drawings in pixels.
const HEIGHT: f64 = 228.0;

/// What the panel shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tab {
    Token,
    Calibration,
    Mask,
}

/// The panel.
#[component]
pub fn Inspector() -> impl IntoView {
    let workspace = Workspace::expect();
    let decode = workspace.decode;
    let tab = RwSignal::new(Tab::Token);
    let button = move |this: Tab, word: &'static str, hook: &'static str| {
        view! {
            <button
                type="button"
                aria-pressed=move || (tab.get() == this).to_string()
                data-testid=hook
                on:click=move |_| tab.set(this)
            >
                {word}
            </button>
        }
    };
    let place = move || match (tab.get(), decode.selected.get()) {
        (Tab::Token, Some(selected)) => t!("position {position}", position = selected.token + 1),
        (Tab::Calibration, _) => "95 %".to_owned(),
        (Tab::Mask, _) => t!("in training").to_owned(),
        _ => String::new(),
    };
    let body = move || match tab.get() {
        Tab::Token => view! { <TokenBody /> }.into_any(),
        Tab::Calibration => view! { <CalibrationBody /> }.into_any(),
        Tab::Mask => view! { <MaskBody /> }.into_any(),
    };
    let title = move || match tab.get() {
        Tab::Token => t!("Token"),
        Tab::Calibration => t!("Calibration"),
        Tab::Mask => t!("Attention"),
    };
    view! {
        <section class="card chart inspector" data-testid="token-panel">
            <header>
                <h2>{title}</h2>
                <span class="unit">{place}</span>
                <span class="grow"></span>
                <span class="seg" role="group" aria-label=t!("Panel")>
                    {button(Tab::Token, t!("token"), "panel-token")}
                    {button(Tab::Calibration, t!("calibration"), "panel-calibration")}
                    {button(Tab::Mask, t!("mask"), "panel-mask")}
                </span>
            </header>
            <div class="decode-figure">{body}</div>
        </section>
    }
}

/// What happened to the token that is looked at.
#[component]
fn TokenBody() -> impl IntoView {
    let decode = Workspace::expect().decode;
    let body = move || {
        let Selected { place, token } = decode.selected.get()?;
        let (column, forward) = (decode.column(place), decode.forward(place));
        let name = decode.entry(place)?.name();
        let story = column.with(|trace| {
            let cell = trace.at(forward).get(token).copied()?;
            let story = trace.story(token);
            let mark = story.iter().rfind(|(at, _)| *at <= forward).map(|(_, mark)| *mark);
            let alternatives = mark.map(|mark| alternatives(trace, mark)).unwrap_or_default();
            let lines: Vec<(bool, String)> =
                story.iter().map(|(at, mark)| (*at <= forward, event(trace, *at, mark))).collect();
            let letter = cell.token.map(|token| shown(trace, token)).unwrap_or_default();
            Some((cell, letter, alternatives, lines))
        });
        let (cell, letter, alternatives, lines) = story?;
        let sentence = match (cell.state, cell.forward) {
            (State::Waiting, _) => t!("{name}: its block has not begun.", name),
            (_, 0) => t!("{name}: nothing is decided here yet.", name),
            (state, forward) => {
                let what = if state.stands() { t!("decided") } else { state.shown() };
                let sure = fixed(f64::from(cell.confidence), 2);
                t!("{name}: {what} at forward {forward} with confidence {sure}.", name, what, forward, sure)
            }
        };
        let bars = alternatives.into_iter().map(|(word, share)| {
            view! {
                <li>
                    <i>{word}</i>
                    <span style=format!("--c: {:.1}%", 100.0 * share)></span>
                    <em>{fixed(share, 2)}</em>
                </li>
            }
        });
        let bars = bars.collect_view();
        let lines =
            lines.into_iter().map(|(is_past, line)| view! { <li class:to-come=!is_past>{line}</li> }).collect_view();
        Some(view! {
            <div class="who" style=format!("--tok-fill: var(--arm-{}-text)", place + 1)>
                <span class=format!("tok {}", cell.state.word())>{letter}</span>
                <p data-testid="token-sentence">{sentence}</p>
            </div>
            <ol class="alternatives" aria-label=t!("Alternatives at that forward")>{bars}</ol>
            <ol class="events" aria-label=t!("What happened to it")>{lines}</ol>
        })
    };
    let hint = t!("Choose a token above: what happened to it, how sure the decoder was, and what else was likely.");
    move || match body() {
        Some(body) => body.into_any(),
        None => view! { <p class="decode-hint">{hint}</p> }.into_any(),
    }
}

/// The likeliest tokens with their probabilities.
fn alternatives(trace: &Trace, mark: &Mark) -> Vec<(String, f64)> {
    mark.alternatives.iter().take(5).map(|(token, share)| (shown(trace, *token), f64::from(*share))).collect()
}

/// Something that happened, in words: `forward 3: drafted e, 0.42`.
fn event(trace: &Trace, forward: usize, mark: &Mark) -> String {
    let word = shown(trace, mark.token);
    let sure = fixed(f64::from(mark.confidence), 2);
    let what = match mark.action {
        Action::Draft => t!("drafted {word}, {sure}", word, sure),
        Action::Commit => t!("committed {word}, {sure}", word, sure),
        Action::Accept => t!("verified {word}, {sure}", word, sure),
        Action::Reject => t!("draft rejected, {word} drawn in its place, {sure}", word, sure),
        Action::Edit => t!("edited to {word}, {sure}", word, sure),
        Action::Remask => t!("taken back").to_owned(),
    };
    t!("forward {forward}: {what}", forward, what)
}

/// How often committed tokens are right, by their confidence.
#[component]
fn CalibrationBody() -> impl IntoView {
    let decode = Workspace::expect().decode;
    let of = Memo::new(move |_| {
        let all = decode.current();
        let plain: Vec<_> = all.into_iter().filter(|known| known.knob.is_none()).collect();
        let wanted = decode.selected.get().map(|selected| selected.place);
        let chosen = plain.iter().find(|known| Some(known.place) == wanted).or(plain.first())?;
        let name = decode.entry(chosen.place)?.name();
        Some((chosen.place, name, chosen.calibration()))
    });
    move || match of.get() {
        Some((place, name, bins)) => {
            let summary = calibration::summary(name, &bins);
            let sentence = summary.clone();
            view! {
                <Figure draw=move |width| calibration::scene(&bins, place, width, HEIGHT - 44.0) summary=summary />
                <p class="note">{sentence}</p>
            }
            .into_any()
        }
        None => view! {
            <p class="decode-hint">
                {t!("Press Measure: its committed tokens are held against the held-out text.")}
            </p>
        }
        .into_any(),
    }
}

/// What attends what while the network is trained, and what it is trained to say.
#[component]
fn MaskBody() -> impl IntoView {
    let workspace = Workspace::expect();
    let run = move || workspace.run_at(workspace.decode.model.get().run);
    let of = Memo::new(move |_| {
        let experiment = run().plan.get()?.experiment;
        let context = experiment.model.context;
        let inputs = vec![0; context];
        let window = Batch { targets: inputs.clone(), inputs, batch: 1, context };
        let steps = experiment.train.steps;
        // Patterns that change over a run are shown as they are at its end, as decoders meet them.
        let moment = Moment { seed: experiment.seed, step: steps.saturating_sub(1), steps, micro: 0 };
        let view = experiment.objective.example(&window, 1, moment).view;
        let about = experiment.objective.method().description();
        let reading = experiment.objective.reading(context);
        Some((view, about, choice::noise(&reading)))
    });
    move || match of.get() {
        Some((view, about, noise)) => {
            let short: View = mask::shortened(view);
            let summary = mask::summary(view);
            let sentence = summary.clone();
            view! {
                <p class="objective" data-testid="decode-objective" title=words::text(about.summary)>
                    <b>{words::text(about.name)}</b>{format!(", {noise}.")}
                </p>
                <Figure draw=move |width| mask::scene(short, width, HEIGHT - 68.0) summary=summary />
                <p class="note">{sentence}</p>
            }
            .into_any()
        }
        None => {
            let hint = t!("No session holds this network any more: train it again.");
            view! { <p class="decode-hint">{hint}</p> }.into_any()
        }
    }
}
