//! What to try in place of a run that diverged, each as an arm beside it.

use tailblazer_core::experiment::Experiment;

use crate::t;

/// One change of the settings that may keep the loss finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// A third of the peak learning rate.
    LowerPeak,
    /// A warm-up of at least a tenth of the run, and twice the present one.
    LongerWarmUp,
    /// A gradient clip of 1, or half of a present one.
    TighterClip,
}

impl Remedy {
    /// All of them, what helps most often first.
    pub const ALL: [Self; 3] = [Self::LowerPeak, Self::LongerWarmUp, Self::TighterClip];

    /// Its hook.
    pub fn hook(self) -> &'static str {
        match self {
            Self::LowerPeak => "remedy-peak",
            Self::LongerWarmUp => "remedy-warm-up",
            Self::TighterClip => "remedy-clip",
        }
    }

    /// The words on its button.
    pub fn words(self) -> &'static str {
        match self {
            Self::LowerPeak => t!("Lower peak"),
            Self::LongerWarmUp => t!("Longer warm-up"),
            Self::TighterClip => t!("Tighter clip"),
        }
    }

    /// The settings with it; none where there is nothing left to change.
    pub fn of(self, experiment: &Experiment) -> Option<Experiment> {
        let mut changed = experiment.clone();
        match self {
            Self::LowerPeak => changed.schedule.peak = rounded(changed.schedule.peak / 3.0),
            Self::LongerWarmUp => {
                let (warmup, steps) = (changed.schedule.warmup, changed.train.steps);
                changed.schedule.warmup = (2 * warmup).max(steps.div_ceil(10)).min(steps / 2).max(warmup);
            }
            Self::TighterClip => {
                let clip = changed.optimiser.clip;
                changed.optimiser.clip = if clip > 0.0 { (clip / 2.0).min(1.0) } else { 1.0 };
            }
        }
        (changed != *experiment).then_some(changed)
    }
}

/// A rate in two digits, as one would type it.
fn rounded(rate: f64) -> f64 {
    format!("{rate:.1e}").parse().unwrap_or(rate)
}

#[cfg(test)]
mod tests {
    use tailblazer_core::experiment::validate;

    use super::*;

    #[test]
    fn every_remedy_changes_one_setting_and_is_valid() {
        let experiment = Experiment::default();
        for remedy in Remedy::ALL {
            let changed = remedy.of(&experiment).expect("a change");
            assert_eq!(validate(&changed), [], "{remedy:?}");
        }
        let changed = |remedy: Remedy| remedy.of(&experiment).expect("a change");
        assert_eq!(changed(Remedy::LowerPeak).schedule.peak, rounded(experiment.schedule.peak / 3.0));
        assert!(changed(Remedy::LongerWarmUp).schedule.warmup > experiment.schedule.warmup);
        assert_ne!(changed(Remedy::TighterClip).optimiser.clip, experiment.optimiser.clip);
    }

    #[test]
    fn a_clip_that_is_off_is_switched_on_and_rates_stay_short() {
        let mut experiment = Experiment::default();
        experiment.optimiser.clip = 0.0;
        experiment.schedule.peak = 1.0;
        assert_eq!(Remedy::TighterClip.of(&experiment).expect("a change").optimiser.clip, 1.0);
        assert_eq!(Remedy::LowerPeak.of(&experiment).expect("a change").schedule.peak, 0.33);
    }

    #[test]
    fn a_warm_up_of_half_the_run_is_the_longest() {
        let mut experiment = Experiment::default();
        experiment.train.steps = 100;
        experiment.schedule.warmup = 50;
        assert_eq!(Remedy::LongerWarmUp.of(&experiment), None);
    }
}
