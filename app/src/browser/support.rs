//! What this browser has of what the page can use, found by asking for it and never by the browser's name.

use tailblazer_core::session::Adapter;

use super::{adapter, simd};
use crate::key;

/// Something that the page uses where it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// A WebGPU adapter, software ones too.
    WebGpu,
    /// Vector instructions of WebAssembly, without which nothing of the page runs.
    Simd,
    /// Their fused multiply-add.
    RelaxedSimd,
    /// A database for runs.
    Library,
    /// A service worker, which answers without a network.
    Offline,
    /// A promise to keep what is stored.
    Persistence,
    /// Images and texts on the clipboard.
    Clipboard,
}

impl Ability {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 7] =
        [Self::WebGpu, Self::Simd, Self::RelaxedSimd, Self::Library, Self::Offline, Self::Persistence, Self::Clipboard];

    /// What it is for.
    pub fn title(self) -> &'static str {
        match self {
            Self::WebGpu => key!("Trains on the GPU: WebGPU"),
            Self::Simd => key!("Trains on the CPU: WASM SIMD"),
            Self::RelaxedSimd => key!("The same, faster: relaxed SIMD"),
            Self::Library => key!("Keeps runs: IndexedDB"),
            Self::Offline => key!("Works without a network: service worker"),
            Self::Persistence => key!("Promises to keep them: persistent storage"),
            Self::Clipboard => key!("Copies charts and links: clipboard"),
        }
    }

    /// Whether this browser has it, here where the page was loaded from.
    pub async fn is_here(self) -> bool {
        match self {
            Self::WebGpu => adapter::find().await.adapter != Adapter::Missing,
            // This line would not run without it.
            Self::Simd => true,
            Self::RelaxedSimd => simd::is_relaxed(),
            Self::Library => has(&["indexedDB"]),
            Self::Offline => has(&["navigator", "serviceWorker"]),
            Self::Persistence => has(&["navigator", "storage", "persist"]),
            Self::Clipboard => has(&["navigator", "clipboard", "write"]),
        }
    }
}

/// Whether there is something at a path from the window.
fn has(path: &[&str]) -> bool {
    path.iter().try_fold(js_sys::global().into(), |at, name| adapter::get(&at, name)).is_some()
}
