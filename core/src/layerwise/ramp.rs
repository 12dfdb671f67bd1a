//! When layerwise rates change, and how: events, and a linear ramp after each (He et al. 2026, arXiv:2605.22297, as its
//! released trainer does).
//!
//! Updates are counted from 1, as there.

use serde::{Deserialize, Serialize};

/// When a method is asked for new multipliers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cadence {
    /// Updates between two events; 0 leaves it at the first one.
    pub every: usize,
    /// Updates that a change takes after the first event; 0 changes at once.
    pub ramp: usize,
    /// The last update that can be an event. Multipliers keep what the last event gave them.
    pub last: usize,
}

impl Cadence {
    /// One event, at the first update: for multipliers that never change.
    pub const ONCE: Self = Self { every: 0, ramp: 0, last: usize::MAX };

    /// Whether this update is an event: the first one and every multiple of `every`, up to the last.
    pub fn is_event(self, update: usize) -> bool {
        let is_due = update == 1 || (update > 0 && self.every > 0 && update.is_multiple_of(self.every));
        is_due && update <= self.last
    }

    /// The share of a change that is made by this update: `(update - start + 1) / (ramp + 1)`, at most 1. The first
    /// event takes effect at once, because nothing went before it.
    fn done(self, start: usize, update: usize) -> f64 {
        if start <= 1 || update >= start.saturating_add(self.ramp) {
            return 1.0;
        }
        (update.saturating_sub(start) + 1) as f64 / (self.ramp + 1) as f64
    }
}

/// The multipliers of a run over time: 1 until the first event, then on their way to what the last event asked for.
///
/// `m(s) = from + (to - from) min(1, (s - t + 1) / (ramp + 1))` after an event at `t`. With this form multipliers of 1
/// change nothing at all, bit for bit; [`RateRamp`] is the released one, which does not have that property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MultiplierRamp {
    cadence: Cadence,
    from: Vec<f64>,
    to: Vec<f64>,
    start: usize,
}

impl MultiplierRamp {
    /// The multipliers of so many parameters before the first event.
    pub fn new(cadence: Cadence, parameters: usize) -> Self {
        Self { cadence, from: vec![1.0; parameters], to: vec![1.0; parameters], start: 1 }
    }

    /// When it wants new multipliers.
    pub fn cadence(&self) -> Cadence {
        self.cadence
    }

    /// Whether it can take another one's place: it has multipliers of as many parameters, and its events are the same.
    pub fn fits(&self, other: &Self) -> bool {
        self.cadence == other.cadence && self.from.len() == other.from.len() && self.to.len() == other.to.len()
    }

    /// Starts towards new multipliers at an event. A list of another length, or with numbers that no learning rate can
    /// be multiplied with, is not taken, and `false` is returned.
    pub fn turn(&mut self, update: usize, targets: Vec<f64>) -> bool {
        let is_sound = targets.len() == self.to.len() && targets.iter().all(|m| m.is_finite() && *m >= 0.0);
        if is_sound {
            // What the update before this one had, so that no update sees a jump.
            self.from = self.multipliers(update.saturating_sub(1));
            self.to = targets;
            self.start = update;
        }
        is_sound
    }

    /// The multipliers of an update at or after the last event.
    pub fn multipliers(&self, update: usize) -> Vec<f64> {
        let done = self.cadence.done(self.start, update);
        if done >= 1.0 {
            return self.to.clone();
        }
        self.from.iter().zip(&self.to).map(|(from, to)| from + (to - from) * done).collect()
    }
}

/// One learning rate over time with the released ramp, which moves the rate itself: a straight line from the rate before
/// an event at `t` to where the schedule will be at the ramp's end, `m base lambda(t + L)`.
///
/// ```text
/// lr(t + j) = lr(t - 1) + (m base lambda(t + L) - lr(t - 1)) (j + 1) / (L + 1),  j = 0..L,  t > 1
/// lr(s)     = m base lambda(L) s / L,                                            s = 1..L,  t = 1
/// lr(s)     = m base lambda(s)                                                   after the ramp
/// ```
///
/// The release loses the assignment of an event at the very end of the active phase, and its schedule lags from there
/// on; this does neither.
#[derive(Clone, Debug, PartialEq)]
pub struct RateRamp {
    ramp: usize,
    multiplier: f64,
    before: f64,
    start: usize,
}

