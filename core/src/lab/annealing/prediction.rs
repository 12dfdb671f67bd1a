//! What a law says about a run, whether it has been made or not.

use super::{Accuracy, Course, Law};

/// The loss of a whole planned run under a law, and how far that is from what the run has measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The loss after every update, in nats.
    pub curve: Vec<f64>,
    /// How far it is from the losses so far; none where there are none.
    pub accuracy: Option<Accuracy>,
    /// Updates that were made.
    pub done: usize,
}

impl Prediction {
    /// Holds a law to a course. The error is that of a prediction only if the law was fitted to other courses.
    pub fn new(law: &Law, course: &Course) -> Self {
        Self { curve: law.predict(&course.rates), accuracy: law.accuracy(course.run()).ok(), done: course.done }
    }

    /// The loss at the end, in nats.
    pub fn end(&self) -> Option<f64> {
        self.curve.last().copied().filter(|loss| loss.is_finite())
    }

    /// The loss before an update, counted from 1, which is the one that its step reports.
    pub fn before(&self, step: usize) -> Option<f64> {
        self.curve.get(step.checked_sub(2)?).copied().filter(|loss| loss.is_finite())
    }

    /// Whether nothing of the run is left to predict.
    pub fn is_done(&self) -> bool {
        self.done >= self.curve.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        experiment::Experiment,
        lab::annealing::{Lambda, Point, Update, Warmup, fit, rates},
        schedule::Shape,
    };

    const LAW: Law = Law { l0: 1.4, a: 0.5, c: 0.6, alpha: 0.45, lambda: 0.99 };

    /// An experiment with this schedule, and the losses of the law itself before each of its updates.
    fn run(id: &str, steps: usize) -> (Experiment, Vec<Update>) {
        let mut experiment = Experiment::default();
        experiment.schedule.shape = Shape::find(id).expect(id);
        (experiment.schedule.warmup, experiment.train.steps) = (50, steps);
        let rates = rates(&experiment.schedule, steps, Warmup::AtPeak);
        let losses = LAW.predict(&rates);
        let update = |step: usize| Update {
            step,
            rate: rates[step - 1],
            loss: step.checked_sub(2).map_or(f64::NAN, |before| losses[before]),
        };
        let updates = (1..=steps).map(update).collect();
        (experiment, updates)
    }

    fn course((experiment, updates): &(Experiment, Vec<Update>)) -> Course {
        Course::new(experiment, std::slice::from_ref(updates))
    }

    /// The same with losses of single steps, which the law describes exactly.
    fn exact(run: &(Experiment, Vec<Update>)) -> Course {
        let course = course(run);
        let losses = LAW.predict(&course.rates);
        let points = course.points.iter().map(|Point { step, .. }| Point { step: *step, loss: losses[*step] });
        Course { points: points.collect(), ..course }
    }

    #[test]
    fn a_law_is_found_from_one_or_two_runs_and_predicts_all_others() {
        for fitted in [&["cosine"][..], &["wsd"], &["constant", "cosine"], &["wsd", "linear"], &["step"]] {
            let courses: Vec<Course> = fitted.iter().map(|id| exact(&run(id, 2000))).collect();
            let runs: Vec<_> = courses.iter().map(Course::run).collect();
            let law = fit(&runs, Lambda::Fitted).expect("a fit").law;
            for other in ["constant", "rex", "wsd-s", "inverse-sqrt"] {
                let other = exact(&run(other, 1500));
                let accuracy = Prediction::new(&law, &other).accuracy.expect("it has losses");
                assert!(accuracy.max_error < 1e-6, "{fitted:?} give {law:?}: {accuracy:?}");
            }
        }
    }

    #[test]
    fn the_means_of_stretches_move_the_law_little() {
        let courses = ["constant", "cosine"].map(|id| course(&run(id, 2000)));
        let law = fit(&[courses[0].run(), courses[1].run()], Lambda::Fitted).expect("a fit").law;
        let other = run("wsd", 1500);
        let prediction = Prediction::new(&law, &course(&other));
        assert!(
            prediction.accuracy.is_some_and(|accuracy| accuracy.relative_error < 2e-4),
            "{:?}",
            prediction.accuracy
        );
        let exact = LAW.predict(&exact(&other).rates);
        assert!((prediction.end().expect("an end") - exact[1499]).abs() < 2e-4);
        assert_eq!(prediction.before(1), None);
        assert_eq!(prediction.before(2), Some(prediction.curve[0]));
    }

    #[test]
    fn a_run_is_predicted_before_it_starts_and_while_it_runs() {
        let (experiment, updates) = run("wsd", 1000);
        let at = |count: usize| Prediction::new(&LAW, &Course::new(&experiment, &[updates[..count].to_vec()]));
        let [before, during, after] = [0, 600, 1000].map(at);
        assert_eq!((before.accuracy, before.is_done(), before.curve.len()), (None, false, 1000));
        assert!(during.accuracy.is_some() && !during.is_done() && after.is_done());
        assert_eq!(before.curve, after.curve, "the plan was kept");
        assert_eq!(Prediction::new(&LAW, &Course::default()).end(), None);
    }
}
