//! The figures of the run bar. Each carries its value in full precision for scripts.

use leptos::prelude::*;
use tailblazer_core::session::RunState;

use crate::{
    t,
    workspace::{
        Workspace,
        columns::Speed,
        format::{compact, duration, fixed, integer},
        run::Run,
    },
};

/// Step, speed and time left.
#[component]
pub fn Meters() -> impl IntoView {
    let workspace = Workspace::expect();
    let step = move || {
        workspace.version.track();
        workspace.run().record.with_value(|record| record.columns.last().map_or(0, |row| row.step))
    };
    let steps = move || workspace.shown().train.steps;
    // All arms that train, together.
    let speed = move || {
        workspace.version.track();
        let runs = workspace.runs();
        let is_moving = |run: &&Run| run.state.get() == RunState::Running;
        let any_moves = runs.iter().any(|run| is_moving(&run));
        let speeds = runs.iter().filter(|run| !any_moves || is_moving(run));
        speeds
            .filter_map(|run| run.record.with_value(|record| record.columns.speed()))
            .reduce(|a, b| Speed { tokens: a.tokens + b.tokens, steps: a.steps + b.steps })
    };
    let left = move || {
        let rest = steps().saturating_sub(step());
        let run = workspace.run();
        let speed = run.record.with_value(|record| record.columns.speed());
        let speed = speed.filter(|_| run.state.get() != RunState::Failed);
        speed.map_or_else(|| "–".into(), |speed| duration(rest as f64 / speed.steps))
    };
    let tokens = move || speed().map_or_else(|| "–".into(), |speed| compact(speed.tokens));
    let steps_per_second =
        move || speed().map_or_else(|| "–".into(), |speed| fixed(speed.steps, if speed.steps < 99.95 { 1 } else { 0 }));
    let exact = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    view! {
        <div class="meters">
            <span class="meter steps">
                <b>
                    <span data-testid="metric-step" data-value=move || step().to_string()>{move || integer(step())}</span>
                    <i>" / "{move || integer(steps())}</i>
                </b>
                <span>{t!("step")}</span>
            </span>
            <span class="meter speed">
                <b
                    data-testid="metric-tokens-per-second"
                    data-value=move || exact(speed().map(|speed| speed.tokens))
                >
                    {tokens}
                </b>
                <span>{t!("tokens/s")}</span>
            </span>
            <span class="meter speed">
                <b
                    data-testid="metric-steps-per-second"
                    data-value=move || exact(speed().map(|speed| speed.steps))
                >
                    {steps_per_second}
                </b>
                <span>{t!("steps/s")}</span>
            </span>
            <span class="meter left"><b>{left}</b><span>{t!("left")}</span></span>
        </div>
    }
}
