//! The charts' numbers as tables. They follow a run once per second, not once per step.

use leptos::prelude::*;

use crate::{
    chart::rate,
    workspace::{
        Workspace,
        format::{compact, fixed, integer, significant},
    },
};

/// Steps that a table lists.
const MOST: usize = 1_000;

/// The last steps of the run, the newest first. Each row carries its loss in full precision for scripts.
#[component]
pub fn LossTable() -> impl IntoView {
    let workspace = Workspace::expect();
    let rows = move || {
        workspace.slow_version.track();
        workspace.run().record.with_value(|record| {
            let columns = &record.columns;
            let steps = columns.rows().iter().zip(columns.ema()).rev().take(MOST);
            steps
                .map(|(row, ema)| {
                    let validation = record.validations.iter().find(|v| v.step == row.step);
                    view! {
                        <tr data-step=row.step.to_string() data-loss=row.loss.to_string()>
                            <td>{integer(row.step)}</td>
                            <td>{fixed(row.loss, 4)}</td>
                            <td>{fixed(*ema, 4)}</td>
                            <td>{validation.map(|v| fixed(v.loss, 4))}</td>
                            <td>{significant(row.learning_rate)}</td>
                            <td>{significant(row.gradient_norm)}</td>
                            <td>{compact(row.tokens)}</td>
                            <td>{fixed(row.seconds, 2)}</td>
                        </tr>
                    }
                })
                .collect_view()
        })
    };
    view! {
        <div class="tbl" tabindex="0" role="region" aria-label="Loss as a table" data-testid="loss-table">
            <table>
                <caption class="sr">"The last 1,000 steps, the newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"step"</th>
                        <th scope="col">"loss"</th>
                        <th scope="col">"EMA"</th>
                        <th scope="col">"validation"</th>
                        <th scope="col">"rate"</th>
                        <th scope="col">"grad. norm"</th>
                        <th scope="col">"tokens"</th>
                        <th scope="col">"seconds"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// The learning rate at even distances over the planned run.
#[component]
pub fn RateTable() -> impl IntoView {
    /// Rows of the table; the ends and the peak come on top.
    const ROWS: usize = 20;
    let workspace = Workspace::expect();
    let rows = move || {
        workspace.slow_version.track();
        let experiment = workspace.shown();
        let steps = experiment.train.steps;
        let done = workspace.run().record.with_value(|record| record.columns.last().map_or(0, |row| row.step));
        let stride = (steps / ROWS).max(1);
        let warmup = experiment.schedule.warmup_steps();
        rate::rates(&experiment, 0, steps)
            .filter(|(step, _)| *step == 1 || *step == steps || *step == warmup || step.is_multiple_of(stride))
            .map(|(step, rate)| {
                let kind = if step <= done { "used" } else { "planned" };
                view! {
                    <tr data-step=step.to_string() data-rate=rate.to_string()>
                        <td>{integer(step)}</td>
                        <td>{significant(rate)}</td>
                        <td>{kind}</td>
                    </tr>
                }
            })
            .collect_view()
    };
    view! {
        <div class="tbl" tabindex="0" role="region" aria-label="Learning rate as a table" data-testid="rate-table">
            <table>
                <caption class="sr">"Learning rate by step"</caption>
                <thead>
                    <tr>
                        <th scope="col">"step"</th>
                        <th scope="col">"learning rate"</th>
                        <th scope="col">"kind"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
