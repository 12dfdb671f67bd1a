//! A guided experiment as a card.

use leptos::prelude::*;
use tailblazer_core::{
    experiment::{Comparison, Preset},
    stats::Study,
};

use super::{Effort, OpenLink, recording};
use crate::{
    browser::speed,
    chart::{mark::dash, recorded, sparkline::Outline},
    components::figure::Figure,
    t,
    words::{sentence, text},
    workspace::{effort, summary},
};

/// Height of the thumbnail in pixels.
const HEIGHT: f64 = 84.0;

/// The card.
#[component]
pub fn Story(preset: &'static Preset) -> impl IntoView {
    let comparison = preset.comparison();
    let recording = recording(preset.name);
    let study = move || recording.get().flatten().and_then(|studies| studies.into_iter().next());
    let thumbnail = move || match study() {
        Some(study) => {
            let summary = recorded::summary(&study);
            view! { <Figure draw=move |width| recorded::scene(&study, width, HEIGHT) summary=summary /> }.into_any()
        }
        None => view! { <Schedules comparison /> }.into_any(),
    };
    let time = Signal::derive(move || study().map(|study| effort::words(&study, speed::known())));
    let outcome = move || {
        // Until the look-up has ended, nobody knows.
        let found = recording.get()?;
        let study = found.and_then(|list| list.into_iter().next());
        let words = study.map_or_else(|| t!("Not recorded yet.").into(), |study| words(&study));
        Some(view! { <p class="recorded">{words}</p> })
    };
    view! {
        <article class="story-card" data-testid="lab-card" data-preset=preset.name>
        <OpenLink
            link=format!("?preset={}", preset.name)
            class="story"
            hook=format!("lab-{}", preset.name)
        >
            <div class="thumbnail">{thumbnail}</div>
            <h3>{text(preset.title)}</h3>
            <p>{preset.guide.map(|guide| text(guide.text))}</p>
            {outcome}
            <Effort comparison time />
        </OpenLink>
        </article>
    }
}

/// What a recording came to: what speed costs where decoders were measured, and else `Recorded: B − A = −0.022 ± 0.015 nats/char over 4 seeds, B better`.
pub fn words(study: &Study) -> String {
    if let Some(words) = recorded::free_speed(study) {
        return t!("Recorded: {words}.", words);
    }
    let comparison = study.comparison();
    let unit = summary::loss_unit(&comparison.base);
    let verdict = study.forest().into_iter().next().map(|row| match row.verdict {
        Ok(verdict) => {
            let quantities = row.arms.map(|arm| comparison.quantity(arm.index()));
            let caution = verdict.caution(quantities).map(|caution| format!(". {}", sentence(&caution)));
            let (estimate, count, [a, b]) = (verdict.estimate(), verdict.seeds(), row.arms);
            let difference = t!("{b} − {a} = {estimate} {unit} over {count} seeds", a, b, estimate, unit, count);
            format!("{difference}, {}{}", sentence(&verdict.word_of(quantities)), caution.unwrap_or_default())
        }
        Err(none) => sentence(&none.to_string()),
    });
    t!("Recorded: {words}", words = verdict.unwrap_or_else(|| t!("one arm alone").into()))
}

/// The schedules of the arms, where nothing was recorded.
#[component]
fn Schedules(comparison: &'static Comparison) -> impl IntoView {
    let line = |arm: usize| {
        let path = Outline::new(&comparison.experiment(arm), 6.0, 214.0, 10.0, HEIGHT - 8.0).line();
        let dashes = dash(arm).iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
        let style = format!("stroke: var(--arm-{})", arm + 1);
        view! { <path d=path class="ln" style=style stroke-dasharray=dashes></path> }
    };
    let lines = (0..comparison.arms.len()).map(line).collect_view();
    view! { <svg viewBox="0 0 220 84" preserveAspectRatio="none" aria-hidden="true">{lines}</svg> }
}
