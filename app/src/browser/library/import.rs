//! Files that are dropped on the page: kept in the library, and opened.

use js_sys::Uint8Array;
use leptos::prelude::*;
use tailblazer_core::{
    experiment::{Comparison, comparison_from_link},
    session::{Report, Resume, RunState},
};
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::{resume, store::Store};
use crate::{
    browser::address,
    engine::Engine,
    t,
    workspace::{
        Workspace,
        import::{self, ImportError, Imported, LARGEST},
        library::Entry,
        run::Plan,
    },
};

/// Opens a file. An error is a sentence for the visitor.
pub async fn open(workspace: Workspace, engine: Engine, file: File) -> Result<(), String> {
    if file.size() > LARGEST as f64 {
        return Err(ImportError::Large.to_string());
    }
    let unreadable = |_| t!("The browser could not read the file: choose it again.").to_owned();
    let bytes = Uint8Array::new(&JsFuture::from(file.array_buffer()).await.map_err(unreadable)?).to_vec();
    match import::read(&bytes).map_err(|error| error.to_string())? {
        Imported::Recording(recording) => {
            let (comparison, errors) = comparison_from_link(&recording.link);
            address::report(&workspace, errors);
            address::open(workspace, engine, comparison);
            // What follows from the new comparison takes the recording of before off the page first.
            let (wakes, waited) = futures::channel::oneshot::channel::<()>();
            set_timeout(move || drop(wakes), std::time::Duration::from_millis(50));
            let _ = waited.await;
            workspace.end_replay();
            workspace.show_recording(*recording);
            Ok(())
        }
        Imported::Weights(saved, about) => {
            let (comparison, errors) = comparison_from_link(&about.link);
            address::report(&workspace, errors);
            // Of a comparison they are the weights of one arm.
            let of_arm = comparison.experiment(about.arm.min(comparison.arms.len() - 1));
            address::open(workspace, engine, Comparison::of(of_arm));
            let plan = untrack(|| workspace.edited(0));
            engine.resume(0, plan, Resume::Weights(saved), Report::default(), false);
            Ok(())
        }
        Imported::Runs { link, runs } => {
            let group = keep(&link, runs).await?;
            resume::resume(workspace, engine, &group, false).await.map_err(|error| error.to_string())
        }
    }
}

/// Puts the runs of an archive into the library, as a group of their own; returns its name.
async fn keep(link: &str, runs: Vec<import::Run>) -> Result<String, String> {
    let (comparison, _) = comparison_from_link(link);
    let now = js_sys::Date::now();
    let group = format!("{now:.0}-imported");
    let store = Store::open().await.map_err(|error| error.to_string())?;
    if runs.is_empty() {
        return Err(t!("The archive has no runs in it: it was saved before anything was trained.").into());
    }
    for import::Run { arm, seed, report, state } in runs.into_iter().filter(|run| run.arm < comparison.arms.len()) {
        let plan = Plan { experiment: comparison.experiment(arm), own_text: None, seed };
        let experiment = plan.seeded();
        let last = report.validations.last();
        let entry = Entry {
            id: format!("{group}-{arm}-{seed}"),
            group: group.clone(),
            name: String::new(),
            link: link.to_owned(),
            arm,
            seed,
            begun: now,
            saved: now,
            state: if report.done() >= experiment.train.steps { RunState::Finished } else { RunState::Paused },
            step: report.done(),
            loss: last.map(|last| last.loss).filter(|loss| loss.is_finite()),
            exact_match: last.and_then(|last| last.exact_match),
            is_pinned: false,
            resumable: None,
            bytes: 0,
            own_text: None,
            experiment,
        };
        store.put(&entry, &report, state.as_ref(), &[]).await.map_err(|error| error.to_string())?;
    }
    Ok(group)
}
