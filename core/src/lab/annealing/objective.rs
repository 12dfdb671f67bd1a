//! What the fit makes small: the Huber loss of the log residuals, as a problem for argmin.

use std::cell::Cell;

use argmin::core::{ArgminError, CostFunction, Error, Gradient};
use nalgebra::{Matrix3, Vector3};

use super::{Law, law::Sample};

/// Where the Huber loss of a log residual turns from square to straight, as in the paper.
pub const HUBER_DELTA: f64 = 1e-3;

/// The largest exponent of `S1 / g`'s power.
const MOST_EXPONENT: f64 = 60.0;

/// Evaluations of one descent at most. A line search of argmin has no limit of its own.
const MOST_EVALUATIONS: usize = 2_000;

/// `mean Huber(ln L - ln L^) / delta` over four free numbers `q`: far from the law it is the mean absolute residual, so
/// that its slopes are of the size of the numbers themselves, and the first step of a descent is not too long.
///
/// The parameters are squares, which keeps them at least 0: `L0 = q0^2`, `A * g^-alpha = q1^2`, `C * m = q2^2`,
/// `alpha = q3^2`. The geometric mean `g` of S1 and the largest `m` of |S2| take the units off, so that all four have
/// similar size for any learning rate, and `A` does not move with `alpha`.
#[derive(Clone)]
pub struct Objective {
    /// `ln(S1 / g)`.
    logarithms: Vec<f64>,
    /// `S2 / m`.
    annealing: Vec<f64>,
    /// `ln L`.
    losses: Vec<f64>,
    /// `ln g`.
    center: f64,
    /// `m`.
    scale: f64,
    /// Below this prediction the logarithm goes on as its tangent, so that a law that predicts losses below 0 has a
    /// finite objective and a way out.
    least: f64,
    evaluations: Cell<usize>,
}

impl Objective {
    /// The problem for some losses; none when S2 is 0 at all of them.
    pub fn new(samples: &[Sample]) -> Option<Self> {
        let count = samples.len() as f64;
        let largest = |value: fn(&Sample) -> f64| samples.iter().map(value).fold(0.0, f64::max);
        let scale = largest(|sample| sample.s2.abs());
        // Rounding leaves a little of a rate that never changes.
        if scale <= 1e-12 * largest(|sample| sample.s1) {
            return None;
        }
        let center = samples.iter().map(|sample| sample.s1.ln()).sum::<f64>() / count;
        let least = 0.1 * samples.iter().map(|sample| sample.loss).fold(f64::INFINITY, f64::min);
        Some(Self {
            logarithms: samples.iter().map(|sample| sample.s1.ln() - center).collect(),
            annealing: samples.iter().map(|sample| sample.s2 / scale).collect(),
            losses: samples.iter().map(|sample| sample.loss.ln()).collect(),
            center,
            scale,
            least,
            evaluations: Cell::new(0),
        })
    }

    /// Free numbers with this alpha, and the other three by least squares of the relative residuals. What would be
    /// below 0.01 starts there, since a square has no slope at 0.
    pub fn start(&self, alpha: f64) -> Vec<f64> {
        let (mut normal, mut right) = (Matrix3::from_diagonal_element(1e-9), Vector3::zeros());
        for ((logarithm, annealing), loss) in self.logarithms.iter().zip(&self.annealing).zip(&self.losses) {
            let row = Vector3::new(1.0, (-alpha * logarithm).exp(), -annealing) / loss.exp();
            normal += row * row.transpose();
            right += row;
        }
        let scaled = normal.cholesky().map_or(Vector3::repeat(1.0), |normal| normal.solve(&right));
        scaled.iter().chain([&alpha]).map(|value| value.max(0.01).sqrt()).collect()
    }

    /// The free numbers of a law.
    #[cfg(test)]
    fn free(&self, law: [f64; 4]) -> Vec<f64> {
        let [l0, a, c, alpha] = law;
        [l0, a * (-alpha * self.center).exp(), c * self.scale, alpha].map(f64::sqrt).to_vec()
    }

    /// The law of the free numbers.
    pub fn law(&self, free: &[f64], lambda: f64) -> Law {
        let [l0, a, c, alpha] = squares(free);
        Law { l0, a: a * (alpha * self.center).exp(), c: c / self.scale, alpha, lambda }
    }

    /// The same problem with all of its evaluations left.
    pub fn fresh(&self) -> Self {
        Self { evaluations: Cell::new(0), ..self.clone() }
    }

