//! Several variants of one experiment, trained side by side: the base, and what differs in each arm.

use serde::{Deserialize, Serialize};

use super::{Decoding, Experiment, Invalid, link, validate};
use crate::objective::Quantity;

/// Most arms of a comparison; they are called A to H.
pub const ARMS: usize = 8;

/// Most seeds of an arm.
pub const SEEDS: usize = 32;

/// One to eight arms over a common base, each run with the same seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// What all arms share where they do not differ.
    pub base: Experiment,
    /// The arms, A first.
    pub arms: Vec<Arm>,
    /// Runs of each arm, one after another, with the base's seed and those that follow it.
    pub seeds: usize,
    /// What is decoded from their networks.
    #[serde(default)]
    pub decoding: Decoding,
}

/// One variant of the base.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Arm {
    /// Paths and values of the settings that differ from the base, in the order of the form.
    pub differences: Vec<(String, String)>,
}

impl Default for Comparison {
    fn default() -> Self {
        Self::of(Experiment::default())
    }
}

impl Comparison {
    /// One arm that is the base, with one seed.
    pub fn of(base: Experiment) -> Self {
        Self { base, arms: vec![Arm::default()], seeds: 1, decoding: Decoding::default() }
    }

    /// The letter of an arm: A for the first one.
    pub fn letter(arm: usize) -> char {
        char::from(b'A' + arm.min(ARMS - 1) as u8)
    }

    /// The whole experiment of an arm; the base for an arm that there is not.
    pub fn experiment(&self, arm: usize) -> Experiment {
        let mut experiment = self.base.clone();
        if let Some(Arm { differences }) = self.arms.get(arm) {
            // Each was read from an experiment, so it can be set; one that means nothing over another base is left out.
            link::assign_all(&mut experiment, differences.iter().map(|(path, value)| (path.as_str(), value.as_str())));
        }
        experiment
    }

    /// What the validation losses of an arm are.
    pub fn quantity(&self, arm: usize) -> Quantity {
        let experiment = self.experiment(arm);
        experiment.objective.measure(experiment.model.context)
    }

    /// Makes an arm what `experiment` is, by what differs from the base. The seed is common to all arms.
    pub fn set_arm(&mut self, arm: usize, experiment: &Experiment) {
        let experiment = Experiment { seed: self.base.seed, ..experiment.clone() };
        if let Some(arm) = self.arms.get_mut(arm) {
            arm.differences = link::differences(&self.base, &experiment);
        }
    }

    /// Adds an arm that starts as a copy of another, if there is room.
    pub fn add_like(&mut self, arm: usize) -> Option<usize> {
        if self.arms.len() >= ARMS {
            return None;
        }
        self.arms.push(self.arms.get(arm).cloned().unwrap_or_default());
        Some(self.arms.len() - 1)
    }

    /// Removes an arm; the last one stays.
    pub fn remove(&mut self, arm: usize) {
        if self.arms.len() > 1 && arm < self.arms.len() {
            self.arms.remove(arm);
            // Another arm's network may have moved up; without its own the first one decodes.
            let decoding = &mut self.decoding.arm;
            *decoding = if *decoding == arm { 0 } else { *decoding - usize::from(*decoding > arm) };
        }
    }

    /// Paths of all settings of the base, in the order of the form.
    pub fn settings(&self) -> Vec<String> {
        link::paths_of(&self.base)
    }

    /// Paths of all settings in which some arm differs from the base, in the order of the form.
    pub fn differing(&self) -> Vec<String> {
        let order = link::paths_of(&self.base);
        let mut paths: Vec<String> = Vec::new();
        for (path, _) in self.arms.iter().flat_map(|arm| &arm.differences) {
            if !paths.contains(path) {
                paths.push(path.clone());
            }
        }
        // A knob that the base's method does not have comes behind its group.
        let group = |path: &str| path.split('.').next().unwrap_or_default().to_owned();
        let place = |path: &String| {
            let exact = order.iter().position(|known| known == path);
            let last = order.iter().rposition(|known| group(known) == group(path));
            (exact.or(last).unwrap_or(usize::MAX), exact.is_none())
        };
        paths.sort_by_key(place);
        paths
    }

    /// What cannot be used: the arm and the setting. A fault of the base shows in every arm that shares it.
    pub fn faults(&self) -> Vec<(usize, Invalid)> {
        let mut faults: Vec<_> = (0..self.arms.len())
            .flat_map(|arm| validate(&self.experiment(arm)).into_iter().map(move |invalid| (arm, invalid)))
            .collect();
        if !(1..=SEEDS).contains(&self.seeds) {
            let message = format!("Seeds must be a whole number from 1 to {SEEDS}, not {}.", self.seeds);
            faults.push((0, Invalid { field: "seeds".into(), message }));
        }
        faults
    }
}

