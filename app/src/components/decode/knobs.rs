//! What can be set of one decoder, behind the words that say what is set.

use leptos::prelude::*;
use tailblazer_core::policy::Knob;

use super::number::NumberInput;
use crate::{t, words, workspace::Workspace};

/// The knobs of a decoder.
#[component]
pub fn Knobs(
    /// The place of its colour.
    place: usize,
    /// Its number among the columns.
    number: Memo<usize>,
) -> impl IntoView {
    let decode = Workspace::expect().decode;
    let entry = Memo::new(move |_| decode.entry(place));
    let words = move || {
        let words = entry.with(|entry| entry.as_ref().map(|entry| entry.knobs()).unwrap_or_default());
        if words.is_empty() { t!("settings").to_owned() } else { words }
    };
    let method = Memo::new(move |_| entry.with(|entry| entry.as_ref().map(|entry| entry.chosen.method())));
    let fields = move || {
        let knobs = method.get().map(|method| method.description().knobs).unwrap_or_default();
        knobs.iter().map(|knob| view! { <KnobInput place number knob /> }).collect_view()
    };
    let temperature = Signal::derive(move || entry.with(|entry| entry.as_ref().and_then(|entry| entry.temperature)));
    let source = move || method.get().map(|method| method.description().source);
    let set_temperature = Callback::new(move |value: Option<f64>| {
        decode.edit(place, |entry| entry.temperature = value);
    });
    let is_alone = move || decode.list.with(Vec::len) < 2;
    view! {
        <details class="dec-knobs">
            <summary class="chip" title=t!("Settings of this decoder") data-testid=move || format!("decoder-{}-knobs", number.get())>
                <span>{words}</span>
            </summary>
            <div class="popover">
                {fields}
                <NumberInput
                    hook=Signal::derive(move || format!("decoder-{}-temperature", number.get()))
                    label=t!("Temperature")
                    title=t!("A temperature of this decoder's own; empty for the common one")
                    class="field"
                    value=temperature
                    may_be_empty=true
                    fits=|temperature: &f64| (0.0..=100.0).contains(temperature)
                    put=set_temperature
                />
                <p class="note">{source}</p>
                <button
                    type="button"
                    class="btn small"
                    data-testid=move || format!("decoder-{}-remove", number.get())
                    disabled=is_alone
                    on:click=move |_| decode.remove(place)
                >
                    {t!("Remove")}
                </button>
            </div>
        </details>
    }
}

/// One knob.
#[component]
fn KnobInput(place: usize, number: Memo<usize>, knob: &'static Knob) -> impl IntoView {
    let decode = Workspace::expect().decode;
    let value = Signal::derive(move || decode.entry(place).map(|entry| entry.chosen.value(knob)));
    let put = Callback::new(move |value: Option<f64>| {
        if let Some(value) = value {
            decode.edit(place, |entry| entry.chosen.set(knob, value));
        }
    });
    let (name, summary) = (words::text(knob.name), words::text(knob.summary));
    let (start, end) = (knob.range.start(), knob.range.end());
    let unit = if knob.unit.is_empty() { String::new() } else { format!(", {}", words::text(knob.unit)) };
    view! {
        <NumberInput
            hook=Signal::derive(move || format!("decoder-{}-{}", number.get(), knob.id))
            label=format!("{name}{unit}")
            title=t!("{summary} From {start} to {end}.", summary, start, end)
            class="field"
            value=value
            fits=any
            put=put
        />
    }
}

/// Any number is taken: what is out of range is refused with a sentence that says what to do.
fn any(_: &f64) -> bool {
    true
}
