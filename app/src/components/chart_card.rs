//! The card around a chart: title and unit, readout, tools, the drawing or its table.

use std::rc::Rc;

use leptos::{html, prelude::*};
use web_sys::{KeyboardEvent, PointerEvent};

use super::{
    canvas::{Canvas, Draw, Follow, follow_runs},
    charts::with_input,
    icon::{Glyph, Icon},
    save_menu::{Figure, SaveMenu},
};
use crate::{
    browser::address,
    chart::{matrices, scene::Scene},
    t,
    workspace::{Workspace, classroom::Classroom, export::chart::Numbers},
};

/// Selects whatever lies at a height of a drawing of this size.
pub type Select = fn(Workspace, (f64, f64), f64);

/// Adds to a figure that stands alone.
pub type Key = fn(Workspace, &mut Scene);

/// A chart of the run.
#[component]
pub fn ChartCard(
    /// Stem of its ids: `loss`.
    name: &'static str,
    /// Its numbers, as it saves them.
    numbers: Numbers,
    /// Its title.
    title: &'static str,
    /// Its unit.
    #[prop(into)]
    unit: Signal<String>,
    /// One sentence that says what it shows.
    #[prop(into)]
    summary: Signal<String>,
    /// The drawing.
    draw: Draw,
    /// Tracks what the drawing depends on; without it that is the runs and how they are looked at.
    #[prop(optional)]
    follow: Option<Follow>,
    /// The values at the crosshair.
    #[prop(into)]
    readout: ViewFn,
    /// Switches of this chart.
    #[prop(into, optional)]
    tools: ViewFn,
    /// The same numbers as a table.
    #[prop(into)]
    table: ViewFn,
    /// What stands between the header and the drawing; it takes its height from the drawing.
    #[prop(into, optional)]
    strip: ViewFn,
    /// What covers the drawing before a run.
    #[prop(into, optional)]
    cover: ViewFn,
    /// Whether its horizontal axis is the one that the crosshair walks over.
    #[prop(default = true)]
    over_steps: bool,
    /// What a click at a height of the drawing selects.
    #[prop(optional)]
    select: Option<Select>,
    /// Adds to a saved figure what the card says beside the drawing.
    #[prop(optional)]
    key: Option<Key>,
    /// A second hook for scripts, on the drawing.
    #[prop(optional)]
    hook: Option<&'static str>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let size = RwSignal::new((0.0, 0.0));
    let as_table = RwSignal::new(false);
    let plot = NodeRef::<html::Div>::new();
    let drawing = StoredValue::new_local(Rc::clone(&draw));
    let follow = StoredValue::new_local(follow.unwrap_or_else(|| Rc::new(move || follow_runs(workspace))));

    let figure = move || {
        let (width, height) = size.get_untracked();
        let mut scene = untrack(|| drawing.with_value(|draw| draw(f64::max(width, 640.0), f64::max(height, 320.0))));
        if let Some(key) = key {
            key(workspace, &mut scene);
        }
        let link = untrack(|| address::whole_link(workspace, &Classroom::default()));
        Figure { name, sentence: summary.get_untracked(), link, scene, numbers }
    };
    let drawn = move || {
        let draw = drawing.get_value();
        let cover = cover.clone();
        view! {
            <div
                class="plot"
                data-testid=hook
                node_ref=plot
                role="img"
                tabindex="0"
                aria-label=move || summary.get()
                class:over-steps=over_steps
                on:pointermove=move |event| {
                    if over_steps {
                        point(workspace, size, plot, &event);
                    }
                }
                on:pointerdown=move |event| {
                    if over_steps {
                        point(workspace, size, plot, &event);
                    }
                }
                on:click=move |event| {
                    if let (Some(select), Some(plot)) = (select, plot.get_untracked()) {
                        let y = f64::from(event.client_y()) - plot.get_bounding_client_rect().top();
                        select(workspace, size.get_untracked(), y);
                    }
                }
                on:pointerleave=move |_| workspace.view.crosshair.set(None)
                on:blur=move |_| workspace.view.crosshair.set(None)
                on:keydown=move |event| walk(workspace, &event)
            >
                <Canvas draw=draw size=size follow=follow.get_value() />
                {cover.run()}
            </div>
        }
    };
    view! {
        <section class="card chart" id=format!("panel-{name}") data-chart=name data-testid=format!("chart-{name}")>
            <header>
                <h2>{title}</h2>
                <span class="unit">{move || unit.get()}</span>
                <span class="read">{readout.run()}</span>
                {tools.run()}
                <button
                    type="button"
                    class="btn small icon quiet"
                    aria-label=t!("{title} as a table", title)
                    title=t!("Table")
                    data-testid=format!("{name}-table-toggle")
                    aria-pressed=move || as_table.get().to_string()
                    on:click=move |_| as_table.update(|on| *on = !*on)
                >
                    <Glyph icon=Icon::Table />
                </button>
                <SaveMenu name numbers figure />
            </header>
            {strip.run()}
            {move || if as_table.get() { table.run() } else { drawn().into_any() }}
            <p class="paper paper-caption">{move || summary.get()}</p>
        </section>
    }
}

/// Moves the crosshair to the step under the pointer.
fn point(workspace: Workspace, size: RwSignal<(f64, f64)>, plot: NodeRef<html::Div>, event: &PointerEvent) {
    let Some(plot) = plot.get_untracked() else { return };
    let x = f64::from(event.client_x()) - plot.get_bounding_client_rect().left();
    let (width, height) = size.get_untracked();
    let step = untrack(|| {
        with_input(workspace, |input| {
            let scale = input.x_scale(input.frame(width, height));
            input.step_at(&scale, x)
        })
    });
    if workspace.view.crosshair.get_untracked() != step {
        workspace.view.crosshair.set(step);
    }
}

/// Moves the crosshair with the arrow keys, Home and End, and the selection with Up and Down; Escape takes the crosshair
/// away.
fn walk(workspace: Workspace, event: &KeyboardEvent) {
    let places = match event.key().as_str() {
        "ArrowUp" => -1,
        "ArrowDown" => 1,
        _ => 0,
    };
    if places != 0 {
        if let Some(matrix) = untrack(|| with_input(workspace, |input| matrices::neighbour(&input, places))) {
            event.prevent_default();
            workspace.view.matrix.set(Some(matrix));
        }
        return;
    }
    let last = untrack(|| with_input(workspace, |input| input.lead().map_or(0, |arm| arm.done())));
    if last == 0 {
        return;
    }
    let at = workspace.view.crosshair.get_untracked().unwrap_or(last);
    let stride = if event.shift_key() { 100 } else { 10 };
    let step = match event.key().as_str() {
        "ArrowLeft" => Some(at.saturating_sub(stride).max(1)),
        "ArrowRight" => Some((at + stride).min(last)),
        "Home" => Some(1),
        "End" => Some(last),
        "Escape" => None,
        _ => return,
    };
    event.prevent_default();
    workspace.view.crosshair.set(step);
}
