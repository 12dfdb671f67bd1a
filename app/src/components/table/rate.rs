//! The learning rates as tables: over the run, and over the matrices where they differ.

use leptos::prelude::*;
use tailblazer_core::session::SearchFrame;

use super::{heads, table};
use crate::{
    chart::{
        course::Course,
        fan::Fan,
        input::{Arm, Input},
        matrices, rate,
    },
    components::charts::with_input,
    t,
    workspace::{
        Workspace,
        format::{fixed, integer, significant},
    },
};

/// The learning rate at even distances over the run of the arm that is looked at, or every matrix at the crosshair.
#[component]
pub fn RateTable() -> impl IntoView {
    let workspace = Workspace::expect();
    let has_fan = Memo::new(move |_| {
        workspace.slow_version.track();
        with_input(workspace, |input| input.arms.iter().any(|arm| !Fan::at(arm, arm.done().max(1)).lines.is_empty()))
    });
    move || match has_fan.get() {
        true => view! { <Matrices /> }.into_any(),
        false => view! { <Steps /> }.into_any(),
    }
}

#[component]
fn Steps() -> impl IntoView {
    let workspace = Workspace::expect();
    let rows = move || {
        workspace.slow_version.track();
        let arm = workspace.arm();
        with_input(workspace, |input| input.arm(arm).map(steps_of))
    };
    let head = || heads([t!("step"), t!("learning rate"), t!("kind")]);
    table(t!("Learning rate"), "rate-table", t!("Learning rate by step"), head, rows)
}

fn steps_of(arm: &Arm) -> AnyView {
    /// Rows of the table; the ends and the peak come on top.
    const ROWS: usize = 20;
    let (experiment, course) = (arm.experiment, Course::new(arm));
    let steps = experiment.train.steps;
    let stride = (steps / ROWS).max(1);
    let warmup = experiment.schedule.warmup_steps();
    let is_shown = |step: &usize| *step == 1 || *step == steps || *step == warmup || step.is_multiple_of(stride);
    let kind = |step| if step <= arm.done() { t!("used") } else { t!("planned") };
    let steps = rate::rates(experiment, 0, steps).map(|(step, _)| step).filter(is_shown);
    let mut rows: Vec<_> = steps.map(|step| (step, course.at(step), kind(step).to_owned())).collect();
    rows.extend(arm.record.searches.iter().flat_map(tried));
    rows.sort_by_key(|(step, ..)| *step);
    let row = |(step, rate, kind): (usize, f64, String)| {
        view! {
            <tr data-step=step.to_string() data-rate=rate.to_string()>
                <td>{integer(step)}</td>
                <td>{significant(rate)}</td>
                <td>{kind}</td>
            </tr>
        }
    };
    rows.into_iter().map(row).collect_view().into_any()
}

/// The rates of a search, with what was forecast for them.
fn tried(search: &SearchFrame) -> impl Iterator<Item = (usize, f64, String)> {
    search.probes.iter().map(|probe| {
        let forecast = |loss| format!("{} {}", t!("forecast"), fixed(loss, 3));
        let found = probe.forecast.map_or_else(|| t!("diverged").into(), forecast);
        let word = if search.rate == Some(probe.rate) { t!("chosen") } else { t!("tried") };
        (search.step, probe.rate, format!("{word}, {found}"))
    })
}

#[component]
fn Matrices() -> impl IntoView {
    let workspace = Workspace::expect();
    let head = move || {
        with_input(workspace, |input| {
            let arms = input.arms.iter().flat_map(|arm| {
                let name = input.prefix(arm);
                [format!("{name}{}", t!("multiplier")), format!("{name}{}", t!("rate"))]
            });
            heads([t!("matrix"), t!("shape")]).into_iter().chain(arms).collect()
        })
    };
    let rows = move || {
        workspace.slow_version.track();
        with_input(workspace, rows)
    };
    table(t!("Learning rate"), "rate-table", t!("Learning rate of every matrix at the crosshair or now"), head, rows)
}

fn rows(input: Input) -> AnyView {
    let update = input.step().unwrap_or(1).max(1);
    let fans: Vec<Fan> = input.arms.iter().map(|arm| Fan::at(arm, update)).collect();
    let Some(layout) = fans.iter().map(|fan| &fan.layout).find(|layout| !layout.is_empty()) else {
        return ().into_any();
    };
    let rows = matrices::all(layout).into_iter().map(|index| {
        let cells = fans.iter().flat_map(|fan| {
            let same = matrices::same(layout, index, &fan.layout);
            let line = same.and_then(|index| fan.line(index));
            let multiplier = line.and_then(|line| line.multipliers.first().copied()).unwrap_or(1.0);
            let rate = fan.base.first().map(|base| significant(base * multiplier));
            [same.map(|_| format!("×{multiplier:.2}")), same.and(rate)]
        });
        let name = matrices::name(&layout[index]);
        view! {
            <tr data-matrix=name.clone()>
                <td>{name.clone()}</td>
                <td>{matrices::shape(&layout[index])}</td>
                {cells.map(|cell| view! { <td>{cell}</td> }).collect_view()}
            </tr>
        }
    });
    rows.collect_view().into_any()
}
