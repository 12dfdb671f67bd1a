//! The drawn schedule in the hand: its points are handles, and a pointer draws over it.

use leptos::{html, prelude::*};
use tailblazer_core::schedule::{Curve, Point, Stroke};
use wasm_bindgen::JsCast;
use web_sys::{HtmlDivElement, HtmlElement, KeyboardEvent, PointerEvent};

use super::{POINTS, preview::Plot};
use crate::{
    chart::svg,
    components::field::write,
    t,
    workspace::{Workspace, format::plain},
};

/// Pixels around a handle in which a mouse takes it.
const REACH: f64 = 10.0;

/// As [`REACH`], for a finger or a pen.
const TOUCH_REACH: f64 = 22.0;

/// Pixels that a pointer must go before it is more than a click.
const CLICK: f64 = 3.0;

/// What one press of an arrow key moves, in shares and factors; with Shift ten times as much.
const STRIDE: f64 = 0.01;

/// What the pointer does while it is down.
#[derive(Clone, Debug, PartialEq)]
struct Gesture {
    /// Where it went down.
    from: (f64, f64),
    /// Whether it has stayed there.
    is_click: bool,
    /// What it holds.
    held: Held,
}

/// What the pointer holds.
#[derive(Clone, Debug, PartialEq)]
enum Held {
    /// A point of the curve, by its place, at this distance from the handle's centre.
    Point(usize, (f64, f64)),
    /// The pen.
    Pen(Stroke),
}

impl Held {
    /// What a pointer takes hold of where it goes down: the nearest point in reach, or else the pen.
    fn at(plot: Plot, curve: &Curve, (x, y): (f64, f64), reach: f64) -> Option<Self> {
        match nearest(plot, curve, (x, y), reach) {
            Some(place) => {
                let (px, py) = pixels(plot, curve.0[place]);
                Some(Self::Point(place, (x - px, y - py)))
            }
            None => Stroke::new(point(plot, (x, y))).map(Self::Pen),
        }
    }

    /// The place of the point that it is.
    fn place(&self) -> Option<usize> {
        match self {
            Self::Point(place, _) => Some(*place),
            Self::Pen(_) => None,
        }
    }
}

/// The point at a pixel of the plot.
fn point(plot: Plot, (x, y): (f64, f64)) -> Point {
    Point { share: plot.x.invert(x), factor: plot.y.invert(y) }
}

/// The pixel of a point.
fn pixels(plot: Plot, point: Point) -> (f64, f64) {
    (plot.x.map(point.share), plot.y.map(point.factor))
}

/// The place of the point that is nearest to a pixel, if one is in reach.
fn nearest(plot: Plot, curve: &Curve, (x, y): (f64, f64), reach: f64) -> Option<usize> {
    let distance = |point: Point| {
        let (px, py) = pixels(plot, point);
        (px - x).hypot(py - y)
    };
    let distances = curve.0.iter().map(|point| distance(*point)).enumerate();
    let in_reach = distances.filter(|(_, distance)| *distance <= reach);
    in_reach.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(place, _)| place)
}

/// Where a point goes by a key, if it is one that moves.
fn moved(Point { share, factor }: Point, key: &str, stride: f64) -> Option<Point> {
    Some(match key {
        "ArrowLeft" => Point { share: share - stride, factor },
        "ArrowRight" => Point { share: share + stride, factor },
        "ArrowUp" => Point { share, factor: factor + stride },
        "ArrowDown" => Point { share, factor: factor - stride },
        _ => return None,
    })
}

/// Changes the curve of the settings. One that is at fault is left to the field that says so.
fn edit<T>(workspace: Workspace, change: impl FnOnce(&mut Curve) -> T) -> Option<T> {
    let mut curve = workspace.experiment.with_untracked(|experiment| (POINTS.get)(experiment));
    if curve.fault().is_some() {
        return None;
    }
    let result = change(&mut curve);
    write(workspace, POINTS, curve);
    Some(result)
}

