//! The card of the loss.

use leptos::prelude::*;
use tailblazer_core::session::RunState;

use super::{
    arm_value, choice, drawing,
    law::{LawStrip, LawToggle, law},
    readout_view, with_input,
};
use crate::{
    chart::{input::Input, loss},
    components::{chart_card::ChartCard, table::LossTable},
    t,
    workspace::{Workspace, export::chart::Numbers, format::integer, run::Run, summary},
};

/// The loss chart.
#[component]
pub fn LossCard() -> impl IntoView {
    let workspace = Workspace::expect();
    let log = workspace.view.log;
    let law = law(workspace);
    let unit = move || summary::loss_unit(&workspace.shown()).to_owned();
    let sentence = Memo::new(move |_| {
        workspace.slow_version.track();
        let (unit, log, law) = (unit(), log.get(), law.get());
        untrack(|| with_input(workspace, |input| loss::summary(Input { law: law.as_deref(), ..input }, log, &unit)))
    });
    let readout = move || {
        workspace.version.track();
        with_input(workspace, |input| {
            let step = input.step()?;
            let is_comparison = input.is_comparison();
            let values = input.arms.iter().filter_map(|arm| {
                let (words, pale) = loss::readout(&input, arm, step)?;
                let pale = pale.map(|words| view! { <span class="faint">{words}</span> });
                Some(view! { {arm_value(arm, is_comparison, words)} {pale} })
            });
            Some(view! {
                <span>{t!("at {step}", step = integer(step))}</span>
                {values.collect_view()}
            })
        })
    };
    let scales =
        [(false, t!("lin"), t!("Linear loss axis"), "y-lin"), (true, t!("log"), t!("Logarithmic loss axis"), "y-log")];
    let cover = move || {
        let idle = move || {
            workspace.slow_version.track();
            workspace.state() == RunState::Idle && !workspace.runs().iter().any(Run::has_steps)
        };
        view! {
            <Show when=idle>
                <div class="first">
                    <div><b>{t!("Press Train")}</b><span>{t!("Everything is computed in this tab.")}</span></div>
                </div>
            </Show>
        }
    };
    view! {
        <ChartCard
            name="loss"
            numbers=Numbers::Loss
            title=t!("Loss")
            unit=Signal::derive(unit)
            summary=sentence
            draw=drawing(workspace, move |input, width, height| {
                let law = law.get();
                loss::scene(Input { law: law.as_deref(), ..input }, log.get(), width, height)
            })
            readout=readout_view(readout)
            tools=move || view! { {choice(t!("Loss axis"), log, scales)} <LawToggle /> }
            strip=move || view! { <LawStrip law=law /> }
            table=move || view! { <LossTable law=law /> }
            cover=cover
        />
    }
}
