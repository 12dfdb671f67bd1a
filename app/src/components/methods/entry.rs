//! One method: what it does, where it comes from, what can be set.

use leptos::{either::Either, prelude::*};
use tailblazer_core::{
    experiment::{Comparison, Experiment, comparison_to_link},
    policy::{Description, Knob},
};

use super::{Section, anchor};
use crate::{
    chart::sparkline::Outline,
    components::lab::OpenLink,
    workspace::format::{plain, scientific},
};

/// The entry.
#[component]
pub fn Entry(section: Section, method: &'static Description) -> impl IntoView {
    let anchor = anchor(section, method);
    let group = section.group();
    let knobs = method.knobs.iter().map(|knob| {
        view! {
            <tr>
                <th scope="row">{knob.name}</th>
                <td class="mono">{format!("{group}.{}", knob.id)}</td>
                <td>{default(knob)}</td>
                <td>{range(knob)}</td>
                <td>{knob.summary}</td>
            </tr>
        }
    });
    let table = (!method.knobs.is_empty()).then(|| {
        view! {
            <div class="tbl" tabindex="0" role="region" aria-label=format!("Knobs of {}", method.name)>
                <table>
                    <thead>
                        <tr>{["Knob", "In links", "Default", "Range", "What it does"].map(|head| view! { <th scope="col">{head}</th> })}</tr>
                    </thead>
                    <tbody>{knobs.collect_view()}</tbody>
                </table>
            </div>
        }
    });
    let drawing = (group == "schedule").then(|| {
        let path = outline(section, method);
        view! { <svg class="shape" width="96" height="40" aria-hidden="true"><path d=path class="ln"></path></svg> }
    });
    view! {
        <article class="entry" id=anchor.clone() data-testid=format!("method-{anchor}")>
            <header>
                {drawing}
                <div>
                    <h3>{method.name}<span class="mono">{format!("{}={}", section.path, method.id)}</span></h3>
                    <p>{method.summary}</p>
                    <p class="source"><Source text=method.source /></p>
                </div>
                <OpenLink link=compare(section, method) class="btn small" hook=format!("try-{anchor}")>
                    "Compare"
                </OpenLink>
            </header>
            {table}
            <p class="null">{null(group, method)}</p>
        </article>
    }
}

/// Where a method comes from; what arXiv has is a link.
#[component]
fn Source(text: &'static str) -> impl IntoView {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("arXiv:") {
        let number = &rest[start + "arXiv:".len()..];
        let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
        let number = number[..end].trim_end_matches('.');
        let end = start + "arXiv:".len() + number.len();
        parts.push(Either::Left(&rest[..start]));
        let address = format!("https://arxiv.org/abs/{number}");
        parts.push(Either::Right(view! { <a href=address rel="noreferrer">{&rest[start..end]}</a> }));
        rest = &rest[end..];
    }
    parts.push(Either::Left(rest));
    parts.collect_view()
}

fn default(knob: &Knob) -> String {
    // A unit such as `0/1` is the range once more.
    let unit = knob.unit.trim_start_matches(|c: char| c.is_ascii_digit());
    let unit = if unit.len() == knob.unit.len() { unit } else { "" };
    format!("{} {unit}", scientific(knob.default)).trim_end().into()
}

fn range(knob: &Knob) -> String {
    let (low, high) = (scientific(*knob.range.start()), scientific(*knob.range.end()));
    format!("{low} to {high}{}", if knob.is_whole { ", whole" } else { "" })
}

/// The setting with which the method is the baseline.
fn null(group: &str, method: &Description) -> String {
    let baseline = match group {
        "schedule" => "a constant rate after the warm-up",
        "layerwise" => "one rate for all layers",
        _ => "the baseline",
    };
    match method.null {
        Some([]) => format!("With its defaults it is {baseline}, bit for bit."),
        Some(values) => {
            let values: Vec<_> = values.iter().map(|(id, value)| format!("{group}.{id}={}", plain(*value))).collect();
            format!("With {} it is {baseline}, bit for bit.", values.join(" and "))
        }
        None => "No setting makes it the baseline.".into(),
    }
}

/// The link to the default experiment with the method as its second arm.
fn compare(section: Section, method: &Description) -> String {
    let mut comparison = Comparison { seeds: 4, ..Comparison::default() };
    comparison.add_like(0);
    comparison.set_arm(1, &with(section, method));
    comparison_to_link(&comparison)
}

/// The default experiment with the method.
fn with(section: Section, method: &Description) -> Experiment {
    let mut experiment = Experiment::default();
    // A test holds every method to its path.
    let _ = experiment.set(section.path, method.id);
    experiment
}

/// A schedule as it runs by default, with a short warm-up.
fn outline(section: Section, method: &Description) -> String {
    let mut experiment = with(section, method);
    (experiment.train.steps, experiment.schedule.warmup) = (200, 16);
    Outline::new(&experiment, 2.0, 94.0, 4.0, 36.0).line()
}
