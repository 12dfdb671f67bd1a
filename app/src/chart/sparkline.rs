//! Small drawings of a schedule: the track of the run bar, the thumbnails and the preview of the settings.

use tailblazer_core::experiment::Experiment;

use super::{rate::rates, svg};

/// The outline of a schedule inside a box.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    points: Vec<(f64, f64)>,
    left: f64,
    right: f64,
    base: f64,
    steps: f64,
    peak: f64,
}

impl Outline {
    /// The schedule of an experiment between `left` and `right`, its greatest rate, or at least the peak, at `top` and 0
    /// at `base`.
    pub fn new(experiment: &Experiment, left: f64, right: f64, top: f64, base: f64) -> Self {
        let steps = experiment.train.steps.max(1);
        let peak = experiment.schedule.peak;
        let peak = if peak.is_finite() && peak > 0.0 { peak } else { 1.0 };
        let rates: Vec<_> = rates(experiment, 0, steps).filter(|(_, rate)| rate.is_finite()).collect();
        let most = rates.iter().map(|(_, rate)| *rate).fold(peak, f64::max);
        let x = |step: usize| left + step as f64 / steps as f64 * (right - left);
        let y = |rate: f64| base - (rate / most).clamp(0.0, 1.0) * (base - top);
        let points = rates.into_iter().map(|(step, rate)| (x(step), y(rate))).collect();
        Self { points, left, right, base, steps: steps as f64, peak: y(peak) }
    }

    /// The line, as the data of a path.
    pub fn line(&self) -> String {
        svg::path(&self.points)
    }

    /// The area below the line, as the data of a path.
    pub fn area(&self) -> String {
        match (self.points.first(), self.points.last()) {
            (Some(first), Some(last)) => {
                format!("{}L{} {}L{} {}Z", self.line(), last.0, self.base, first.0, self.base)
            }
            _ => String::new(),
        }
    }

    /// The pixel of a step.
    pub fn x(&self, step: usize) -> f64 {
        self.left + (step as f64 / self.steps).min(1.0) * (self.right - self.left)
    }

    /// The pixel of the peak.
    pub fn peak(&self) -> f64 {
        self.peak
    }

    /// The pixel of the rate at a step.
    pub fn y(&self, step: usize) -> f64 {
        let x = self.x(step);
        let after = self.points.partition_point(|point| point.0 < x);
        self.points.get(after).or(self.points.last()).map_or(self.base, |point| point.1)
    }
}

#[cfg(test)]
mod tests {
    use tailblazer_core::schedule::Shape;

    use super::*;

    #[test]
    fn the_outline_fills_its_box() {
        let outline = Outline::new(&Experiment::default(), 6.0, 206.0, 4.0, 30.0);
        let least = outline.points.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
        assert!((least - 4.0).abs() < 0.1);
        assert_eq!(outline.x(0), 6.0);
        assert_eq!(outline.x(2000), 206.0);
        assert!(outline.area().ends_with('Z'));
    }

    #[test]
    fn a_second_peak_that_is_higher_fits_in_the_box() {
        let mut experiment = Experiment::default();
        let shape = Shape::find("rewarm").expect("a schedule");
        experiment.schedule.choose(shape);
        let outline = |experiment: &Experiment| Outline::new(experiment, 6.0, 206.0, 4.0, 30.0);
        let (first, second) = (102, 1022);
        let alike = outline(&experiment);
        assert!((alike.y(first) - 4.0).abs() < 0.1 && (alike.y(second) - 4.0).abs() < 0.1, "{alike:?}");
        assert_eq!(alike.peak(), 4.0);
        experiment.schedule.set_value(shape.knob("again").expect("a knob"), 2.0);
        let higher = outline(&experiment);
        assert!((higher.y(first) - 17.0).abs() < 0.1 && (higher.y(second) - 4.0).abs() < 0.1, "{higher:?}");
        assert_eq!(higher.peak(), 17.0);
    }

    #[test]
    fn settings_that_make_no_sense_still_draw() {
        let mut experiment = Experiment::default();
        experiment.train.steps = 0;
        experiment.schedule.peak = f64::NAN;
        experiment.schedule.warmup = usize::MAX / 2;
        let outline = Outline::new(&experiment, 0.0, 10.0, 0.0, 10.0);
        assert!(outline.y(5).is_finite());
    }
}
