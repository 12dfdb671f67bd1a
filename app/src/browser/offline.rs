//! What the service worker tells the page, and what the page tells it (`public/offline.mjs`).

use gloo::events::EventListener;
use leptos::prelude::*;
use tailblazer_core::session::RunState;
use web_sys::Event;

use crate::{
    t,
    workspace::{
        Workspace,
        message::{Message, Offer},
    },
};

/// Says when a newer version of the page is here. It never replaces a page that is open by itself.
pub fn follow(workspace: Workspace) {
    let say = move || {
        workspace.messages.push(Message::note(t!("A newer version of this page is here.")).offering(Offer::Update));
    };
    // It may have come before anybody listened.
    if document().document_element().is_some_and(|root| root.has_attribute("data-update")) {
        say();
    }
    EventListener::new(&window(), "tailblazer-update", move |_| say())
        // It listens as long as the page lives.
        .forget();
}

/// Lets the newer version take over; the page is loaded again as soon as it has.
pub fn update() {
    if let Ok(event) = Event::new("tailblazer-take-over") {
        // An event of one's own cannot be refused.
        let _ = window().dispatch_event(&event);
    }
}

/// What an update would cost now, in one sentence.
pub fn cost(workspace: Workspace) -> Option<&'static str> {
    workspace.slow_version.track();
    let runs = workspace.runs();
    let is_at_work = |state| matches!(state, RunState::Preparing | RunState::Running | RunState::Paused);
    if runs.iter().any(|run| is_at_work(run.state.get())) {
        Some(t!("The run in progress would stop; pause it first, and go on with it under Runs."))
    } else if runs.iter().any(|run| run.has_steps()) {
        Some(t!("The results would leave the screen; they stay under Runs."))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use tailblazer_core::{experiment::Comparison, session::MetricsFrame};

    use super::*;
    use crate::chart::synthetic;

    #[test]
    fn an_update_says_what_would_be_lost() {
        Owner::new().with(|| {
            let workspace = Workspace::new(Comparison::default());
            let now = || untrack(|| cost(workspace)).unwrap_or_default();
            assert_eq!(now(), "");
            let run = untrack(|| workspace.runs()[0]);
            run.state.set(RunState::Paused);
            assert!(now().contains("run in progress"), "{}", now());
            run.state.set(RunState::Finished);
            run.record.update_value(|record| {
                let steps = synthetic::record(4, synthetic::falling).columns.rows().to_vec();
                record.columns.append(MetricsFrame { steps, ..MetricsFrame::default() });
            });
            assert!(now().contains("results"), "{}", now());
        });
    }
}
