//! The learning rate of an arm over its run: what was used, then what is planned.

use tailblazer_core::{experiment::ScheduleConfig, schedule::learning_rate};

use super::input::Arm;

/// The learning rate of every update of an arm, before layerwise multipliers.
#[derive(Clone, Copy)]
pub struct Course<'a> {
    arm: &'a Arm<'a>,
    /// What a schedule that follows its run keeps until it learns something new.
    held: Option<f64>,
}

impl<'a> Course<'a> {
    /// The course of an arm.
    pub fn new(arm: &'a Arm<'a>) -> Self {
        let schedule = &arm.experiment.schedule;
        let last = arm.record.columns.last().filter(|row| row.step > schedule.warmup_steps());
        Self { arm, held: last.filter(|_| is_adaptive(schedule)).map(|row| row.learning_rate) }
    }

    /// The rate of an update, counted from 1: that of the metrics where it was made, else the planned one as far as it
    /// is known.
    pub fn at(&self, update: usize) -> f64 {
        let experiment = self.arm.experiment;
        match self.arm.row(update) {
            Some((_, row)) => row.learning_rate,
            None => self.held.unwrap_or_else(|| {
                learning_rate(&experiment.schedule, experiment.train.steps, update.saturating_sub(1))
            }),
        }
    }
}

/// Whether the rate after the warm-up follows what a run measures.
pub fn is_adaptive(schedule: &ScheduleConfig) -> bool {
    schedule.shape.adaptive(schedule).is_some() || schedule.shape.federation(schedule).is_some()
}

#[cfg(test)]
mod tests {
    use tailblazer_core::schedule::Shape;

    use super::*;
    use crate::chart::testing::Runs;

    /// An arm with so many steps at a rate of 1e-3, and a schedule.
    fn with(shape: &str, steps: usize, look: impl FnOnce(Course, &ScheduleConfig)) {
        let mut runs = Runs::new(1, steps);
        runs.arms[0].experiment.schedule.choose(Shape::find(shape).expect(shape));
        runs.with(|input| look(Course::new(&input.arms[0]), &input.arms[0].experiment.schedule));
    }

    #[test]
    fn made_updates_have_the_rate_that_was_used() {
        for shape in ["cosine", "plateau"] {
            with(shape, 300, |course, _| assert!((1..=300).all(|update| course.at(update) == 1e-3)));
        }
    }

    #[test]
    fn updates_to_come_are_planned_or_go_on_as_the_run_left_off() {
        with("cosine", 300, |course, schedule| {
            assert!((301..=2000).all(|update| course.at(update) == learning_rate(schedule, 2000, update - 1)));
        });
        with("plateau", 300, |course, _| assert!((301..=2000).all(|update| course.at(update) == 1e-3)));
        // A warm-up says nothing about the rate behind it.
        with("plateau", 50, |course, schedule| {
            assert_eq!(course.at(51), learning_rate(schedule, 2000, 50));
            assert_eq!((course.at(101), course.at(2000)), (schedule.peak, schedule.peak));
        });
    }
}
