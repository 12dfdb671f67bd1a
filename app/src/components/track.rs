//! The track of the run bar: it has the shape of the schedule and is inked as the run goes.

use leptos::{html, prelude::*};

use crate::{
    chart::sparkline::Outline,
    t,
    workspace::{Workspace, format::integer},
};

use super::canvas::watch_size;

/// The progress of the run on the shape of its schedule.
#[component]
pub fn Track() -> impl IntoView {
    let workspace = Workspace::expect();
    let node = NodeRef::<html::Div>::new();
    let size = watch_size(node);

    let shown = Memo::new(move |_| workspace.shown());
    let outline = Memo::new(move |_| {
        let (width, height) = size.get();
        shown.with(|experiment| Outline::new(experiment, 6.0, (width - 6.0).max(20.0), 7.0, (height - 8.0).max(14.0)))
    });
    let step = Memo::new(move |_| {
        workspace.version.track();
        workspace.run().record.with_value(|record| record.columns.last().map_or(0, |row| row.step))
    });
    let steps = move || shown.with(|experiment| experiment.train.steps);
    let x = move || outline.with(|outline| outline.x(step.get()));
    let y = move || outline.with(|outline| outline.y(step.get()));
    let line = move || outline.with(Outline::line);
    let area = move || outline.with(Outline::area);
    let base = move || (size.get().1 - 8.0).max(14.0);
    let right = move || (size.get().0 - 6.0).max(20.0);
    // Twenty ticks however long the run is; every fifth is longer.
    let ticks = move || {
        let (base, at) = (base(), x());
        let tick = |i: usize| {
            let x = outline.with(|outline| outline.x(0) + (outline.x(usize::MAX) - outline.x(0)) * i as f64 / 20.0);
            let done = x <= at && step.get() > 0;
            let length = if i.is_multiple_of(5) { 4 } else { 2 };
            view! {
                <rect
                    x=x - 0.5
                    y=base + 2.0
                    width="1"
                    height=length
                    class=if done { "tick-done" } else { "tick-open" }
                ></rect>
            }
        };
        (1..=20).map(tick).collect_view()
    };
    let label = move || t!("Step {step} of {steps}", step = integer(step.get()), steps = integer(steps()));
    view! {
        <div
            class="track"
            node_ref=node
            role="progressbar"
            aria-label=t!("Progress on the schedule")
            aria-valuemin="0"
            aria-valuemax=move || steps().to_string()
            aria-valuenow=move || step.get().to_string()
            aria-valuetext=label
            title=label
        >
            <svg aria-hidden="true">
                <clipPath id="track-done"><rect x="0" y="0" height="200" width=x></rect></clipPath>
                <path d=line class="track-plan"></path>
                <path d=area class="track-area" clip-path="url(#track-done)"></path>
                <path d=line class="track-line" clip-path="url(#track-done)"></path>
                <line x1="6" y1=base x2=right y2=base class="axis"></line>
                {ticks}
                <g class="track-knob" class:hidden=move || step.get() == 0>
                    <line x1=x x2=x y1="2" y2=base></line>
                    <circle cx=x cy=y r="5"></circle>
                </g>
            </svg>
        </div>
    }
}
