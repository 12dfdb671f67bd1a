//! The card of the gradient norms.

use leptos::prelude::*;

use super::{arm_value, drawing, pace, readout_view, sentence, with_input};
use crate::{
    chart::gradient,
    components::{chart_card::ChartCard, table::GradientTable},
    t,
    workspace::{Workspace, export::chart::Numbers, format::integer},
};

/// The chart of the gradient norms, in the place of the learning rates.
#[component]
pub fn GradientCard() -> impl IntoView {
    let workspace = Workspace::expect();
    let readout = move || {
        workspace.version.track();
        with_input(workspace, |input| {
            let (step, norms) = gradient::readout(input)?;
            let values = norms
                .into_iter()
                .filter_map(|(index, norm)| Some(arm_value(input.arm(index)?, input.is_comparison(), norm)));
            Some(view! {
                <span>{t!("at {step}", step = integer(step))}</span>
                {values.collect_view()}
            })
        })
    };
    view! {
        <ChartCard
            name="gradient"
            numbers=Numbers::Gradient
            title=t!("Gradient norm")
            unit=Signal::derive(|| t!("l2, before clipping, log").to_owned())
            summary=sentence(workspace, gradient::summary)
            draw=drawing(workspace, gradient::scene)
            readout=readout_view(readout)
            tools=move || view! { <Refine /> {pace(workspace)} }
            table=|| view! { <GradientTable /> }
        />
    }
}

/// Makes an arm whose schedule follows from the norms on the chart.
#[component]
fn Refine() -> impl IntoView {
    let workspace = Workspace::expect();
    let title = t!(
        "Add an arm with the schedule that this run's gradients call for (Defazio et al. 2023, arXiv:2310.07831: from \
         their l2 norms for SGD and LARS, from their l1 norms for the others)"
    );
    view! {
        <Show when=move || workspace.can_refine()>
            <button
                type="button"
                class="btn small"
                title=title
                data-testid="schedule-refine"
                on:click=move |_| workspace.refine()
            >
                {t!("Refine")}
            </button>
        </Show>
    }
}
