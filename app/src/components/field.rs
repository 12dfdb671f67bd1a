//! Fields that are bound to one path of the experiment. The path is also the field's id and its hook for scripts.

use leptos::prelude::*;
use tailblazer_core::{experiment::Experiment, schedule::Curve};

use crate::{
    key, words,
    workspace::{Workspace, format},
};

/// A setting: where it is in the experiment, and how to read and write it.
pub struct Setting<T: 'static> {
    /// Its path, such as `model.layers`.
    pub path: &'static str,
    /// Its label, in English.
    pub label: &'static str,
    /// Reads it.
    pub get: fn(&Experiment) -> T,
    /// Writes it.
    pub set: fn(&mut Experiment, T),
}

impl<T> Clone for Setting<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Setting<T> {}

/// What a field for a number is bound to.
pub trait Bound: Copy + Send + Sync + 'static {
    /// The kind of number.
    type Value: Number;

    /// Its path, such as `model.layers`.
    fn path(self) -> &'static str;

    /// Its label, in English.
    fn label(self) -> &'static str;

    /// Reads it.
    fn get(self, experiment: &Experiment) -> Self::Value;

    /// Writes it.
    fn set(self, experiment: &mut Experiment, value: Self::Value);
}

impl<T: Number> Bound for Setting<T> {
    type Value = T;

    fn path(self) -> &'static str {
        self.path
    }

    fn label(self) -> &'static str {
        self.label
    }

    fn get(self, experiment: &Experiment) -> T {
        (self.get)(experiment)
    }

    fn set(self, experiment: &mut Experiment, value: T) {
        (self.set)(experiment, value);
    }
}

/// A setting at a path: `setting!(key!("Layers"), "model.layers", model.layers)`.
macro_rules! setting {
    ($label:expr, $path:literal, $($field:ident).+) => {
        $crate::components::field::Setting {
            path: $path,
            label: $label,
            get: |experiment| experiment.$($field).+.clone(),
            set: |experiment, value| experiment.$($field).+ = value,
        }
    };
}
pub(crate) use setting;

/// A number, or a list of numbers, that a visitor can type.
pub trait Number: Clone + PartialEq + Send + Sync + 'static {
    /// What a field of this kind holds, in English.
    const NOUN: &'static str;

    /// The keyboard of a phone.
    const KEYBOARD: &'static str = "decimal";

    /// Reads what was typed.
    fn parse(text: &str) -> Option<Self>;

    /// Writes it so that it can be typed.
    fn show(self) -> String;
}

/// Accepts a true minus and grouping commas, as the page itself writes them.
fn normal(text: &str) -> String {
    text.trim().replace('−', "-").replace([',', ' '], "")
}

impl Number for usize {
    const NOUN: &'static str = key!("a whole number");

    fn parse(text: &str) -> Option<Self> {
        normal(text).parse().ok()
    }

    fn show(self) -> String {
        self.to_string()
    }
}

impl Number for u32 {
    const NOUN: &'static str = key!("a whole number");

    fn parse(text: &str) -> Option<Self> {
        normal(text).parse().ok()
    }

    fn show(self) -> String {
        self.to_string()
    }
}

impl Number for f64 {
    const NOUN: &'static str = key!("a number");

    fn parse(text: &str) -> Option<Self> {
        normal(text).parse().ok().filter(|value: &f64| value.is_finite())
    }

    fn show(self) -> String {
        format::plain(self)
    }
}

impl Number for Curve {
    const NOUN: &'static str = key!("share:factor of each point, such as 0:0, 0.1:1, 1:0");
    const KEYBOARD: &'static str = "text";

    fn parse(text: &str) -> Option<Self> {
        text.replace('−', "-").parse().ok()
    }

    fn show(self) -> String {
        self.to_string()
    }
}

/// The sentence about the field at fault, if it is.
fn fault(workspace: Workspace, path: &'static str) -> impl Fn() -> Option<String> + Copy + Send + Sync {
    move || workspace.faults().into_iter().find(|fault| fault.field == path).map(|fault| fault.message)
}

