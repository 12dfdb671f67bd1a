//! The page's clock, and the end of a frame.

use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Element, MessageChannel, ResizeObserver};

/// Milliseconds since the page was opened; 0 where there is no clock.
pub fn now() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}

/// Calls `then` as soon as the page's thread is free again. In a callback for an animation frame, that is when the frame
/// is laid out and painted: a message waits for no clock, as a timer does.
pub fn when_free(then: impl FnOnce() + 'static) {
    // Without a channel, as under memory pressure, nobody is told.
    let Ok(channel) = MessageChannel::new() else { return };
    let port = channel.port1();
    let closing = port.clone();
    let told = Closure::once_into_js(move || {
        closing.close();
        then();
    });
    port.set_onmessage(Some(told.unchecked_ref()));
    channel.port2().post_message(&JsValue::NULL).ok();
}

/// Calls `then` whenever the size of an element changes, as long as the page lives.
pub fn on_resize(element: &Element, then: impl FnMut() + 'static) {
    let changed = Closure::<dyn FnMut()>::new(then);
    if let Ok(observer) = ResizeObserver::new(changed.as_ref().unchecked_ref()) {
        observer.observe(element);
        changed.forget();
    }
}
