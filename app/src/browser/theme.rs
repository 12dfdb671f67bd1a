//! The theme: what the system prefers, or what the visitor chose, remembered on this device.

use gloo::events::EventListener;
use leptos::prelude::*;

use super::storage;
use crate::{
    chart::palette::Palette,
    workspace::view::{Theme, View},
};

const KEY: &str = "tailblazer.theme";

/// Applies the link's theme or else the remembered one, and follows every change.
pub fn follow(view: View) {
    let of_link = view.classroom.with_untracked(|classroom| classroom.theme);
    if let Some(theme) = of_link.or_else(|| Theme::named(&storage::get(KEY)?)) {
        view.theme.set(theme);
    }
    Effect::new(move |known: Option<Theme>| {
        let theme = view.theme.get();
        apply(theme);
        // A link's theme is that of one page; the visitor's own is for all of them.
        if known.is_some_and(|known| known != theme) || (known.is_none() && of_link.is_none()) {
            storage::set(KEY, theme.name());
        }
        view.palette.update(|version| *version += 1);
        theme
    });
    // While the theme is the system's, the system may change it at any time.
    for query in ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"] {
        if let Ok(Some(list)) = window().match_media(query) {
            // The listener lives as long as the page.
            EventListener::new(&list, "change", move |_| view.palette.update(|version| *version += 1)).forget();
        }
    }
}

fn apply(theme: Theme) {
    let Some(root) = document().document_element() else { return };
    // Setting an attribute of the root cannot fail.
    match theme {
        Theme::System => drop(root.remove_attribute("data-theme")),
        chosen => drop(root.set_attribute("data-theme", chosen.name())),
    }
}

/// The colours of the present theme.
pub fn palette() -> Palette {
    let style = document().document_element().and_then(|root| window().get_computed_style(&root).ok().flatten());
    Palette::read(|name| {
        style.as_ref().and_then(|style| style.get_property_value(name).ok()).unwrap_or_default().trim().to_owned()
    })
}
