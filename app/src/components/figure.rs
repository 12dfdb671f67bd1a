//! A figure that stands still: a scene as SVG, in the colours of the page.

use leptos::{html, prelude::*};

use super::canvas::watch_size;
use crate::chart::{palette::Palette, scene::Scene, svg};

/// A scene drawn as wide as its place.
#[component]
pub fn Figure(
    /// Draws it for a width.
    draw: impl Fn(f64) -> Scene + Send + Sync + 'static,
    /// What it shows, in one sentence.
    #[prop(into)]
    summary: Signal<String>,
) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let size = watch_size(node);
    let width = Memo::new(move |_| size.get().0.round());
    let document = move || match width.get() {
        // Not laid out yet, or hidden.
        width if width < 60.0 => String::new(),
        width => svg::document(&draw(width), &Palette::variables(), &summary.get(), None),
    };
    view! { <div class="figure-svg" node_ref=node inner_html=document></div> }
}
