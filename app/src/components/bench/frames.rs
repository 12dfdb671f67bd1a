//! What a frame costs: something is drawn anew in every frame of the browser, and measured.

use leptos::prelude::*;

use crate::{
    browser::frame::{self, now},
    t,
    workspace::format::fixed,
};

/// Frames that are measured, after as many that are not.
const FRAMES: usize = 120;

/// The frames of one measurement.
#[derive(Clone, Debug, Default)]
struct Frames {
    /// When each began, in milliseconds.
    began: Vec<f64>,
    /// Milliseconds of each until the browser was free again: scripts, layout and painting.
    busy: Vec<f64>,
}

/// A card that draws something in many frames and says what that took.
#[component]
pub fn FramesCard(
    /// Its title.
    title: &'static str,
    /// What is drawn.
    about: &'static str,
    /// The beginning of its hooks: `HOOK-run` and `HOOK-result`.
    hook: &'static str,
    /// Puts what is to be drawn on the page.
    prepare: Callback<()>,
    /// Changes it for the frame of a number.
    draw: Callback<usize>,
    /// Where it is drawn.
    children: ChildrenFn,
) -> impl IntoView {
    let frames = StoredValue::new(Frames::default());
    let is_running = RwSignal::new(false);
    let result = RwSignal::new(None::<Frames>);
    let measure = move |_| {
        prepare.run(());
        frames.set_value(Frames::default());
        result.set(None);
        is_running.set(true);
        next_frame(draw, frames, move |frames| {
            is_running.set(false);
            result.set(Some(frames));
        });
    };
    let words = move || {
        result.get().map(|Frames { began, busy }| {
            let gaps: Vec<f64> = began.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let [busy, gap] = [median(busy), median(gaps)];
            let (busy, gap) = (fixed(busy, 1), fixed(gap, 1));
            t!("Median of {count} frames: {busy} ms of work, {gap} ms apart.", count = FRAMES, busy, gap)
        })
    };
    let value = move || result.get().map(|frames| median(frames.busy).to_string());
    let is_shown = move || is_running.get() || result.with(Option::is_some);
    view! {
        <section class="card bench">
            <h2>{title}</h2>
            <p class="note">
                {about} " " {t!("A screen with 60 frames per second has 16.7 ms for each.")}
            </p>
            <p>
                <button
                    type="button"
                    class="btn"
                    data-testid=format!("{hook}-run")
                    disabled=move || is_running.get()
                    on:click=measure
                >
                    // The space tells it from the knob of that name.
                    {t!("Draw ").trim_end()}
                </button>
                <span class="note" role="status" data-testid=format!("{hook}-result") data-value=value>{words}</span>
            </p>
            <Show when=is_shown>{children()}</Show>
        </section>
    }
}

/// Draws the next frame and measures it, until there are enough.
fn next_frame(draw: Callback<usize>, frames: StoredValue<Frames>, done: impl FnOnce(Frames) + 'static) {
    request_animation_frame(move || {
        let began = now();
        // Asked for before anything is drawn, so that it comes first in its frame too.
        let count = frames.with_value(|frames| frames.began.len());
        if count == 2 * FRAMES {
            let Frames { mut began, mut busy } = frames.get_value();
            return done(Frames { began: began.split_off(FRAMES), busy: busy.split_off(FRAMES.min(busy.len())) });
        }
        next_frame(draw, frames, done);
        frames.update_value(|frames| frames.began.push(began));
        draw.run(count);
        frame::when_free(move || frames.update_value(|frames| frames.busy.push(now() - began)));
    });
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
