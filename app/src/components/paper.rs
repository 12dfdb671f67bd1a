//! What is on paper and not on the screen.

use leptos::{html, prelude::*};

use crate::{
    browser::{address, print},
    chart::{palette::Palette, scene::Scene, svg},
    t,
    workspace::Workspace,
};

/// Width of a chart on paper, which then takes the width of the page.
const WIDTH: f64 = 700.0;

/// The last line on paper: where the experiment is.
#[component]
pub fn Foot() -> impl IntoView {
    let workspace = Workspace::expect();
    let more = move || {
        let is_left_out = workspace.view.screen.get().has_experiment() && address::has_own_text(workspace);
        is_left_out.then(|| format!(" {}", t!("The text of this experiment is not in the link.")))
    };
    view! {
        <footer class="paper paper-foot">
            <span data-testid="print-link">{move || address::whole_page(workspace)}</span>
            {more}
        </footer>
    }
}

/// A drawing on paper: in lines, because the pixels of a canvas would be seen, and in the colours of the light theme,
/// which are those of the style sheet for paper.
#[component]
pub fn PaperFigure(
    /// Draws it for a width and a height.
    draw: impl Fn(f64, f64) -> Scene + 'static,
    /// Its size on the screen.
    size: RwSignal<(f64, f64)>,
) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let fill = move |content: &str| {
        if let Some(node) = node.try_get_untracked().flatten() {
            node.set_inner_html(content);
        }
    };
    let before = move || {
        let height = size.get_untracked().1.clamp(260.0, 420.0);
        let scene = untrack(|| draw(WIDTH, height));
        fill(&svg::document(&scene, &Palette::variables(), "", None));
    };
    print::follow(before, move || fill(""));
    view! { <div class="paper paper-figure" node_ref=node data-testid="print-figure"></div> }
}
