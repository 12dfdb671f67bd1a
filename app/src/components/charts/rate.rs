//! The card of the learning rates.

use leptos::prelude::*;

use super::{arm_value, choice, drawing, pace, readout_view, sentence, with_input};
use crate::{
    chart::rate,
    components::{chart_card::ChartCard, table::RateTable},
    t,
    workspace::{Workspace, export::chart::Numbers, format::integer},
};

/// The learning rate chart.
#[component]
pub fn RateCard() -> impl IntoView {
    let workspace = Workspace::expect();
    let log = workspace.view.rate_log;
    let readout = move || {
        workspace.version.track();
        with_input(workspace, |input| {
            let readout = rate::readout(input)?;
            let place = readout.matrix.unwrap_or_else(|| t!("at {step}", step = integer(readout.step)));
            let values = readout
                .rates
                .into_iter()
                .filter_map(|(index, rate)| Some(arm_value(input.arm(index)?, input.is_comparison(), rate)));
            Some(view! {
                <span>{place}</span>
                {values.collect_view()}
            })
        })
    };
    let scales = [
        (false, t!("lin"), t!("Linear learning rate axis"), "lr-lin"),
        (true, t!("log"), t!("Logarithmic learning rate axis"), "lr-log"),
    ];
    view! {
        <ChartCard
            name="rate"
            numbers=Numbers::Rate
            title=t!("Learning rate")
            hook="chart-lr"
            unit=Signal::derive(move || with_input(workspace, rate::unit))
            summary=sentence(workspace, rate::summary)
            draw=drawing(workspace, move |input, width, height| rate::scene(input, log.get(), width, height))
            readout=readout_view(readout)
            tools=move || view! { {choice(t!("Learning rate axis"), log, scales)} {pace(workspace)} }
            table=|| view! { <RateTable /> }
        />
    }
}
