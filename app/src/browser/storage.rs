//! What this device remembers from visit to visit. Where storage is blocked nothing is remembered, and nothing is amiss.

use leptos::prelude::window;
use web_sys::Storage;

/// The storage of this origin, unless it is blocked.
fn open() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// What is remembered under a key.
pub fn get(key: &str) -> Option<String> {
    open()?.get_item(key).ok().flatten()
}

/// Remembers a value.
pub fn set(key: &str, value: &str) {
    if let Some(storage) = open() {
        let _ = storage.set_item(key, value);
    }
}

/// Forgets the values of keys.
pub fn forget(which: impl Fn(&str) -> bool) {
    let Some(storage) = open() else { return };
    let count = storage.length().unwrap_or_default();
    let keys: Vec<String> = (0..count).filter_map(|index| storage.key(index).ok().flatten()).collect();
    for key in keys.iter().filter(|key| which(key)) {
        let _ = storage.remove_item(key);
    }
}
