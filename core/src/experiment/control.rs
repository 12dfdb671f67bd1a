//! The next checks of a comparison: arms that could refute what layerwise rates seem to show.

use super::{Comparison, Experiment, comparison::ARMS};
use crate::layerwise::Method;

/// The methods whose multipliers another method gives to the wrong matrices.
const SHUFFLED: [(&str, &str); 1] = [("llr", "llr-permuted")];

/// An arm worth adding.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// What it is, in a few words.
    pub name: String,
    /// Its settings.
    pub experiment: Experiment,
}

/// The controls that a comparison does not have yet, of every arm with layerwise rates: its method with the null
/// setting, which must equal one rate exactly, and its multipliers shuffled. None where there is no room.
pub fn controls(comparison: &Comparison) -> Vec<Control> {
    if comparison.arms.len() >= ARMS {
        return Vec::new();
    }
    let arms: Vec<Experiment> = (0..comparison.arms.len()).map(|arm| comparison.experiment(arm)).collect();
    let mut list: Vec<Control> = Vec::new();
    // What is a control itself needs none.
    let is_shuffled = |id| SHUFFLED.iter().any(|(_, shuffled)| *shuffled == id);
    let is_control =
        |of: &Experiment| null(of).is_none_or(|null| null == *of) || is_shuffled(of.layerwise.rule.method().id());
    for (index, experiment) in arms.iter().enumerate().filter(|(_, experiment)| !is_control(experiment)) {
        let letter = Comparison::letter(index);
        let of_arm = [("null", null(experiment)), ("shuffled", shuffled(experiment))];
        for (word, control) in of_arm {
            let is_new =
                |control: &Experiment| !arms.contains(control) && list.iter().all(|c| c.experiment != *control);
            if let Some(experiment) = control.filter(is_new) {
                list.push(Control { name: format!("{letter} {word}"), experiment });
            }
        }
    }
    list
}

/// The same with the layerwise method's null setting; none for one rate, and where there is no such setting.
fn null(experiment: &Experiment) -> Option<Experiment> {
    let mut experiment = experiment.clone();
    let rule = &mut experiment.layerwise.rule;
    let method = rule.method();
    let values = method.description().null.filter(|values| !values.is_empty())?;
    for (id, value) in values {
        rule.set(method.knob(id)?, *value);
    }
    Some(experiment)
}

/// The same with the multipliers at the wrong matrices.
fn shuffled(experiment: &Experiment) -> Option<Experiment> {
    let mut experiment = experiment.clone();
    let rule = &mut experiment.layerwise.rule;
    let (_, other) = SHUFFLED.iter().find(|(id, _)| *id == rule.method().id())?;
    rule.choose(Method::find(other)?);
    Some(experiment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::comparison_from_link;

    fn names(link: &str) -> Vec<String> {
        let (comparison, errors) = comparison_from_link(link);
        assert_eq!(errors, []);
        controls(&comparison).into_iter().map(|control| control.name).collect()
    }

    #[test]
    fn layerwise_rates_are_offered_their_null_and_their_shuffle() {
        let llr = "#v=1&b.layerwise.method=llr&b.layerwise.s2=3";
        let (comparison, _) = comparison_from_link(llr);
        let found = controls(&comparison);
        assert_eq!(names(llr), ["B null", "B shuffled"]);
        assert_eq!(found[0].experiment.value_at("layerwise.s2").as_deref(), Some("1"));
        assert_eq!(found[1].experiment.value_at("layerwise.method").as_deref(), Some("llr-permuted"));
        assert_eq!(found[1].experiment.value_at("layerwise.s2").as_deref(), Some("3"), "with the same range");
    }

    #[test]
    fn nothing_is_offered_twice_or_beyond_eight_arms() {
        assert_eq!(names("#v=1&b.schedule.shape=wsd"), [""; 0]);
        assert_eq!(names("#v=1&b.layerwise.method=llr&b.layerwise.s2=1&c.layerwise.method=llr-permuted"), [""; 0]);
        assert_eq!(names("#v=1&b.layerwise.method=llr&c.layerwise.method=llr-permuted"), ["B null"]);
        assert_eq!(names("#v=1&b.layerwise.method=llr&arms=8"), [""; 0]);
    }

    #[test]
    fn every_known_shuffle_exists() {
        for (method, shuffled) in SHUFFLED {
            assert!(Method::find(method).is_some() && Method::find(shuffled).is_some());
        }
    }
}