/// The sentence below a field that is at fault.
#[component]
pub fn Fault(
    /// The field's path.
    path: &'static str,
) -> impl IntoView {
    let fault = Memo::new({
        let fault = fault(Workspace::expect(), path);
        move |_| fault()
    });
    view! {
        <Show when=move || fault.with(Option::is_some)>
            <span class="err" id=format!("{path}-error")>{move || fault.get().map(|fault| words::sentence(&fault))}</span>
        </Show>
    }
}

/// A field for a number.
#[component]
pub fn NumberField<B: Bound>(
    /// The setting.
    setting: B,
    /// A unit behind the label.
    #[prop(optional)]
    unit: &'static str,
    /// One sentence: what it changes.
    #[prop(optional)]
    title: Option<&'static str>,
    /// Whether it takes a whole row.
    #[prop(optional)]
    wide: bool,
    /// Its hook, where it has another one than its path.
    #[prop(optional)]
    hook: Option<&'static str>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let (path, label) = (setting.path(), words::text(setting.label()));
    // What is being typed stays as it is typed; otherwise the field follows the experiment.
    let draft = RwSignal::new(None::<String>);
    let stored = Memo::new(move |_| workspace.experiment.with(|experiment| setting.get(experiment)));
    let shown = move || draft.get().unwrap_or_else(|| stored.get().show());
    let at_fault = Memo::new({
        let fault = fault(workspace, path);
        move |_| fault().is_some()
    });

    // A preset or a link replaces what was typed.
    Effect::new(move || {
        let (stored, flagged) = (stored.get(), workspace.unreadable.with(|fields| fields.contains_key(path)));
        let stale = draft.with_untracked(|draft| match draft.as_deref().map(B::Value::parse) {
            Some(Some(value)) => value != stored,
            Some(None) => !flagged,
            None => false,
        });
        if stale {
            draft.set(None);
        }
    });

    let typed = move |text: String| {
        match B::Value::parse(&text) {
            Some(value) => write(workspace, setting, value),
            None => workspace.unreadable.update(|fields| {
                // In English, as every fault is until it is shown.
                let (label, noun) = (setting.label(), B::Value::NOUN);
                let sentence = if text.trim().is_empty() {
                    format!(key!("{0} ({1}) must be {2}; it is empty."), label, path, noun)
                } else {
                    format!(key!("{0} ({1}) must be {2}; “{3}” is not."), label, path, noun, text)
                };
                fields.insert(path, sentence);
            }),
        }
        draft.set(Some(text));
    };
    let left = move |_| {
        if draft.with_untracked(|draft| draft.as_deref().is_none_or(|text| B::Value::parse(text).is_some())) {
            draft.set(None);
        }
    };
    view! {
        <label class="field" class:wide=wide for=path title=title>
            <span>{label} {(!unit.is_empty()).then(|| view! { <i>" "{unit}</i> })}</span>
            <input
                id=path
                data-testid=hook.unwrap_or(path)
                type="text"
                inputmode=B::Value::KEYBOARD
                autocomplete="off"
                spellcheck="false"
                prop:value=shown
                aria-invalid=move || at_fault.get().to_string()
                aria-describedby=move || at_fault.get().then(|| format!("{path}-error"))
                on:input:target=move |event| typed(event.target().value())
                on:blur=left
            />
            <Fault path />
        </label>
    }
}

/// A field for a number that stands for one of a few names, counted from 0.
#[component]
pub fn NamedField<B: Bound<Value = f64>>(
    /// The setting.
    setting: B,
    /// The names, in English.
    names: &'static [&'static str],
    /// One sentence: what it changes.
    title: &'static str,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let (path, label) = (setting.path(), words::text(setting.label()));
    // A number that has no name, as a link may set it, shows none; the fault says which there are.
    let stored = Memo::new(move |_| workspace.experiment.with(|experiment| setting.get(experiment)).show());
    let option = |(number, name): (usize, &'static &'static str)| {
        view! { <option value=number.to_string()>{words::text(name)}</option> }
    };
    let chosen = move |text: String| {
        if let Some(value) = f64::parse(&text) {
            write(workspace, setting, value);
        }
    };
    view! {
        <label class="field" for=path title=title>
            <span>{label}</span>
            <select
                id=path
                data-testid=path
                prop:value=move || stored.get()
                on:change:target=move |event| chosen(event.target().value())
            >
                {names.iter().enumerate().map(option).collect_view()}
            </select>
            <Fault path />
        </label>
    }
}

