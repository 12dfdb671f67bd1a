//! Printing: what has to be done before and after it.

use leptos::prelude::*;

/// Calls `before` when the page is about to be printed and `after` when it was, as long as the present owner lives.
/// The browser prints as soon as `before` returns: it must change the page itself, since effects come later.
pub fn follow(before: impl Fn() + 'static, after: impl Fn() + 'static) {
    let listeners = [
        window_event_listener_untyped("beforeprint", move |_| before()),
        window_event_listener_untyped("afterprint", move |_| after()),
    ];
    on_cleanup(move || listeners.into_iter().for_each(|listener| listener.remove()));
}
