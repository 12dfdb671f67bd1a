//! How much room the library has, and the request to keep it for good.

use js_sys::Promise;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::StorageEstimate;

use crate::{t, workspace::format::bytes};

/// What the browser says of its storage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Estimate {
    used: f64,
    room: f64,
    is_persistent: bool,
}

/// The figures, and the button where the browser may still clear the library by itself.
#[component]
pub fn Room(
    /// Raised when the library changed.
    version: RwSignal<u32>,
) -> impl IntoView {
    let estimate = RwSignal::new(None::<Estimate>);
    let asked = RwSignal::new(0);
    Effect::new(move || {
        version.track();
        asked.track();
        spawn_local(async move {
            let found = look().await.ok();
            // Another screen may be shown by now.
            estimate.try_set(found);
        });
    });
    let words = move || {
        let Estimate { used, room, .. } = estimate.get()?;
        Some(t!("{used} used of about {room}", used = bytes(used as usize), room = bytes(room as usize)))
    };
    let may_be_cleared = move || estimate.get().is_some_and(|estimate| !estimate.is_persistent);
    let is_refused = RwSignal::new(false);
    let persist = move |_| {
        spawn_local(async move {
            let storage = window().navigator().storage();
            let granted = match storage.persist() {
                Ok(asked) => {
                    JsFuture::from(asked.unchecked_into::<Promise>()).await.is_ok_and(|granted| granted.is_truthy())
                }
                Err(_) => false,
            };
            is_refused.try_set(!granted);
            asked.try_update(|count| *count += 1);
        });
    };
    view! {
        <span class="room">
            <span class="faint" data-testid="run-room">{words}</span>
            <Show when=may_be_cleared>
                <button
                    type="button"
                    class="btn small"
                    data-testid="run-persist"
                    title=t!("Asks the browser not to clear the runs by itself when the disk is full")
                    on:click=persist
                >
                    {t!("Keep for good")}
                </button>
            </Show>
            <Show when=move || is_refused.get()>
                <span class="faint" role="status">
                    {t!("The browser did not allow it: it may clear runs when the disk is full.")}
                </span>
            </Show>
        </span>
    }
}

async fn look() -> Result<Estimate, JsValue> {
    let storage = window().navigator().storage();
    let found = JsFuture::from(storage.estimate()?.unchecked_into::<Promise>()).await?;
    let found = found.unchecked_into::<StorageEstimate>();
    let persisted = JsFuture::from(storage.persisted()?.unchecked_into::<Promise>()).await?;
    let number = |key: &str| js_sys::Reflect::get(&found, &key.into()).ok().and_then(|value| value.as_f64());
    Ok(Estimate {
        used: number("usage").unwrap_or_default(),
        room: number("quota").unwrap_or_default(),
        is_persistent: persisted.is_truthy(),
    })
}
