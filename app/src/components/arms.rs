//! The arms side by side: what differs, where each stands, and its validation loss.

use leptos::prelude::*;
use tailblazer_core::{
    experiment::{Comparison, Control, controls},
    session::RunState,
};

use super::{
    icon::{Glyph, Icon},
    results::state_word,
};
use crate::{
    chart::mark::{Outline, Shape, dash},
    engine::Engine,
    t, words,
    workspace::{
        Scope, Workspace,
        action::Action,
        format::{fixed, integer},
        quantity, summary,
    },
};

/// A table with one column per arm and one row per setting that differs.
#[component]
pub fn Arms() -> impl IntoView {
    let workspace = Workspace::expect();
    let heads = move || (0..workspace.arms()).map(|arm| view! { <Head arm /> }).collect_view();
    let all = workspace.view.all_settings;
    let rows = move || {
        let paths = workspace.comparison.with(|comparison| match all.get() {
            true => comparison.settings(),
            false => comparison.differing(),
        });
        if paths.is_empty() {
            let note = t!("Nothing differs yet: choose an arm under Edit and change a setting.");
            return view! { <tr><td></td><td colspan="8" class="faint">{note}</td><td></td></tr> }.into_any();
        }
        paths.into_iter().map(|path| view! { <Row path /> }).collect_view().into_any()
    };
    view! {
        <section class="card arms" aria-label=t!("Arms")>
            <div class="arms-table" tabindex="0" role="region" aria-label=t!("What differs between the arms")>
                <table>
                    <thead><tr><th scope="col"><Extent /></th>{heads}<td><Controls /></td></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}

/// Which settings the table lists.
#[component]
fn Extent() -> impl IntoView {
    let workspace = Workspace::expect();
    let all = workspace.view.all_settings;
    let count = move || workspace.comparison.with(|comparison| comparison.settings().len());
    let button = move |this: bool, words: Signal<String>, hook: &'static str| {
        view! {
            <button
                type="button"
                aria-pressed=move || (all.get() == this).to_string()
                data-testid=hook
                title=t!("Key D")
                on:click=move |_| all.set(this)
            >
                {words}
            </button>
        }
    };
    view! {
        <span class="seg" role="group" aria-label=t!("Settings in this table")>
            {button(false, t!("Diff").to_owned().into(), "arms-diff")}
            {button(true, Signal::derive(move || t!("All {count}", count = count())), "arms-all")}
        </span>
    }
}

/// The arms that could refute the comparison, one press away.
#[component]
fn Controls() -> impl IntoView {
    let workspace = Workspace::expect();
    let list = Memo::new(move |_| workspace.comparison.with(controls));
    let button = move |Control { name, experiment }: Control| {
        let hook = format!("control-{}", name.replace(' ', "-"));
        let shown = control_name(&name);
        let title = t!("Add a control: arm {name}", name = shown);
        view! {
            <button type="button" class="more" data-testid=hook title=title on:click=move |_| workspace.add(&experiment)>
                {format!("+ {shown}")}
            </button>
        }
    };
    move || list.get().into_iter().take(2).map(button).collect_view()
}

/// The name of a control: the letter of its arm, and what is done to that.
fn control_name(name: &str) -> String {
    match name.split_once(' ') {
        Some((arm, "null")) => t!("{arm} null", arm),
        Some((arm, "shuffled")) => t!("{arm} shuffled", arm),
        _ => name.to_owned(),
    }
}

/// The line and the marker of an arm.
#[component]
pub fn Swatch(arm: usize) -> impl IntoView {
    let colour = format!("color: var(--arm-{})", arm + 1);
    let dashes = dash(arm).iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
    let marker = match Shape::of_arm(arm).outline((13.0, 6.0), 3.5) {
        Outline::Circle => view! { <circle cx="13" cy="6" r="3.5" fill="currentColor"></circle> }.into_any(),
        Outline::Polygon(points) => {
            let points = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ");
            view! { <polygon points=points fill="currentColor"></polygon> }.into_any()
        }
        Outline::Strokes(strokes) => strokes
            .map(|[(x1, y1), (x2, y2)]| {
                view! { <line x1=x1 y1=y1 x2=x2 y2=y2 stroke="currentColor" stroke-width="2"></line> }
            })
            .collect_view()
            .into_any(),
    };
    view! {
        <svg class="swatch" width="26" height="12" style=colour aria-hidden="true">
            <line x1="0" x2="26" y1="6" y2="6" stroke="currentColor" stroke-width="1.75" stroke-dasharray=dashes></line>
            {marker}
        </svg>
    }
}

