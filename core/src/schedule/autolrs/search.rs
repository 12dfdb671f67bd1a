//! The search as a state machine: it is told the loss of every update, and says how to make the next one.

use serde::{Deserialize, Serialize};

use super::{
    DESCRIPTION, KAPPA, LARGEST, PROBE, PROBES, Process, SMALLEST, SMOOTHING, STAGE, forecast,
    gaussian::{LENGTH, NOISE},
};
use crate::{
    policy::{Knob, Settings},
    schedule::{Adaptive, Probe, Rule, Trial},
};

/// Rates among which the search chooses, at equal ratios.
const GRID: usize = 200;

/// What to do with the state of the run (weights, moments, step, place in the data) before an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Before {
    /// Nothing.
    Keep,
    /// Copy it: the checkpoint of a stage.
    Save,
    /// Go back to the checkpoint.
    Restore,
}

/// Whether an update counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// It belongs to a probe, and will be undone.
    Probing,
    /// It belongs to the run.
    Training,
}

/// How to make the next update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// What to do first.
    pub before: Before,
    /// Whether the update counts.
    pub phase: Phase,
    /// Its learning rate.
    pub rate: f64,
}

/// A stage: what was tried, what was chosen, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// The probes, in order.
    pub probes: Vec<Probe>,
    /// The rate that it trains with, once it is chosen.
    pub rate: Option<f64>,
    /// The smoothed loss at its end, to be held to the forecast.
    pub loss: Option<f64>,
}

/// The search of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Search {
    smallest: f64,
    largest: f64,
    stage_steps: usize,
    probe_steps: usize,
    probes: usize,
    kappa: f64,
    keep: f64,
    /// All stages; the last one is under way.
    stages: Vec<Stage>,
    phase: Phase,
    before: Before,
    rate: f64,
    /// Smoothed losses of the probe under way.
    smoothed: Vec<f64>,
    /// Updates of the stage's training so far.
    trained: usize,
    /// The moving average at the checkpoint, and now.
    at_checkpoint: Option<f64>,
    average: Option<f64>,
}

impl Search {
    /// The search before the first update.
    pub fn new(settings: &Settings) -> Self {
        let value = |knob: &Knob| DESCRIPTION.value(settings, knob.id);
        let count = |knob: &Knob| (value(knob) as usize).max(1);
        let mut search = Self {
            smallest: value(&SMALLEST),
            largest: value(&LARGEST),
            stage_steps: count(&STAGE),
            probe_steps: count(&PROBE),
            probes: count(&PROBES).min(GRID / 2),
            kappa: value(&KAPPA),
            // The usual weight of a span: 2 / (n + 1).
            keep: 1.0 - 2.0 / (count(&SMOOTHING) as f64 + 1.0),
            stages: vec![Stage::default()],
            phase: Phase::Probing,
            before: Before::Save,
            rate: 0.0,
            smoothed: vec![],
            trained: 0,
            at_checkpoint: None,
            average: None,
        };
        search.rate = search.next_rate();
        search
    }

    /// How to make the next update.
    pub fn order(&self) -> Order {
        Order { before: self.before, phase: self.phase, rate: self.rate }
    }

    /// All stages so far; the last one is under way.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// What the probes of the stage say about all rates; none before the first one is done.
    pub fn process(&self) -> Option<Process> {
        let probes = &self.stages.last()?.probes;
        // A probe that failed is one nat worse than the worst.
        let worst = probes.iter().filter_map(|probe| probe.forecast).fold(f64::NEG_INFINITY, f64::max);
        let failed = if worst.is_finite() { worst + 1.0 } else { 0.0 };
        let values: Vec<f64> = probes.iter().map(|probe| probe.forecast.unwrap_or(failed)).collect();
        let places: Vec<f64> = probes.iter().map(|probe| self.place(probe.rate)).collect();
        Process::new(&places, &values, LENGTH, NOISE)
    }

