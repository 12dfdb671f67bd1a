//! What a shared link says of the build and the text behind its numbers, held to what is here.

use leptos::prelude::*;
use tailblazer_core::experiment::Made;

use crate::{
    t,
    workspace::{Workspace, message::Message},
};

/// The commit that this page was built from; outside a repository the version.
pub const BUILD: &str = env!("TAILBLAZER_BUILD");

/// The note for a link that is shared now; none where nothing was trained.
pub fn note(workspace: Workspace) -> Option<Made> {
    let digest =
        workspace.run().prepared.with(|prepared| prepared.as_ref().map(|prepared| prepared.text.digest.clone()));
    // A digest tells a text of the visitor's from another one, so it stays here.
    let digest = digest.filter(|_| !super::address::has_own_text(workspace));
    workspace.has_trained().then(|| Made::new(BUILD, digest.as_deref()))
}

/// Says so when the page's link was made by another build, and when its text is another one.
pub fn follow(workspace: Workspace) {
    let location = window().location();
    let Some(made) = location.hash().ok().and_then(|hash| Made::of_link(&hash)) else { return };
    if made.build != BUILD {
        let text = t!(
            "This link was made with build {build}, and this page is build {here}: losses may differ in their last \
             digits.",
            build = made.build,
            here = BUILD,
        );
        workspace.messages.push(Message::note(text));
    }
    let is_said = StoredValue::new(false);
    Effect::new(move || {
        let digest = workspace
            .run_of(0)
            .prepared
            .with(|prepared| prepared.as_ref().map(|prepared| prepared.text.digest.clone()));
        if digest.is_some_and(|digest| made.is_of_other_text(&digest)) && !is_said.get_value() {
            is_said.set_value(true);
            let text = t!("The text is not the one that this link was made with: its losses are not to be compared.");
            workspace.messages.push(Message::warning(text.to_owned()));
        }
    });
}
