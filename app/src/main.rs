//! The page.

use leptos::prelude::document;

fn main() {
    console_error_panic_hook::set_once();
    // Where index.html has said that this browser cannot train, there is nothing to add.
    if matches!(document().query_selector("[data-testid=unsupported]"), Ok(Some(_))) {
        return;
    }
    if let Some(waiting) = document().get_element_by_id("loading") {
        waiting.remove();
    }
    leptos::mount::mount_to_body(tailblazer_app::components::App);
}
