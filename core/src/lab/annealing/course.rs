//! What the law can know of the runs of one experiment: the rate of every planned update, and the smoothed losses so
//! far.

use super::{Point, Run, Warmup, rates};
use crate::experiment::Experiment;

/// Steps of which one loss is the mean, at least: the loss of a single batch says little.
pub const STRETCH: usize = 25;

/// Losses of a course at most; a longer run has longer stretches.
pub const MOST_POINTS: usize = 100;

/// A rate that differs from its plan by more than this share has left it; less is rounding.
const ROUNDING: f64 = 1e-4;

/// What a run measured in one of its updates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// Which update it is, counted from 1.
    pub step: usize,
    /// Its learning rate.
    pub rate: f64,
    /// The training loss before it, in nats; it need not be finite.
    pub loss: f64,
}

/// The runs of one experiment, which differ in nothing but their seeds, as one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// The learning rate of every update of the whole planned run. The warm-up counts at the peak; what was used
    /// replaces what was planned, and a rate that has left its plan is taken to stay where it is.
    pub rates: Vec<f64>,
    /// The mean losses of stretches of equal length, the last of which ends with the run, over all runs that have got
    /// furthest. Nothing lags, as a moving average does. The warm-up and the first tenth are left out.
    pub points: Vec<Point>,
    /// Steps of a stretch.
    pub stretch: usize,
    /// Steps made.
    pub done: usize,
}

impl Course {
    /// The course of an experiment whose runs have made these updates so far.
    pub fn new(experiment: &Experiment, runs: &[Vec<Update>]) -> Self {
        let (schedule, steps) = (&experiment.schedule, experiment.train.steps);
        let (warmup, planned) = (schedule.warmup_steps(), rates(schedule, steps, Warmup::AtPeak));
        let last = |run: &Vec<Update>| run.last().map_or(0, |update| update.step);
        let done = runs.iter().map(last).max().unwrap_or(0);
        let furthest: Vec<&Vec<Update>> = runs.iter().filter(|run| last(run) == done).collect();

        let from = warmup.max(done / 10);
        let stretch = done.saturating_sub(from).div_ceil(MOST_POINTS).max(STRETCH);
        let points = points(&furthest, done, done.saturating_sub(from) / stretch, stretch);
        let used = furthest.first().map_or(&[][..], |run| run);
        Self { rates: realised(planned, used, warmup), points, stretch, done }
    }

    /// The same, for a fit.
    pub fn run(&self) -> Run<'_> {
        Run { rates: &self.rates, points: &self.points }
    }

    /// Whether the rate has been the same at every loss, so that the course says nothing about annealing.
    pub fn is_constant(&self) -> bool {
        let used = &self.rates[..self.done.min(self.rates.len())];
        used.windows(2).all(|pair| pair[0] == pair[1])
    }
}

/// The means of so many stretches, which end together with the runs. One with a loss that is no number above 0 is left
/// out.
fn points(runs: &[&Vec<Update>], done: usize, count: usize, stretch: usize) -> Vec<Point> {
    let first = done - count * stretch;
    let mut sums = vec![(0.0, 0u32); count];
    for update in runs.iter().copied().flatten() {
        let place = update.step.checked_sub(first + 1).map(|after| after / stretch);
        if let Some((sum, number)) = place.and_then(|place| sums.get_mut(place)) {
            *sum += update.loss;
            *number += 1;
        }
    }
    let point = |(place, (sum, number)): (usize, (f64, u32))| {
        let loss = sum / f64::from(number);
        // A loss is measured before its update: in the middle of the stretch, what counts is one update less.
        let step = (first + place * stretch + (stretch - 1) / 2).checked_sub(1)?;
        (loss.is_finite() && loss > 0.0).then_some(Point { step, loss })
    };
    sums.into_iter().enumerate().filter_map(point).collect()
}

