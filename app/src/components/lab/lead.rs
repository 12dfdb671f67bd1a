//! The first story, with the study behind it: what came of it on two corpora and at three peak rates.

use leptos::prelude::*;
use tailblazer_core::{
    experiment::{Experiment, Preset},
    objective::Quantity,
    stats::{Arm, Row, Study},
};

use super::{Effort, OpenLink, recording};
use crate::{
    chart::forest::{self, Line},
    components::{arms::Swatch, figure::Figure, guide::GuideText},
    t, words,
    workspace::{format::scientific, summary},
};

/// The study that the first story belongs to.
const STUDY: &str = "llr";

/// Pixels for the names of the rows.
const NAMES: f64 = 170.0;

/// The first story.
#[component]
pub fn Lead(preset: &'static Preset) -> impl IntoView {
    let comparison = preset.comparison();
    let recording = recording(STUDY);
    let study = move || {
        recording
            .get()
            .flatten()
            .map(|studies| view! { <Evidence studies /> }.into_any())
            .unwrap_or_else(|| view! { <p class="faint">{t!("The recorded study is not here.")}</p> }.into_any())
    };
    let arm = |arm: usize| {
        let words = summary::layerwise(&comparison.experiment(arm));
        view! { <li><Swatch arm /><span>{words}</span></li> }
    };
    view! {
        <article class="card lead">
            <div class="lead-text">
                <span class="chip">{t!("Start here")}</span>
                <h2>{words::text(preset.title)}</h2>
                {preset.guide.map(|guide| view! { <GuideText guide /> })}
                <ul class="lead-arms">{(0..comparison.arms.len()).map(arm).collect_view()}</ul>
                <Effort comparison time=None />
                <OpenLink link=format!("?preset={}", preset.name) class="btn primary" hook="lab-lead">
                    {t!("Open experiment")}
                </OpenLink>
            </div>
            <div class="lead-study" data-testid="lab-study">{study}</div>
        </article>
    }
}

/// A forest of the differences to one rate: for each arm, both corpora at all peaks.
#[component]
fn Evidence(studies: Vec<Study>) -> impl IntoView {
    let Some(first) = studies.first() else { return ().into_any() };
    let (comparison, note) = (first.comparison(), first.note.clone());
    // Where it was recorded, in English.
    let note = note.strip_prefix("native, ").map(|rest| t!("native, {rest}", rest)).unwrap_or(note);
    let base = &comparison.base;
    let about = t!(
        "{model}, {steps} steps, {seeds} seeds, final validation loss in {unit}; intervals 95 %, paired t.",
        model = summary::model_name(base),
        steps = base.train.steps,
        seeds = comparison.seeds,
        unit = summary::loss_unit(base)
    );
    // Thousands of resamples: once for each study, not once more for each arm.
    let rows: Vec<(String, Vec<Row>)> =
        studies.iter().map(|study| (name(&study.comparison().base), study.forest())).collect();
    let forests = (1..comparison.arms.len()).filter_map(Arm::new).map(|arm| {
        let lines: Vec<Line> = rows.iter().filter_map(|(name, rows)| line(name, rows, arm)).collect();
        let title = format!("{arm} − A: {}", summary::layerwise(&comparison.experiment(arm.index())));
        let sentence = format!("{title}. {}", forest::summary(&lines));
        view! {
            <h3><Swatch arm=arm.index() />{title}</h3>
            <Figure draw=move |width| forest::scene(&lines, NAMES, width) summary=sentence />
        }
    });
    view! {
        <h3 class="study-title">{t!("The study behind it")}<span>{note}</span></h3>
        <p class="faint">{about}</p>
        {forests.collect_view()}
        <p class="note">
            {t!(
                "Left of the line the arm is better than one rate for all layers. Each row is one text at one peak \
                 rate: read down a column before you read across."
            )}
        </p>
    }
    .into_any()
}

/// One arm of one study against the first.
fn line(name: &str, rows: &[Row], arm: Arm) -> Option<Line> {
    let row = rows.iter().find(|row| row.arms == [Arm::A, arm])?.clone();
    // The study compares learning rates of one objective, whose loss is the likelihood.
    Some(Line { name: name.into(), row, quantities: [Quantity::Likelihood; 2] })
}

/// `Moby-Dick, 2e−3`: the text and the peak rate.
fn name(base: &Experiment) -> String {
    format!("{}, {}", words::text(base.text.corpus.name()), scientific(base.schedule.peak))
}
