//! A schedule that follows its run, at work on that run.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::{
    TrainError, Trainer,
    metrics::{self, read_all, sum},
    saved::{Lists, SavedError, SavedState, Shelf},
    trainer::State,
};
use crate::{
    experiment::Experiment,
    model::Weights,
    schedule::{Adaptive, Probe, Product, Rule, learning_rate},
    session::SearchFrame,
};

/// What the schedule has made of the run so far; a copy goes on as the original would.
#[derive(Clone, Default)]
pub struct Following {
    /// None for a schedule that is a function of the step alone.
    rule: Option<Box<dyn Adaptive>>,
    /// The last update, for a rule that wants products.
    last: Option<Last>,
    /// The last update, counted from 1, before which the rule was told a product.
    measured: usize,
    /// Whether the rule knows that the second text is learned.
    is_switched: bool,
    /// The copy of the run on which a rate is tried.
    trial: Option<Box<State>>,
    /// The run where its present rate was chosen.
    stage: Option<Box<State>>,
    /// Updates made on copies in the last search.
    tried: usize,
    /// Seconds that the last search took.
    seconds: f64,
}

/// It as plain data, to be saved with the run.
#[derive(Serialize, Deserialize)]
pub struct SavedFollowing {
    rule: Option<Rule>,
    /// The place of the weights before the last update, and its rate.
    last: Option<(usize, f64)>,
    measured: usize,
    is_switched: bool,
    trial: Option<Box<SavedState>>,
    stage: Option<Box<SavedState>>,
    tried: usize,
    seconds: f64,
}

impl SavedFollowing {
    /// Writes it down.
    pub fn of(following: &Following, shelf: &mut Shelf) -> Self {
        let Following { rule, last, measured, is_switched, trial, stage, tried, seconds } = following;
        let mut saved = |state: &Option<Box<State>>| state.as_ref().map(|state| SavedState::of(state, shelf).into());
        let (trial, stage) = (saved(trial), saved(stage));
        let last = last.as_ref().map(|Last { weights, rate }| (shelf.put(weights), *rate));
        let rule = rule.as_ref().map(|rule| rule.rule());
        let (measured, is_switched, tried, seconds) = (*measured, *is_switched, *tried, *seconds);
        Self { rule, last, measured, is_switched, trial, stage, tried, seconds }
    }

    /// Whether there is a rule, or a copy that it works on.
    pub fn is_at_work(&self) -> bool {
        self.rule.is_some() || self.trial.is_some() || self.stage.is_some()
    }

    /// It again; `fresh` is the state of the same experiment before its first step.
    pub fn restored(self, experiment: &Experiment, fresh: &State, lists: &Lists) -> Result<Following, SavedError> {
        let Self { rule, last, measured, is_switched, trial, stage, tried, seconds } = self;
        // A copy beside the run follows nothing, so that this goes one level deep.
        let is_nested = |state: &Option<Box<SavedState>>| state.as_ref().is_some_and(|state| state.is_followed());
        if is_nested(&trial) || is_nested(&stage) {
            return Err(SavedError::Damaged);
        }
        let restored = |state: Option<Box<SavedState>>| {
            let restored = |state: Box<SavedState>| state.restored(experiment, fresh, lists).map(Box::new);
            state.map(restored).transpose()
        };
        let last = last.map(|(place, rate)| lists.weights(place).map(|weights| Last { weights, rate })).transpose()?;
        Ok(Following {
            rule: rule.map(Rule::boxed),
            last,
            measured,
            is_switched,
            trial: restored(trial)?,
            stage: restored(stage)?,
            tried,
            seconds,
        })
    }
}

/// A learning rate with which the run diverged, so that another one was chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailedRate {
    /// The step whose loss or gradient was not finite.
    pub step: usize,
    /// The rate.
    pub rate: f64,
}

/// An update that was made.
#[derive(Clone, Debug)]
struct Last {
    /// The weights before it.
    weights: Weights,
    /// Its learning rate.
    rate: f64,
}