impl Experiment {
    /// Whether another experiment, with the same seed, reads the same tokens at every step.
    pub fn shares_batches(&self, other: &Self) -> bool {
        let sections = |experiment: &Self| {
            let federation = experiment.schedule.shape.federation(&experiment.schedule);
            federation.filter(|federation| federation.clients > 1).map(|f| (f.clients, f.local_steps))
        };
        let shape = |experiment: &Self| {
            let Self { train, model, text, .. } = experiment;
            let switch = text.then.map(|_| train.steps);
            (train.batch, train.accumulation, model.context, switch, sections(experiment))
        };
        self.text == other.text && shape(self) == shape(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        experiment::{Corpus, LinkError, comparison_from_link as read, comparison_to_link as write},
        schedule::Shape,
    };

    const LINK: &str = "?preset=gpt-nano#v=1&train.steps=500&seeds=4&b.layerwise.method=llr&b.layerwise.s2=3\
                        &c.schedule.shape=wsd&c.schedule.decay=0.3";

    #[test]
    fn arms_are_differences_from_the_base() {
        let (comparison, errors) = read(LINK);
        assert_eq!((errors, comparison.arms.len(), comparison.seeds), (vec![], 3, 4));
        let [a, b, c] = [0, 1, 2].map(|arm| comparison.experiment(arm));
        assert_eq!(a, comparison.base);
        assert_eq!((b.layerwise.rule.method().id(), b.train.steps), ("llr", 500));
        assert_eq!((c.schedule.shape.id(), c.layerwise), ("wsd", a.layerwise));
        assert_eq!(write(&comparison), LINK);
        assert_eq!(
            comparison.differing(),
            ["schedule.shape", "schedule.decay", "layerwise.method", "layerwise.s2"],
            "in the order of the form"
        );
    }

    #[test]
    fn arms_without_differences_are_counted_in_the_link() {
        for (arms, link) in [(1, "?preset=gpt-nano"), (3, "?preset=gpt-nano#v=1&arms=3")] {
            let comparison = Comparison { arms: vec![Arm::default(); arms], ..Comparison::default() };
            assert_eq!(write(&comparison), link);
            assert_eq!(read(link), (comparison, vec![]));
        }
    }

    #[test]
    fn the_base_shows_in_every_arm_that_does_not_differ() {
        let (mut comparison, _) = read(LINK);
        comparison.base.train.steps = 700;
        comparison.base.schedule.peak = 0.01;
        let b = comparison.experiment(1);
        assert_eq!((b.train.steps, b.schedule.peak, b.layerwise.rule.method().id()), (700, 0.01, "llr"));
        comparison.set_arm(1, &Experiment { seed: 9, ..comparison.base.clone() });
        assert_eq!(comparison.arms[1].differences, [], "the seed is common");
    }

    #[test]
    fn arms_are_added_up_to_eight_and_the_last_one_stays() {
        let (mut comparison, _) = read(LINK);
        assert_eq!(comparison.add_like(1), Some(3));
        assert_eq!(comparison.experiment(3), comparison.experiment(1));
        for _ in 0..9 {
            comparison.add_like(0);
        }
        assert_eq!((comparison.arms.len(), comparison.add_like(0)), (ARMS, None));
        assert_eq!((Comparison::letter(0), Comparison::letter(7)), ('A', 'H'));
        comparison.decoding.arm = 7;
        for decodes in [6, 5, 4, 3, 2, 1, 0, 0, 0] {
            comparison.remove(0);
            assert_eq!(comparison.decoding.arm, decodes);
        }
        assert_eq!(comparison.arms.len(), 1);
    }

    #[test]
    fn a_ninth_arm_a_seed_of_an_arm_and_bad_counts_are_named() {
        let (comparison, errors) =
            read("#v=1&i.train.steps=5&b.seed=3&arms=9&seeds=many&b.model.layers=two&b.model.colour=1&c.model=2");
        assert_eq!((comparison.base, comparison.arms.len()), (Experiment::default(), 3));
        let value = |path: &str, value: &str| LinkError::Value { path: path.into(), value: value.into() };
        assert_eq!(
            errors,
            [
                LinkError::Arm("i.train.steps".into()),
                LinkError::Path("b.seed".into()),
                value("arms", "9"),
                value("seeds", "many"),
                value("b.model.layers", "two"),
                LinkError::Path("b.model.colour".into()),
                LinkError::Path("c.model".into()),
            ]
        );
    }

    #[test]
    fn faults_name_the_arm() {
        let (mut comparison, _) = read("#v=1&seeds=0&b.schedule.peak=7&c.layerwise.method=llr&c.layerwise.s1=9");
        let faults: Vec<_> = comparison.faults().into_iter().map(|(arm, invalid)| (arm, invalid.field)).collect();
        let expected = [(1, "schedule.peak"), (2, "layerwise.s1"), (0, "seeds")];
        assert_eq!(faults, expected.map(|(arm, field)| (arm, field.to_owned())));
        (comparison.seeds, comparison.base.schedule.peak) = (1, 0.0);
        assert!(comparison.faults().iter().filter(|(_, invalid)| invalid.field == "schedule.peak").count() == 3);
    }

    #[test]
    fn batches_are_shared_where_nothing_that_chooses_them_differs() {
        let base = Experiment::default();
        let with = |edit: &dyn Fn(&mut Experiment)| {
            let mut other = base.clone();
            edit(&mut other);
            base.shares_batches(&other) && other.shares_batches(&base)
        };
        let choose = |e: &mut Experiment, id| e.schedule.choose(Shape::find(id).expect("a schedule"));
        assert!(with(&|e| (e.schedule.peak, e.model.width, e.train.steps) = (1e-5, 96, 7)));
        assert!(with(&|e| choose(e, "hypergradient")));
        assert!(!with(&|e| e.text.corpus = Corpus::FirstNames));
        assert!(!with(&|e| e.train.batch += 1));
        assert!(!with(&|e| e.model.context += 1));
        assert!(!with(&|e| choose(e, "fedhyper")), "every client has a section");
        assert!(with(&|e| {
            choose(e, "fedhyper");
            e.schedule.knobs.0.insert("clients".into(), 1.0);
        }));
    }
}
