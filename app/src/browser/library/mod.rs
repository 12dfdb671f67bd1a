//! The runs that this browser keeps: stored as they go, listed, and gone on with.

pub mod import;
pub mod keep;
pub mod resume;
pub mod store;
pub mod tabs;

use gloo::storage::{SessionStorage, Storage as _};
use leptos::{
    prelude::*,
    task::spawn_local,
    wasm_split::{SplitLoaderError, wasm_split},
};
use tailblazer_core::session::RunState;

use crate::{
    engine::Engine,
    workspace::{Workspace, library::Unfinished},
};

/// Where a tab remembers its runs over a reload.
const OPEN_GROUP: &str = "tailblazer-group";

/// What the library does, in a program of its own that is loaded with the first run.
type Follow = fn(Workspace, Engine);

#[wasm_split(library, wasm_split_path = ::leptos::wasm_split, fallible)]
fn load() -> Result<Follow, SplitLoaderError> {
    Ok(keep::follow)
}

/// Keeps runs from the first one on. A tab that was loaded again offers to go on with what it had.
pub fn follow(workspace: Workspace, engine: Engine) {
    let owner = Owner::current();
    let is_begun = StoredValue::new(false);
    let begin = move || {
        if is_begun.get_value() {
            return;
        }
        is_begun.set_value(true);
        let owner = owner.clone();
        spawn_local(async move {
            // Without it nothing is kept, and the page trains as before.
            if let (Ok(follow), Some(owner)) = (load().await, owner) {
                owner.with(|| follow(workspace, engine));
            }
        });
    };
    if let Some(group) = last_group() {
        begin();
        offer(workspace, group);
    }
    Effect::new(move || {
        if workspace.state() != RunState::Idle {
            begin();
        }
    });
}

/// The group that this tab had open before it was loaded again.
fn last_group() -> Option<String> {
    SessionStorage::get(OPEN_GROUP).ok()
}

/// Offers to go on with a group, if steps of it are left.
fn offer(workspace: Workspace, group: String) {
    spawn_local(async move {
        let Ok(find) = load_unfinished().await else { return };
        if let Some(unfinished) = find(group).await {
            workspace.view.unfinished.set(Some(unfinished));
        }
    });
}

/// Looks for what is left of a group.
type Find = fn(String) -> futures::future::LocalBoxFuture<'static, Option<Unfinished>>;

#[wasm_split(library, wasm_split_path = ::leptos::wasm_split, fallible)]
fn load_unfinished() -> Result<Find, SplitLoaderError> {
    Ok(|group| Box::pin(resume::unfinished(group)))
}

/// Goes on with a group.
type Resume = fn(Workspace, Engine, String);

/// What goes on with a group that was offered.
#[wasm_split(library, wasm_split_path = ::leptos::wasm_split, fallible)]
pub fn load_resume() -> Result<Resume, SplitLoaderError> {
    Ok(resume::go_on)
}
