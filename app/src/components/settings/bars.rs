//! Multipliers by hand: a bar for each layer, dragged or moved by keys, and the same numbers as fields.

use leptos::{html, prelude::*};
use tailblazer_core::{layerwise::Manual, policy::Knob};
use web_sys::{KeyboardEvent, PointerEvent};

use super::layerwise::knob_setting;
use crate::{
    components::field::{Bound, NumberField, write},
    t, words,
    workspace::{Workspace, format::plain},
};

/// The least end of the scale; it grows where a bar is longer.
const TOP: f64 = 5.0;

/// What an arrow key adds.
const STRIDE: f64 = 0.1;

/// What Page Up adds.
const LEAP: f64 = 1.0;

/// The multiplier at a height of the scale, given as a share: a multiple of 0.05, and 1 next to 1.
fn at_height(share: f64, top: f64, knob: &Knob) -> f64 {
    let twentieths = (20.0 * share * top).round();
    let value = if (twentieths - 20.0).abs() <= 1.0 { 1.0 } else { twentieths / 20.0 };
    value.clamp(*knob.range.start(), *knob.range.end())
}

/// The multiplier after a key, if it is one that moves a bar: Home is the plain rate, End the top of the scale.
fn after_key(value: f64, key: &str, top: f64, knob: &Knob) -> Option<f64> {
    let value = match key {
        "ArrowUp" | "ArrowRight" => value + STRIDE,
        "ArrowDown" | "ArrowLeft" => value - STRIDE,
        "PageUp" => value + LEAP,
        "PageDown" => value - LEAP,
        "Home" => 1.0,
        "End" => top,
        _ => return None,
    };
    // Tenths are not exact in binary.
    Some(((1000.0 * value).round() / 1000.0).clamp(*knob.range.start(), *knob.range.end()))
}

/// The end of a scale that holds all values: a whole number.
fn scale(values: impl Iterator<Item = f64>) -> f64 {
    values.filter(|value| value.is_finite()).fold(TOP, |top, value| top.max(value.ceil()))
}

/// The layer of a knob, from 1.
fn layer(knob: &Knob) -> Option<usize> {
    knob.id.strip_prefix("layer-")?.parse().ok()
}

/// Whether a knob stands for several layers of a model with so many.
fn is_shared(knob: &Knob, layers: usize) -> bool {
    layers > Manual::LAYERS && layer(knob) == Some(Manual::LAYERS)
}

/// What a knob stands for: `Layer 2`, or `Layers 12 to 16`.
fn name(knob: &Knob, layers: usize) -> String {
    if is_shared(knob, layers) {
        t!("Layers {first} to {last}", first = Manual::LAYERS, last = layers)
    } else {
        words::text(knob.name).into()
    }
}

/// As [`name`], below a bar.
fn short_name(knob: &Knob, layers: usize) -> String {
    match layer(knob) {
        Some(layer) if is_shared(knob, layers) => format!("{layer}+"),
        Some(layer) => layer.to_string(),
        None if knob.id == "embedding" => t!("emb").into(),
        None => t!("head").into(),
    }
}

/// The bars of the edited model and, behind a row that opens, their numbers.
#[component]
pub fn Bars() -> impl IntoView {
    let workspace = Workspace::expect();
    let layers = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.model.layers));
    let knobs = Memo::new(move |_| Manual::knobs(layers.get()).collect::<Vec<_>>());
    let value = move |knob: &'static Knob| workspace.experiment.with(|experiment| knob_setting(knob).get(experiment));
    let top = Memo::new(move |_| scale(knobs.get().into_iter().map(value)));
    // The scale stands still under a pointer.
    let held = RwSignal::new(None::<f64>);
    let shown_top = Memo::new(move |_| held.get().unwrap_or(top.get()));
    let focused = RwSignal::new(None::<&'static Knob>);
    let at_hand = move || focused.get().map(|knob| format!("{} ×{}", name(knob, layers.get()), plain(value(knob))));
    let shared = move || {
        let is_needed = layers.get() > Manual::LAYERS;
        is_needed.then(|| {
            let words = t!("Bar {bar} stands for layers {bar} to {last}.", bar = Manual::LAYERS, last = layers.get());
            format!(" {words}")
        })
    };
    let one = move || (1.0 / shown_top.get()).to_string();
    let end = move || format!("×{}", plain(shown_top.get()));
    let colour = move || format!("--arm-colour: var(--arm-{})", workspace.arm() + 1);
    view! {
        <div class="field wide block" style=colour>
            <span class="hand-head">{t!("Multiplier by layer")} <b>{at_hand}</b></span>
            <div class="bars" role="group" aria-label=t!("Multiplier by layer") aria-describedby="manual-help">
                <span class="bars-line" style:--at=one><i>"×1"</i></span>
                <span class="bars-line bars-end" style:--at="1"><i>{end}</i></span>
                <For each=move || knobs.get() key=|knob| knob.id let:knob>
                    <Bar knob layers top=shown_top held focused />
                </For>
            </div>
        </div>
        <p class="note" id="manual-help">
            {t!(
                "Drag a bar, or move it by keys: Up and Down by 0.1, Page Up and Page Down by 1, Home to 1, End to the \
                 top. 0 freezes a layer."
            )}
            {shared}
        </p>
        <Numbers knobs />
    }
}

