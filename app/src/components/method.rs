//! Fields of self-describing methods: a choice out of a family, and the knobs of the chosen one.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use leptos::prelude::*;
use tailblazer_core::{
    experiment::Experiment,
    policy::{Description, Knob},
};

use super::field::{Bound, Fault, NamedField, NumberField, forgive};
use crate::{words, workspace::Workspace};

/// The setting of a knob of one of the families, at `GROUP.KNOB`.
#[derive(Clone, Copy)]
pub struct KnobSetting {
    /// The knob.
    pub knob: &'static Knob,
    /// The group of settings that its family has: `schedule`.
    pub group: &'static str,
    /// Reads it.
    pub get: fn(&Experiment, &Knob) -> f64,
    /// Writes it.
    pub set: fn(&mut Experiment, &Knob, f64),
}

impl Bound for KnobSetting {
    type Value = f64;

    fn path(self) -> &'static str {
        /// Every path that was asked for, written once: there are as many as knobs.
        static PATHS: Mutex<BTreeMap<(&str, &str), &str>> = Mutex::new(BTreeMap::new());
        let mut paths = PATHS.lock().unwrap_or_else(PoisonError::into_inner);
        paths.entry((self.group, self.knob.id)).or_insert_with(|| format!("{}.{}", self.group, self.knob.id).leak())
    }

    fn label(self) -> &'static str {
        self.knob.name
    }

    fn get(self, experiment: &Experiment) -> f64 {
        (self.get)(experiment, self.knob)
    }

    fn set(self, experiment: &mut Experiment, value: f64) {
        (self.set)(experiment, self.knob, value);
    }
}

/// A method of a family, from its descriptions.
#[component]
pub fn MethodSelect(
    /// Its path: `optimiser.method`.
    path: &'static str,
    /// Its label.
    label: &'static str,
    /// Its hook.
    hook: &'static str,
    /// Every method.
    methods: Vec<&'static Description>,
    /// The id of the chosen one.
    #[prop(into)]
    chosen: Signal<&'static str>,
    /// Chooses another.
    choose: fn(&mut Experiment, &str),
) -> impl IntoView {
    let workspace = Workspace::expect();
    let about = methods.clone();
    let note = move || {
        let description = about.iter().find(|description| description.id == chosen.get());
        description.map(|description| format!("{} {}.", words::text(description.summary), description.source))
    };
    let pick = move |id: String| {
        forgive(workspace, path);
        let group = path.split('.').next().unwrap_or_default();
        // Another method has other fields: what could not be read in those before is forgotten.
        workspace.unreadable.update(|fields| fields.retain(|path, _| path.split('.').next() != Some(group)));
        workspace.experiment.update(|experiment| choose(experiment, &id));
    };
    view! {
        <label class="field wide block" for=path>
            <span>{label}</span>
            <select
                id=path
                data-testid=hook
                prop:value=move || chosen.get()
                on:change:target=move |event| pick(event.target().value())
            >
                {methods
                    .into_iter()
                    .map(|method| view! { <option value=method.id>{words::text(method.name)}</option> })
                    .collect_view()}
            </select>
            <Fault path />
        </label>
        <p class="note">{note}</p>
    }
}

/// The fields of a method's knobs.
#[component]
pub fn KnobFields(
    /// The method.
    method: &'static Description,
    /// The group of settings that its family has.
    group: &'static str,
    /// Reads a knob.
    get: fn(&Experiment, &Knob) -> f64,
    /// Writes a knob.
    set: fn(&mut Experiment, &Knob, f64),
    /// The names of a knob's values, from 0 on; empty where they are numbers.
    #[prop(default = |_, _| &[])]
    names: fn(&'static Description, &str) -> &'static [&'static str],
    /// The hook of a knob that has another one than its path.
    #[prop(default = |_| None)]
    hook: fn(&Knob) -> Option<&'static str>,
) -> impl IntoView {
    let field = move |knob: &'static Knob| {
        let (unit, title, names) = (words::text(knob.unit), words::text(knob.summary), names(method, knob.id));
        let setting = KnobSetting { knob, group, get, set };
        let hook = hook(knob).unwrap_or_else(|| setting.path());
        match names {
            [] => view! { <NumberField setting unit title hook /> }.into_any(),
            _ => view! { <NamedField setting names title /> }.into_any(),
        }
    };
    method.knobs.iter().map(field).collect_view()
}
