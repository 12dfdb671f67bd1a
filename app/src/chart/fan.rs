//! The learning rates of the parameters over a run: the schedule's rate times the multiplier that the trainer applied.

use tailblazer_core::{
    layerwise::{Layerwise, Moment, MultiplierRamp, Parameter},
    policy::Settings,
    session::LayersFrame,
};

use super::{course::Course, input::Arm, matrices};

/// The learning rates of an arm's matrices at chosen updates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fan {
    /// Numbers of updates, ascending, from 1.
    pub updates: Vec<usize>,
    /// The rate of each update before multipliers, used or planned.
    pub base: Vec<f64>,
    /// The lines, by depth of their first matrix; none where every multiplier is 1.
    pub lines: Vec<Line>,
    /// The parameters that the indices mean.
    pub layout: Vec<Parameter>,
    /// Updates at which the method gave new multipliers, and whether it has yet.
    pub events: Events,
}

/// When a method gave new multipliers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Updates at which it did.
    pub past: Vec<usize>,
    /// Updates at which it will.
    pub planned: Vec<usize>,
    /// Whether even the first multipliers are a guess from the shapes of the matrices.
    pub is_guess: bool,
}

impl Events {
    /// Whether there are more than the one at the start that every method with multipliers has.
    pub fn are_several(&self) -> bool {
        self.past.len() + self.planned.len() > 1
    }
}

/// Matrices with the same multipliers throughout.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Their indices in the layout.
    pub parameters: Vec<usize>,
    /// Their multiplier at each update.
    pub multipliers: Vec<f64>,
}

impl Fan {
    /// The rates of an arm at about `most` updates of its planned run, and at every corner of a line.
    ///
    /// The multipliers are rebuilt from the events in the arm's frames as the trainer makes them: between events they
    /// are on a ramp, and after the last one, also beyond the present step, they keep what it gave.
    pub fn new(arm: &Arm, most: usize) -> Self {
        Self::through(arm, most, None)
    }

    /// As [`Fan::new`], at one update alone.
    pub fn at(arm: &Arm, update: usize) -> Self {
        let whole = Self::through(arm, 1, Some(update));
        let Some(place) = whole.place(update) else { return whole };
        let lines = whole.lines.into_iter().map(|line| Line { multipliers: vec![line.multipliers[place]], ..line });
        Self { updates: vec![whole.updates[place]], base: vec![whole.base[place]], lines: lines.collect(), ..whole }
    }

    /// As [`Fan::new`], with one update that must be among the chosen ones.
    fn through(arm: &Arm, most: usize, wanted: Option<usize>) -> Self {
        let (experiment, record) = (arm.experiment, arm.record);
        let steps = experiment.train.steps;
        let rule = &experiment.layerwise.rule;
        let (method, settings) = (rule.method(), rule.settings());
        let cadence = method.cadence(settings, steps);

        let mut events = Events::default();
        let (layout, turns) = match record.layers.iter().any(|frame| frame.multipliers.is_some()) {
            true => {
                // A frame counts the steps done before, an event the update about to be made.
                let turn =
                    |frame: &LayersFrame| frame.multipliers.clone().map(|multipliers| (frame.step + 1, multipliers));
                (record.layout.clone(), record.layers.iter().filter_map(turn).collect::<Vec<_>>())
            }
            false => {
                let layout =
                    if record.layout.is_empty() { matrices::planned(experiment) } else { record.layout.clone() };
                let moment = Moment { seed: experiment.seed, update: 1, steps };
                let multipliers = foreseen(&*method, settings, &layout, moment);
                events.is_guess = true;
                (layout, vec![(1, multipliers)])
            }
        };
        if !events.is_guess {
            events.past = turns.iter().map(|(update, _)| *update).collect();
        }
        let shown = matrices::all(&layout);
        let is_plain = |list: &[f64]| shown.iter().all(|index| list.get(*index).is_none_or(|m| *m == 1.0));
        let has_lines = !shown.is_empty() && !turns.iter().all(|(_, list)| is_plain(list));
        let first = arm.done() + 1;
        if has_lines && cadence.every > 0 {
            let stride = cadence.every;
            let due = first.div_ceil(stride).max(1) * stride;
            events.planned = (due..=cadence.last.min(steps)).step_by(stride).take(MANY + 1).collect();
        }
        if has_lines && events.is_guess {
            events.planned.insert(0, 1);
        }

        let corners = turns
            .iter()
            .flat_map(|(update, _)| [update.saturating_sub(1), *update, update.saturating_add(cadence.ramp)]);
        let corners = if turns.len() > most { Vec::new() } else { corners.collect() };
        let updates = updates(arm, most, corners.into_iter().chain([arm.done(), first]).chain(wanted));
        let course = Course::new(arm);
        let base = updates.iter().map(|update| course.at(*update)).collect();

        let mut lines: Vec<Line> = Vec::new();
        if has_lines {
            let mut series = vec![Vec::with_capacity(updates.len()); shown.len()];
            let mut ramp = MultiplierRamp::new(cadence, layout.len());
            let mut turns = turns.into_iter().peekable();
            for update in &updates {
                while let Some((event, targets)) = turns.next_if(|(event, _)| event <= update) {
                    ramp.turn(event, targets);
                }
                let multipliers = ramp.multipliers(*update);
                for (series, index) in series.iter_mut().zip(&shown) {
                    series.push(multipliers[*index]);
                }
            }
            for (multipliers, index) in series.into_iter().zip(shown) {
                match lines.iter_mut().find(|line| line.multipliers == multipliers) {
                    Some(line) => line.parameters.push(index),
                    None => lines.push(Line { parameters: vec![index], multipliers }),
                }
            }
        }
        Self { updates, base, lines, layout, events }
    }

