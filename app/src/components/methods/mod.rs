//! What every method is: a page made from the methods' own descriptions.

mod entry;

use leptos::prelude::*;
use tailblazer_core::{
    layerwise::Layerwise,
    optim::Optimiser,
    policy::{Description, Family},
    schedule::Schedule,
};

use entry::Entry;

/// A family as the page shows it.
#[derive(Clone, Copy)]
pub struct Section {
    /// The setting that chooses a method of it: `schedule.shape`.
    pub path: &'static str,
    /// Its title.
    title: &'static str,
    /// What its methods decide.
    about: &'static str,
    /// Every method, in the order of the picker.
    methods: fn() -> Vec<&'static Description>,
}

/// The families, in the order of the settings.
pub const SECTIONS: [Section; 3] = [
    Section {
        path: "optimiser.method",
        title: "Optimisers",
        about: "How a gradient becomes a change of the weights.",
        methods: descriptions::<dyn Optimiser>,
    },
    Section {
        path: "schedule.shape",
        title: "Schedules",
        about: "The learning rate over time: a warm-up to the peak, then a shape.",
        methods: descriptions::<dyn Schedule>,
    },
    Section {
        path: "layerwise.method",
        title: "Layerwise rates",
        about: "The learning rate over layers: one multiplier for each weight matrix, over any schedule and optimiser.",
        methods: descriptions::<dyn Layerwise>,
    },
];

impl Section {
    /// The group of settings that it belongs to: `schedule`.
    pub fn group(&self) -> &'static str {
        self.path.split('.').next().unwrap_or_default()
    }
}

fn descriptions<F: ?Sized + Family>() -> Vec<&'static Description> {
    F::members().iter().map(|method| method.about()).collect()
}

/// The screen.
#[component]
pub fn MethodsScreen() -> impl IntoView {
    let sections = SECTIONS.map(|section| {
        let methods = (section.methods)();
        let index = methods.iter().map(|method| {
            let anchor = anchor(section, method);
            view! { <a href=format!("?ui=methods#{anchor}")>{method.name}</a> }
        });
        view! {
            <section aria-label=section.title>
                <h2>{section.title}<span>{format!("{} methods", methods.len())}</span></h2>
                <p class="about">{section.about}</p>
                <nav class="index" aria-label=format!("{} on this page", section.title)>{index.collect_view()}</nav>
                <div class="entries">
                    {methods.iter().map(|method| view! { <Entry section method=*method /> }).collect_view()}
                </div>
            </section>
        }
    });
    view! {
        <main class="page methods">
            <header>
                <h1>"Methods"</h1>
                <p>
                    "Every method that an arm can use, with its source, its knobs and the setting with which it is the
                    baseline, bit for bit. What stands here is what the code says of itself."
                </p>
            </header>
            {sections}
        </main>
    }
}

/// The name of an entry in an address: `schedule-cosine`.
fn anchor(section: Section, method: &Description) -> String {
    format!("{}-{}", section.group(), method.id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tailblazer_core::experiment::Experiment;

    use super::*;

    #[test]
    fn every_method_has_an_anchor_of_its_own_and_is_chosen_by_its_path() {
        let mut anchors = BTreeSet::new();
        for section in SECTIONS {
            for method in (section.methods)() {
                assert!(anchors.insert(anchor(section, method)), "{}", method.id);
                let mut experiment = Experiment::default();
                assert_eq!(experiment.set(section.path, method.id), Ok(()));
                assert_eq!(experiment.value_at(section.path).as_deref(), Some(method.id));
                for knob in method.knobs {
                    let path = format!("{}.{}", section.group(), knob.id);
                    assert!(experiment.value_at(&path).is_some(), "{path}");
                }
            }
        }
        assert!(anchors.len() > 40);
    }
}
