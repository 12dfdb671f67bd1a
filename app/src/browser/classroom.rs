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
        when_seen(&body, move |is_seen| {
            if is_seen {
                engine.act(Action::Play);
            }
            !is_seen
        });
    }
}

/// Calls back with whether an element is in sight, at first and whenever that changes, as long as the answer is yes.
pub fn when_seen(element: &web_sys::Element, mut then: impl FnMut(bool) -> bool + 'static) {
    let seen = Closure::<dyn FnMut(js_sys::Array, IntersectionObserver)>::new(
        move |entries: js_sys::Array, observer: IntersectionObserver| {
            let last = entries.iter().last().map(IntersectionObserverEntry::unchecked_from_js);
            if last.is_some_and(|entry| !then(entry.is_intersecting())) {
                observer.disconnect();
            }
        },
    );
    if let Ok(observer) = IntersectionObserver::new(seen.as_ref().unchecked_ref()) {
        observer.observe(element);
        // It lives as long as the page.
        seen.forget();
    }
}