    /// Takes the training loss of the update that was ordered.
    pub fn observe(&mut self, loss: f64) {
        self.before = Before::Keep;
        let average = self.average.map_or(loss, |average| self.keep * average + (1.0 - self.keep) * loss);
        match self.phase {
            Phase::Probing if !average.is_finite() => self.end_probe(None),
            Phase::Probing => {
                self.average = Some(average);
                self.smoothed.push(average);
                if self.smoothed.len() == self.probe_steps {
                    let last = self.stage_steps.saturating_sub(1) as f64;
                    let found = forecast(&self.smoothed).map(|forecast| forecast.at(last));
                    self.end_probe(found.filter(|loss| loss.is_finite()).or(Some(average)));
                }
            }
            Phase::Training => {
                // The rate that was chosen diverges after all: the next best one, from the checkpoint.
                if !average.is_finite() && self.give_up() {
                    return self.train();
                }
                self.average = Some(average).filter(|average| average.is_finite()).or(self.average);
                self.trained += 1;
                if self.trained == self.stage_steps {
                    self.end_stage();
                }
            }
        }
    }

    fn end_probe(&mut self, forecast: Option<f64>) {
        let rate = self.rate;
        let done = self.stages.last_mut().map_or(0, |stage| {
            stage.probes.push(Probe { rate, forecast });
            stage.probes.len()
        });
        self.smoothed.clear();
        if done < self.probes {
            (self.rate, self.before, self.average) = (self.next_rate(), Before::Restore, self.at_checkpoint);
        } else {
            self.train();
        }
    }

    /// Trains from the checkpoint with the rate of the lowest forecast; with the smallest rate when every probe failed.
    fn train(&mut self) {
        let probes = self.stages.last().map_or(&[][..], |stage| &stage.probes);
        let forecasts = probes.iter().filter_map(|probe| Some((probe.rate, probe.forecast?)));
        let best = forecasts.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(rate, _)| rate);
        self.rate = best.unwrap_or(self.smallest);
        (self.phase, self.before, self.trained) = (Phase::Training, Before::Restore, 0);
        self.average = self.at_checkpoint;
        let rate = self.rate;
        if let Some(stage) = self.stages.last_mut() {
            stage.rate = Some(rate);
        }
    }

    /// Marks the rate of the stage as failed; false when it was the smallest one, tried for want of any other.
    fn give_up(&mut self) -> bool {
        let rate = self.rate;
        let probes = self.stages.last_mut().into_iter().flat_map(|stage| &mut stage.probes);
        let failed = probes.filter(|probe| probe.rate == rate && probe.forecast.is_some());
        failed.map(|probe| probe.forecast = None).count() > 0
    }

    fn end_stage(&mut self) {
        let loss = self.average;
        if let Some(stage) = self.stages.last_mut() {
            stage.loss = loss;
        }
        self.stages.push(Stage::default());
        (self.phase, self.before, self.at_checkpoint) = (Phase::Probing, Before::Save, self.average);
        self.rate = self.next_rate();
    }

    /// The middle of the range first, then the lowest confidence bound of the grid; never a rate again.
    fn next_rate(&self) -> f64 {
        let tried: Vec<f64> = self.stages.last().into_iter().flat_map(|stage| &stage.probes).map(|p| p.rate).collect();
        let Some(process) = self.process() else { return self.rate_at(0.5) };
        let spacing = 1.0 / (GRID - 1) as f64;
        let is_new = |place: &f64| tried.iter().all(|rate| (self.place(*rate) - place).abs() > 0.6 * spacing);
        let grid = (0..GRID).map(|i| i as f64 * spacing).filter(is_new);
        let bounds = grid.map(|place| (place, process.lower_bound(place, self.kappa)));
        bounds.min_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(self.smallest, |(place, _)| self.rate_at(place))
    }

    /// The rate at a place in `0..=1`, at equal ratios.
    fn rate_at(&self, place: f64) -> f64 {
        self.smallest * (self.largest / self.smallest).powf(place)
    }

    fn place(&self, rate: f64) -> f64 {
        (rate / self.smallest).ln() / (self.largest / self.smallest).ln()
    }
}

impl Adaptive for Search {
    fn rate(&self) -> Option<f64> {
        self.stages.iter().rev().find_map(|stage| stage.rate)
    }

    fn trial(&self) -> Option<Trial> {
        let Order { before, phase, rate } = self.order();
        (phase == Phase::Probing).then_some(Trial { begins: before != Before::Keep, rate })
    }

    fn trained(&mut self, loss: f64) {
        self.observe(loss);
    }

    fn ahead(&self) -> usize {
        match self.phase {
            Phase::Probing => 0,
            Phase::Training => self.stage_steps - self.trained,
        }
    }