/// The surface over the preview: handles on the points, and paper around them.
#[component]
pub fn Draw(
    /// Where the curve lies.
    plot: Memo<Plot>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let surface = NodeRef::<html::Div>::new();
    let gesture = RwSignal::new(None::<Gesture>);
    // The points that the last two presses took, the later one last.
    let pressed = StoredValue::new([None::<usize>; 2]);
    let focused = RwSignal::new(None::<usize>);
    // A curve that is at fault has no handles: its field says what to mend.
    let curve = Memo::new(move |_| {
        workspace.experiment.with(|experiment| Some((POINTS.get)(experiment)).filter(|curve| curve.fault().is_none()))
    });
    let count = Memo::new(move |_| curve.with(|curve| curve.as_ref().map_or(0, |curve| curve.0.len())));
    let position = move |event: &PointerEvent| {
        let bounds = surface.get_untracked()?.get_bounding_client_rect();
        Some((f64::from(event.client_x()) - bounds.left(), f64::from(event.client_y()) - bounds.top()))
    };
    let add = move |point: Option<Point>| {
        let place = edit(workspace, |curve| curve.add(point.or_else(|| curve.middle())?)).flatten();
        if let (Some(place), Some(surface)) = (place, surface.get_untracked()) {
            // The handle exists once the page has caught up.
            request_animation_frame(move || focus(&surface, Some(place)));
        }
    };

    let press = move |event: PointerEvent| {
        let (Some(surface), Some(at)) = (surface.get_untracked(), position(&event)) else { return };
        if !event.is_primary() || event.button() != 0 {
            return;
        }
        let reach = if event.pointer_type() == "mouse" { REACH } else { TOUCH_REACH };
        let plot = plot.get_untracked();
        let held = curve.with_untracked(|curve| Held::at(plot, curve.as_ref()?, at, reach));
        let place = held.as_ref().and_then(Held::place);
        pressed.update_value(|pressed| *pressed = [pressed[1], place]);
        focus(&surface, place);
        // A pointer that is gone already cannot be captured, and moves no more.
        let _ = surface.set_pointer_capture(event.pointer_id());
        gesture.set(held.map(|held| Gesture { from: at, is_click: true, held }));
    };
    let drag = move |event: PointerEvent| {
        let (Some(Gesture { from, is_click, held }), Some(at)) = (gesture.get_untracked(), position(&event)) else {
            return;
        };
        if !event.is_primary() {
            return;
        }
        // A release that nobody captured has ended it.
        if event.buttons() == 0 {
            return gesture.set(None);
        }
        if is_click && (at.0 - from.0).hypot(at.1 - from.1) < CLICK {
            return;
        }
        let plot = plot.get_untracked();
        let held = match held {
            Held::Point(place, grip) => {
                edit(workspace, |curve| curve.shift(place, point(plot, (at.0 - grip.0, at.1 - grip.1))));
                Held::Point(place, grip)
            }
            Held::Pen(mut stroke) => {
                stroke.extend(point(plot, at));
                Held::Pen(stroke)
            }
        };
        gesture.set(Some(Gesture { from, is_click: false, held }));
    };
    let release = move |event: PointerEvent| {
        if !event.is_primary() {
            return;
        }
        if let Some(Gesture { from, is_click, held: Held::Pen(stroke) }) = gesture.get_untracked() {
            if is_click {
                add(Some(point(plot.get_untracked(), from)));
            } else {
                edit(workspace, |curve| curve.draw(&stroke));
            }
        }
        gesture.set(None);
    };
    let remove = move |_| {
        // A double click beside the curve added a point, and that one stays.
        if let [Some(place), Some(again)] = pressed.get_value()
            && place == again
        {
            edit(workspace, |curve| curve.remove(place));
        }
    };
    let key = move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            add(None);
        }
    };
    let stroke = move || {
        gesture.with(|gesture| match gesture {
            Some(Gesture { is_click: false, held: Held::Pen(stroke), .. }) => {
                let plot = plot.get();
                svg::path(&stroke.points().iter().map(|point| pixels(plot, *point)).collect::<Vec<_>>())
            }
            _ => String::new(),
        })
    };
    let at_hand = move || {
        let point = focused.get().and_then(|place| curve.with(|curve| curve.as_ref()?.0.get(place).copied()));
        point.map_or_else(|| t!("draw, or drag a point").into(), words)
    };
    let left = move || plot.get().frame.left;
    let foot = move || plot.get().frame.bottom + 13.0;
    view! {
        <div
            class="draw"
            node_ref=surface
            role="group"
            tabindex="0"
            aria-label=t!("Points of the schedule")
            aria-describedby="schedule-draw-help"
            data-testid="schedule-draw"
            on:pointerdown=press
            on:pointermove=drag
            on:pointerup=release
            on:lostpointercapture=move |_| gesture.set(None)
            // The focus was set where the pointer went down; words around are not to be selected.
            on:mousedown=|event| event.prevent_default()
            on:dblclick=remove
            on:keydown=key
        >
            <svg aria-hidden="true">
                <path d=stroke class="ln stroke"></path>
                <text x=left y=foot class="tick">{at_hand}</text>
            </svg>
            <For each=move || 0..count.get() key=|place| *place let:place>
                <Handle plot curve place focused />
            </For>
        </div>
    }
}