    /// The line of a parameter.
    pub fn line(&self, parameter: usize) -> Option<&Line> {
        self.lines.iter().find(|line| line.parameters.contains(&parameter))
    }

    /// Where an update, or the first one after it, stands in the lists.
    pub fn place(&self, update: usize) -> Option<usize> {
        let place = self.updates.partition_point(|known| *known < update);
        Some(place.min(self.updates.len().checked_sub(1)?))
    }

    /// The least and the greatest multiplier of the matrices that `is` names, at a place in the lists.
    pub fn range(&self, place: usize, is: impl Fn(&Parameter) -> bool) -> Option<(f64, f64)> {
        let is_one = |line: &&Line| line.parameters.iter().any(|index| is(&self.layout[*index]));
        let values = self.lines.iter().filter(is_one).filter_map(|line| line.multipliers.get(place));
        values.fold(None, |range, value| match range {
            None => Some((*value, *value)),
            Some((low, high)) => Some((f64::min(low, *value), f64::max(high, *value))),
        })
    }
}

/// More events than this are no separate dots on a chart.
pub const MANY: usize = 60;

/// What a method will ask for before anything was measured: alphas are those of untrained matrices, which depend on the
/// shape alone.
fn foreseen(method: &dyn Layerwise, settings: &Settings, layout: &[Parameter], moment: Moment) -> Vec<f64> {
    let measure = method.measure(settings);
    let mut list = layout.to_vec();
    let mut known: Vec<([usize; 2], Option<f64>)> = Vec::new();
    for parameter in list.iter_mut().filter(|parameter| measure.wants_alpha(parameter)) {
        let found = known.iter().find(|(shape, _)| *shape == parameter.shape).map(|(_, alpha)| *alpha);
        parameter.alpha = found.unwrap_or_else(|| {
            let alpha = matrices::untrained(parameter);
            known.push((parameter.shape, alpha));
            alpha
        });
    }
    method.multipliers(settings, &list, moment)
}

