//! The weights of a run as a file.

use std::time::Duration;

use futures::channel::oneshot;
use leptos::prelude::*;
use tailblazer_core::session::{Command, Saved};

use super::Engine;

/// How long an engine may take to answer.
const LIMIT: Duration = Duration::from_secs(30);

impl Engine {
    /// The present weights of the run at a place; none where nothing is trained, or where no answer comes.
    pub async fn weights(&self, place: usize) -> Option<Saved> {
        let run = self.workspace().run_at(place);
        untrack(|| self.workspace().trained(place))?;
        let (asked, answer) = oneshot::channel();
        // A question before this one gets no answer.
        run.saving.set_value(Some(asked));
        self.arm(place).send(Command::Save);
        set_timeout(move || drop(run.saving.try_update_value(Option::take)), LIMIT);
        answer.await.ok().flatten()
    }
}