/// The planned rates with those that were used in their place.
fn realised(mut planned: Vec<f64>, used: &[Update], warmup: usize) -> Vec<f64> {
    let mut stays = None;
    for Update { step, rate, .. } in used.iter().filter(|update| update.step > warmup) {
        if let Some(plan) = planned.get_mut(step - 1) {
            stays = ((*plan - rate).abs() > ROUNDING * plan.abs()).then_some((*step, *rate));
            if stays.is_some() {
                *plan = *rate;
            }
        }
    }
    if let Some((step, rate)) = stays {
        planned[step..].fill(rate);
    }
    planned
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schedule::Shape;

    fn experiment(id: &str, steps: usize, warmup: usize) -> Experiment {
        let mut experiment = Experiment::default();
        experiment.schedule.shape = Shape::find(id).expect(id);
        (experiment.schedule.warmup, experiment.train.steps) = (warmup, steps);
        experiment
    }

    /// The first updates of an experiment, as planned.
    fn updates(experiment: &Experiment, count: usize, loss: impl Fn(usize) -> f64) -> Vec<Update> {
        let rates = rates(&experiment.schedule, experiment.train.steps, Warmup::AsRun);
        (1..=count).map(|step| Update { step, rate: rates[step - 1], loss: loss(step) }).collect()
    }

    #[test]
    fn a_stretch_is_the_mean_around_its_middle() {
        let experiment = experiment("cosine", 2000, 100);
        let line = |step: usize| 5.0 - 1e-3 * (step as f64 - 1.0);
        let course = Course::new(&experiment, &[updates(&experiment, 2000, line)]);
        assert_eq!((course.stretch, course.points.len(), course.done), (25, 72, 2000));
        for point in &course.points {
            // A loss after n updates has the rate n - 1 behind it, so that the line is met exactly.
            let expected = 5.0 - 1e-3 * (point.step as f64 + 1.0);
            assert!((point.loss - expected).abs() < 1e-12, "{point:?}");
        }
        // The first tenth, which holds the warm-up, is left out; the last stretch is from 1,976 to 2,000.
        assert_eq!([course.points[0].step, course.points[71].step], [211, 1986]);
    }

    #[test]
    fn a_long_run_has_longer_stretches_and_a_long_warm_up_is_left_out() {
        let long = experiment("cosine", 12_000, 100);
        let course = Course::new(&long, &[updates(&long, 12_000, |_| 2.0)]);
        assert_eq!((course.stretch, course.points.len()), (108, MOST_POINTS));
        let warm = experiment("cosine", 500, 300);
        let course = Course::new(&warm, &[updates(&warm, 500, |_| 2.0)]);
        assert_eq!(course.points.len(), 8, "of the 200 steps after the warm-up");
        assert!(course.points[0].step > 300);
    }

    #[test]
    fn seeds_become_their_mean_over_the_runs_that_got_furthest() {
        let experiment = experiment("cosine", 400, 0);
        let runs = [(400, 2.0), (400, 2.2), (150, 9.0)].map(|(count, loss)| updates(&experiment, count, |_| loss));
        let course = Course::new(&experiment, &runs);
        assert!(!course.points.is_empty() && course.points.iter().all(|point| (point.loss - 2.1).abs() < 1e-12));
    }

    #[test]
    fn what_is_no_loss_leaves_a_gap() {
        let experiment = experiment("cosine", 400, 0);
        for gap in [f64::NAN, f64::INFINITY] {
            let run = updates(&experiment, 400, |step| if step == 398 { gap } else { 2.0 });
            assert_eq!(Course::new(&experiment, &[run]).points.len(), 13, "one of 14 is left out");
        }
        assert_eq!(Course::new(&experiment, &[updates(&experiment, 400, |_| 0.0)]).points, []);
        assert_eq!(Course::new(&experiment, &[]).points, []);
    }

    #[test]
    fn used_rates_are_the_planned_ones_with_the_warm_up_at_the_peak() {
        let experiment = experiment("cosine", 300, 50);
        let planned = rates(&experiment.schedule, 300, Warmup::AtPeak);
        for count in [0, 20, 120, 300] {
            let course = Course::new(&experiment, &[updates(&experiment, count, |_| 2.0)]);
            assert_eq!(course.rates, planned);
        }
    }

    #[test]
    fn a_rate_that_left_its_plan_stays() {
        let experiment = experiment("constant", 300, 50);
        let mut run = updates(&experiment, 200, |_| 2.0);
        run.iter_mut().filter(|update| update.step > 150).for_each(|update| update.rate *= 0.1);
        let course = Course::new(&experiment, &[run]);
        let peak = experiment.schedule.peak;
        assert!(course.rates[..150].iter().all(|rate| *rate == peak));
        assert!(course.rates[150..].iter().all(|rate| *rate == 0.1 * peak) && course.rates.len() == 300);
    }

    #[test]
    fn a_rate_that_has_not_fallen_yet_is_constant() {
        let experiment = experiment("wsd", 400, 50);
        let is_constant = |count| Course::new(&experiment, &[updates(&experiment, count, |_| 2.0)]).is_constant();
        assert_eq!([0, 300, 400].map(is_constant), [true, true, false]);
    }

    proptest! {
        #[test]
        fn every_run_gives_points_that_have_a_rate(
            losses in prop::collection::vec(prop_oneof![9 => 1e-6..1e3f64, 1 => Just(f64::NAN)], 0..400),
            (steps, warmup, gap) in (1usize..500, 0usize..300, 0usize..40),
        ) {
            let experiment = experiment("cosine", steps, warmup);
            let loss = losses.iter().enumerate().filter(|(i, _)| *i != gap);
            let run: Vec<Update> = loss.map(|(i, loss)| Update { step: i + 1, rate: 1e-3, loss: *loss }).collect();
            let course = Course::new(&experiment, &[run]);
            prop_assert_eq!(course.rates.len(), steps);
            prop_assert!(course.points.len() <= MOST_POINTS);
            prop_assert!(course.points.is_sorted_by_key(|point| point.step));
            prop_assert!(course.points.iter().all(|point| point.step + 1 < course.done && point.loss > 0.0));
        }
    }
}
