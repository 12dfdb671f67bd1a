//! Whether the screen is small: then the settings are a drawer or a sheet.

use gloo::events::EventListener;
use leptos::prelude::*;

use crate::workspace::view::View;

/// Below this width the settings leave their column; the style sheet says the same.
const COMPACT: &str = "(max-width: 1179px)";

/// Follows the width of the screen.
pub fn follow(view: View) {
    let Ok(Some(list)) = window().match_media(COMPACT) else { return };
    view.compact.set(list.matches());
    let query = list.clone();
    // The listener lives as long as the page.
    EventListener::new(&list, "change", move |_| {
        view.compact.set(query.matches());
        view.settings_open.set(false);
    })
    .forget();
}