    /// The objective, and its slopes against the free numbers.
    fn evaluate(&self, free: &[f64]) -> (f64, [f64; 4]) {
        let [l0, a, c, alpha] = squares(free);
        let share = 1.0 / self.losses.len() as f64;
        let (mut cost, mut slopes) = (0.0, [0.0; 4]);
        for ((logarithm, annealing), loss) in self.logarithms.iter().zip(&self.annealing).zip(&self.losses) {
            // A line search that tries a large alpha needs a large objective, not an infinite one.
            let power = (-alpha * logarithm).clamp(-MOST_EXPONENT, MOST_EXPONENT).exp();
            let predicted = l0 + a * power - c * annealing;
            let (log, slope) = if predicted > self.least {
                (predicted.ln(), 1.0 / predicted)
            } else {
                (self.least.ln() + predicted / self.least - 1.0, 1.0 / self.least)
            };
            let residual = (loss - log) / HUBER_DELTA;
            let is_small = residual.abs() <= 1.0;
            cost += share * HUBER_DELTA * if is_small { 0.5 * residual * residual } else { residual.abs() - 0.5 };
            let pull = -residual.clamp(-1.0, 1.0) * slope * share;
            let terms = [1.0, power, -annealing, -a * power * logarithm];
            slopes.iter_mut().zip(terms).for_each(|(slope, term)| *slope += pull * term);
        }
        slopes.iter_mut().zip(free).for_each(|(slope, free)| *slope *= 2.0 * free);
        (cost, slopes)
    }

    fn count(&self) -> Result<(), Error> {
        let done = self.evaluations.get();
        self.evaluations.set(done + 1);
        if done < MOST_EVALUATIONS {
            return Ok(());
        }
        Err(ArgminError::ConditionViolated { text: format!("no minimum after {done} evaluations") }.into())
    }
}

fn squares(free: &[f64]) -> [f64; 4] {
    std::array::from_fn(|i| free.get(i).map_or(0.0, |free| free * free))
}

impl CostFunction for Objective {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, free: &Vec<f64>) -> Result<f64, Error> {
        self.count()?;
        Ok(self.evaluate(free).0)
    }
}

impl Gradient for Objective {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, free: &Vec<f64>) -> Result<Vec<f64>, Error> {
        self.count()?;
        Ok(self.evaluate(free).1.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objective() -> Objective {
        let sample = |i: usize| {
            let s1 = 0.2 + 0.1 * i as f64;
            Sample { s1, s2: 0.01 * (i * i) as f64, loss: 2.0 + s1.powf(-0.5), step: i }
        };
        Objective::new(&(0..12).map(sample).collect::<Vec<_>>()).expect("a problem")
    }

    #[test]
    fn slopes_agree_with_differences() {
        let objective = objective();
        // Everywhere positive, partly below 0, and near the law of the data.
        for start in [[2.1, 1.0, 1.0, 0.4], [0.1, 1.0, 22.0, 0.8], [2.0, 1.0, 0.001, 0.5]] {
            let free = objective.free(start);
            let (_, slopes) = objective.evaluate(&free);
            for i in 0..4 {
                let cost = |move_by: f64| {
                    let mut moved = free.clone();
                    moved[i] += move_by;
                    objective.evaluate(&moved).0
                };
                let expected = (cost(1e-6) - cost(-1e-6)) / 2e-6;
                assert!((slopes[i] - expected).abs() < 1e-3 * (1.0 + expected.abs()), "{i}: {slopes:?}, {expected}");
            }
        }
    }

    #[test]
    fn free_numbers_and_laws_are_two_forms_of_one_thing() {
        let objective = objective();
        let law = objective.law(&objective.free([2.1, 11.5, 22.0, 0.4]), 0.99);
        for (found, expected) in [(law.l0, 2.1), (law.a, 11.5), (law.c, 22.0), (law.alpha, 0.4)] {
            assert!((found - expected).abs() < 1e-12 * expected, "{law:?}");
        }
    }

    #[test]
    fn a_descent_that_never_ends_is_ended() {
        let objective = objective();
        let free = objective.free([1.0; 4]);
        assert_eq!((0..=MOST_EVALUATIONS).find(|_| objective.cost(&free).is_err()), Some(MOST_EVALUATIONS));
        assert!(objective.fresh().gradient(&free).is_ok());
    }
}
