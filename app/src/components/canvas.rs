//! A canvas that draws a scene when something changed, at most once per frame, and never while it is hidden.

use std::rc::Rc;

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, ResizeObserver};

use super::paper::PaperFigure;
use crate::{
    browser::theme,
    chart::{canvas, palette::Palette, scene::Scene},
    workspace::Workspace,
};

/// Draws a scene of the size that it is given.
pub type Draw = Rc<dyn Fn(f64, f64) -> Scene>;

/// Tracks what a drawing depends on.
pub type Follow = Rc<dyn Fn()>;

/// A chart's drawing surface.
#[component]
pub fn Canvas(
    /// The drawing; it runs outside any reactive context.
    draw: Draw,
    /// The size, for whoever must know where a pointer is.
    size: RwSignal<(f64, f64)>,
    /// Tracks what the drawing depends on.
    follow: Follow,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let node = NodeRef::<html::Canvas>::new();
    let frame = NodeRef::<html::Div>::new();
    let measured = watch_size(frame);
    Effect::new(move || size.set(measured.get()));

    let on_paper = Rc::clone(&draw);
    let palette = StoredValue::new_local(None::<(u32, Palette)>);
    let draw = StoredValue::new_local(draw);
    let scheduled = StoredValue::new(false);
    let paint = move || {
        scheduled.try_set_value(false);
        let (Some(canvas), Some((width, height))) = (node.try_get_untracked().flatten(), size.try_get_untracked())
        else {
            return;
        };
        if width < 60.0 || height < 60.0 {
            return;
        }
        let version = workspace.view.palette.get_untracked();
        palette.update_value(|known| {
            if known.as_ref().is_none_or(|(at, _)| *at != version) {
                *known = Some((version, theme::palette()));
            }
        });
        let scene = untrack(|| draw.with_value(|draw| draw(width, height)));
        palette.with_value(|palette| {
            if let Some((_, palette)) = palette {
                // A canvas without a context, as under memory pressure, is tried again with the next frame.
                let _ = canvas::draw(&canvas, &scene, palette, window().device_pixel_ratio());
            }
        });
    };
    Effect::new(move || {
        follow();
        workspace.view.palette.track();
        size.track();
        if !scheduled.get_value() {
            scheduled.set_value(true);
            request_animation_frame(paint);
        }
    });
    view! {
        <div class="surface" node_ref=frame>
            <canvas node_ref=node aria-hidden="true"></canvas>
        </div>
        <PaperFigure draw=move |width, height| on_paper(width, height) size=size />
    }
}

/// Follows the runs, and how they are looked at.
pub fn follow_runs(workspace: Workspace) {
    workspace.version.track();
    follow_view(workspace);
}

/// Follows what is compared, the states of the runs, and how they are looked at.
pub fn follow_view(workspace: Workspace) {
    let view = workspace.view;
    workspace.comparison.track();
    workspace.scope.track();
    workspace.runs().iter().for_each(|run| run.state.track());
    view.x_axis.track();
    view.log.track();
    view.law.track();
    view.law_fit.track();
    view.rate_log.track();
    view.alpha_view.track();
    view.alpha_arm.track();
    view.matrix.track();
    view.crosshair.track();
    view.overlays.track();
}

/// The size of an element, kept up to date.
pub fn watch_size<E>(node: NodeRef<E>) -> RwSignal<(f64, f64)>
where
    E: html::ElementType,
    E::Output: JsCast + Clone + AsRef<Element> + 'static,
{
    let size = RwSignal::new((0.0, 0.0));
    Effect::new(move || {
        let Some(element) = node.get() else { return };
        let element = AsRef::<Element>::as_ref(&element).clone();
        let target = element.clone();
        let measure = move || {
            let bounds = target.get_bounding_client_rect();
            let now = (bounds.width(), bounds.height());
            if size.try_get_untracked().is_some_and(|known| known != now) {
                size.set(now);
            }
        };
        measure();
        let changed = Closure::<dyn FnMut()>::new(measure);
        if let Ok(observer) = ResizeObserver::new(changed.as_ref().unchecked_ref()) {
            observer.observe(&element);
            StoredValue::new_local(Watch { observer, _changed: changed });
        }
    });
    size
}

/// An observer and what it calls, which end with their owner.
struct Watch {
    observer: ResizeObserver,
    _changed: Closure<dyn FnMut()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
