//! The figures of the run bar. Each carries its value in full precision for scripts.

use leptos::prelude::*;
use tailblazer_core::session::RunState;

use crate::workspace::{
    Workspace,
    format::{compact, duration, fixed, integer},
};

/// Step, speed and time left.
#[component]
pub fn Meters() -> impl IntoView {
    let workspace = Workspace::expect();
    let step = move || {
        workspace.version.track();
        workspace.record.with_value(|record| record.columns.last().map_or(0, |row| row.step))
    };
    let steps = move || workspace.shown().train.steps;
    let speed = move || {
        workspace.version.track();
        workspace.record.with_value(|record| record.columns.speed())
    };
    let left = move || {
        let rest = steps().saturating_sub(step());
        let speed = speed().filter(|_| workspace.state.get() != RunState::Failed);
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
                <span>"step"</span>
            </span>
            <span class="meter speed">
                <b
                    data-testid="metric-tokens-per-second"
                    data-value=move || exact(speed().map(|speed| speed.tokens))
                >
                    {tokens}
                </b>
                <span>"tokens/s"</span>
            </span>
            <span class="meter speed">
                <b
                    data-testid="metric-steps-per-second"
                    data-value=move || exact(speed().map(|speed| speed.steps))
                >
                    {steps_per_second}
                </b>
                <span>"steps/s"</span>
            </span>
            <span class="meter left"><b>{left}</b><span>"left"</span></span>
        </div>
    }
}
