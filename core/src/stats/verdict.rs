//! The verdict over paired seeds.

use std::fmt;

use super::{Arm, Bootstrap, Diverged, Final, Pairs, PairsError, quantile};

/// The share of intervals that hold the true difference, for normal differences.
pub const CONFIDENCE: f64 = 0.95;

/// Seeds up to which a verdict says how many would tell.
pub const MOST_SEEDS: usize = 200;

/// What a verdict says. Lower loss is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The interval leaves out 0 on this arm's side.
    Better(Arm),
    /// The interval holds 0.
    NotDistinguishable,
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Better(arm) => write!(f, "{arm} better"),
            Self::NotDistinguishable => write!(f, "not distinguishable"),
        }
    }
}

/// Two arms compared over two or more paired seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What it rests on; a difference is that of `arms[1]` less that of `arms[0]`.
    pub pairs: Pairs,
    /// Mean of the differences, in the unit of the losses.
    pub mean: f64,
    /// Standard deviation of the differences, with `n - 1` in the denominator.
    pub deviation: f64,
    /// Half of the paired t interval: `t(0.975; n - 1) * deviation / sqrt(n)` (Student 1908).
    pub half_width: f64,
    /// The percentile interval of the mean.
    pub bootstrap: Bootstrap,
    /// What follows from `mean` and `half_width`, and from nothing else.
    pub word: Word,
    /// How many seeds besides those at hand would make the interval leave out 0 if mean and deviation stayed as they
    /// are. None when it does already, when the mean is 0, or when it takes more than [`MOST_SEEDS`] in all.
    pub more_seeds: Option<usize>,
}

/// Why there is no verdict.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoVerdict {
    /// Fewer than two pairs: no spread, and so no interval.
    #[error(
        "{} − {} needs at least 2 seeds that both arms have finished, not {pairs}: add {}.", arms[1], arms[0],
        super::wording::seeds(2 - pairs)
    )]
    TooFew {
        /// `[A, B]`.
        arms: [Arm; 2],
        /// Pairs at hand, 0 or 1.
        pairs: usize,
        /// B less A of the only pair.
        difference: Option<f64>,
        /// The runs that diverged.
        diverged: Vec<Diverged>,
    },
    /// Finite losses whose differences, or squares of them, are not.
    #[error("The losses of {} and {} are too large to be compared: lower the learning rates.", arms[0], arms[1])]
    TooLarge {
        /// `[A, B]`.
        arms: [Arm; 2],
    },
    /// Runs that cannot be paired.
    #[error(transparent)]
    Pairs(#[from] PairsError),
}

impl Verdict {
    /// Compares two arms by the final validation losses of their runs.
    ///
    /// # Errors
    /// When there are fewer than two pairs, when an arm has a seed twice, or when losses are beyond arithmetic.
    pub fn of(a: (Arm, &[Final]), b: (Arm, &[Final])) -> Result<Self, NoVerdict> {
        let pairs = Pairs::of(a, b)?;
        let values: Vec<f64> = pairs.differences.iter().map(|difference| difference.value).collect();
        let count = values.len();
        let (arms, difference) = (pairs.arms, values.first().copied());
        let Some(first) = difference.filter(|_| count >= 2) else {
            return Err(NoVerdict::TooFew { arms, pairs: count, difference, diverged: pairs.diverged });
        };
        // Distances to the first value, so that identical differences have no spread at all.
        let mean = first + values.iter().map(|value| value - first).sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (squares / (count - 1) as f64).sqrt();
        let half = half_width(deviation, count);
        if !(mean.is_finite() && half.is_finite()) {
            return Err(NoVerdict::TooLarge { arms });
        }
        let word = match mean.abs() > half {
            true => Word::Better(if mean < 0.0 { arms[1] } else { arms[0] }),
            false => Word::NotDistinguishable,
        };
        let would_tell = |seeds: &usize| half_width(deviation, *seeds) < mean.abs();
        let needed = (count + 1..=MOST_SEEDS).find(would_tell).filter(|_| word == Word::NotDistinguishable);
        let more_seeds = needed.map(|seeds| seeds - count);
        let bootstrap = Bootstrap::of_mean(&values);
        Ok(Self { pairs, mean, deviation, half_width: half, bootstrap, word, more_seeds })
    }

    /// The pairs that it rests on: `n`.
    pub fn seeds(&self) -> usize {
        self.pairs.differences.len()
    }

    /// Whether one arm is better.
    pub fn is_decided(&self) -> bool {
        self.word != Word::NotDistinguishable
    }

    /// The ends of the paired t interval.
    pub fn interval(&self) -> [f64; 2] {
        [self.mean - self.half_width, self.mean + self.half_width]
    }
}

/// `t(0.975; n - 1) * deviation / sqrt(n)`.
fn half_width(deviation: f64, seeds: usize) -> f64 {
    quantile(0.5 + 0.5 * CONFIDENCE, seeds.saturating_sub(1)) * deviation / (seeds as f64).sqrt()
}
