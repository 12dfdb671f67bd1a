//! What drawing costs: four arms of 10,000 steps, drawn anew in every frame.

use leptos::prelude::*;
use tailblazer_core::experiment::comparison_from_link;

use crate::{
    browser::frame::{self, now},
    chart::{matrices, synthetic},
    components::charts::{AlphaCard, EsdCard, LossCard, RateCard},
    workspace::{Workspace, format::fixed, run::Record},
};

/// Steps of every arm.
const STEPS: usize = 10_000;

/// Frames that are measured, after as many that are not.
const FRAMES: usize = 120;

/// Four arms that differ in their schedule and their rates over layers.
const ARMS: &str = "?preset=gpt-nano#v=1&train.steps=10000&b.schedule.shape=linear&c.schedule.shape=wsd\
                    &d.layerwise.method=ends";

/// The frames of one measurement.
#[derive(Clone, Debug, Default)]
struct Frames {
    /// When each began, in milliseconds.
    began: Vec<f64>,
    /// Milliseconds of each until the browser was free again: scripts, layout and painting.
    busy: Vec<f64>,
}

/// Draws and measures.
#[component]
pub fn Drawing() -> impl IntoView {
    let workspace = Workspace::expect();
    let frames = StoredValue::new(Frames::default());
    let is_running = RwSignal::new(false);
    let result = RwSignal::new(None::<Frames>);
    let measure = move |_| {
        fill(workspace);
        frames.set_value(Frames::default());
        result.set(None);
        is_running.set(true);
        next_frame(workspace, frames, move |frames| {
            is_running.set(false);
            result.set(Some(frames));
        });
    };
    let words = move || {
        result.get().map(|Frames { began, busy }| {
            let gaps: Vec<f64> = began.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let [busy, gap] = [median(busy), median(gaps)];
            format!("Median of {FRAMES} frames: {} ms of work, {} ms apart.", fixed(busy, 1), fixed(gap, 1))
        })
    };
    let value = move || result.get().map(|frames| median(frames.busy).to_string());
    view! {
        <section class="card bench">
            <h2>"Drawing"</h2>
            <p class="note">
                "Four arms of 10,000 steps in four charts, drawn anew in every frame. A screen with 60 frames per second
                has 16.7 ms for each."
            </p>
            <p>
                <button
                    type="button"
                    class="btn"
                    data-testid="frames-run"
                    disabled=move || is_running.get()
                    on:click=measure
                >
                    "Draw"
                </button>
                <span class="note" role="status" data-testid="frames-result" data-value=value>{words}</span>
            </p>
            <Show when=move || is_running.get() || result.with(Option::is_some)>
                <div class="stage"><LossCard /><RateCard /><AlphaCard /><EsdCard /></div>
            </Show>
        </section>
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

/// Draws everything in the next frame and measures it, until there are enough.
fn next_frame(workspace: Workspace, frames: StoredValue<Frames>, done: impl FnOnce(Frames) + 'static) {
    request_animation_frame(move || {
        let began = now();
        // Asked for before anything is drawn, so that it comes first in its frame too.
        let count = frames.with_value(|frames| frames.began.len());
        if count == 2 * FRAMES {
            let Frames { mut began, mut busy } = frames.get_value();
            return done(Frames { began: began.split_off(FRAMES), busy: busy.split_off(FRAMES.min(busy.len())) });
        }
        next_frame(workspace, frames, done);
        frames.update_value(|frames| frames.began.push(began));
        workspace.version.update(|version| *version += 1);
        frame::when_free(move || frames.update_value(|frames| frames.busy.push(now() - began)));
    });
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
