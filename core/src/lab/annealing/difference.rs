//! Whether the law of one experiment says anything about another: only if they differ in nothing but the schedule.

use std::fmt;

use crate::experiment::Experiment;

/// What differs besides the schedule, as the end of a sentence about the other experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The text or its tokens.
    Text,
    /// The shape of the model.
    Model,
    /// The batch.
    Batch,
    /// The optimiser.
    Optimiser,
    /// A setting of the same optimiser.
    OptimiserSetting,
    /// The learning rate over layers: its S1 is another.
    Layerwise,
    /// Anything else.
    Training,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "learns another text",
            Self::Model => "has another model",
            Self::Batch => "has another batch",
            Self::Optimiser => "has another optimiser",
            Self::OptimiserSetting => "has other settings of the optimiser",
            Self::Layerwise => "has other layerwise rates",
            Self::Training => "trains in another way",
        })
    }
}

/// The first thing besides the schedule that keeps a law fitted to `fitted` from describing `other`. Seed, device,
/// length of the run, and what is only looked at (validations, samples, spectra) change no law.
pub fn difference(fitted: &Experiment, other: &Experiment) -> Option<Difference> {
    let mut same = other.clone();
    (same.seed, same.device, same.operations) = (fitted.seed, fitted.device, fitted.operations);
    (same.schedule, same.sample) = (fitted.schedule.clone(), fitted.sample.clone());
    same.layerwise.watch = fitted.layerwise.watch;
    same.train.steps = fitted.train.steps;
    (same.train.eval_every, same.train.eval_windows) = (fitted.train.eval_every, fitted.train.eval_windows);
    if same == *fitted {
        return None;
    }
    let batch = |experiment: &Experiment| (experiment.train.batch, experiment.train.accumulation);
    Some(match fitted {
        _ if same.text != fitted.text => Difference::Text,
        _ if same.model != fitted.model => Difference::Model,
        _ if batch(&same) != batch(fitted) => Difference::Batch,
        _ if same.optimiser.method != fitted.optimiser.method => Difference::Optimiser,
        _ if same.optimiser != fitted.optimiser => Difference::OptimiserSetting,
        _ if same.layerwise != fitted.layerwise => Difference::Layerwise,
        _ => Difference::Training,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::comparison_from_link;

    /// What differs between A and B of a link.
    fn of(differences: &str) -> Option<Difference> {
        let (comparison, errors) = comparison_from_link(&format!("?preset=gpt-nano#v=1&{differences}"));
        assert_eq!((errors, comparison.arms.len()), (vec![], 2), "{differences}");
        difference(&comparison.experiment(0), &comparison.experiment(1))
    }

    #[test]
    fn a_schedule_a_length_a_device_and_what_is_looked_at_change_no_law() {
        for differences in [
            "arms=2",
            "b.schedule.shape=wsd&b.schedule.decay=0.3&b.schedule.peak=0.01&b.schedule.warmup=7",
            "b.train.steps=700&b.train.eval_every=10&b.train.eval_windows=8",
            "b.device=cpu&b.operations=plain&b.sample.every=0&b.layerwise.watch=0",
        ] {
            assert_eq!(of(differences), None, "{differences}");
        }
    }

    #[test]
    fn everything_else_does() {
        for (differences, expected) in [
            ("b.text.corpus=first-names&b.model.layers=2", Difference::Text),
            ("b.text.tokeniser=byte", Difference::Text),
            ("b.text.then=first-names", Difference::Text),
            ("b.model.width=96", Difference::Model),
            ("b.train.batch=8", Difference::Batch),
            ("b.train.accumulation=2", Difference::Batch),
            ("b.optimiser.method=sgd", Difference::Optimiser),
            ("b.optimiser.weight_decay=0", Difference::OptimiserSetting),
            ("b.layerwise.method=llr", Difference::Layerwise),
            ("b.layerwise.method=llr&b.schedule.shape=wsd", Difference::Layerwise),
        ] {
            assert_eq!(of(differences), Some(expected), "{differences}");
        }
    }
}
