//! The card of the spectrum of one matrix.

use leptos::prelude::*;

use super::{drawing, readout_view, sentence, spectra, with_input};
use crate::{
    chart::{esd, matrices},
    components::{chart_card::ChartCard, table::EsdTable},
    t,
    workspace::{Workspace, export::chart::Numbers, format::integer},
};

/// The chart of the spectrum.
#[component]
pub fn EsdCard() -> impl IntoView {
    let workspace = Workspace::expect();
    let arm = move || workspace.view.alpha_arm.get();
    let readout = move || {
        workspace.version.track();
        with_input(workspace, |input| {
            let step = esd::densities(&input, arm()).first()?.step;
            Some(view! { <span>{t!("at {step}", step = integer(step))}</span> })
        })
    };
    view! {
        <ChartCard
            name="esd"
            numbers=Numbers::Esd
            title=t!("ESD")
            unit=Signal::derive(|| t!("density of λ(WᵀW), log-log").to_owned())
            summary=sentence(workspace, move |input| esd::summary(input, arm()))
            draw=drawing(workspace, move |input, width, height| esd::scene(input, arm(), width, height))
            follow=spectra(workspace)
            readout=readout_view(readout)
            tools=|| view! { <Picker /> }
            table=|| view! { <EsdTable /> }
            over_steps=false
        />
    }
}

/// The selected matrix, and the ways to the ones before and after it.
#[component]
fn Picker() -> impl IntoView {
    let workspace = Workspace::expect();
    let matrix = workspace.view.matrix;
    let options = Memo::new(move |_| {
        workspace.slow_version.track();
        untrack(|| {
            with_input(workspace, |input| {
                let layout = matrices::reference(&input);
                let option = |index: usize| {
                    let parameter = &layout[index];
                    (index, format!("{}, {}", matrices::name(parameter), matrices::shape(parameter)))
                };
                matrices::hidden(layout).into_iter().map(option).collect::<Vec<_>>()
            })
        })
    });
    let selected = move || {
        options.track();
        with_input(workspace, |input| matrices::selected(&input)).map(|index| index.to_string()).unwrap_or_default()
    };
    let go = move |places: isize| {
        if let Some(next) = untrack(|| with_input(workspace, |input| matrices::neighbour(&input, places))) {
            matrix.set(Some(next));
        }
    };
    let button = move |places: isize, word: &'static str, label: &'static str, hook: &'static str| {
        view! {
            <button
                type="button"
                aria-label=label
                data-testid=hook
                prop:disabled=move || options.with(Vec::is_empty)
                on:click=move |_| go(places)
            >
                {word}
            </button>
        }
    };
    let choose = move |event: web_sys::Event| {
        if let Ok(index) = event_target_value(&event).parse() {
            matrix.set(Some(index));
        }
    };
    let list = move || {
        let chosen = selected();
        let options = options.get().into_iter().map(move |(index, name)| {
            let is_chosen = index.to_string() == chosen;
            view! { <option value=index.to_string() prop:selected=is_chosen>{name}</option> }
        });
        options.collect_view()
    };
    view! {
        <span class="seg matrix-pick" role="group" aria-label=t!("Matrix")>
            {button(-1, "‹", t!("Previous matrix"), "esd-previous")}
            <select
                aria-label=t!("Matrix")
                data-testid="esd-matrix"
                prop:disabled=move || options.with(Vec::is_empty)
                on:change=choose
            >
                {list}
            </select>
            {button(1, "›", t!("Next matrix"), "esd-next")}
        </span>
    }
}
