//! Two arms, seed by seed.

use std::collections::BTreeMap;

use super::Arm;

/// The end of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Final {
    /// The seed of the run.
    pub seed: u32,
    /// Its last validation loss, in nats per token or character; not finite when the run diverged.
    pub loss: f64,
}

/// A run whose loss is not finite. Its seed has no pair.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("Seed {seed} is left out: arm {arm} diverged and its loss is {loss}; lower its learning rate.")]
pub struct Diverged {
    /// Its arm.
    pub arm: Arm,
    /// Its seed.
    pub seed: u32,
    /// What was reported in place of a loss.
    pub loss: f64,
}

/// What one seed says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The seed that both runs have.
    pub seed: u32,
    /// The loss of the second arm less that of the first: below 0 where the second is better.
    pub value: f64,
}

/// Runs that cannot be paired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairsError {
    /// An arm has two losses for one seed.
    #[error("Arm {arm} has two losses for seed {seed}: give every seed once.")]
    Repeated {
        /// The arm.
        arm: Arm,
        /// The seed.
        seed: u32,
    },
}

/// The differences of two arms over the seeds that both have finished.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    /// `[A, B]`: a difference is B less A.
    pub arms: [Arm; 2],
    /// One difference per pair, by ascending seed.
    pub differences: Vec<Difference>,
    /// The runs that diverged, by ascending seed; their seeds have no pair.
    pub diverged: Vec<Diverged>,
    /// Seeds that only one of the arms has.
    pub unpaired: usize,
}

impl Pairs {
    /// Pairs the runs of arm `a` with those of arm `b` that have the same seed, whatever the order of both lists.
    ///
    /// # Errors
    /// When an arm has a seed twice.
    pub fn of((a, of_a): (Arm, &[Final]), (b, of_b): (Arm, &[Final])) -> Result<Self, PairsError> {
        let mut seeds: BTreeMap<u32, [Option<f64>; 2]> = BTreeMap::new();
        for (side, arm, runs) in [(0, a, of_a), (1, b, of_b)] {
            for Final { seed, loss } in runs {
                let place = &mut seeds.entry(*seed).or_default()[side];
                if place.replace(*loss).is_some() {
                    return Err(PairsError::Repeated { arm, seed: *seed });
                }
            }
        }
        let mut pairs = Self { arms: [a, b], differences: vec![], diverged: vec![], unpaired: 0 };
        for (seed, losses) in seeds {
            let infinite = losses.iter().zip([a, b]).filter_map(|(loss, arm)| Some((arm, (*loss)?)));
            let infinite = infinite.filter(|(_, loss)| !loss.is_finite());
            let before = pairs.diverged.len();
            pairs.diverged.extend(infinite.map(|(arm, loss)| Diverged { arm, seed, loss }));
            match losses {
                _ if pairs.diverged.len() > before => {}
                [Some(of_a), Some(of_b)] => pairs.differences.push(Difference { seed, value: of_b - of_a }),
                _ => pairs.unpaired += 1,
            }
        }
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::tests::finals;

    const B: Arm = Arm::B;

    #[test]
    fn runs_are_paired_by_seed_and_not_by_place() {
        let a = [Final { seed: 7, loss: 2.0 }, Final { seed: 3, loss: 4.0 }, Final { seed: 9, loss: 1.0 }];
        let b = [Final { seed: 3, loss: 3.5 }, Final { seed: 7, loss: 2.25 }, Final { seed: 1, loss: 1.0 }];
        let pairs = Pairs::of((Arm::A, &a), (B, &b)).expect("pairs");
        assert_eq!(pairs.differences, [Difference { seed: 3, value: -0.5 }, Difference { seed: 7, value: 0.25 }]);
        assert_eq!((pairs.unpaired, pairs.diverged.len()), (2, 0));
    }

    #[test]
    fn a_run_that_diverged_is_named_and_has_no_pair() {
        let a = finals(&[2.0, f64::NAN, 2.0, 2.0]);
        let mut b = finals(&[2.0, f64::INFINITY, f64::NEG_INFINITY, 2.0]);
        b.push(Final { seed: 99, loss: f64::NAN });
        let pairs = Pairs::of((Arm::A, &a), (B, &b)).expect("pairs");
        assert_eq!((pairs.differences.len(), pairs.unpaired), (2, 0));
        let found: Vec<_> = pairs.diverged.iter().map(|diverged| (diverged.arm, diverged.seed)).collect();
        assert_eq!(found, [(Arm::A, 2), (B, 2), (B, 3), (B, 99)]);
        let sentence = pairs.diverged[0].to_string();
        assert_eq!(sentence, "Seed 2 is left out: arm A diverged and its loss is NaN; lower its learning rate.");
    }

    #[test]
    fn a_seed_twice_in_one_arm_is_refused() {
        let twice = [Final { seed: 4, loss: 2.0 }, Final { seed: 4, loss: 2.0 }];
        let error = Pairs::of((Arm::A, &finals(&[1.0])), (B, &twice)).expect_err("no pairs");
        assert_eq!(error, PairsError::Repeated { arm: B, seed: 4 });
        assert_eq!(error.to_string(), "Arm B has two losses for seed 4: give every seed once.");
    }
}