/// A field for a text.
#[component]
pub fn TextField(
    /// The setting.
    setting: Setting<String>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let Setting { path, label, get, set } = setting;
    let stored = Memo::new(move |_| workspace.experiment.with(get));
    view! {
        <label class="field wide" for=path>
            <span>{words::text(label)}</span>
            <input
                id=path
                data-testid=path
                type="text"
                autocomplete="off"
                prop:value=move || stored.get()
                on:input:target=move |event| {
                    let text = event.target().value();
                    forgive(workspace, path);
                    workspace.experiment.update(|experiment| set(experiment, text));
                }
            />
            <Fault path />
        </label>
    }
}

/// A switch.
#[component]
pub fn Toggle(
    /// The setting.
    setting: Setting<bool>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let Setting { path, label, get, set } = setting;
    let stored = Memo::new(move |_| workspace.experiment.with(get));
    view! {
        <label class="toggle" for=path>
            <input
                id=path
                data-testid=path
                type="checkbox"
                prop:checked=move || stored.get()
                on:change:target=move |event| {
                    let on = event.target().checked();
                    forgive(workspace, path);
                    workspace.experiment.update(|experiment| set(experiment, on));
                }
            />
            <span>{words::text(label)}</span>
        </label>
    }
}

/// One of a few variants, all of them in sight.
#[component]
pub fn Choice<T: Copy + PartialEq + Send + Sync + 'static>(
    /// The setting.
    setting: Setting<T>,
    /// The variants: value, name in links, label.
    options: Vec<(T, String, &'static str)>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let Setting { path, label, get, set } = setting;
    let label = words::text(label);
    let stored = Memo::new(move |_| workspace.experiment.with(get));
    let button = move |(value, name, word): (T, String, &'static str)| {
        view! {
            <button
                type="button"
                aria-pressed=move || (stored.get() == value).to_string()
                data-testid=format!("{path}.{name}")
                on:click=move |_| {
                    forgive(workspace, path);
                    workspace.experiment.update(|experiment| set(experiment, value));
                }
            >
                {word}
            </button>
        }
    };
    view! {
        <div class="field wide" role="group" aria-label=label id=path data-testid=path>
            <span>{label}</span>
            <span class="seg full">{options.into_iter().map(button).collect_view()}</span>
            <Fault path />
        </div>
    }
}

/// Gives a setting a value, in its field or elsewhere; what was typed into the field and could not be read is forgotten.
pub fn write<B: Bound>(workspace: Workspace, setting: B, value: B::Value) {
    workspace.unreadable.update(|fields| drop(fields.remove(setting.path())));
    forgive(workspace, setting.path());
    if workspace.experiment.with_untracked(|experiment| setting.get(experiment) != value) {
        workspace.experiment.update(|experiment| setting.set(experiment, value));
    }
}

/// An edited field is no longer the one that a session refused.
pub fn forgive(workspace: Workspace, path: &str) {
    for run in untrack(|| workspace.runs()) {
        if run.refused.with_untracked(|refused| refused.as_ref().is_some_and(|fault| fault.field == path)) {
            run.refused.set(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        assert_eq!(usize::parse(" 1,742 "), Some(1742));
        assert_eq!(usize::parse("-3"), None);
        assert_eq!(usize::parse("1.5"), None);
        assert_eq!(f64::parse("4e−3"), Some(4e-3));
        assert_eq!(f64::parse("-1"), Some(-1.0));
        assert_eq!(f64::parse("nan"), None);
        assert_eq!(f64::parse("1e999"), None);
        assert_eq!(f64::parse(&4e-3.show()), Some(4e-3));
        assert_eq!(Curve::parse(&Curve::default().show()), Some(Curve::default()));
    }
}
