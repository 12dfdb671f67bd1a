//! A number that is typed into the bar or into a decoder's knobs.

use leptos::prelude::*;

use crate::components::field::Number;

/// A small field for a number; what cannot be read is marked and not used.
#[component]
pub fn NumberInput<T: Number>(
    /// Its hook.
    #[prop(into)]
    hook: Signal<String>,
    /// Its label.
    #[prop(into)]
    label: String,
    /// One sentence: what it changes.
    #[prop(into)]
    title: String,
    /// The style of the label.
    class: &'static str,
    /// Its value; none leaves the field empty.
    #[prop(into)]
    value: Signal<Option<T>>,
    /// Whether it may be empty.
    #[prop(default = false)]
    may_be_empty: bool,
    /// Whether a value can be used.
    fits: fn(&T) -> bool,
    /// Takes a value.
    put: Callback<Option<T>>,
) -> impl IntoView {
    let draft = RwSignal::new(None::<String>);
    let is_wrong = RwSignal::new(false);
    let text = move || draft.get().unwrap_or_else(|| value.get().map(Number::show).unwrap_or_default());
    let typed = move |text: String| {
        let is_empty = text.trim().is_empty();
        let read = T::parse(&text).filter(fits);
        let is_used = read.is_some() || is_empty && may_be_empty;
        is_wrong.set(!is_used);
        draft.set(Some(text));
        if is_used {
            put.run(read);
        }
    };
    let left = move |_| {
        if !is_wrong.get_untracked() {
            draft.set(None);
        }
    };
    view! {
        <label class=class title=title>
            <span class="k">{label}</span>
            <input
                data-testid=move || hook.get()
                type="text"
                inputmode=T::KEYBOARD
                autocomplete="off"
                spellcheck="false"
                prop:value=text
                aria-invalid=move || is_wrong.get().to_string()
                on:input:target=move |event| typed(event.target().value())
                on:blur=left
            />
        </label>
    }
}
