//! The card of the alphas.

use leptos::prelude::*;

use super::{arm_value, choosable, drawing, readout_view, sentence, spectra, with_input};
use crate::{
    chart::{
        alpha::{self, Options},
        input::Input,
    },
    components::{chart_card::ChartCard, table::AlphaTable},
    t,
    workspace::{Workspace, export::chart::Numbers, format::fixed, view::AlphaView},
};

/// The chart of the alphas.
#[component]
pub fn AlphaCard() -> impl IntoView {
    let workspace = Workspace::expect();
    let readout = move || {
        workspace.version.track();
        with_input(workspace, |input| {
            let readout = alpha::readout(input)?;
            let values = readout.alphas.into_iter().filter_map(|(index, alpha)| {
                let words = alpha.map_or_else(|| t!("none").to_owned(), |alpha| fixed(alpha, 2));
                Some(arm_value(input.arm(index)?, input.is_comparison(), words))
            });
            Some(view! {
                <span>{readout.matrix}</span>
                {values.collect_view()}
            })
        })
    };
    view! {
        <ChartCard
            name="alpha"
            numbers=Numbers::Alpha
            title=t!("Alpha")
            unit=Signal::derive(|| t!("by depth").to_owned())
            summary=sentence(workspace, alpha::summary)
            draw=drawing(workspace, move |input, width, height| {
                alpha::scene(input, options(workspace), width, height)
            })
            follow=spectra(workspace)
            readout=readout_view(readout)
            tools=|| view! { <Legend /> <Arms /> <Views /> }
            table=|| view! { <AlphaTable /> }
            key=|workspace, scene| alpha::draw_key(scene, untrack(|| workspace.view.alpha_view.get()))
            select=select
        />
    }
}

/// How the alphas are drawn now.
fn options(workspace: Workspace) -> Options {
    Options { view: workspace.view.alpha_view.get(), arm: workspace.view.alpha_arm.get() }
}

/// The letter of the arm that is drawn, and of the one that it may be compared with.
fn letters(workspace: Workspace, options: Options) -> (Option<char>, Option<char>) {
    with_input(workspace, |input: Input| {
        let chosen = alpha::chosen(&input, options).map(|arm| arm.letter());
        (chosen, input.arms.first().map(|arm| arm.letter()))
    })
}

fn select(workspace: Workspace, size: (f64, f64), y: f64) {
    let found = untrack(|| with_input(workspace, |input| alpha::parameter_at(input, options(workspace), size, y)));
    if found.is_some() {
        workspace.view.matrix.set(found);
    }
}

/// What the colours mean.
#[component]
fn Legend() -> impl IntoView {
    let workspace = Workspace::expect();
    let view = move || {
        let shown = workspace.view.alpha_view.get();
        let ramp = if shown == AlphaView::Difference { "delta-ramp" } else { "alpha-ramp" };
        alpha::ends(shown).map(|[low, high]| {
            view! {
                <span class="legend" title=t!("Dotted: beyond the ends. Hatched: no tail to fit.")>
                    {low}
                    <i class=ramp aria-hidden="true"></i>
                    {high}
                </span>
            }
        })
    };
    view! { {view} }
}

/// The arm whose alphas are drawn, where there are several.
#[component]
fn Arms() -> impl IntoView {
    let workspace = Workspace::expect();
    let arms = Memo::new(move |_| choosable(workspace));
    let chosen = Memo::new(move |_| letters(workspace, options(workspace)).0);
    let button = move |(index, letter): (usize, char)| {
        view! {
            <button
                type="button"
                aria-label=t!("Alphas of arm {letter}", letter)
                aria-pressed=move || (chosen.get() == Some(letter)).to_string()
                data-testid=format!("alpha-arm-{}", letter.to_ascii_lowercase())
                on:click=move |_| workspace.view.alpha_arm.set(Some(index))
            >
                {letter}
            </button>
        }
    };
    let group = move || {
        let arms = arms.get();
        (!arms.is_empty()).then(|| {
            view! {
                <span class="seg" role="group" aria-label=t!("Arm")>{arms.into_iter().map(button).collect_view()}</span>
            }
        })
    };
    view! { {group} }
}

/// Colours, lines or differences.
#[component]
fn Views() -> impl IntoView {
    let workspace = Workspace::expect();
    let view = workspace.view.alpha_view;
    let is_comparison = Memo::new(move |_| !choosable(workspace).is_empty());
    let difference = move || {
        let difference = Options { view: AlphaView::Difference, ..options(workspace) };
        match letters(workspace, difference) {
            (Some(arm), Some(base)) => format!("{arm} − {base}"),
            _ => t!("difference").into(),
        }
    };
    let button = move |this: AlphaView, hook: &'static str, word: Signal<String>| {
        view! {
            <button
                type="button"
                aria-pressed=move || (view.get() == this).to_string()
                data-testid=hook
                on:click=move |_| view.set(this)
            >
                {move || word.get()}
            </button>
        }
    };
    let fixed = |word: &'static str| Signal::derive(move || word.to_owned());
    view! {
        <span class="seg" role="group" aria-label=t!("View of the alphas")>
            {button(AlphaView::Heat, "alpha-heat", fixed(t!("heat")))}
            {button(AlphaView::Lines, "alpha-lines", fixed(t!("lines")))}
            <Show when=move || is_comparison.get()>
                {button(AlphaView::Difference, "alpha-difference", Signal::derive(difference))}
            </Show>
        </span>
    }
}
