//! The loss and the learning rate of the run.

use std::rc::Rc;

use leptos::prelude::*;
use tailblazer_core::session::RunState;

use super::{
    canvas::Draw,
    chart_card::ChartCard,
    table::{LossTable, RateTable},
};
use crate::{
    chart::{axis::Input, loss, rate, scene::Scene},
    workspace::{
        Workspace,
        format::{fixed, integer},
        summary,
    },
};

/// Calls `with` with what the charts are drawn from.
fn with_input<T>(workspace: Workspace, with: impl FnOnce(Input) -> T) -> T {
    let experiment = workspace.shown();
    let (x_axis, crosshair) = (workspace.view.x_axis.get(), workspace.view.crosshair.get());
    let failed = workspace.state.get() == RunState::Failed;
    workspace.record.with_value(|record| with(Input { experiment: &experiment, record, x_axis, crosshair, failed }))
}

fn drawing(workspace: Workspace, scene: impl Fn(Input, f64, f64) -> Scene + 'static) -> Draw {
    Rc::new(move |width, height| with_input(workspace, |input| scene(input, width, height)))
}

/// The loss chart.
#[component]
pub fn LossCard() -> impl IntoView {
    let workspace = Workspace::expect();
    let log = workspace.view.log;
    let unit = move || summary::loss_unit(&workspace.shown()).to_owned();
    // Screen readers need no summary that changes with every frame.
    let sentence = Memo::new(move |_| {
        workspace.slow_version.track();
        let (unit, log) = (unit(), log.get());
        untrack(|| with_input(workspace, |input| loss::summary(input, log, &unit)))
    });
    let readout = move || {
        workspace.version.track();
        with_input(workspace, |input| {
            let columns = &input.record.columns;
            let index = match input.crosshair_row() {
                Some((index, _)) => Some(index),
                None => columns.len().checked_sub(1),
            };
            index.map(|index| {
                let row = &columns.rows()[index];
                view! {
                    <span>"at "{integer(row.step)}</span>
                    <b class="arm">"EMA "{fixed(columns.ema()[index], 3)}</b>
                    <span class="faint">{fixed(row.loss, 3)}</span>
                }
            })
        })
    };
    let scale = move |log_scale: bool, word: &'static str, label: &'static str| {
        view! {
            <button
                type="button"
                aria-label=label
                aria-pressed=move || (log.get() == log_scale).to_string()
                data-testid=format!("y-{word}")
                on:click=move |_| log.set(log_scale)
            >
                {word}
            </button>
        }
    };
    let tools = move || {
        view! {
            <span class="seg" role="group" aria-label="Loss axis">
                {scale(false, "lin", "Linear loss axis")} {scale(true, "log", "Logarithmic loss axis")}
            </span>
        }
    };
    let cover = move || {
        let idle = move || workspace.state.get() == RunState::Idle;
        view! {
            <Show when=idle>
                <div class="first">
                    <div><b>"Press Train"</b><span>"Everything is computed in this tab."</span></div>
                </div>
            </Show>
        }
    };
    view! {
        <ChartCard
            name="loss"
            title="Loss"
            unit=Signal::derive(unit)
            summary=sentence
            draw=drawing(workspace, move |input, width, height| loss::scene(input, log.get(), width, height))
            readout=readout_view(readout)
            tools=tools
            table=|| view! { <LossTable /> }
            cover=cover
        />
    }
}

/// The learning rate chart.
#[component]
pub fn RateCard() -> impl IntoView {
    let workspace = Workspace::expect();
    let sentence = Memo::new(move |_| {
        workspace.slow_version.track();
        workspace.experiment.track();
        untrack(|| with_input(workspace, rate::summary))
    });
    let readout = move || {
        workspace.version.track();
        let read = with_input(workspace, rate::readout);
        read.map(|(step, rate)| view! { <span>"at "{integer(step)}</span><b class="arm">{rate}</b> })
    };
    view! {
        <ChartCard
            name="rate"
            title="Learning rate"
            unit=Signal::derive(move || rate::unit(&workspace.shown()))
            summary=sentence
            draw=drawing(workspace, rate::scene)
            readout=readout_view(readout)
            table=|| view! { <RateTable /> }
        />
    }
}

/// A readout that follows its signals.
fn readout_view<V: IntoView + 'static>(readout: impl Fn() -> V + Copy + Send + Sync + 'static) -> ViewFn {
    ViewFn::from(move || view! { {move || readout()} })
}
