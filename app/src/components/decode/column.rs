//! One decoder: what it is, its tokens and its meters.

use leptos::prelude::*;

use super::{grid::Grid, knobs::Knobs, meters::Meters, number_of};
use crate::{
    components::arms::Swatch,
    t, words,
    workspace::{Workspace, decode::choice},
};

/// The column of a decoder.
#[component]
pub fn DecoderColumn(
    /// The place of its colour.
    place: usize,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let decode = workspace.decode;
    let number = number_of(decode, place);
    let entry = Memo::new(move |_| decode.entry(place));
    let id = move || entry.with(|entry| entry.as_ref().map(|entry| entry.chosen.method().id()).unwrap_or_default());
    let summary = move || {
        let summary = entry.with(|entry| entry.as_ref().map(|entry| entry.chosen.method().description().summary));
        summary.map(words::text)
    };
    let fault = Memo::new(move |_| {
        let column = decode.column(place);
        let of_trace = || column.with(|trace| trace.failure.clone());
        column.fault.get().or_else(|| of_trace().map(|failure| (failure.field.unwrap_or_default(), failure.message)))
    });
    let refused = move || {
        let (field, message) = fault.get()?;
        let hook = format!("decoder-{}-error", number.get());
        let field = (!field.is_empty()).then(|| view! { <b class="mono">{field}</b>": " });
        Some(view! { <p class="err" role="alert" data-testid=hook>{field} {words::sentence(&message)}</p> })
    };
    let caution = move || {
        let reading = workspace.reading().filter(|_| fault.with(Option::is_none))?;
        let block = decode.common.with(|common| common.block);
        let caution = entry.with(|entry| entry.as_ref()?.caution(&reading, block))?;
        let hook = format!("decoder-{}-caution", number.get());
        Some(view! { <p class="caution" role="note" data-testid=hook>{caution}</p> })
    };
    let state = move || match (fault.with(Option::is_some), decode.column(place).is_busy()) {
        (true, _) => "refused",
        (_, true) => "decoding",
        _ => "still",
    };
    let colour = format!("--tok-fill: var(--arm-{}-text)", place + 1);
    view! {
        <section
            class="card dec"
            style=colour
            data-testid=move || format!("decoder-{}", number.get())
            data-state=state
            data-place=place.to_string()
        >
            <header>
                <Swatch arm=place />
                <label class="dec-pick">
                    <span class="sr">{move || t!("Decoder {number}", number = number.get())}</span>
                    <select
                        data-testid=move || format!("decoder-{}-select", number.get())
                        prop:value=id
                        on:change:target=move |event| decode.choose(place, &event.target().value())
                    >
                        {choice::all()
                            .map(|(id, name)| view! { <option value=id>{words::text(name)}</option> })
                            .collect_view()}
                    </select>
                </label>
                <Knobs place number />
            </header>
            <p class="rule">{summary}</p>
            {refused} {caution}
            <Grid place number />
            <Meters place number />
        </section>
    }
}
