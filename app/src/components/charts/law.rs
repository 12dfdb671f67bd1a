//! The strip of the annealing law in the loss card: what it is fitted to, the law, and what it says about other arms.

use std::sync::Arc;

use leptos::prelude::*;
use tailblazer_core::{experiment::Comparison, lab::annealing};

use super::with_input;
use crate::{
    chart::{
        forecast::{self, Candidate, Forecast, LEAST_STEPS, MOST_FITTED, Remark},
        input::Arm,
    },
    workspace::Workspace,
};

/// The law of the page. Nothing is computed while it is not shown, and no fit while its arms stand still.
#[derive(Clone, Copy)]
pub struct Law {
    candidates: Memo<Vec<Candidate>>,
    fitted: Memo<Vec<usize>>,
    /// The law and its predictions; none while it is not shown.
    pub forecast: Memo<Option<Arc<Forecast>>>,
}

impl Law {
    /// The law of a page's runs.
    pub fn new(workspace: Workspace) -> Self {
        let is_shown = workspace.view.law;
        let candidates = Memo::new(move |_| {
            if !is_shown.get() {
                return Vec::new();
            }
            workspace.slow_version.track();
            workspace.comparison.track();
            workspace.own_text.track();
            let candidate = |arm: &Arm| Candidate::new(arm, own_text(workspace, arm.index));
            untrack(|| with_input(workspace, |input| input.arms.iter().map(candidate).collect()))
        });
        let fitted = Memo::new(move |_| {
            let places = workspace.view.law_fit.get();
            let arm = |place: &usize| (0..workspace.arms()).find(|arm| workspace.place_of(*arm) == *place);
            let wanted: Vec<usize> = places.iter().filter_map(arm).collect();
            candidates.with(|candidates| forecast::fitted(candidates, &wanted))
        });
        let courses = Memo::new(move |_| {
            candidates.with(|candidates| {
                let course = |index: &usize| candidates.iter().find(|arm| arm.index == *index);
                fitted.with(|fitted| fitted.iter().filter_map(course).map(|arm| arm.course.clone()).collect::<Vec<_>>())
            })
        });
        let fit = Memo::new(move |_| {
            courses.with(|courses| {
                let runs: Vec<_> = courses.iter().map(annealing::Course::run).collect();
                annealing::fit(&runs, annealing::Lambda::Fitted)
            })
        });
        let forecast = Memo::new(move |_| {
            let forecast = || candidates.with(|candidates| Forecast::new(candidates, fitted.get(), fit.get()));
            is_shown.get().then(|| Arc::new(forecast()))
        });
        Self { candidates, fitted, forecast }
    }
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
                title="Predict the loss under any schedule from one or two runs"
                aria-label="Annealing law"
                aria-pressed=move || is_shown.get().to_string()
                data-testid="law-toggle"
                on:click=move |_| is_shown.update(|on| *on = !*on)
            >
                "law"
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
    let advice = format!("At most {MOST_FITTED} arms; two with different schedules tell more.");
    let words = move || {
        law.forecast.get().map(|forecast| match &forecast.law {
            Ok(_) => of_law(&forecast, workspace.arms()).into_any(),
            Err(sentence) => view! { <span data-testid="law-none">{sentence.clone()}</span> }.into_any(),
        })
    };
    view! {
        <Show when=move || workspace.view.law.get()>
            <div class="law" role="group" aria-label="Annealing law" data-testid="law">
                <span class="law-fit" title=advice.clone()>
                    "Fitted to"
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
    let hint =
        (arms < 2).then(|| view! { <span class="faint">"Add an arm with another schedule to predict it."</span> });
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
    let arms = Memo::new(move |_| workspace.arms());
    let button = move |arm: usize| {
        let letter = Comparison::letter(arm);
        let is_ready = Memo::new(move |_| law.candidates.with(|list| list.get(arm).is_some_and(Candidate::is_ready)));
        let press = move |_| {
            let wanted = law.fitted.with_untracked(|fitted| forecast::pressed(fitted, arm));
            let places = untrack(|| wanted.into_iter().map(|arm| workspace.place_of(arm)).collect());
            workspace.view.law_fit.set(places);
        };
        let title = move || match is_ready.get() {
            true => format!("Fit the law to arm {letter}"),
            false => format!("Arm {letter} can be fitted to after {LEAST_STEPS} steps behind its warm-up"),
        };
        view! {
            <button
                type="button"
                title=title
                aria-label=format!("Fit to arm {letter}")
                aria-pressed=move || law.fitted.with(|fitted| fitted.contains(&arm)).to_string()
                data-testid=format!("law-fit-{letter}")
                disabled=move || !is_ready.get()
                on:click=press
            >
                {letter}
            </button>
        }
    };
    view! {
        <span class="seg" role="group" aria-label="Arms that the law is fitted to">
            {move || (0..arms.get()).map(button).collect_view()}
        </span>
    }
}
