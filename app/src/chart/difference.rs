//! How much an arm's validation loss differs from that of the first arm at the same steps, over paired runs.

use tailblazer_core::stats::{CONFIDENCE, quantile};

use super::input::Arm;
use crate::workspace::record::Record;

/// The difference at one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Steps done before the validations.
    pub step: usize,
    /// The mean over the pairs, below 0 where the arm is better than the first one.
    pub mean: f64,
    /// Half the width of the mean's 95 % interval; none with one pair.
    pub half_width: Option<f64>,
    /// Pairs of runs that have come so far.
    pub pairs: usize,
}

/// The differences of `arm` to `base`, at every step at which both were validated on one text. Runs are paired by their place: the
/// present ones, and the earlier ones in the order of their seeds.
pub fn differences(base: &Arm, arm: &Arm) -> Vec<Difference> {
    let earlier = base.earlier.iter().zip(arm.earlier);
    let pairs: Vec<(&Record, &Record)> = std::iter::once((base.record, arm.record)).chain(earlier).collect();
    let mut steps: Vec<usize> = pairs.iter().flat_map(|(_, run)| run.validations.iter().map(|v| v.step)).collect();
    steps.sort_unstable();
    steps.dedup();
    steps.retain(|step| learn_alike(base, arm, *step));
    let at = |step: usize| {
        let difference = |(base, run): &(&Record, &Record)| Some(loss_at(run, step)? - loss_at(base, step)?);
        let values: Vec<f64> = pairs.iter().filter_map(difference).collect();
        let (mean, half_width) = interval(&values)?;
        Some(Difference { step, mean, half_width, pairs: values.len() })
    };
    steps.into_iter().filter_map(at).collect()
}

/// Whether the validation losses of two arms after so many steps are on one text.
pub fn learn_alike(a: &Arm, b: &Arm, step: usize) -> bool {
    let [a, b] = [a, b].map(|arm| arm.experiment.text.learned(arm.experiment.train.steps, step).0);
    a == b
}

/// The validation loss of a run after so many steps, if it was measured and is finite.
pub fn loss_at(run: &Record, step: usize) -> Option<f64> {
    let index = run.validations.binary_search_by_key(&step, |validation| validation.step).ok()?;
    Some(run.validations[index].loss).filter(|loss| loss.is_finite())
}

/// The mean of paired differences, and half the width of its 95 % interval `t s / sqrt n` (Student 1908) from two of
/// them on; none without a difference.
fn interval(values: &[f64]) -> Option<(f64, Option<f64>)> {
    let count = values.len() as f64;
    let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / count)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let half = (values.len() > 1)
        .then(|| quantile(0.5 + 0.5 * CONFIDENCE, values.len() - 1) * (squares / (count - 1.0) / count).sqrt());
    Some((mean, half))
}

#[cfg(test)]
mod tests {
    use tailblazer_core::{experiment::Corpus, session::Validation};

    use super::*;
    use crate::chart::testing::{Runs, record};

    #[test]
    fn quantiles_are_those_of_the_tables() {
        // R: qt(0.975, nu).
        for (freedom, expected) in [
            (1, 12.706204736174698),
            (2, 4.302652729749464),
            (3, 3.182446305283709),
            (4, 2.776445105197793),
            (7, 2.364624251592784),
            (30, 2.042272456301238),
        ] {
            let found = quantile(0.5 + 0.5 * CONFIDENCE, freedom);
            assert!((found / expected - 1.0).abs() < 1e-9, "{freedom}: {found}");
        }
    }

    #[test]
    fn one_pair_has_no_interval() {
        Runs::new(2, 40).with(|input| {
            let rows = differences(&input.arms[0], &input.arms[1]);
            assert_eq!(rows.iter().map(|row| row.step).collect::<Vec<_>>(), [0, 20, 40]);
            assert!(rows.iter().all(|row| (row.mean + 0.03).abs() < 1e-9 && row.half_width.is_none()));
        });
    }

    #[test]
    fn four_pairs_have_the_interval_of_the_paired_t_test() {
        let mut runs = Runs::new(2, 40);
        let gaps = [-0.017, -0.029, -0.034, -0.044];
        let run = |gap: f64| {
            let mut run = record(40, |_| 2.0);
            run.validations = vec![Validation { step: 40, loss: 2.0 + gap, ..Validation::default() }];
            run
        };
        for (arm, gaps) in [[0.0; 4], gaps].into_iter().enumerate() {
            runs.arms[arm].record = run(gaps[3]);
            runs.arms[arm].earlier = gaps[..3].iter().map(|gap| run(*gap)).collect();
        }
        runs.with(|input| {
            let rows = differences(&input.arms[0], &input.arms[1]);
            let [row] = rows[..] else { panic!("one step: {rows:?}") };
            let half = row.half_width.expect("an interval");
            assert_eq!((row.step, row.pairs), (40, 4));
            // s = 0.01122497, t = 3.18244631 with 3 degrees of freedom, half = t s / 2.
            assert!((row.mean + 0.031).abs() < 1e-12 && (half - 0.0178614356).abs() < 1e-9, "{row:?}");
        });
    }

    #[test]
    fn losses_on_different_texts_are_no_pair() {
        let mut runs = Runs::new(2, 40);
        for (run, switch) in runs.arms.iter_mut().zip([0.5, 0.0]) {
            run.experiment.train.steps = 40;
            (run.experiment.text.then, run.experiment.text.switch) = (Some(Corpus::StateOfTheUnion), switch);
        }
        runs.with(|input| {
            let rows = differences(&input.arms[0], &input.arms[1]);
            assert_eq!(
                rows.iter().map(|row| row.step).collect::<Vec<_>>(),
                [0, 40],
                "20 is the first arm's first text"
            );
        });
    }

    #[test]
    fn losses_that_are_not_finite_are_no_pair() {
        let mut runs = Runs::new(2, 40);
        runs.arms[1].record.validations[2].loss = f64::NAN;
        runs.with(|input| {
            let rows = differences(&input.arms[0], &input.arms[1]);
            assert_eq!(rows.last().map(|row| row.step), Some(20));
        });
    }
}
