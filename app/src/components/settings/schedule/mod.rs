//! The learning rate over time: a picker made from the family's list, an exact preview, the knobs of what is chosen.

mod draw;
mod literal;
mod picker;
mod preview;

use leptos::prelude::*;
use tailblazer_core::{
    experiment::Experiment,
    policy::Knob,
    schedule::{Curve, Power, Shape},
};

use literal::LiteralPower;
use picker::Picker;
use preview::Preview;

use crate::{
    components::{
        field::{NumberField, Setting, setting},
        method::KnobFields,
    },
    key, t, words,
    workspace::Workspace,
};

/// The points of the drawn shape.
const POINTS: Setting<Curve> = setting!(key!("Points"), "schedule.points", schedule.points);

/// The fields of the schedule.
#[component]
pub fn Schedule() -> impl IntoView {
    let workspace = Workspace::expect();
    let shape = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.schedule.shape));
    view! {
        <Picker shape />
        <p class="note">{move || words::text(shape.get().description().summary)}</p>
        <Preview shape />
        <Show when=move || shape.get() == Shape::of(&Power)><LiteralPower /></Show>
        <div class="knobs">
            <NumberField
                setting=setting!(key!("Peak"), "schedule.peak", schedule.peak)
                title=t!("The largest learning rate of the run.")
            />
            {move || view! { <Knobs shape=shape.get() /> }}
        </div>
    }
}

/// The fields of a shape besides the peak.
#[component]
fn Knobs(shape: Shape) -> impl IntoView {
    let warmup = shape.warms_up().then(|| {
        view! {
            <NumberField
                setting=setting!(key!("Warm-up"), "schedule.warmup", schedule.warmup)
                title=t!("Steps over which the learning rate climbs to the peak.")
            />
        }
    });
    let points = shape.is_drawn().then(|| {
        view! {
            <NumberField
                setting=POINTS
                unit=t!("share:factor")
                title=t!(
                    "The corners of the curve: share of the run, a colon, fraction of the peak; from share 0 to share 1."
                )
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