impl Following {
    /// The schedule before the first update.
    pub fn new(experiment: &Experiment) -> Self {
        let schedule = &experiment.schedule;
        Self { rule: schedule.shape.adaptive(schedule), ..Self::default() }
    }

    /// The learning rate of the update after `step` updates: after the warm-up that of the rule, else the planned one.
    pub fn rate(&self, experiment: &Experiment, step: usize) -> f64 {
        let rule = self.rule.as_ref().filter(|_| is_behind_warmup(experiment, step));
        let planned = || learning_rate(&experiment.schedule, experiment.train.steps, step);
        rule.and_then(|rule| rule.rate()).unwrap_or_else(planned)
    }

    /// Takes note of an update that is about to be made from these weights.
    pub fn remember(&mut self, weights: &Weights, rate: f64) {
        if self.wants_products() {
            self.last = Some(Last { weights: weights.clone(), rate });
        }
    }

    /// Takes the loss of a validation after `step` updates. The warm-up has losses of its own, which say nothing about
    /// the rate that follows.
    pub fn validated(&mut self, experiment: &Experiment, step: usize, loss: f64) {
        if let Some(rule) = self.rule.as_mut().filter(|_| is_behind_warmup(experiment, step)) {
            if !self.is_switched && experiment.text.is_switched(experiment.train.steps, step) {
                self.is_switched = true;
                rule.switched();
            }
            rule.validated(loss);
        }
    }

    /// Takes the training loss of step number `step`, counted from 1.
    pub fn trained(&mut self, experiment: &Experiment, step: usize, loss: f64) {
        let rule = self.rule.as_mut().filter(|rule| rule.trial().is_none());
        if let Some(rule) = rule.filter(|_| is_behind_warmup(experiment, step - 1)) {
            rule.trained(loss);
        }
    }

    /// The run where the present rate was chosen, when it must go back there.
    pub(super) fn way_back(&self) -> Option<State> {
        let goes_back = self.rule.as_ref().is_some_and(|rule| rule.goes_back());
        self.stage.as_deref().filter(|_| goes_back).cloned()
    }

    fn probes(&self) -> &[Probe] {
        self.rule.as_ref().map_or(&[], |rule| rule.probes())
    }

    /// Whether a rule chooses rates by what the run tells it.
    pub(super) fn is_at_work(&self) -> bool {
        self.rule.is_some()
    }

    fn wants_products(&self) -> bool {
        self.rule.as_ref().is_some_and(|rule| rule.wants_products())
    }
}

fn is_behind_warmup(experiment: &Experiment, step: usize) -> bool {
    step >= experiment.schedule.warmup_steps()
}

impl Last {
    /// The product of the gradient `g` at `weights` with this update, `u = (before - weights) / rate`, in one transfer.
    async fn product(&self, gradient: Tensor<1>, weights: &Weights) -> Result<Product, TrainError> {
        let update = self.weights.clone() - weights.clone();
        let square = |list: &Tensor<1>| list.clone().square().sum();
        let found = [(gradient.clone() * update.clone()).sum(), square(&gradient), square(&update)];
        let found = read_all(found).await?;
        let [dot, gradient, update] = [0, 1, 2].map(|index| sum(&found[index]));
        Ok(Product { dot: dot / self.rate, gradient: gradient.sqrt(), update: update.sqrt() / self.rate })
    }
}

impl Trainer {
    /// Tells the schedule what it wants to know before the next step: a small read, and only for a schedule that asks.
    pub async fn follow(&mut self) -> Result<(), TrainError> {
        self.federate().await?;
        let update = self.state.step + 1;
        let following = &self.state.following;
        let is_due = following.wants_products() && is_behind_warmup(&self.experiment, self.state.step);
        if !is_due || following.measured >= update || self.is_finished() {
            return Ok(());
        }
        self.gradients();
        let product = match &self.state.following.last {
            Some(last) => last.product(self.mean_gradient(), self.weights()).await?,
            None => Product::default(),
        };
        let following = &mut self.state.following;
        following.measured = update;
        if let Some(rule) = &mut following.rule {
            rule.measured(product);
        }
        Ok(())
    }

