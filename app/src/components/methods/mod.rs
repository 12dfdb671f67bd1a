//! What every method is: a page made from the methods' own descriptions; and what which browser can do.

mod browsers;
mod entry;

use leptos::prelude::*;
use tailblazer_core::{
    decode::Decoder,
    layerwise::Layerwise,
    objective::Objective,
    optim::Optimiser,
    policy::{Choice, Description, Family, Settings},
    schedule::Schedule,
};

use browsers::Browsers;
use entry::Entry;

use crate::{key, t, words, workspace::format::plain};

/// A family as the page shows it.
#[derive(Clone, Copy)]
pub struct Section {
    /// The group of settings that it belongs to: `schedule`.
    group: &'static str,
    /// The setting of an experiment that chooses a method of it: `schedule.shape`; none where no experiment does.
    path: Option<&'static str>,
    /// Its title.
    title: &'static str,
    /// What its methods decide.
    about: &'static str,
    /// Every method, in the order of the picker.
    methods: fn() -> Vec<Method>,
}

/// The names of a knob's values, by the knob's id.
type Names = Box<dyn Fn(&str) -> &'static [&'static str]>;

/// A method as the page shows it.
pub struct Method {
    /// What it says of itself.
    description: &'static Description,
    /// The names of a knob's values, from 0 on; empty where they are numbers.
    names: Names,
    /// What it is with its null setting, inside a sentence.
    baseline: String,
}

/// The families, in the order of the settings.
const SECTIONS: [Section; 5] = [
    Section {
        group: "objective",
        path: Some("objective.method"),
        title: key!("Objectives"),
        about: key!("What the network is trained to predict, and what its loss is."),
        methods: objectives,
    },
    Section {
        group: "optimiser",
        path: Some("optimiser.method"),
        title: key!("Optimisers"),
        about: key!("How a gradient becomes a change of the weights."),
        methods: || of_numbers::<dyn Optimiser>(t!("the baseline")),
    },
    Section {
        group: "schedule",
        path: Some("schedule.shape"),
        title: key!("Schedules"),
        about: key!("The learning rate over time: a warm-up to the peak, then a shape."),
        methods: || of_numbers::<dyn Schedule>(t!("a constant rate after the warm-up")),
    },
    Section {
        group: "layerwise",
        path: Some("layerwise.method"),
        title: key!("Layerwise rates"),
        about: key!(
            "The learning rate over layers: one multiplier for each weight matrix, over any schedule and optimiser."
        ),
        methods: || of_numbers::<dyn Layerwise>(t!("one rate for all layers")),
    },
    Section {
        group: "decoder",
        path: None,
        title: key!("Decoders"),
        about: key!("How trained weights write: which tokens become final after which forward."),
        methods: decoders,
    },
];

/// The methods of a family whose knobs are all numbers, and that have one baseline.
fn of_numbers<F: ?Sized + Family>(baseline: &str) -> Vec<Method> {
    let of = |method: &&'static F| Method {
        description: method.about(),
        names: Box::new(|_| &[]),
        baseline: baseline.to_owned(),
    };
    F::members().iter().map(of).collect()
}

fn objectives() -> Vec<Method> {
    let of = |method: Choice<dyn Objective>| Method {
        description: method.description(),
        names: Box::new(move |knob| method.names(knob)),
        baseline: other("objective", method.null_of()),
    };
    Choice::all().map(of).collect()
}

fn decoders() -> Vec<Method> {
    let of = |method: Choice<dyn Decoder>| Method {
        description: method.description(),
        names: Box::new(move |knob| method.names(knob)),
        baseline: other("decoder", method.null_of()),
    };
    Choice::all().map(of).collect()
}

/// Another method of the family with its settings, or the family's baseline: `Masked block diffusion with
/// objective.block=4`.
fn other<F: ?Sized + Family>(group: &str, null_of: Option<(Choice<F>, Settings)>) -> String {
    let Some((method, settings)) = null_of else {
        return words::text(F::members()[0].about().name).to_owned();
    };
    let method = words::text(method.about().name);
    if settings.0.is_empty() {
        t!("{method} with its defaults", method)
    } else {
        format!("{method} {} {}", t!("with"), assignments(group, settings))
    }
}