impl RateRamp {
    /// The rate before the first event, with a ramp of so many updates.
    pub fn new(ramp: usize) -> Self {
        Self { ramp, multiplier: 1.0, before: 0.0, start: 1 }
    }

    /// Starts towards a new multiplier at an event; `schedule` gives `base lambda(s)`.
    pub fn turn(&mut self, update: usize, multiplier: f64, schedule: impl Fn(usize) -> f64) {
        self.before = if update > 1 { self.rate(update - 1, schedule) } else { 0.0 };
        self.multiplier = multiplier;
        self.start = update;
    }

    /// The learning rate of an update at or after the last event.
    pub fn rate(&self, update: usize, schedule: impl Fn(usize) -> f64) -> f64 {
        let Self { ramp, multiplier, before, start } = *self;
        if start <= 1 && update <= ramp {
            return multiplier * schedule(ramp) * update as f64 / ramp as f64;
        }
        if start > 1 && update <= start.saturating_add(ramp) {
            let share = (update.saturating_sub(start) + 1) as f64 / (ramp + 1) as f64;
            return before + (multiplier * schedule(start + ramp) - before) * share;
        }
        multiplier * schedule(update)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{
        experiment::ScheduleConfig,
        layerwise::golden::{assert_close, close, number, numbers, rates},
        schedule::{Cosine, Shape, learning_rate},
    };

    fn cosine(base: f64, warmup: usize, steps: usize) -> impl Fn(usize) -> f64 {
        let shape = Shape::of(&Cosine);
        let config = ScheduleConfig { shape, peak: base, floor: 0.1, warmup, ..Default::default() };
        move |update| learning_rate(&config, steps, update)
    }

    fn count(value: &Value) -> usize {
        number(value) as usize
    }

    #[test]
    fn the_schedule_is_the_golden_one() {
        let golden = &rates()["schedule"];
        let lambda = cosine(1.0, count(&golden["warmup"]), count(&golden["total"]));
        for (update, expected) in golden["lambda"].as_object().expect("a table") {
            let update = update.parse().expect("an update");
            assert!((lambda(update) - number(expected)).abs() < 1e-12, "{update}");
        }
        // The release's schedule wraps around at the last update; the repository's own does not.
        assert!(number(&golden["upstream_quirk_at_3200"]) < 1e-6 && lambda(3200) >= 0.1);
    }

    #[test]
    fn both_ramps_agree_with_the_golden_rates_at_every_update() {
        let golden = &rates()["ramp"];
        let ramp = count(&golden["ramp"]);
        let schedule = cosine(number(&golden["base"]), count(&golden["warmup"]), count(&golden["total"]));
        let cadence = Cadence { every: count(&golden["every"]), ramp, last: 39 };
        let mut multipliers = MultiplierRamp::new(cadence, 1);
        let (mut tuned, mut untuned) = (RateRamp::new(ramp), RateRamp::new(ramp));
        let mut found = [vec![], vec![], vec![]];
        for update in 1..40 {
            if cadence.is_event(update) {
                let target = number(&golden["multiplier_at"][update.to_string()]);
                assert!(multipliers.turn(update, vec![target]));
                tuned.turn(update, target, &schedule);
                untuned.turn(update, 1.0, &schedule);
            }
            found[0].push(tuned.rate(update, &schedule));
            found[1].push(untuned.rate(update, &schedule));
            found[2].push(multipliers.multipliers(update)[0] * schedule(update));
        }
        for (found, key) in found.iter().zip(["soft_switch_lr", "soft_switch_lr_untuned", "multiplier_ramp_lr"]) {
            assert_close(found, &numbers(&golden[key]), 1e-12, key);
        }
    }

    /// What the release does at the end of its active phase, and what happens here: the last assignment stays.
    #[test]
    fn the_end_of_the_active_phase_keeps_the_last_assignment() {
        let golden = &rates()["upstream_end_of_phase_quirk"]["lr_tuned"];
        let schedule = cosine(1e-3, 20, 200);
        let cadence = Cadence { every: 20, ramp: 10, last: 40 };
        let mut rate = RateRamp::new(10);
        for (update, target) in [(1, 5.0), (20, 3.0), (40, 2.0)] {
            assert!(cadence.is_event(update));
            rate.turn(update, target, &schedule);
            if update == 20 {
                assert!(close(rate.rate(39, &schedule), number(&golden["39"]), 1e-12));
            }
        }
        assert!(!cadence.is_event(60));
        assert!(close(rate.rate(40, &schedule), number(&golden["40"]), 1e-12), "both start the ramp at the event");
        for update in [41usize, 42, 60, 100, 199, 200] {
            let released = number(&golden[update.to_string()]);
            assert!(close(released, 3.0 * schedule(update - 1), 1e-12), "{update}: the assignment before, a step late");
        }
        for update in [51, 60, 100, 199] {
            assert_eq!(rate.rate(update, &schedule), 2.0 * schedule(update), "{update}");
        }
    }

    #[test]
    fn the_golden_larger_runs_agree_up_to_the_end_of_the_active_phase() {
        let golden = &rates()["upstream_end_of_phase_quirk"]["larger_runs"];
        for (name, base, warmup, steps, last_event, lag) in [
            ("T=3200 W=320 every=100 L=50", 1e-3, 320, 3200, 600, 41),
            ("T=40000 W=4000 every=100 L=50", 5e-4, 4000, 40_000, 8000, 1),
        ] {
            let (schedule, cadence) = (cosine(base, warmup, steps), Cadence { every: 100, ramp: 50, last: steps / 5 });
            let mut rate = RateRamp::new(cadence.ramp);
            let expected = golden[name]["lr"].as_object().expect("a table");
            for update in 1..=steps {
                if cadence.is_event(update) {
                    let target = if update == 1 {
                        5.0
                    } else if update < last_event {
                        2.0
                    } else {
                        4.0
                    };
                    rate.turn(update, target, &schedule);
                }
                let Some(released) = expected.get(&update.to_string()).map(number) else { continue };
                if update <= cadence.last {
                    assert!(close(rate.rate(update, &schedule), released, 1e-12), "{name} at {update}");
                } else {
                    assert!(close(released, 2.0 * schedule(update - lag), 1e-9), "{name} at {update}");
                    if update > last_event + cadence.ramp {
                        assert_eq!(rate.rate(update, &schedule), 4.0 * schedule(update), "{name} at {update}");
                    }
                }
            }
        }
    }

    #[test]
    fn events_are_the_first_update_and_multiples_of_the_interval() {
        let events = |cadence: Cadence| (0..=12).filter(|update| cadence.is_event(*update)).collect::<Vec<_>>();
        assert_eq!(events(Cadence { every: 4, ramp: 0, last: 10 }), [1, 4, 8]);
        assert_eq!(events(Cadence { every: 4, ramp: 0, last: 0 }), [0; 0]);
        assert_eq!(events(Cadence::ONCE), [1]);
        assert_eq!(events(Cadence { every: 1, ramp: 0, last: 3 }), [1, 2, 3]);
    }

    #[test]
    fn multipliers_of_one_stay_one_and_bad_ones_are_not_taken() {
        let cadence = Cadence { every: 7, ramp: 3, last: usize::MAX };
        let mut ramp = MultiplierRamp::new(cadence, 2);
        for update in 1..100 {
            if cadence.is_event(update) {
                assert!(ramp.turn(update, vec![1.0; 2]));
            }
            assert_eq!(ramp.multipliers(update), [1.0; 2]);
        }
        for bad in [vec![2.0], vec![2.0, f64::NAN], vec![-1.0, 2.0], vec![2.0, f64::INFINITY]] {
            assert!(!ramp.turn(100, bad));
        }
        assert_eq!(ramp.multipliers(200), [1.0; 2]);
    }

    #[test]
    fn an_event_within_a_ramp_goes_on_from_where_it_was() {
        let mut ramp = MultiplierRamp::new(Cadence { every: 2, ramp: 3, last: usize::MAX }, 1);
        assert!(ramp.turn(4, vec![5.0]));
        assert_eq!(ramp.multipliers(5), [3.0]);
        assert!(ramp.turn(6, vec![1.0]));
        assert_eq!((ramp.multipliers(6), ramp.multipliers(9)), (vec![2.5], vec![1.0]));
    }
}
