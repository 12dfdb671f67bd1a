//! The lab: guided experiments, one question each, with what a recording of them came to.

mod lead;
mod open;
mod story;

pub use open::OpenLink;

use leptos::prelude::*;
use tailblazer_core::{
    experiment::{Chapter, Comparison, Preset},
    stats::Study,
};

use crate::{browser::studies, components::arms::Swatch, t, words, workspace::format::integer};
use lead::Lead;
use story::Story;

/// Two equal arms, to begin a question of one's own with.
const OWN: &str = "?preset=gpt-nano#v=1&seeds=4&arms=2";

/// The screen.
#[component]
pub fn LabScreen() -> impl IntoView {
    let mut guided = Preset::all().filter(|preset| preset.guide.is_some());
    let lead = guided.next().map(|preset| view! { <Lead preset /> });
    let rest: Vec<&'static Preset> = guided.collect();
    let chapters = Chapter::ALL.map(|chapter| {
        let of_chapter = |preset: &&Preset| preset.guide.is_some_and(|guide| guide.chapter == chapter);
        let stories = rest.iter().copied().filter(|preset| of_chapter(preset));
        let own = (chapter == Chapter::Evidence).then(|| view! { <OwnQuestion /> });
        view! {
            <section aria-label=words::text(chapter.title())>
                <h2>{words::text(chapter.title())}<span>{words::text(chapter.subtitle())}</span></h2>
                <div class="stories">
                    {stories.map(|preset| view! { <Story preset /> }).collect_view()} {own}
                </div>
            </section>
        }
    });
    view! {
        <main class="page lab">
            <header>
                <h1>{t!("Lab")}</h1>
                <p>{t!("One question per experiment. Each opens as a link that you can change and share.")}</p>
            </header>
            {lead}
            {chapters}
        </main>
    }
}

#[component]
fn OwnQuestion() -> impl IntoView {
    view! {
        <OpenLink link=OWN class="story own" hook="lab-own">
            <h3>{t!("Your own question")}</h3>
            <p>{t!("Start from two equal arms and change one thing. A text of your own stays in this browser.")}</p>
        </OpenLink>
    }
}

/// What a story takes: its arms by their marks, seeds and steps.
#[component]
fn Effort(
    /// The experiment.
    comparison: &'static Comparison,
    /// How long that is, once its study is there.
    #[prop(into)]
    time: Signal<Option<String>>,
) -> impl IntoView {
    let arms = comparison.arms.len();
    let (seeds, steps) = (comparison.seeds, integer(comparison.base.train.steps));
    let words = t!("{arms} arms, {seeds} seeds, {steps} steps", arms, seeds, steps);
    view! {
        <p class="effort">
            {(0..arms).map(|arm| view! { <Swatch arm /> }).collect_view()}
            <span>{words}{move || time.get().map(|time| format!(", {time}"))}</span>
        </p>
    }
}

/// A recorded study, loaded once it is looked at.
fn recording(name: &'static str) -> LocalResource<Option<Vec<Study>>> {
    LocalResource::new(move || studies::load(name))
}