/// About `most` updates of a planned run, ascending, with those that must not be thinned away: the corners of the
/// schedule and whatever is asked for.
pub fn updates(arm: &Arm, most: usize, wanted: impl Iterator<Item = usize>) -> Vec<usize> {
    let steps = arm.experiment.train.steps;
    let warmup = arm.experiment.schedule.warmup_steps();
    let stride = (steps / most.max(1)).max(1);
    let corners = [warmup, warmup.saturating_add(1), steps];
    let mut chosen: Vec<usize> = (1..=steps).step_by(stride).collect();
    chosen.extend(wanted.chain(corners).filter(|update| (1..=steps).contains(update)));
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

#[cfg(test)]
mod tests {
    use tailblazer_core::schedule::learning_rate;

    use super::*;
    use crate::chart::testing::Runs;

    #[test]
    fn the_fan_is_what_the_ramp_of_the_trainer_gives() {
        let mut runs = Runs::measured(2, 400);
        let knob = |id: &str| tailblazer_core::layerwise::Method::find("llr").and_then(|llr| llr.knob(id));
        assert!(knob("every").is_some(), "the ramp and the events below are those of LLR");
        runs.arms[1].experiment.train.steps = 1000;
        runs.with(|input| {
            let arm = &input.arms[1];
            let rule = &arm.experiment.layerwise.rule;
            let mut ramp = MultiplierRamp::new(rule.method().cadence(rule.settings(), 1000), arm.record.layout.len());
            let fan = Fan::new(arm, 1000);
            assert_eq!(fan.updates, (1..=1000).collect::<Vec<_>>());
            assert_eq!(fan.events.past, [1, 101, 201]);
            for (place, update) in (1..=1000).enumerate() {
                for frame in arm.record.layers.iter().filter(|frame| frame.step + 1 == update) {
                    if let Some(targets) = &frame.multipliers {
                        assert!(ramp.turn(update, targets.clone()));
                    }
                }
                let expected = ramp.multipliers(update);
                for index in matrices::all(&arm.record.layout) {
                    let line = fan.line(index).expect("every matrix has a line");
                    assert_eq!(line.multipliers[place], expected[index], "update {update}, parameter {index}");
                }
                let planned = learning_rate(&arm.experiment.schedule, 1000, update - 1);
                // The testing runs used a rate of 1e-3 throughout.
                assert_eq!(fan.base[place], if update <= 400 { 1e-3 } else { planned });
            }
        });
    }

    #[test]
    fn corners_survive_thinning() {
        let mut runs = Runs::measured(2, 300);
        runs.arms[1].experiment.train.steps = 100_000;
        runs.arms[1].experiment.schedule.warmup = 777;
        runs.with(|input| {
            let fan = Fan::new(&input.arms[1], 300);
            assert!(fan.updates.len() < 330, "{}", fan.updates.len());
            for corner in [1, 100, 101, 200, 201, 777, 778, 300, 301, 100_000] {
                assert!(fan.updates.contains(&corner), "{corner}");
            }
            assert!(fan.updates.is_sorted() && fan.base.len() == fan.updates.len());
        });
    }

    #[test]
    fn one_rate_for_all_is_no_fan() {
        Runs::measured(1, 200).with(|input| {
            let fan = Fan::new(&input.arms[0], 100);
            assert!(fan.lines.is_empty() && fan.events.planned.is_empty());
        });
    }

    #[test]
    fn before_a_run_the_rates_follow_from_shapes() {
        let mut runs = Runs::measured(2, 0);
        runs.arms[1].record = Default::default();
        runs.with(|input| {
            let fan = Fan::new(&input.arms[1], 100);
            assert!(fan.events.is_guess && fan.events.past.is_empty());
            let range = |is: fn(&Parameter) -> bool| fan.range(0, is).expect("matrices");
            use tailblazer_core::model::Role;
            assert_eq!(range(|p| p.role == Role::Query), (1.0, 1.0), "square matrices have the least alpha");
            assert_eq!(range(|p| p.role == Role::Up), (5.0, 5.0), "and wide ones the largest");
            assert_eq!(fan.lines.len(), 2);
        });
    }

    #[test]
    fn runs_that_make_no_sense_have_an_empty_fan() {
        let mut runs = Runs::measured(2, 0);
        for run in &mut runs.arms {
            run.experiment.train.steps = 0;
            run.record.layers[0].multipliers = Some(vec![f64::NAN; 3]);
        }
        runs.with(|input| {
            for arm in input.arms {
                let fan = Fan::new(arm, 0);
                assert!(fan.updates.is_empty() && fan.place(1).is_none());
            }
        });
    }
}
