//! What leads through a guided experiment: its text, and what to look at.

use leptos::prelude::*;
use tailblazer_core::experiment::{Guide, Preset};

use crate::{t, words, workspace::Workspace};

/// The guided experiment that is edited, if it is one.
pub fn guided(workspace: Workspace) -> Memo<Option<&'static Preset>> {
    Memo::new(move |_| workspace.comparison.with(Preset::guiding))
}

/// A button behind the title of a guided experiment that opens its text.
#[component]
pub fn GuideButton(
    /// The experiment.
    guided: Memo<Option<&'static Preset>>,
) -> impl IntoView {
    let guide = move || guided.get().and_then(|preset| preset.guide);
    let is_open = Workspace::expect().view.classroom.with_untracked(|classroom| classroom.story);
    move || {
        guide().map(|guide| {
            view! {
                <details class="guide" data-testid="guide" open=is_open>
                    <summary class="chip">{t!("What to look at")}</summary>
                    <div class="popover"><GuideText guide /></div>
                </details>
            }
        })
    }
}

/// The text of a guided experiment.
#[component]
pub fn GuideText(guide: Guide) -> impl IntoView {
    let look = guide.look.iter().map(|line| view! { <li>{words::text(line)}</li> }).collect_view();
    view! {
        <p>{words::text(guide.text)}</p>
        <ul class="look">{look}</ul>
    }
}