    /// Whether the losses of unread steps must be read before the next one: the schedule's choice depends on them.
    pub fn must_read(&self) -> bool {
        let untold = self.pending.iter().filter(|step| is_behind_warmup(&self.experiment, step.step - 1)).count();
        untold > 0 && self.state.following.rule.as_ref().is_some_and(|rule| untold >= rule.ahead())
    }

    /// Whether the schedule tries a rate before the next step.
    pub fn is_trial_due(&self) -> bool {
        let is_due = !self.is_finished() && is_behind_warmup(&self.experiment, self.state.step);
        is_due && self.state.following.rule.as_ref().is_some_and(|rule| rule.trial().is_some())
    }

    /// Makes one update of the copy of the run on which the schedule tries a rate, and tells it the loss. The run itself
    /// stays as it is: its step, its weights, its digest. Returns whether a probe is over.
    ///
    /// The copy learns the batches that the run is about to see; layerwise multipliers go on without an event.
    pub async fn try_step(&mut self) -> Result<bool, TrainError> {
        let following = &mut self.state.following;
        let Some(trial) = following.rule.as_ref().and_then(|rule| rule.trial()) else { return Ok(false) };
        let before = following.probes().len();
        if before == 0 && trial.begins {
            (following.tried, following.seconds) = (0, 0.0);
        }
        let begun = following.trial.take().filter(|_| !trial.begins);
        let mut aside = begun.unwrap_or_else(|| Box::new(self.state.aside()));
        let step = self.update_aside(&mut aside, trial.rate);
        let read = metrics::read(&[step]).await?[0];

        let following = &mut self.state.following;
        following.tried += 1;
        let Some(rule) = &mut following.rule else { return Ok(false) };
        rule.trained(if read.is_finite() { read.loss } else { f64::NAN });
        if rule.trial().is_some() {
            following.trial = Some(aside);
        } else {
            let chosen = self.state.aside();
            self.state.following.stage = Some(Box::new(chosen));
        }
        Ok(self.state.following.probes().len() > before)
    }

    /// The search for the rate of the present stage, while the run is where that begins.
    pub fn search(&self) -> SearchFrame {
        let Following { rule, tried, seconds, .. } = &self.state.following;
        let rate = rule.as_ref().filter(|rule| rule.trial().is_none()).and_then(|rule| rule.rate());
        let probes = self.state.following.probes().to_vec();
        SearchFrame { step: self.state.step, probes, rate, steps: *tried, seconds: *seconds }
    }

    /// Takes note of seconds that the search took: the caller has the clock.
    pub fn spend(&mut self, seconds: f64) {
        self.state.following.seconds += seconds;
    }