/// `objective.share=0 and objective.weight=0`.
fn assignments(group: &str, settings: Settings) -> String {
    let values = settings.0.into_iter().map(|(id, value)| format!("{group}.{id}={}", plain(value)));
    values.collect::<Vec<_>>().join(&format!(" {} ", t!("and")))
}

/// The screen.
#[component]
pub fn MethodsScreen() -> impl IntoView {
    let sections = SECTIONS.map(|section| {
        let methods = (section.methods)();
        let index = methods.iter().map(|method| {
            let anchor = anchor(section, method.description);
            view! { <a href=format!("?ui=methods#{anchor}")>{words::text(method.description.name)}</a> }
        });
        let (index, count, title) = (index.collect_view(), methods.len(), words::text(section.title));
        view! {
            <section aria-label=title>
                <h2>{title}<span>{format!("{count} {}", t!("methods"))}</span></h2>
                <p class="about">{words::text(section.about)}</p>
                <nav class="index" aria-label=t!("{title} on this page", title)>{index}</nav>
                <div class="entries">
                    {methods.into_iter().map(|method| view! { <Entry section method /> }).collect_view()}
                </div>
            </section>
        }
    });
    view! {
        <main class="page methods">
            <header>
                <h1>{t!("Methods")}</h1>
                <p>
                    {t!(
                        "Every method that an arm or a decode can use, with its source, its knobs and the setting with \
                         which it is another method, bit for bit. What stands here is what the code says of itself."
                    )}
                </p>
            </header>
            {sections}
            <Browsers />
        </main>
    }
}

/// The name of an entry in an address: `schedule-cosine`.
fn anchor(section: Section, method: &Description) -> String {
    format!("{}-{}", section.group, method.id)
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
            for Method { description, .. } in (section.methods)() {
                assert!(anchors.insert(anchor(section, description)), "{}", description.id);
                let Some(chosen_by) = section.path else { continue };
                assert!(chosen_by.starts_with(&format!("{}.", section.group)));
                let mut experiment = Experiment::default();
                assert_eq!(experiment.set(chosen_by, description.id), Ok(()));
                assert_eq!(experiment.value_at(chosen_by).as_deref(), Some(description.id));
                for knob in description.knobs {
                    let path = format!("{}.{}", section.group, knob.id);
                    assert!(experiment.value_at(&path).is_some(), "{path}");
                }
            }
        }
        assert!(anchors.len() > 70, "{}", anchors.len());
    }

    #[test]
    fn knobs_with_names_have_one_for_each_value() {
        let mut named = 0;
        for method in SECTIONS.into_iter().flat_map(|section| (section.methods)()) {
            for knob in method.description.knobs {
                let names = (method.names)(knob.id);
                if !names.is_empty() {
                    named += 1;
                    assert!(knob.is_whole && *knob.range.start() == 0.0, "{}", knob.id);
                    assert_eq!(knob.range.end() + 1.0, names.len() as f64, "{}", knob.id);
                }
            }
        }
        assert!(named >= 6, "{named}");
    }

    #[test]
    fn a_null_setting_says_which_method_it_is() {
        let of = |section: usize, id: &str| {
            let method = (SECTIONS[section].methods)().into_iter().find(|method| method.description.id == id);
            entry::null(SECTIONS[section].group, &method.expect("a method"))
        };
        assert_eq!(
            of(0, "progressive"),
            "With objective.first=4 and objective.last=4 it is Masked block diffusion with objective.block=4, bit for \
             bit."
        );
        assert_eq!(of(0, "next-block"), "With objective.block=1 it is Next token, bit for bit.");
        assert_eq!(of(0, "masked"), "No setting makes it another objective.");
        assert_eq!(of(0, "next-token"), "It is the baseline.");
        assert!(of(4, "sequential").ends_with(" with decoder.steps=1, bit for bit."), "{}", of(4, "sequential"));
        assert!(of(2, "cosine").contains("a constant rate after the warm-up"), "{}", of(2, "cosine"));
    }
}
