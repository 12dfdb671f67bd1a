//! Re-warming for continued pre-training (Gupta et al. 2023, arXiv:2308.04014): two phases in one run.

use std::f64::consts::PI;

use super::{FLOOR, Progress, Schedule};
use crate::{
    experiment::ScheduleConfig,
    policy::{Description, Knob},
};

/// With `S = switch * T` and `p` the share of a phase behind its warm-up that is done:
///
/// ```text
/// t < S     the warm-up, then peak * (floor + (1 - floor) * (1 + cos(pi p)) / 2)
/// t >= S    peak * (floor + (top - floor) * (t - S) / V)        for the first V = rewarmup * (T - S) updates
///           peak * (floor + (top - floor) * (1 + cos(pi p)) / 2) afterwards
/// ```
///
/// The second phase climbs to `top = max(again, floor)`, so an `again` at the floor or below it stays at the floor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rewarm;

const SWITCH: Knob = Knob {
    id: "switch",
    name: "Switch",
    unit: "share",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.5,
    summary: "The share of the run after which the second phase begins; a second text has a switch of its own.",
};

const AGAIN: Knob = Knob {
    id: "again",
    name: "Again",
    unit: "× peak",
    range: 0.0..=4.0,
    is_whole: false,
    default: 1.0,
    summary: "The peak of the second phase, as a fraction of the first one; at most the floor is no re-warming.",
};

const REWARMUP: Knob = Knob {
    id: "rewarmup",
    name: "Rewarm",
    unit: "share",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.02,
    summary: "The first share of the second phase, over which the rate climbs again; 0 jumps.",
};

static DESCRIPTION: Description = Description {
    id: "rewarm",
    name: "Re-warm",
    summary: "Half a cosine to the floor, then back up and down again for the rest of the run, as a second text asks for.",
    source: "Gupta et al. 2023, arXiv:2308.04014",
    knobs: &[SWITCH, AGAIN, REWARMUP, FLOOR],
    null: Some(&[("switch", 1.0), ("floor", 1.0)]),
};

impl Schedule for Rewarm {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        let switch = at.step_at(config.value(&SWITCH));
        if at.step < switch {
            return config.above_floor(fall(at.between(at.warmup, switch)));
        }
        let rest = at.steps.saturating_sub(switch) as f64;
        let warm = switch.saturating_add((config.value(&REWARMUP) * rest).round() as usize);
        let height = if at.step < warm { at.between(switch, warm) } else { fall(at.between(warm, at.steps)) };
        config.floor + (config.value(&AGAIN).max(config.floor) - config.floor) * height
    }

    /// A second phase that begins before the warm-up is over ends it.
    fn warming(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        if at.step < at.step_at(config.value(&SWITCH)) {
            config.peak * at.step as f64 / at.warmup as f64
        } else {
            config.peak * self.factor(config, at)
        }
    }
}

/// Half a cosine from 1 at 0 to 0 at 1.
fn fall(p: f64) -> f64 {
    0.5 * (1.0 + (PI * p).cos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{
        Shape, learning_rate,
        tests::{close, numbers, vectors},
    };

    /// A floor of a tenth, 10 updates of each warm-up in a run of 200, and some knobs set.
    fn config(knobs: &[(&Knob, f64)]) -> ScheduleConfig {
        let mut config = ScheduleConfig {
            shape: Shape::of(&Rewarm),
            peak: 1e-3,
            floor: 0.1,
            warmup: 10,
            ..ScheduleConfig::default()
        };
        config.set_value(&REWARMUP, 0.1);
        knobs.iter().for_each(|(knob, value)| config.set_value(knob, *value));
        config
    }

    #[test]
    fn both_phases_have_their_golden_values() {
        let vectors = vectors();
        let (first, second) = (&vectors["schedules"]["cosine->0.1P"], &vectors["rewarm"]["lr"]);
        let phases = numbers(first).into_iter().take(100).chain(numbers(second));
        let mut steps = 0;
        for (step, expected) in phases.enumerate() {
            close(learning_rate(&config(&[]), 200, step), expected, &format!("step {step}"));
            steps = step;
        }
        assert_eq!(steps, 200);
    }

    #[test]
    fn the_second_peak_is_a_fraction_of_the_first_and_never_below_the_floor() {
        for (again, at_110) in [(2.0, 2e-3), (1.0, 1e-3), (0.5, 5e-4), (0.1, 1e-4), (0.0, 1e-4)] {
            let config = config(&[(&AGAIN, again)]);
            close(learning_rate(&config, 200, 110), at_110, "at the second peak");
            close(learning_rate(&config, 200, 105), (at_110 + 1e-4) / 2.0, "half way up");
            close(learning_rate(&config, 200, 155), (at_110 + 1e-4) / 2.0, "half way down");
            for step in [100, 200, 300] {
                close(learning_rate(&config, 200, step), 1e-4, "at the ends");
            }
        }
    }

    #[test]
    fn without_a_second_warm_up_the_rate_jumps() {
        let config = config(&[(&REWARMUP, 0.0)]);
        assert!(learning_rate(&config, 200, 99) < 1.01e-4);
        close(learning_rate(&config, 200, 100), 1e-3, "the first update of the second phase");
    }

    #[test]
    fn a_switch_during_the_warm_up_ends_it() {
        let config = ScheduleConfig { warmup: 60, ..config(&[(&SWITCH, 0.25)]) };
        close(learning_rate(&config, 200, 49), 1e-3 * 49.0 / 60.0, "before the switch");
        close(learning_rate(&config, 200, 50), 1e-4, "at the switch");
        close(learning_rate(&config, 200, 65), 1e-3, "15 updates later");
    }

    #[test]
    fn a_second_text_at_the_same_share_begins_with_the_second_phase() {
        use crate::experiment::{Corpus, TextConfig};
        for steps in [1, 2, 3, 7, 100, 101, 2001] {
            for switch in [0.0, 0.1, 0.25, 0.5, 0.75, 1.0] {
                let text = TextConfig { then: Some(Corpus::FirstNames), switch, ..TextConfig::default() };
                let at = Progress { step: 0, steps, warmup: 0 };
                assert_eq!(text.switch_step(steps), Some(at.step_at(switch)));
            }
        }
    }
}
