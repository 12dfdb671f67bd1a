//! The learning rate over time: a picker made from the family's list, an exact preview, the knobs of what is chosen.

use leptos::{html, prelude::*};
use tailblazer_core::{
    experiment::Experiment,
    policy::Knob,
    schedule::{FAMILY, Shape},
};

use crate::{
    chart::sparkline::Outline,
    components::{
        canvas::watch_size,
        field::{NumberField, forgive, setting},
        method::KnobFields,
    },
    workspace::{
        Workspace,
        format::{integer, scientific},
        summary::course,
    },
};

/// The fields of the schedule.
#[component]
pub fn Schedule() -> impl IntoView {
    let workspace = Workspace::expect();
    let shape = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.schedule.shape));
    view! {
        <Picker shape />
        <p class="note">{move || shape.get().description().summary}</p>
        <Preview />
        <div class="knobs">
            <NumberField
                setting=setting!("Peak", "schedule.peak", schedule.peak)
                title="The largest learning rate of the run."
            />
            {move || view! { <Knobs shape=shape.get() /> }}
        </div>
    }
}

/// A card for each schedule: the best known and the chosen one at first, the others on request.
#[component]
fn Picker(shape: Memo<Shape>) -> impl IntoView {
    /// Two rows of cards.
    const FEW: usize = 6;
    let all = RwSignal::new(false);
    let is_shown = move |place: usize, this: Shape| place < FEW || all.get() || shape.get() == this;
    let cards = Shape::all()
        .enumerate()
        .map(|(place, this)| {
            let is_shown = Memo::new(move |_| is_shown(place, this));
            view! { <Show when=move || is_shown.get()><Card shape this /></Show> }
        })
        .collect_view();
    view! {
        <div data-testid="schedule-select">
            <div
                class="thumbs"
                role="group"
                aria-label="Schedule shape"
                id="schedule.shape"
                data-testid="schedule.shape"
            >
                {cards}
            </div>
            <button
                type="button"
                class="more"
                aria-expanded=move || all.get().to_string()
                aria-controls="schedule.shape"
                data-testid="schedule-more"
                on:click=move |_| all.update(|all| *all = !*all)
            >
                {move || if all.get() { "Fewer schedules".into() } else { format!("All {} schedules", FAMILY.len()) }}
            </button>
        </div>
    }
}

#[component]
fn Card(
    /// The schedule that is chosen.
    shape: Memo<Shape>,
    /// The schedule of this card.
    this: Shape,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let description = this.description();
    view! {
        <button
            type="button"
            title=format!("{} {}.", description.summary, description.source)
            aria-pressed=move || (shape.get() == this).to_string()
            data-testid=format!("schedule.shape.{}", description.id)
            on:click=move |_| choose(workspace, this)
        >
            <svg width="62" height="24" aria-hidden="true"><path d=thumbnail(this)></path></svg>
            {description.name}
        </button>
    }
}

/// A new shape has other fields: what could not be read in those before is forgotten.
fn choose(workspace: Workspace, shape: Shape) {
    forgive(workspace, "schedule.shape");
    workspace.unreadable.update(|fields| {
        fields.retain(|path, _| *path == "schedule.peak" || !path.starts_with("schedule."));
    });
    workspace.experiment.update(|experiment| experiment.schedule.choose(shape));
}

/// The shape on its own, with a short warm-up and nearly no floor.
fn thumbnail(shape: Shape) -> String {
    let mut experiment = Experiment::default();
    experiment.train.steps = 120;
    experiment.schedule.warmup = 9;
    experiment.schedule.floor = 0.02;
    experiment.schedule.choose(shape);
    Outline::new(&experiment, 2.0, 60.0, 3.0, 22.0).line()
}

/// The fields of a shape besides the peak.
#[component]
fn Knobs(shape: Shape) -> impl IntoView {
    let warmup = shape.warms_up().then(|| {
        view! {
            <NumberField
                setting=setting!("Warm-up", "schedule.warmup", schedule.warmup)
                title="Steps over which the learning rate climbs to the peak."
            />
        }
    });
    let points = shape.is_drawn().then(|| {
        view! {
            <NumberField
                setting=setting!("Points", "schedule.points", schedule.points)
                unit="share:factor"
                title="The corners of the curve: share of the run, a colon, fraction of the peak; from share 0 to share 1."
                wide=true
            />
        }
    });
    let (get, set) = (|e: &Experiment, knob: &Knob| e.schedule.value(knob), set_knob);
    view! {
        {warmup}
        <KnobFields method=shape.description() group="schedule" get set />
        {points}
    }
}

fn set_knob(experiment: &mut Experiment, knob: &Knob, value: f64) {
    experiment.schedule.set_value(knob, value);
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
    let height = move || outline.with(Outline::peak);
    let peak = move || workspace.experiment.with(|experiment| scientific(experiment.schedule.peak));
    let steps = move || workspace.experiment.with(|experiment| format!("step {}", integer(experiment.train.steps)));
    let warmup = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.schedule.warmup_steps()));
    let mark = move || outline.with(|outline| outline.x(warmup.get()));
    let sentence = move || {
        workspace.experiment.with(|experiment| {
            let (course, steps) = (course(&experiment.schedule), integer(experiment.train.steps));
            format!("Preview: {course} until step {steps}.")
        })
    };
    view! {
        <div class="preview" node_ref=node role="img" aria-label=sentence data-testid="schedule-preview">
            <svg aria-hidden="true">
                <line x1=LEFT x2=right y1=height y2=height class="grid"></line>
                <text x=LEFT - 6.0 y=move || height() + 3.5 text-anchor="end" class="tick">{peak}</text>
                <text x=LEFT - 6.0 y=move || base() + 3.5 text-anchor="end" class="tick">"0"</text>
                <line x1=LEFT x2=right y1=base y2=base class="axis"></line>
                <g style:display=move || if warmup.get() == 0 { "none" } else { "inline" }>
                    <line x1=mark x2=mark y1=base y2=move || base() + 4.0 class="axis"></line>
                    <text x=move || mark() + 4.0 y=move || base() + 13.0 class="tick">"warm-up"</text>
                </g>
                <text x=right y=move || base() + 13.0 text-anchor="end" class="tick">{steps}</text>
                <path d=line class="ln"></path>
            </svg>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schedule_has_a_thumbnail() {
        for shape in Shape::all() {
            assert!(thumbnail(shape).len() > 20, "{shape:?}");
        }
    }
}