#[component]
fn Head(arm: usize) -> impl IntoView {
    let workspace = Workspace::expect();
    let engine = Engine::expect();
    let letter = Comparison::letter(arm);
    let run = workspace.run_of(arm);
    let name = move || {
        let experiment = workspace.experiment_of(arm);
        workspace
            .comparison
            .with(|comparison| comparison.arms.get(arm).map(|of| summary::arm(of, &experiment)).unwrap_or_default())
    };
    let validation = move || {
        workspace.version.track();
        run.record.with_value(|record| record.validations.last().copied())
    };
    let progress = move || {
        workspace.version.track();
        let step = run.record.with_value(|record| record.columns.last().map_or(0, |row| row.step));
        let seeds = workspace.comparison.with(|comparison| comparison.seeds);
        let (word, step) = (words::text(state_word(run.state.get())), integer(step));
        match seeds > 1 {
            true => t!("{word}, step {step}, seed {seed} of {seeds}", word, step, seed = run.seed.get() + 1, seeds),
            false => t!("{word}, step {step}", word, step),
        }
    };
    let is_busy = move || matches!(run.state.get(), RunState::Running | RunState::Preparing);
    let loss_word = move || if quantity::is_bounded(&workspace.shown_of(arm)) { t!("bound") } else { t!("val") };
    let steer = move |_| engine.act_on(arm, if is_busy() { Action::Pause } else { Action::Play });
    let icon = Signal::derive(move || if is_busy() { Icon::Pause } else { Icon::Play });
    let steer_label = move || match is_busy() {
        true => t!("Pause arm {letter} alone", letter),
        false => t!("Train arm {letter} alone", letter),
    };
    view! {
        <th
            scope="col"
            data-testid=format!("arm-{letter}")
            data-state=move || state_word(run.state.get())
            class:edited=move || workspace.scope.get() == Scope::Arm(arm)
        >
            <div class="arm-head">
                <Swatch arm />
                <b>{letter.to_string()}</b>
                <span class="arm-name" title=name>{name}</span>
                <span class="arm-val">
                    <i>{move || format!("{} ", loss_word())}</i>
                    <b
                        data-testid=format!("arm-{letter}-val-loss")
                        data-value=move || validation().map_or_else(String::new, |v| v.loss.to_string())
                        data-step=move || validation().map_or_else(String::new, |v| v.step.to_string())
                    >
                        {move || validation().map_or_else(|| "–".into(), |v| fixed(v.loss, 3))}
                    </b>
                </span>
                <button
                    type="button"
                    class="btn small icon quiet"
                    aria-label=steer_label
                    title=steer_label
                    data-testid=format!("arm-{letter}-steer")
                    on:click=steer
                >
                    <Glyph icon=icon />
                </button>
                <button
                    type="button"
                    class="btn small icon quiet arm-tools"
                    aria-label=t!("Remove arm {letter}", letter)
                    title=t!("Remove arm {letter}; its run is forgotten", letter)
                    data-testid=format!("arm-{letter}-remove")
                    on:click=move |_| engine.remove(arm)
                >
                    <Glyph icon=Icon::Cross />
                </button>
            </div>
            <div class="arm-state">{progress}</div>
        </th>
    }
}

#[component]
fn Row(path: String) -> impl IntoView {
    let workspace = Workspace::expect();
    let label = summary::label(&path);
    let cells = move || {
        let value = |arm| summary::value_at(&workspace.experiment_of(arm), &path);
        let of_a = value(0);
        let cell = |arm: usize| {
            let value = value(arm);
            let differs = arm > 0 && value != of_a;
            let style = differs.then(|| format!("--arm-colour: var(--arm-{})", arm + 1));
            let words = value.unwrap_or_else(|| "–".into());
            view! { <td class:differs=differs style=style>{words}</td> }
        };
        (0..workspace.arms()).map(cell).collect_view()
    };
    view! { <tr><th scope="row">{label}</th>{cells}<td></td></tr> }
}
