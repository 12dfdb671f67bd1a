//! What the tabs of this browser tell each other about the library: which runs are open, and that something was stored.

use std::{cell::RefCell, time::Duration};

use futures::channel::oneshot;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

use crate::workspace::Workspace;

/// How long other tabs have to say that a run is open there.
const PATIENCE: Duration = Duration::from_millis(250);

thread_local! {
    static CHANNEL: RefCell<Option<BroadcastChannel>> = const { RefCell::new(None) };
    /// The group that was asked for, until another tab says that it is open there.
    static ASKED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Listens to the other tabs from now on.
pub fn listen(workspace: Workspace) {
    if CHANNEL.with_borrow(Option::is_some) {
        return;
    }
    let changed = workspace.view.library_version;
    let Ok(channel) = BroadcastChannel::new("tailblazer-runs") else { return };
    let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let Some(text) = event.data().as_string() else { return };
        match text.split_once(' ') {
            Some(("who", group)) if groups(workspace).iter().any(|known| known == group) => tell("here", group),
            Some(("here", group)) => ASKED.with_borrow_mut(|asked| {
                if asked.as_deref() == Some(group) {
                    *asked = None;
                }
            }),
            Some(("stored", _)) => changed.update(|count| *count += 1),
            _ => {}
        }
    });
    channel.set_onmessage(Some(hear.as_ref().unchecked_ref()));
    // It lives as long as the page.
    hear.forget();
    CHANNEL.set(Some(channel));
}

/// The groups of this page's runs.
pub fn groups(workspace: Workspace) -> Vec<String> {
    let runs = untrack(|| workspace.runs());
    runs.iter().filter_map(|run| run.filed.with_value(|filed| Some(filed.as_ref()?.group.clone()))).collect()
}

/// Tells the other tabs that something was stored.
pub fn stored() {
    tell("stored", "");
}

/// Whether a group is open in another tab.
pub async fn is_open_elsewhere(group: &str) -> bool {
    ASKED.set(Some(group.to_owned()));
    tell("who", group);
    let (wakes, waited) = oneshot::channel::<()>();
    set_timeout(move || drop(wakes), PATIENCE);
    // It ends when the other side is dropped.
    let _ = waited.await;
    let is_unheard = ASKED.take().as_deref() == Some(group);
    !is_unheard && CHANNEL.with_borrow(Option::is_some)
}

fn tell(word: &str, group: &str) {
    CHANNEL.with_borrow(|channel| {
        if let Some(channel) = channel {
            // Nobody hears a channel that is closed.
            let _ = channel.post_message(&JsValue::from_str(&format!("{word} {group}")));
        }
    });
}