/// How the curve is edited, below it.
#[component]
pub fn Help() -> impl IntoView {
    view! {
        <p class="note" id="schedule-draw-help">
            {t!(
                "Drag a point, or draw across the plot. A click or Enter adds a point, up to {most}; a double click or \
                 Delete removes it; arrow keys move it, with Shift ten times as far.",
                most = Curve::MOST,
            )}
        </p>
    }
}

/// A point in words.
fn words(Point { share, factor }: Point) -> String {
    t!("{share} of the run, ×{factor}", share = plain(share), factor = plain(factor))
}

/// A point of the curve.
#[component]
fn Handle(
    /// Where the curve lies.
    plot: Memo<Plot>,
    /// The curve; none while it is at fault.
    curve: Memo<Option<Curve>>,
    /// The point's place in it.
    place: usize,
    /// The place of the point that has the focus.
    focused: RwSignal<Option<usize>>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let known = Memo::new(move |known: Option<&Point>| {
        // The last point that was here stays until the handle goes.
        let found = curve.with(|curve| curve.as_ref()?.0.get(place).copied());
        found.or(known.copied()).unwrap_or(Point { share: 0.0, factor: 0.0 })
    });
    let count = move || curve.with(|curve| curve.as_ref().map_or(0, |curve| curve.0.len()));
    let at = move || pixels(plot.get(), known.get());
    let key = move |event: KeyboardEvent| {
        let stride = if event.shift_key() { 10.0 * STRIDE } else { STRIDE };
        match event.key().as_str() {
            "Delete" | "Backspace" => drop(edit(workspace, |curve| curve.remove(place))),
            key => match moved(known.get_untracked(), key, stride) {
                Some(to) => drop(edit(workspace, |curve| curve.shift(place, to))),
                None => return,
            },
        }
        event.prevent_default();
    };
    view! {
        <span
            class="handle"
            role="slider"
            tabindex="0"
            aria-orientation="vertical"
            aria-label=move || t!("Point {point} of {count}", point = place + 1, count = count())
            aria-valuemin="0"
            aria-valuemax="1"
            aria-valuenow=move || plain(known.get().factor)
            aria-valuetext=move || words(known.get())
            style:left=move || format!("{}px", at().0)
            style:top=move || format!("{}px", at().1)
            data-testid=format!("schedule-point-{}", place + 1)
            on:focus=move |_| focused.set(Some(place))
            on:blur=move |_| focused.set(None)
            on:keydown=key
        ></span>
    }
}

/// Gives the focus to a handle, or to the surface itself.
fn focus(surface: &HtmlDivElement, place: Option<usize>) {
    let handle = place.and_then(|place| {
        let hook = format!("[data-testid='schedule-point-{}']", place + 1);
        surface.query_selector(&hook).ok().flatten()?.dyn_into::<HtmlElement>().ok()
    });
    // An element that is on the screen takes the focus.
    let _ = handle.as_ref().unwrap_or(surface).focus();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve() -> Curve {
        "0:0,0.5:1,0.52:1,1:0".parse().expect("a curve")
    }

    fn plot() -> Plot {
        Plot::new((238.0, 76.0))
    }

    #[test]
    fn a_pointer_takes_the_nearest_point_in_reach_by_where_it_touches_it() {
        let (plot, curve) = (plot(), curve());
        let hold = |at, reach| Held::at(plot, &curve, at, reach);
        // Points are at (34, 60), (134, 10), (138, 10) and (234, 60).
        assert_eq!(hold((133.0, 12.0), REACH), Some(Held::Point(1, (-1.0, 2.0))));
        assert_eq!(hold((139.0, 10.0), REACH), Some(Held::Point(2, (1.0, 0.0))));
        assert_eq!(hold((219.0, 60.0), REACH).and_then(|held| held.place()), None);
        assert_eq!(hold((219.0, 60.0), TOUCH_REACH), Some(Held::Point(3, (-15.0, 0.0))));
        let pen = Stroke::new(Point { share: 0.25, factor: 0.5 }).map(Held::Pen);
        assert_eq!(hold((84.0, 35.0), REACH), pen);
        assert!(curve.0.iter().all(|known| point(plot, pixels(plot, *known)) == *known));
    }

    #[test]
    fn arrows_move_a_point_and_other_keys_do_not() {
        let from = Point { share: 0.5, factor: 0.25 };
        for (key, share, factor) in
            [("ArrowLeft", 0.25, 0.25), ("ArrowRight", 0.75, 0.25), ("ArrowUp", 0.5, 0.5), ("ArrowDown", 0.5, 0.0)]
        {
            assert_eq!(moved(from, key, 0.25), Some(Point { share, factor }), "{key}");
        }
        assert_eq!(moved(from, "Tab", 0.25), None);
    }
}
