//! The learning rate over time: a thumbnail per shape, an exact preview, three knobs.

use leptos::{html, prelude::*};
use tailblazer_core::experiment::{Experiment, Shape};

use crate::{
    chart::sparkline::Outline,
    components::{
        canvas::watch_size,
        field::{NumberField, forgive, setting},
    },
    workspace::{
        Workspace,
        format::{integer, scientific},
        summary::{kebab, shape_name},
    },
};

const SHAPES: [Shape; 3] = [Shape::Constant, Shape::Linear, Shape::Cosine];

/// The fields of the schedule.
#[component]
pub fn Schedule() -> impl IntoView {
    view! {
        <Thumbnails />
        <Preview />
        <div class="knobs">
            <NumberField setting=setting!("Peak", "schedule.peak", schedule.peak) />
            <NumberField setting=setting!("Warm-up", "schedule.warmup", schedule.warmup) />
            <NumberField setting=setting!("Floor", "schedule.floor", schedule.floor) unit="× peak" />
        </div>
    }
}

#[component]
fn Thumbnails() -> impl IntoView {
    let workspace = Workspace::expect();
    let shape = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.schedule.shape));
    let button = move |this: Shape| {
        view! {
            <button
                type="button"
                aria-pressed=move || (shape.get() == this).to_string()
                data-testid=format!("schedule.shape.{}", kebab(&this))
                on:click=move |_| {
                    forgive(workspace, "schedule.shape");
                    workspace.experiment.update(|experiment| experiment.schedule.shape = this);
                }
            >
                <svg width="62" height="24" aria-hidden="true"><path d=thumbnail(this)></path></svg>
                {shape_name(this)}
            </button>
        }
    };
    view! {
        <div class="thumbs" role="group" aria-label="Schedule shape" id="schedule.shape" data-testid="schedule.shape">
            {SHAPES.map(button).collect_view()}
        </div>
    }
}

/// The shape on its own, with a short warm-up and no floor.
fn thumbnail(shape: Shape) -> String {
    let mut experiment = Experiment::default();
    experiment.train.steps = 120;
    experiment.schedule.warmup = 9;
    experiment.schedule.floor = 0.0;
    experiment.schedule.shape = shape;
    Outline::new(&experiment, 2.0, 60.0, 3.0, 22.0).line()
}

/// The schedule as the run will follow it.
#[component]
fn Preview() -> impl IntoView {
    let workspace = Workspace::expect();
    let node = NodeRef::<html::Div>::new();
    let size = watch_size(node);
    const LEFT: f64 = 34.0;
    const TOP: f64 = 10.0;
    let right = move || (size.get().0 - 4.0).max(60.0);
    let base = move || (size.get().1 - 16.0).max(24.0);
    let outline = Memo::new(move |_| {
        workspace.experiment.with(|experiment| Outline::new(experiment, LEFT, right(), TOP, base()))
    });
    let line = move || outline.with(Outline::line);
    let peak = move || workspace.experiment.with(|experiment| scientific(experiment.schedule.peak));
    let steps = move || workspace.experiment.with(|experiment| format!("step {}", integer(experiment.train.steps)));
    let warmup = move || workspace.experiment.with(|experiment| experiment.schedule.warmup);
    let mark = move || outline.with(|outline| outline.x(warmup()));
    let sentence = move || {
        workspace.experiment.with(|experiment| {
            let schedule = &experiment.schedule;
            format!(
                "Preview: warm-up to {} over {} steps, then {} until step {}.",
                scientific(schedule.peak),
                integer(schedule.warmup),
                shape_name(schedule.shape),
                integer(experiment.train.steps),
            )
        })
    };
    view! {
        <div class="preview" node_ref=node role="img" aria-label=sentence>
            <svg aria-hidden="true">
                <line x1=LEFT x2=right y1=TOP y2=TOP class="grid"></line>
                <text x=LEFT - 6.0 y=TOP + 3.5 text-anchor="end" class="tick">{peak}</text>
                <text x=LEFT - 6.0 y=move || base() + 3.5 text-anchor="end" class="tick">"0"</text>
                <line x1=LEFT x2=right y1=base y2=base class="axis"></line>
                <line x1=mark x2=mark y1=base y2=move || base() + 4.0 class="axis"></line>
                <text x=move || mark() + 4.0 y=move || base() + 13.0 class="tick">"warm-up"</text>
                <text x=right y=move || base() + 13.0 text-anchor="end" class="tick">{steps}</text>
                <path d=line class="ln"></path>
            </svg>
        </div>
    }
}
