//! The gradient norms as a table.

use leptos::prelude::*;

use super::{MOST, heads, table};
use crate::{
    chart::input::{Arm, Input},
    components::charts::with_input,
    t,
    workspace::{
        Workspace,
        format::{integer, significant},
    },
};

/// The norms of the last steps, the newest first.
#[component]
pub fn GradientTable() -> impl IntoView {
    let workspace = Workspace::expect();
    let head = move || {
        with_input(workspace, |input| {
            let norm = |arm: &Arm| format!("{}{}", input.prefix(arm), t!("norm"));
            heads([t!("step")]).into_iter().chain(input.arms.iter().map(norm)).collect()
        })
    };
    let rows = move || {
        workspace.slow_version.track();
        with_input(workspace, rows)
    };
    table(t!("Gradient norm"), "gradient-table", t!("The last 1,000 steps, the newest first"), head, rows)
}

fn rows(input: Input) -> AnyView {
    let Some(lead) = input.lead() else { return ().into_any() };
    let steps = lead.record.columns.rows().iter().rev().take(MOST).map(|row| row.step);
    let rows = steps.map(|step| {
        let norm = |arm: &Arm| arm.row(step).map(|(_, row)| significant(row.gradient_norm));
        let cells: Vec<Option<String>> = input.arms.iter().map(norm).collect();
        view! {
            <tr data-step=step.to_string()>
                <td>{integer(step)}</td>
                {cells.into_iter().map(|cell| view! { <td>{cell}</td> }).collect_view()}
            </tr>
        }
    });
    rows.collect_view().into_any()
}
