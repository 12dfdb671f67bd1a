//! The language: what a link asks for, or what the visitor chose, remembered on this device, or what the browser prefers.

use std::cell::RefCell;

use gloo::net::http::Request;
use js_sys::{Array, JSON, Object};
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::spawn_local;

use super::storage;
use crate::{
    t,
    words::{self, Catalogue, Language},
    workspace::{Workspace, message::Message},
};

const KEY: &str = "tailblazer.language";

thread_local! {
    /// The catalogues that were loaded; they stay as long as the page.
    static LOADED: RefCell<Vec<(Language, &'static Catalogue)>> = const { RefCell::new(Vec::new()) };
}

/// The language that the page begins with.
pub fn first(of_link: Option<Language>) -> Language {
    of_link.or_else(|| Language::of_tag(&storage::get(KEY)?)).or_else(preferred).unwrap_or_default()
}

/// Loads the words of a language and speaks it; whether they came. Without them the page speaks as before.
pub async fn speak(language: Language) -> bool {
    if language == Language::English {
        words::speak(None);
        return true;
    }
    let known =
        LOADED.with_borrow(|loaded| loaded.iter().find(|(known, _)| *known == language).map(|(_, words)| *words));
    let catalogue = match known {
        Some(catalogue) => Some(catalogue),
        None => load(language).await,
    };
    if catalogue.is_some() {
        words::speak(catalogue);
    }
    catalogue.is_some()
}

async fn load(language: Language) -> Option<&'static Catalogue> {
    let response = Request::get(&format!("words/{}.json", language.tag())).send().await.ok()?;
    let texts: Object = JSON::parse(&response.text().await.ok()?).ok()?.dyn_into().ok()?;
    let pair = |pair: JsValue| {
        let pair = pair.unchecked_into::<Array>();
        Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
    };
    let pairs: Option<Vec<_>> = Object::entries(&texts).iter().map(pair).collect();
    let catalogue: &'static Catalogue = Box::leak(Box::new(Catalogue::new(pairs?)));
    LOADED.with_borrow_mut(|loaded| loaded.push((language, catalogue)));
    Some(catalogue)
}

/// Marks the document with the language that is spoken, now and whenever it changes.
pub fn follow(workspace: Workspace) {
    Effect::new(move || {
        let language = workspace.view.language.get();
        if let Some(root) = document().document_element() {
            // Setting an attribute of the root cannot fail.
            let _ = root.set_attribute("lang", language.tag());
        }
        document().set_title(t!("Tailblazer: train a GPT-nano in this tab"));
    });
}

/// Changes the language and remembers it.
pub fn choose(workspace: Workspace, language: Language) {
    spawn_local(async move {
        if speak(language).await {
            storage::set(KEY, language.tag());
            workspace.view.language.set(language);
        } else {
            say_failure(workspace);
            // The list shows what is spoken.
            workspace.view.language.notify();
        }
    });
}

/// Says that the words of a language did not come.
pub fn say_failure(workspace: Workspace) {
    let sentence = t!("The words of this language did not load: check the connection and choose it again.");
    workspace.messages.push(Message::failure(sentence));
}

/// The first language of the browser's that the page speaks.
fn preferred() -> Option<Language> {
    let languages = window().navigator().languages();
    languages.iter().find_map(|tag| Language::of_tag(&tag.as_string()?))
}
