//! One method: what it does, where it comes from, what can be set.

use leptos::{either::Either, prelude::*};
use tailblazer_core::{
    experiment::{Comparison, Experiment, comparison_to_link},
    policy::{Description, Knob},
};

use super::{Method, Section, anchor, assignments};
use crate::{chart::sparkline::Outline, components::lab::OpenLink, t, words, workspace::format::scientific};

/// The entry.
#[component]
pub fn Entry(section: Section, method: Method) -> impl IntoView {
    let group = section.group;
    let null = null(group, &method);
    let Method { description: method, names, .. } = method;
    let anchor = anchor(section, method);
    let knobs = method.knobs.iter().map(|knob| {
        let names = names(knob.id);
        let path = if section.path.is_some() { format!("{group}.{}", knob.id) } else { knob.id.to_owned() };
        view! {
            <tr>
                <th scope="row">{words::text(knob.name)}</th>
                <td class="mono">{path}</td>
                <td>{default(knob, names)}</td>
                <td>{range(knob, names)}</td>
                <td>{words::text(knob.summary)}</td>
            </tr>
        }
    });
    let place = if section.path.is_some() { t!("In links") } else { t!("Setting") };
    let table = (!method.knobs.is_empty()).then(|| {
        let label = t!("Knobs of {method}", method = words::text(method.name));
        let heads = [t!("Knob"), place, t!("Default"), t!("Range"), t!("What it does")];
        view! {
            <div class="tbl" tabindex="0" role="group" aria-label=label>
                <table>
                    <thead>
                        <tr>{heads.map(|head| view! { <th scope="col">{head}</th> })}</tr>
                    </thead>
                    <tbody>{knobs.collect_view()}</tbody>
                </table>
            </div>
        }
    });
    let drawing = section.path.filter(|_| group == "schedule").map(|path| {
        let path = outline(path, method);
        view! { <svg class="shape" width="96" height="40" aria-hidden="true"><path d=path class="ln"></path></svg> }
    });
    let chosen_by = section.path.map_or_else(|| method.id.to_owned(), |path| format!("{path}={}", method.id));
    // A decoder trains nothing that could be compared.
    let compare = compare(section, method).map(|link| {
        let hook = format!("try-{anchor}");
        view! { <OpenLink link=link class="btn small" hook=hook>{t!("Compare")}</OpenLink> }
    });
    view! {
        <article class="entry" id=anchor.clone() data-testid=format!("method-{anchor}")>
            <header>
                {drawing}
                <div>
                    <h3>{words::text(method.name)}<span class="mono">{chosen_by}</span></h3>
                    <p>{words::text(method.summary)}</p>
                    <p class="source"><Source text=method.source /></p>
                </div>
                {compare}
            </header>
            {table}
            <p class="null">{null}</p>
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

fn default(knob: &Knob, names: &[&'static str]) -> String {
    if let Some(name) = names.get(knob.default as usize) {
        return words::text(name).into();
    }
    // A unit such as `0/1` is the range once more.
    let unit = knob.unit.trim_start_matches(|c: char| c.is_ascii_digit());
    let unit = if unit.len() == knob.unit.len() { words::text(knob.unit) } else { "" };
    format!("{} {unit}", scientific(knob.default)).trim_end().into()
}

fn range(knob: &Knob, names: &[&'static str]) -> String {
    if !names.is_empty() {
        let list = names.iter().enumerate().map(|(number, name)| format!("{number} {}", words::text(name)));
        return list.collect::<Vec<_>>().join(", ");
    }
    let (low, high) = (scientific(*knob.range.start()), scientific(*knob.range.end()));
    let range = format!("{low} {} {high}", t!("to"));
    if knob.is_whole { format!("{range}, {}", t!("whole")) } else { range }
}

/// The setting with which the method is another one.
pub fn null(group: &str, method: &Method) -> String {
    let baseline = &method.baseline;
    match method.description.null {
        Some([]) if *baseline == words::text(method.description.name) => t!("It is the baseline.").into(),
        Some([]) => t!("With its defaults it is {baseline}, bit for bit.", baseline),
        Some(_) => {
            let values = assignments(group, method.description.null_settings().unwrap_or_default());
            t!("With {values} it is {baseline}, bit for bit.", values, baseline)
        }
        None if group == "objective" => t!("No setting makes it another objective.").into(),
        None if group == "decoder" => t!("No setting makes it another decoder.").into(),
        None => t!("No setting makes it the baseline.").into(),
    }
}

/// The link to the default experiment with the method as its second arm; none where no experiment chooses the method.
fn compare(section: Section, method: &Description) -> Option<String> {
    let mut comparison = Comparison { seeds: 4, ..Comparison::default() };
    comparison.add_like(0);
    comparison.set_arm(1, &with(section.path?, method));
    Some(comparison_to_link(&comparison))
}

/// The default experiment with the method.
fn with(path: &str, method: &Description) -> Experiment {
    let mut experiment = Experiment::default();
    // A test holds every method to its path.
    let _ = experiment.set(path, method.id);
    experiment
}

/// A schedule as it runs by default, with a short warm-up.
fn outline(path: &str, method: &Description) -> String {
    let mut experiment = with(path, method);
    (experiment.train.steps, experiment.schedule.warmup) = (200, 16);
    Outline::new(&experiment, 2.0, 94.0, 4.0, 36.0).line()
}
