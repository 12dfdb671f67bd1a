//! A schedule that follows its run, at work on that run.

use burn::tensor::Tensor;

use super::{
    TrainError, Trainer,
    metrics::{read_all, sum},
};
use crate::{
    experiment::Experiment,
    model::Weights,
    schedule::{Adaptive, Product, learning_rate},
};

/// What the schedule has made of the run so far; a copy goes on as the original would.
#[derive(Clone, Debug)]
pub struct Following {
    /// None for a schedule that is a function of the step alone.
    rule: Option<Box<dyn Adaptive>>,
    /// The last update, for a rule that wants products.
    last: Option<Last>,
    /// The last update, counted from 1, before which the rule was told a product.
    measured: usize,
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
        Self { rule: schedule.shape.adaptive(schedule), last: None, measured: 0 }
    }

    /// The learning rate of the update after `step` updates: the planned one, or after the warm-up that of the rule.
    pub fn rate(&self, experiment: &Experiment, step: usize) -> f64 {
        let schedule = &experiment.schedule;
        match &self.rule {
            Some(rule) if step >= schedule.warmup_steps() => rule.rate(),
            _ => learning_rate(schedule, experiment.train.steps, step),
        }
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
        if step >= experiment.schedule.warmup_steps()
            && let Some(rule) = &mut self.rule
        {
            rule.validated(loss);
        }
    }

    fn wants_products(&self) -> bool {
        self.rule.as_ref().is_some_and(|rule| rule.wants_products())
    }
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
    /// Tells the schedule what it wants to know before the next step: one small read, and only for a schedule that asks.
    pub async fn follow(&mut self) -> Result<(), TrainError> {
        let update = self.state.step + 1;
        let following = &self.state.following;
        let is_behind_warmup = self.state.step >= self.experiment.schedule.warmup_steps();
        if !following.wants_products() || !is_behind_warmup || following.measured >= update || self.is_finished() {
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
                    rule.next(Product { dot: product, gradient: norm(&gradient), update: norm(&update) });
                    let found = trainer.state.following.rate(&experiment, step);
                    let expected = rule.rate();
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
