//! Runs that go on where they were kept, and runs that are looked at without going on.

use std::sync::Arc;

use leptos::{prelude::*, task::spawn_local};
use tailblazer_core::{
    experiment::{Corpus, comparison_from_link},
    session::{Autosave, OwnText, Report, Resume},
};

use super::{
    store::{Store, StoreError},
    tabs,
};
use crate::{
    browser::address,
    engine::Engine,
    workspace::{
        Workspace,
        library::{Entry, Filed, Unfinished},
        message::Message,
        record::Record,
        run::Plan,
    },
};

/// Why a group of runs was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResumeError {
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another tab has it.
    #[error("This run is open in another tab: go on there, or close that tab first.")]
    Elsewhere,
    /// There is none.
    #[error("The run is not kept any more: it was deleted here or in another tab.")]
    Gone,
}

/// What is left of a group, if steps of it are and their states are kept.
pub async fn unfinished(group: String) -> Option<Unfinished> {
    let entries = Store::open().await.ok()?.entries().await.ok()?;
    let of_group = entries.iter().filter(|entry| entry.group == group && entry.can_go_on());
    let furthest = of_group.max_by_key(|entry| entry.step)?;
    let (step, steps) = (furthest.resumable?, furthest.experiment.train.steps);
    Some(Unfinished { group, step, steps })
}

/// As [`resume`], for a button; what goes wrong is said.
pub fn go_on(workspace: Workspace, engine: Engine, group: String) {
    spawn_local(async move {
        if let Err(error) = resume(workspace, engine, &group, true).await {
            workspace.messages.push(Message::failure(error.to_string()));
        }
    });
}

/// A run of a group, read.
struct Kept {
    entry: Entry,
    report: Report,
    state: Option<Autosave>,
    /// The visitor's text that the group learns.
    own_text: Option<Arc<OwnText>>,
}

/// Opens the comparison of a group and goes on with its runs where they were kept. Arms that had a run to its end have
/// its curves and weights; arms without a state have its curves.
pub async fn resume(workspace: Workspace, engine: Engine, group: &str, goes_on: bool) -> Result<(), ResumeError> {
    tabs::listen(workspace);
    if tabs::is_open_elsewhere(group).await {
        return Err(ResumeError::Elsewhere);
    }
    let store = Store::open().await?;
    let mut kept = Vec::new();
    for entry in store.entries().await?.into_iter().filter(|entry| entry.group == group) {
        let (report, state) = (store.report(&entry.id).await?, store.state(&entry).await?);
        kept.push(Kept { entry, report, state, own_text: None });
    }
    kept.sort_by_key(|kept| (kept.entry.arm, kept.entry.seed));
    let link = kept.first().map(|kept| kept.entry.link.clone()).ok_or(ResumeError::Gone)?;
    let (comparison, errors) = comparison_from_link(&link);
    address::report(&workspace, errors);
    if let Some(text) = store.text(group).await?.map(Arc::new) {
        kept.iter_mut().for_each(|kept| kept.own_text = Some(text.clone()));
        workspace.own_text.set(Some(text));
    }
    address::open(workspace, engine, comparison);
    for of_arm in kept.chunk_by(|a, b| a.entry.arm == b.entry.arm) {
        if of_arm[0].entry.arm < untrack(|| workspace.arms()) {
            open_arm(workspace, engine, of_arm, goes_on);
        }
    }
    Ok(())
}

/// The runs of one arm, with its seeds in order: the last one goes on, those before it are done.
fn open_arm(workspace: Workspace, engine: Engine, kept: &[Kept], goes_on: bool) {
    let Some((Kept { entry, report, state, own_text }, earlier)) = kept.split_last() else { return };
    let run = untrack(|| workspace.run_of(entry.arm));
    run.clear_seeds();
    run.earlier.set_value(earlier.iter().map(|kept| Record::of(&kept.report)).collect());
    run.seed.set(entry.seed);
    run.filed.set_value(Some(Filed {
        group: entry.group.clone(),
        arm: entry.arm,
        link: entry.link.clone(),
        begun: entry.begun,
    }));
    let Some(state) = state else { return run.show(report) };
    let mut experiment = entry.experiment.clone();
    experiment.seed = experiment.seed.wrapping_sub(entry.seed as u32);
    let own_text = own_text.clone().filter(|_| entry.experiment.text.corpus == Corpus::Own);
    let plan = Plan { experiment, own_text, seed: entry.seed };
    let is_over = state.step >= entry.experiment.train.steps;
    engine.resume(entry.arm, plan, Resume::State(state.clone()), report.until(state.step), goes_on && !is_over);
}