/// The multiplier of one knob.
#[component]
fn Bar(
    /// The knob.
    knob: &'static Knob,
    /// Layers of the model.
    layers: Memo<usize>,
    /// The end of the scale.
    top: Memo<f64>,
    /// The end of the scale while a pointer holds a bar.
    held: RwSignal<Option<f64>>,
    /// The knob whose bar has the focus.
    focused: RwSignal<Option<&'static Knob>>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let setting = knob_setting(knob);
    let node = NodeRef::<html::Div>::new();
    let value = Memo::new(move |_| workspace.experiment.with(|experiment| setting.get(experiment)));
    let drag = move |event: &PointerEvent| {
        if let Some(bar) = node.get_untracked() {
            let bounds = bar.get_bounding_client_rect();
            let share = (bounds.bottom() - f64::from(event.client_y())) / bounds.height().max(1.0);
            write(workspace, setting, at_height(share, top.get_untracked(), knob));
        }
    };
    let press = move |event: PointerEvent| {
        if let Some(bar) = node.get_untracked().filter(|_| event.is_primary() && event.button() == 0) {
            // A pointer that is gone already cannot be captured: it has moved the bar once.
            if bar.set_pointer_capture(event.pointer_id()).is_ok() {
                held.set(Some(top.get_untracked()));
            }
            // A finger that drags gives no focus by itself, and the words above the bars are those of the focused one.
            let _ = bar.focus();
            drag(&event);
        }
    };
    let lead = move |event: PointerEvent| {
        if node.get_untracked().is_some_and(|bar| bar.has_pointer_capture(event.pointer_id())) {
            drag(&event);
        }
    };
    let key = move |event: KeyboardEvent| {
        if let Some(value) = after_key(value.get_untracked(), &event.key(), top.get_untracked(), knob) {
            event.prevent_default();
            write(workspace, setting, value);
        }
    };
    let is_wide = move || layer(knob).is_none() || is_shared(knob, layers.get());
    let height = move || format!("{}%", 100.0 * (value.get() / top.get()).clamp(0.0, 1.0));
    let words = move || match value.get() {
        0.0 => t!("×0, frozen").to_owned(),
        value => format!("×{}", plain(value)),
    };
    view! {
        <div class="bar-column" class:word=is_wide title=words::text(knob.summary)>
            <div
                class="bar"
                node_ref=node
                role="slider"
                tabindex="0"
                aria-orientation="vertical"
                aria-label=move || name(knob, layers.get())
                aria-valuemin=knob.range.start().to_string()
                aria-valuemax=knob.range.end().to_string()
                aria-valuenow=move || plain(value.get())
                aria-valuetext=words
                data-testid=format!("manual-{}", knob.id)
                on:pointerdown=press
                on:pointermove=lead
                on:lostpointercapture=move |_| held.set(None)
                on:keydown=key
                on:focus=move |_| focused.set(Some(knob))
                on:blur=move |_| focused.set(None)
            >
                <i style:height=height></i>
            </div>
            <span aria-hidden="true">{move || short_name(knob, layers.get())}</span>
        </div>
    }
}