    /// The rate that has failed since this was last asked, after which the run went back.
    pub fn failed_rate(&mut self) -> Option<FailedRate> {
        self.failed_rate.take()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use futures::executor::block_on;

    use super::*;
    use crate::{
        experiment::Operations,
        optim::Method,
        schedule::{
            Shape,
            hypergradient::{Hypergradient, Variant},
        },
        train::trainer::tests::{dataset, experiment},
    };

    fn values(list: &Tensor<1>) -> Vec<f64> {
        list.clone().into_data().iter::<f64>().collect()
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    /// Rates of a run whose rule is told products that are worked out here, in f64 from what is read of the device.
    #[test]
    fn products_are_those_of_the_gradient_and_the_last_update() {
        for (operations, accumulation, method) in
            [(Operations::Fused, 1, "adamw"), (Operations::Fused, 3, "sgd"), (Operations::Plain, 2, "muon")]
        {
            let mut experiment = Experiment { operations, ..experiment() };
            experiment.train.accumulation = accumulation;
            experiment.optimiser.choose(Method::find(method).expect(method));
            let schedule = &mut experiment.schedule;
            schedule.choose(Shape::find("hypergradient").expect("a schedule"));
            (schedule.peak, schedule.warmup) = (5e-3, 2);
            schedule.knobs.0.insert("beta".into(), 0.5);
            let mut rule = Hypergradient::new(Variant::ScaleFree, &schedule.knobs, schedule.peak);
            let mut trainer = Trainer::new(&experiment, dataset(), &Device::flex());
            let mut before = values(trainer.weights());
            let mut rate = 0.0;
            for step in 0..8 {
                block_on(trainer.follow()).expect("flex does not fail");
                trainer.gradients();
                let (gradient, weights) = (values(&trainer.mean_gradient()), values(trainer.weights()));
                if step >= 2 {
                    let update: Vec<f64> = before.iter().zip(&weights).map(|(a, b)| (a - b) / rate).collect();
                    let norm = |list: &[f64]| dot(list, list).sqrt();
                    let product = dot(&gradient, &update);
                    let expected =
                        rule.next(Product { dot: product, gradient: norm(&gradient), update: norm(&update) });
                    let found = trainer.state.following.rate(&experiment, step);
                    assert!((found - expected).abs() < 1e-5 * expected, "{method} at {step}: {found}, not {expected}");
                }
                rate = trainer.state.following.rate(&experiment, step);
                before = weights;
                trainer.step();
            }
            assert_ne!(rate, experiment.schedule.peak, "{method}: the rate never moved");
        }
    }

    #[test]
    fn a_product_is_told_once_for_every_step() {
        let mut experiment = experiment();
        experiment.schedule.choose(Shape::find("hypergradient").expect("a schedule"));
        experiment.schedule.warmup = 0;
        let mut trainer = Trainer::new(&experiment, dataset(), &Device::flex());
        let follow = |trainer: &mut Trainer| {
            block_on(trainer.follow()).expect("flex does not fail");
            trainer.state.following.rate(&experiment, trainer.steps_done())
        };
        assert_eq!(follow(&mut trainer), experiment.schedule.peak, "there is no last update");
        trainer.step();
        let once = follow(&mut trainer);
        assert_ne!(once, experiment.schedule.peak);
        assert_eq!(follow(&mut trainer), once);
    }

    /// Every trial has the rate that is chosen anyway, so that only what it leaves behind could make a difference.
    #[test]
    fn trials_leave_no_trace_in_the_run() {
        let mut constant = experiment();
        (constant.train.accumulation, constant.schedule.peak, constant.schedule.warmup) = (2, 5e-3, 3);
        constant.layerwise.rule.choose(crate::layerwise::Method::find("llr").expect("a method"));
        constant.schedule.choose(Shape::find("constant").expect("a schedule"));
        let mut searching = constant.clone();
        searching.schedule.choose(Shape::find("autolrs").expect("a schedule"));
        for (id, value) in [("smallest", 5e-3), ("largest", 5e-3), ("stage", 4.0), ("probe", 3.0), ("probes", 2.0)] {
            searching.schedule.knobs.0.insert(id.into(), value);
        }
        let [(plain, none), (followed, trials)] = [constant, searching].map(|experiment| {
            let mut trainer = Trainer::new(&experiment, dataset(), &Device::flex());
            let (mut found, mut trials) = (Vec::new(), 0);
            for _ in 0..12 {
                while trainer.is_trial_due() {
                    trials += 1;
                    block_on(trainer.try_step()).expect("flex does not fail");
                }
                block_on(trainer.measure()).expect("flex does not fail");
                trainer.step();
                let (rows, result) = block_on(trainer.read());
                assert_eq!(result, Ok(()));
                let validation = block_on(trainer.validate()).expect("flex does not fail");
                found.push((rows, validation, trainer.batch_digest(), values(trainer.weights())));
            }
            (found, trials)
        });
        // Before the updates 4, 8 and 12.
        assert_eq!((none, trials), (0, 3 * 2 * 3));
        assert!(plain == followed);
    }

    #[test]
    fn nothing_is_remembered_for_a_schedule_that_does_not_ask() {
        for shape in ["cosine", "plateau"] {
            let mut experiment = experiment();
            experiment.schedule.choose(Shape::find(shape).expect(shape));
            let mut trainer = Trainer::new(&experiment, dataset(), &Device::flex());
            block_on(trainer.follow()).expect("nothing is measured");
            trainer.step();
            assert!(trainer.state.following.last.is_none() && trainer.state.following.measured == 0);
        }
    }
}
