//! The update behind a divergence: the steps before it are made again, and the last of them is looked at.

use super::{
    TrainError, Trainer,
    error::LargestUpdate,
    layers::l2,
    metrics::{self, UNREAD_STEPS, read_all},
};
use crate::model::flat;

/// Most steps that are made again, so that nobody waits long for a sentence.
const REPEATED: usize = 256;

impl Trainer {
    /// Goes back to the kept state, with what is known of a step whose loss or gradient is not finite.
    pub(super) async fn diverged(&mut self, step: usize) -> TrainError {
        let kept = self.kept.clone();
        let mut last = self.last_finite.take();
        self.restore(&kept);
        if let Some(last) = &mut last {
            // A device that fails here says so when it is asked next.
            last.largest_update = self.largest_update(last.step).await.ok().flatten();
            self.restore(&kept);
        }
        let peak = self.experiment().schedule.peak;
        TrainError::Diverged { step, last, kept: kept.step(), peak }
    }

    /// Which parameter the update of a step changed most, relative to its weights, in a run that is back at its kept
    /// state and leaves it for this: whoever asks goes back there.
    ///
    /// None where that step lies before the kept state or far behind it, and where a schedule follows the losses, which
    /// are not told again.
    async fn largest_update(&mut self, step: usize) -> Result<Option<LargestUpdate>, TrainError> {
        let behind = step.saturating_sub(self.state.step);
        if !(1..=REPEATED).contains(&behind) || self.state.following.is_at_work() {
            return Ok(None);
        }
        while self.state.step + 1 < step {
            self.measure().await?;
            self.federate().await?;
            self.step();
            if self.unread() >= UNREAD_STEPS {
                metrics::read(&std::mem::take(&mut self.pending)).await?;
            }
        }
        self.measure().await?;
        self.federate().await?;
        let learning_rates = self.state.layers.learning_rates(self.state.rate(&self.experiment), step);
        let [_, changes] = self.changes(&learning_rates);
        let lists = read_all([self.state.parameters.weights.clone(), changes]).await?;
        let specs = &self.transformer().specs;
        let flat = flat(specs);
        let share = |index: usize| {
            let [weight, change] = [0, 1].map(|list: usize| l2(&lists[list][flat.span(index)]));
            // A change that is no number is the largest.
            let share = if change.is_finite() { change / weight } else { f64::INFINITY };
            (weight != 0.0).then_some(share)
        };
        let shares = specs.iter().enumerate().filter_map(|(index, spec)| Some((spec, share(index)?)));
        let largest = shares.max_by(|(_, a), (_, b)| a.total_cmp(b));
        Ok(largest.map(|(spec, share)| LargestUpdate { parameter: spec.name.clone(), share }))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};
    use futures::executor::block_on;

    use super::{
        super::trainer::tests::{dataset, experiment},
        *,
    };

    fn weights(trainer: &Trainer) -> Vec<f32> {
        trainer.weights().clone().into_data().iter::<f32>().collect()
    }

    /// Steps with the weights before and after the last of them.
    #[test]
    fn the_largest_update_is_the_one_that_the_run_made() {
        let mut experiment = experiment();
        (experiment.schedule.peak, experiment.schedule.warmup) = (0.03, 0);
        experiment.layerwise.watch = 3;
        let mut trainer = Trainer::new(&experiment, dataset(), &Device::flex());
        let start = trainer.snapshot();
        (0..7).for_each(|_| trainer.step());
        let before = weights(&trainer);
        trainer.step();
        let after = weights(&trainer);

        trainer.restore(&start);
        let found = block_on(trainer.largest_update(8)).expect("flex does not fail").expect("an update");
        let specs = &trainer.transformer().specs;
        let flat = flat(specs);
        let share = |index: usize| {
            let span = flat.span(index);
            let change: Vec<f32> = before[span.clone()].iter().zip(&after[span.clone()]).map(|(a, b)| b - a).collect();
            l2(&change) / l2(&before[span])
        };
        let index = specs.iter().position(|spec| spec.name == found.parameter).expect("a parameter");
        assert!((found.share / share(index) - 1.0).abs() < 1e-3, "{found:?} against {}", share(index));
        let shares = (0..specs.len()).map(share).filter(|share| share.is_finite());
        assert!(shares.fold(0.0, f64::max) <= found.share * 1.001, "{found:?}");
    }

    #[test]
    fn an_update_without_a_number_is_the_largest_and_one_that_is_out_of_reach_is_none() {
        let mut trainer = Trainer::new(&experiment(), dataset(), &Device::flex());
        let start = trainer.snapshot();
        for step in [0, REPEATED + 1] {
            assert_eq!(block_on(trainer.largest_update(step)), Ok(None));
        }
        let name = trainer.transformer().specs[2].name.clone();
        let span = flat(&trainer.transformer().specs).span(2);
        let length = span.len();
        let broken = Tensor::full([length], f32::INFINITY, &Device::flex());
        let weights = trainer.weights().clone();
        trainer.restore(&start);
        trainer.state.parameters.weights = weights.slice_assign([span], broken);
        let found = block_on(trainer.largest_update(1)).expect("flex does not fail").expect("an update");
        assert!(!found.share.is_finite(), "{found:?} of {name}");
    }
}