/// The same multipliers as fields; it opens where one of them is at fault.
#[component]
fn Numbers(
    /// The knobs that the model uses.
    knobs: Memo<Vec<&'static Knob>>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let node = NodeRef::<html::Details>::new();
    // A number that is refused needs a field, whether the model uses it or not.
    let shown = Memo::new(move |_| {
        let used = knobs.get();
        let refused = |knob: &Knob| {
            let value = workspace.experiment.with(|experiment| experiment.layerwise.rule.value(knob));
            !knob.range.contains(&value)
        };
        Manual::knobs(Manual::LAYERS).filter(|knob| used.contains(knob) || refused(knob)).collect::<Vec<_>>()
    });
    let at_fault = Memo::new(move |_| {
        let faults = workspace.faults();
        shown.get().into_iter().any(|knob| faults.iter().any(|fault| fault.field == knob_setting(knob).path()))
    });
    Effect::new(move || {
        if let Some(details) = node.get().filter(|_| at_fault.get()) {
            // An attribute without a value: nothing about it can be refused.
            let _ = details.set_attribute("open", "");
        }
    });
    view! {
        <details class="numbers" node_ref=node data-testid="manual-numbers">
            <summary><span class="k">{t!("Numbers")}</span></summary>
            <div class="knobs">
                <For each=move || shown.get() key=|knob| knob.id let:knob>
                    <NumberField setting=knob_setting(knob) title=words::text(knob.summary) />
                </For>
            </div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn knob(id: &str) -> &'static Knob {
        Manual::knobs(Manual::LAYERS).find(|knob| knob.id == id).expect(id)
    }

    #[test]
    fn a_pointer_sets_twentieths_and_finds_one() {
        let of = |share, top| at_height(share, top, knob("layer-1"));
        assert_eq!([0.0, 0.1, 0.3333, 1.0].map(|share| of(share, 5.0)), [0.0, 0.5, 1.65, 5.0]);
        assert_eq!([0.184, 0.19, 0.2, 0.211, 0.216].map(|share| of(share, 5.0)), [0.9, 1.0, 1.0, 1.0, 1.1]);
        // Beyond the scale, and beyond the knob.
        assert_eq!([of(-0.5, 5.0), of(1.5, 5.0), of(1.5, 100.0)], [0.0, 7.5, 100.0]);
    }

    #[test]
    fn keys_move_a_bar_by_round_numbers() {
        let of = |value, key| after_key(value, key, 5.0, knob("head"));
        assert_eq!(of(0.2, "ArrowUp"), Some(0.3));
        assert_eq!(of(1.0, "ArrowDown"), Some(0.9));
        assert_eq!(of(1.234, "PageUp"), Some(2.234));
        assert_eq!(
            [of(0.05, "ArrowDown"), of(0.5, "PageDown"), of(99.5, "PageUp")],
            [Some(0.0), Some(0.0), Some(100.0)]
        );
        assert_eq!([of(3.0, "Home"), of(3.0, "End"), of(3.0, "Tab")], [Some(1.0), Some(5.0), None]);
    }

    #[test]
    fn the_twelfth_bar_names_all_layers_that_it_stands_for() {
        let twelfth = knob("layer-12");
        assert_eq!((name(twelfth, 12), short_name(twelfth, 12)), ("Layer 12".into(), "12".into()));
        assert_eq!((name(twelfth, 16), short_name(twelfth, 16)), ("Layers 12 to 16".into(), "12+".into()));
        assert_eq!((name(knob("layer-2"), 16), short_name(knob("layer-2"), 16)), ("Layer 2".into(), "2".into()));
        assert_eq!([short_name(knob("embedding"), 3), short_name(knob("head"), 3)], ["emb", "head"]);
    }

    proptest! {
        #[test]
        fn the_scale_holds_every_bar_and_a_bar_set_on_it_is_where_the_pointer_is(
            values in prop::collection::vec(0.0..=100.0f64, 0..14), share in 0.0..=1.0f64,
        ) {
            let top = scale(values.iter().copied());
            prop_assert!(top >= TOP && top.fract() == 0.0 && values.iter().all(|value| *value <= top));
            let set = at_height(share, top, knob("layer-3"));
            prop_assert!((set - share * top).abs() <= 0.075 + 1e-9, "{} for {}", set, share * top);
        }
    }
}