    fn goes_back(&self) -> bool {
        (self.phase, self.before) == (Phase::Training, Before::Restore)
    }

    fn probes(&self) -> &[Probe] {
        self.stages.last().map_or(&[], |stage| &stage.probes)
    }

    fn copy(&self) -> Box<dyn Adaptive> {
        Box::new(self.clone())
    }

    fn rule(&self) -> Rule {
        Rule::Search(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settings(values: &[(&str, f64)]) -> Settings {
        Settings(values.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect())
    }

    /// A run whose loss falls towards a floor the faster the rate, up to an edge where it diverges.
    #[derive(Clone, Copy)]
    struct Toy {
        loss: f64,
        edge: f64,
    }

    impl Toy {
        fn step(&mut self, rate: f64) -> f64 {
            if rate > self.edge {
                self.loss = f64::NAN;
            } else {
                // Fastest at a third of the edge.
                let ratio = (rate / self.edge * 3.0).ln();
                self.loss = 1.0 + (self.loss - 1.0) * (1.0 - 0.05 * (-0.5 * ratio * ratio).exp());
            }
            self.loss
        }
    }

    /// Follows the orders for so many stages; returns them, and the toy's loss at the end.
    fn follow(search: &mut Search, mut toy: Toy, stages: usize) -> (Vec<Order>, f64) {
        let mut checkpoint = None;
        let mut orders = vec![];
        while search.stages().len() <= stages {
            let order = search.order();
            match order.before {
                Before::Keep => {}
                Before::Save => checkpoint = Some(toy),
                Before::Restore => toy = checkpoint.expect("a checkpoint before the first way back"),
            }
            search.observe(toy.step(order.rate));
            orders.push(order);
        }
        (orders, toy.loss)
    }

    #[test]
    fn a_stage_is_probes_from_one_checkpoint_and_then_training() {
        let mut search = Search::new(&Settings::default());
        let (orders, _) = follow(&mut search, Toy { loss: 4.0, edge: 1.0 }, 2);
        assert_eq!(orders.len(), 360);
        for (i, order) in orders.iter().enumerate() {
            let expected = match i % 180 {
                0 => (Before::Save, Phase::Probing),
                10 | 20 | 30 | 40 | 50 | 60 | 70 => (Before::Restore, Phase::Probing),
                80 => (Before::Restore, Phase::Training),
                i => (Before::Keep, if i < 80 { Phase::Probing } else { Phase::Training }),
            };
            assert_eq!((order.before, order.phase), expected, "{i}");
        }
        let middle = (1e-4f64 * 3e-2).sqrt();
        assert!((orders[0].rate - middle).abs() < 1e-12 && (orders[180].rate - middle).abs() < 1e-12);
        assert_eq!(search.stages().len(), 3);
    }

    #[test]
    fn no_rate_is_tried_twice_and_all_are_in_the_range() {
        let mut search = Search::new(&settings(&[("probes", 64.0), ("kappa", 0.0)]));
        follow(&mut search, Toy { loss: 4.0, edge: 0.02 }, 1);
        let mut rates: Vec<f64> = search.stages()[0].probes.iter().map(|probe| probe.rate).collect();
        rates.sort_by(f64::total_cmp);
        assert_eq!(rates.len(), 64);
        assert!(rates.windows(2).all(|pair| pair[1] > 1.005 * pair[0]), "{rates:?}");
        assert!(rates[0] >= 1e-4 * (1.0 - 1e-12) && rates[63] <= 3e-2 * (1.0 + 1e-12));
    }

    #[test]
    fn the_rate_that_trains_is_near_the_best_and_its_forecast_near_the_loss() {
        let mut search = Search::new(&settings(&[("smoothing", 1.0)]));
        let (orders, loss) = follow(&mut search, Toy { loss: 4.0, edge: 9e-3 }, 1);
        let stage = &search.stages()[0];
        let rate = stage.rate.expect("a rate");
        assert_eq!(orders.last().map(|order| order.rate), Some(rate));
        assert!((3e-3 / 2.0..3e-3 * 2.0).contains(&rate), "{rate}");
        let chosen = stage.probes.iter().find(|probe| probe.rate == rate).and_then(|probe| probe.forecast);
        assert!((chosen.expect("a forecast") - loss).abs() < 1e-6 && stage.loss == Some(loss), "{stage:?}");
        assert!(stage.probes.iter().any(|probe| probe.forecast.is_none()), "no probe beyond the edge");
    }

    #[test]
    fn a_probe_that_diverges_ends_at_once_and_is_the_worst() {
        let mut search = Search::new(&Settings::default());
        search.observe(f64::INFINITY);
        assert_eq!(search.stages()[0].probes.len(), 1);
        assert_eq!((search.order().before, search.order().phase), (Before::Restore, Phase::Probing));
        (0..10).for_each(|_| search.observe(2.0));
        let (at_failed, _) = search.process().expect("a process").predict(0.5);
        assert!((at_failed - 3.0).abs() < 0.01, "{at_failed}");
    }

    #[test]
    fn a_stage_whose_rate_diverges_goes_back_and_takes_the_next_best() {
        let mut search = Search::new(&settings(&[("probes", 2.0), ("probe", 1.0), ("stage", 5.0)]));
        search.observe(2.0);
        search.observe(3.0);
        let [first, second] = [0, 1].map(|i| search.stages()[0].probes[i].rate);
        assert_eq!(search.order().rate, first);
        search.observe(2.0);
        search.observe(f64::NAN);
        assert_eq!(search.order(), Order { before: Before::Restore, phase: Phase::Training, rate: second });
        search.observe(f64::NAN);
        assert_eq!(search.order(), Order { before: Before::Restore, phase: Phase::Training, rate: 1e-4 });
        // Nothing is left to try: the stage ends where it would.
        (0..5).for_each(|_| search.observe(f64::NAN));
        assert_eq!((search.stages().len(), search.order().before), (2, Before::Save));
    }

    #[test]
    fn smoothing_goes_on_from_the_checkpoint_in_every_probe() {
        let mut search = Search::new(&settings(&[("probes", 2.0), ("probe", 1.0), ("stage", 1.0), ("smoothing", 3.0)]));
        [8.0, 8.0, 4.0].into_iter().for_each(|loss| search.observe(loss));
        // The average of a span of 3 keeps half: from 4, probes of 2 and 1 are 3 and 2.5.
        [2.0, 1.0].into_iter().for_each(|loss| search.observe(loss));
        let found: Vec<_> = search.stages()[1].probes.iter().map(|probe| probe.forecast).collect();
        assert_eq!(found, [Some(3.0), Some(2.5)]);
    }

    #[test]
    fn the_trainer_sees_trials_then_a_rate_and_may_train_until_the_next_ones() {
        let knobs = settings(&[("probes", 2.0), ("probe", 2.0), ("stage", 3.0)]);
        let mut rule: Box<dyn Adaptive> = Box::new(Search::new(&knobs));
        assert_eq!((rule.rate(), rule.ahead()), (None, 0));
        for (begins, loss) in [(true, 2.0), (false, 1.9), (true, 2.0), (false, 1.5)] {
            assert_eq!(rule.trial().map(|trial| trial.begins), Some(begins));
            rule.trained(loss);
        }
        let second = rule.probes()[1].rate;
        assert_eq!((rule.trial(), rule.rate(), rule.ahead()), (None, Some(second), 3));
        rule.trained(1.5);
        assert!(!rule.goes_back() && rule.ahead() == 2);
        rule.trained(f64::NAN);
        let first = rule.probes()[0].rate;
        assert!(rule.goes_back() && rule.rate() == Some(first) && rule.ahead() == 3);
        (0..3).for_each(|_| rule.trained(1.5));
        assert!(rule.trial().is_some_and(|trial| trial.begins) && rule.probes().is_empty());
        assert_eq!((rule.rate(), rule.copy().rate()), (Some(first), Some(first)), "until the next one is chosen");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn no_losses_and_no_settings_make_a_search_panic(
            losses in prop::collection::vec(any::<f64>(), 0..80), values in prop::collection::vec(any::<f64>(), 7),
        ) {
            let knobs: Vec<_> = DESCRIPTION.knobs.iter().map(|knob| knob.id).zip(values).collect();
            let mut search = Search::new(&settings(&knobs));
            losses.iter().for_each(|loss| search.observe(*loss));
            let mut search = Search::new(&settings(&[("probe", 4.0), ("probes", 3.0), ("stage", 5.0)]));
            losses.iter().for_each(|loss| search.observe(*loss));
            prop_assert!((0.9e-4..3.1e-2).contains(&search.order().rate));
        }
    }
}
