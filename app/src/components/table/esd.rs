//! The spectrum of one matrix as a table.

use leptos::prelude::*;

use super::{MOST, heads, table};
use crate::{
    chart::{esd, input::Input},
    components::charts::with_input,
    t,
    workspace::{
        Workspace,
        format::{fixed, significant},
    },
};

/// The eigenvalues of the selected matrix at the crosshair, or at the end, the largest first.
#[component]
pub fn EsdTable() -> impl IntoView {
    let workspace = Workspace::expect();
    let rows = move || {
        workspace.slow_version.track();
        with_input(workspace, |input| rows(input, workspace.view.alpha_arm.get()))
    };
    let head = || heads([t!("rank"), t!("eigenvalue"), t!("share of trace"), t!("tail")]);
    table(t!("ESD"), "esd-table", t!("Eigenvalues of the selected matrix, the largest first"), head, rows)
}

fn rows(input: Input, arm: Option<usize>) -> AnyView {
    let list = esd::densities(&input, arm);
    let Some(density) = list.first() else { return ().into_any() };
    let trace: f64 = density.eigenvalues.iter().sum();
    let used = density.used().map_or(0, |(used, _)| used);
    let largest = density.eigenvalues.iter().rev().take(MOST).enumerate();
    let rows = largest.map(|(rank, value)| {
        view! {
            <tr data-rank=(rank + 1).to_string() data-eigenvalue=value.to_string()>
                <td>{rank + 1}</td>
                <td>{significant(*value)}</td>
                <td>{format!("{} %", fixed(100.0 * value / trace, 1))}</td>
                <td>{if rank < used { t!("used") } else { "" }}</td>
            </tr>
        }
    });
    rows.collect_view().into_any()
}
