//! The page as a class sees it: what a link hides is marked on the body, where the style sheet reads it.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{IntersectionObserver, IntersectionObserverEntry, js_sys};

use crate::{
    engine::Engine,
    workspace::{Workspace, action::Action},
};

/// Marks what is hidden, and begins to train once the page is seen where the link asks for it.
pub fn follow(workspace: Workspace, engine: Engine) {
    let Some(body) = document().body() else { return };
    let classroom = workspace.view.classroom.get_untracked();
    // Attributes of the body can always be set.
    let _ = body.set_attribute("data-ui", classroom.layout.name());
    let _ = body.set_attribute("data-hide", &classroom.hidden.join(" "));
    let _ = body.set_attribute("data-lock", &classroom.locked.join(" "));
    if classroom.starts {
        when_seen(&body, move || engine.act(Action::Play));
    }
}

/// Calls back once, when an element is first seen.
fn when_seen(element: &web_sys::Element, then: impl FnOnce() + 'static) {
    let mut then = Some(then);
    let seen = Closure::<dyn FnMut(js_sys::Array, IntersectionObserver)>::new(
        move |entries: js_sys::Array, observer: IntersectionObserver| {
            let is_seen = |entry| IntersectionObserverEntry::unchecked_from_js(entry).is_intersecting();
            if entries.iter().any(is_seen) {
                observer.disconnect();
                if let Some(then) = then.take() {
                    then();
                }
            }
        },
    );
    if let Ok(observer) = IntersectionObserver::new(seen.as_ref().unchecked_ref()) {
        observer.observe(element);
        // It lives as long as the page.
        seen.forget();
    }
}
