//! The strip of the annealing law in the loss card: what it is fitted to, the law, and what it says about other arms.

use std::sync::Arc;

use leptos::prelude::*;
use tailblazer_core::experiment::Comparison;

use super::with_input;
use crate::{
    chart::{
        forecast::{self, Candidate, Forecast, LEAST_STEPS, MOST_FITTED, Remark},
        input::Arm,
    },
    t,
    workspace::Workspace,
};

/// The law of the page; none while it is not shown.
pub type Law = Memo<Option<Arc<Forecast>>>;

/// Fits the law once for every change of the arms that it is fitted to, and while they run at most once per second.
pub fn law(workspace: Workspace) -> Law {
    Memo::new(move |before: Option<&Option<Arc<Forecast>>>| {
        if !workspace.view.law.get() {
            return None;
        }
        workspace.slow_version.track();
        workspace.comparison.track();
        workspace.own_text.track();
        Some(Arc::new(forecast(workspace, before.and_then(Option::as_deref))))
    })
}

/// The law as the runs and the choice of arms have it now; what the one before was fitted to is not fitted again.
pub fn forecast(workspace: Workspace, before: Option<&Forecast>) -> Forecast {
    let places = workspace.view.law_fit.get();
    let arm = |place: &usize| (0..workspace.arms()).find(|arm| workspace.place_of(*arm) == *place);
    let wanted: Vec<usize> = places.iter().filter_map(arm).collect();
    let candidate = |arm: &Arm| Candidate::new(arm, own_text(workspace, arm.index));
    let candidates = untrack(|| with_input(workspace, |input| input.arms.iter().map(candidate).collect()));
    Forecast::new(candidates, &wanted, before)
}

/// Which of the visitor's texts an arm learns: that of its run once it has one, as the charts show it.
fn own_text(workspace: Workspace, arm: usize) -> Option<usize> {
    let run = workspace.run_of(arm);
    let plan = run.plan.get().filter(|_| run.has_steps()).unwrap_or_else(|| workspace.edited(arm));
    plan.own_text.map(|text| Arc::as_ptr(&text) as usize)
}

/// The button that opens and closes the strip.
#[component]
pub fn LawToggle() -> impl IntoView {
    let is_shown = Workspace::expect().view.law;
    view! {
        <span class="seg">
            <button
                type="button"
                title=t!("Predict the loss under any schedule from one or two runs")
                aria-label=t!("Annealing law")
                aria-pressed=move || is_shown.get().to_string()
                data-testid="law-toggle"
                on:click=move |_| is_shown.update(|on| *on = !*on)
            >
                {t!("law")}
            </button>
        </span>
    }
}

/// The strip under the header; nothing while the law is not shown.
#[component]
pub fn LawStrip(
    /// The law.
    law: Law,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let advice = t!("At most {count} arms; two with different schedules tell more.", count = MOST_FITTED);
    let words = move || {
        law.get().map(|forecast| match &forecast.law {
            Ok(_) => of_law(&forecast, workspace.arms()).into_any(),
            Err(sentence) => view! { <span data-testid="law-none">{sentence.clone()}</span> }.into_any(),
        })
    };
    view! {
        <Show when=move || workspace.view.law.get()>
            <div class="law" role="group" aria-label=t!("Annealing law") data-testid="law">
                <span class="law-fit" title=advice.clone()>
                    {t!("Fitted to")}
                    <Arms law=law />
                </span>
                {words}
            </div>
        </Show>
    }
}

fn of_law(forecast: &Forecast, arms: usize) -> impl IntoView {
    let remark = |Remark { arm, short, more }| {
        let (colour, letter) = (format!("color: var(--arm-{}-text)", arm + 1), Comparison::letter(arm));
        view! {
            <span style=colour data-testid=format!("law-arm-{letter}")>
                {short}
                <span class="law-more">{more}</span>
            </span>
        }
    };
    let hint = (arms < 2)
        .then(|| view! { <span class="faint">{t!("Add an arm with another schedule to predict it.")}</span> });
    view! {
        <span title=forecast::names() data-testid="law-parameters">{forecast.parameters()}</span>
        {forecast.remarks().into_iter().map(remark).collect_view()}
        {hint}
    }
}

/// One button for each arm.
#[component]
fn Arms(law: Law) -> impl IntoView {
    let workspace = Workspace::expect();
    let button = move |arm: usize| {
        let letter = Comparison::letter(arm);
        let of = move |forecast: &Forecast| forecast.candidates.get(arm).is_some_and(Candidate::is_ready);
        let is_ready = move || law.with(|law| law.as_deref().is_some_and(of));
        let is_fitted = move || law.with(|law| law.as_ref().is_some_and(|law| law.fitted.contains(&arm)));
        let press = move |_| {
            let wanted = law.with_untracked(|law| law.as_ref().map(|law| forecast::pressed(&law.fitted, arm)));
            let places = untrack(|| wanted.into_iter().flatten().map(|arm| workspace.place_of(arm)).collect());
            workspace.view.law_fit.set(places);
        };
        let title = move || match is_ready() {
            true => t!("Fit the law to arm {letter}", letter),
            false => {
                t!("Arm {letter} can be fitted to after {steps} steps behind its warm-up", letter, steps = LEAST_STEPS)
            }
        };
        view! {
            <button
                type="button"
                title=title
                aria-label=t!("Fit to arm {letter}", letter)
                aria-pressed=move || is_fitted().to_string()
                data-testid=format!("law-fit-{letter}")
                disabled=move || !is_ready()
                on:click=press
            >
                {letter}
            </button>
        }
    };
    view! {
        <span class="seg" role="group" aria-label=t!("Arms that the law is fitted to")>
            {move || (0..workspace.arms()).map(button).collect_view()}
        </span>
    }
}
