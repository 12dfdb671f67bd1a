//! What drawing charts costs: four arms of 10,000 steps.

use leptos::prelude::*;
use tailblazer_core::experiment::comparison_from_link;

use super::frames::FramesCard;
use crate::{
    chart::{matrices, synthetic},
    components::charts::{AlphaCard, EsdCard, LossCard, RateCard},
    t,
    workspace::{Workspace, record::Record},
};

/// Steps of every arm.
const STEPS: usize = 10_000;

/// Four arms that differ in their schedule and their rates over layers.
const ARMS: &str = "?preset=gpt-nano#v=1&train.steps=10000&b.schedule.shape=linear&c.schedule.shape=wsd\
                    &d.layerwise.method=ends";

/// Draws and measures.
#[component]
pub fn Charts() -> impl IntoView {
    let workspace = Workspace::expect();
    view! {
        <FramesCard
            title=t!("Drawing charts")
            about=t!("Four arms of 10,000 steps in four charts, drawn anew in every frame.")
            hook="frames"
            prepare=Callback::new(move |()| fill(workspace))
            draw=Callback::new(move |_| workspace.version.update(|version| *version += 1))
        >
            <div class="stage"><LossCard /><RateCard /><AlphaCard /><EsdCard /></div>
        </FramesCard>
    }
}

/// Puts four runs on the page that nobody trained.
fn fill(workspace: Workspace) {
    let (comparison, _) = comparison_from_link(ARMS);
    workspace.replace(comparison);
    for arm in 0..untrack(|| workspace.arms()) {
        let (run, experiment) = untrack(|| (workspace.run_of(arm), workspace.experiment_of(arm)));
        let layout = matrices::planned(&experiment);
        let layers = (0..=STEPS / 100).map(|event| synthetic::frame(&layout, 100 * event, arm)).collect();
        let record = synthetic::record(STEPS, |step| synthetic::falling(step) - 0.03 * arm as f64);
        run.record.set_value(Record { layout, layers, ..record });
    }
}
