//! Reduce on plateau: a rate that falls when the validation loss no longer does (PyTorch's `ReduceLROnPlateau`).

use serde::{Deserialize, Serialize};

use super::{Adaptive, Progress, Rule, Schedule};
use crate::{
    experiment::ScheduleConfig,
    policy::{Description, Knob, Settings},
};

/// The rate falls by a factor whenever more than `patience` validations in a row brought no improvement: [`Plateau`].
/// Validations before the end of the warm-up do not count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnPlateau;

const FACTOR: Knob = Knob {
    id: "factor",
    name: "Factor",
    unit: "",
    range: 0.01..=1.0,
    is_whole: false,
    default: 0.1,
    summary: "What the rate is multiplied by when the loss has stopped falling.",
};

const PATIENCE: Knob = Knob {
    id: "patience",
    name: "Patience",
    unit: "",
    range: 0.0..=1000.0,
    is_whole: true,
    // PyTorch waits for 10; a run here has about 20 validations.
    default: 2.0,
    summary: "Validations without improvement that are tolerated.",
};

const THRESHOLD: Knob = Knob {
    id: "threshold",
    name: "Threshold",
    unit: "",
    range: 0.0..=0.5,
    is_whole: false,
    default: 1e-4,
    summary: "The share of the best loss by which a new one must be lower to count as an improvement.",
};

const COOLDOWN: Knob = Knob {
    id: "cooldown",
    name: "Cooldown",
    unit: "",
    range: 0.0..=1000.0,
    is_whole: true,
    default: 0.0,
    summary: "Validations after a fall of the rate that are not counted.",
};

const LEAST: Knob = Knob {
    id: "least",
    name: "Least",
    unit: "× peak",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.0,
    summary: "The rate falls no lower, as a fraction of the peak.",
};

static DESCRIPTION: Description = Description {
    id: "plateau",
    name: "Plateau",
    summary: "Falls by a factor whenever the validation loss has stopped falling; the plan knows only the peak.",
    source: "PyTorch, torch.optim.lr_scheduler.ReduceLROnPlateau",
    knobs: &[FACTOR, PATIENCE, THRESHOLD, COOLDOWN, LEAST],
    null: Some(&[("factor", 1.0)]),
};

impl Schedule for OnPlateau {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    /// The plan as far as it is known before the run: the peak.
    fn factor(&self, _: &ScheduleConfig, _: Progress) -> f64 {
        1.0
    }

    fn adaptive(&self, config: &ScheduleConfig) -> Option<Box<dyn Adaptive>> {
        Some(Box::new(Plateau::new(&config.knobs, config.peak)))
    }
}

/// The rule: `lr = max(factor * lr, least * peak)` after more than `patience` validations in a row without
/// `loss < best * (1 - threshold)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    rate: f64,
    factor: f64,
    patience: usize,
    threshold: f64,
    cooldown: usize,
    least: f64,
    best: f64,
    without: usize,
    cooling: usize,
}

impl Plateau {
    /// The rule at the beginning of a run, at the peak.
    pub fn new(settings: &Settings, peak: f64) -> Self {
        let value = |knob: &Knob| DESCRIPTION.value(settings, knob.id);
        Self {
            rate: peak,
            factor: value(&FACTOR),
            patience: value(&PATIENCE) as usize,
            threshold: value(&THRESHOLD),
            cooldown: value(&COOLDOWN) as usize,
            least: value(&LEAST) * peak,
            best: f64::INFINITY,
            without: 0,
            cooling: 0,
        }
    }

    /// Takes the loss of a validation, and gives the rate from now on. A loss that is no number is no improvement.
    pub fn observe(&mut self, loss: f64) -> f64 {
        if loss < self.best * (1.0 - self.threshold) {
            (self.best, self.without) = (loss, 0);
        } else {
            self.without = self.without.saturating_add(1);
        }
        if self.cooling > 0 {
            (self.cooling, self.without) = (self.cooling - 1, 0);
        }
        if self.without > self.patience {
            // A rate below the least is not raised to it.
            self.rate = (self.rate * self.factor).max(self.least.min(self.rate));
            (self.cooling, self.without) = (self.cooldown, 0);
        }
        self.rate
    }
}

impl Adaptive for Plateau {
    fn rate(&self) -> Option<f64> {
        Some(self.rate)
    }

    fn switched(&mut self) {
        (self.best, self.without) = (f64::INFINITY, 0);
    }

    fn validated(&mut self, loss: f64) {
        self.observe(loss);
    }

    fn copy(&self) -> Box<dyn Adaptive> {
        Box::new(self.clone())
    }

    fn rule(&self) -> Rule {
        Rule::Plateau(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::tests::{close, numbers, vectors};

    fn settings(values: &[(&str, f64)]) -> Settings {
        Settings(values.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect())
    }

    fn rates(values: &[(&str, f64)], peak: f64, losses: &[f64]) -> Vec<f64> {
        let mut plateau = Plateau::new(&settings(values), peak);
        losses.iter().map(|loss| plateau.observe(*loss)).collect()
    }

    #[test]
    fn rates_agree_with_the_golden_vectors() {
        let golden = &vectors()["plateau"];
        let number = |key: &str| golden[key].as_f64().expect("a number");
        let knobs = [("factor", "factor"), ("patience", "patience"), ("threshold", "relative_threshold")]
            .map(|(id, key)| (id, number(key)));
        let found = rates(&knobs, number("lr0"), &numbers(&golden["losses"]));
        let expected = numbers(&golden["lr_after_each_loss"]);
        assert_eq!(found.len(), expected.len());
        found.iter().zip(expected).for_each(|(found, expected)| close(*found, expected, "plateau"));
    }

    #[test]
    fn the_cooldown_counts_no_validation() {
        let flat = [1.0; 9];
        let knobs = [("factor", 0.5), ("patience", 1.0)];
        assert_eq!(rates(&knobs, 1.0, &flat), [1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625]);
        let knobs = [("factor", 0.5), ("patience", 1.0), ("cooldown", 2.0)];
        assert_eq!(rates(&knobs, 1.0, &flat), [1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
    }

    #[test]
    fn another_text_begins_with_a_best_loss_of_its_own() {
        let mut plateau = Plateau::new(&settings(&[("factor", 0.5), ("patience", 0.0)]), 1.0);
        assert_eq!([2.0, 1.0].map(|loss| plateau.observe(loss)), [1.0, 1.0]);
        plateau.switched();
        assert_eq!([3.0, 2.9, 3.0].map(|loss| plateau.observe(loss)), [1.0, 1.0, 0.5]);
    }

    #[test]
    fn the_rate_falls_no_lower_than_its_least() {
        let knobs = [("factor", 0.5), ("patience", 0.0), ("least", 0.3)];
        assert_eq!(rates(&knobs, 2.0, &[1.0; 5]), [2.0, 1.0, 0.6, 0.6, 0.6]);
    }

    #[test]
    fn a_loss_that_is_no_number_is_no_improvement() {
        let knobs = [("factor", 0.5), ("patience", 0.0)];
        assert_eq!(rates(&knobs, 1.0, &[2.0, f64::NAN, 1.0, f64::INFINITY]), [1.0, 0.5, 0.5, 0.25]);
    }

    #[test]
    fn the_null_setting_keeps_the_rate_bit_for_bit() {
        let mut plateau = Plateau::new(&DESCRIPTION.null_settings().expect("a null setting"), 0.0031);
        for i in 0..100 {
            assert_eq!(plateau.observe(f64::from(i)).to_bits(), 0.0031f64.to_bits());
        }
    }
}
