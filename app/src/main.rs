//! The page.

use leptos::prelude::document;
use tailblazer_app::{
    browser::{address, language},
    components::App,
};
use wasm_bindgen_futures::spawn_local;

fn main() {
    console_error_panic_hook::set_once();
    // Where index.html has said that this browser cannot train, there is nothing to add.
    if matches!(document().query_selector("[data-testid=unsupported]"), Ok(Some(_))) {
        return;
    }
    let wanted = language::first(address::read_classroom().0.language);
    spawn_local(async move {
        let language = language::speak(wanted).await.then_some(wanted);
        if let Some(waiting) = document().get_element_by_id("loading") {
            waiting.remove();
        }
        leptos::mount::mount_to_body(move || leptos::view! { <App language /> });
    });
}
