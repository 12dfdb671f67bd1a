//! What the service worker tells the page (`public/offline.mjs`).

use gloo::events::EventListener;
use leptos::prelude::window;

use crate::workspace::{Workspace, message::Message};

/// Says when a new version of the page is here. It never replaces a page that is open.
pub fn follow(workspace: Workspace) {
    EventListener::new(&window(), "tailblazer-update", move |_| {
        let words = "A new version of this page is here: close every tab of it, and the next one is new.";
        workspace.messages.push(Message::note(words));
    })
    // It listens as long as the page lives.
    .forget();
}
