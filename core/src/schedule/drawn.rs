//! A schedule that somebody draws: the visitor's own idea, next to the published ones.

use super::{Progress, Schedule};
use crate::{experiment::ScheduleConfig, policy::Description};

/// `lr(t) = peak * f(t / T)`, with `f` straight lines through [`ScheduleConfig::points`]. It is its own warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn;

static DESCRIPTION: Description = Description {
    id: "drawn",
    name: "By hand",
    summary: "Straight lines through points that you choose; its own warm-up.",
    source: "your own",
    knobs: &[],
    null: None,
};

impl Schedule for Drawn {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        config.points.at(at.between(0, at.steps))
    }

    fn warms_up(&self) -> bool {
        false
    }

    fn is_drawn(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Shape, learning_rate};

    #[test]
    fn it_goes_through_its_points() {
        let points = "0:0.5,0.25:1,0.75:1,1:0".parse().expect("a curve");
        let config = ScheduleConfig { shape: Shape::of(&Drawn), peak: 1e-2, points, ..ScheduleConfig::default() };
        for (step, factor) in [(0, 0.5), (50, 0.75), (100, 1.0), (200, 1.0), (300, 1.0), (350, 0.5), (400, 0.0)] {
            assert_eq!(learning_rate(&config, 400, step), 1e-2 * factor, "step {step}");
        }
        assert_eq!(learning_rate(&config, 400, 9999), 0.0);
    }

    #[test]
    fn a_flat_line_is_the_constant_schedule() {
        let points = "0:1,1:1".parse().expect("a curve");
        let config = ScheduleConfig { shape: Shape::of(&Drawn), points, ..ScheduleConfig::default() };
        assert!((0..=300).all(|step| learning_rate(&config, 300, step) == config.peak));
    }
}
