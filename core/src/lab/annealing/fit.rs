//! The fit: L-BFGS from many starts.

use argmin::{
    core::Executor,
    solver::{linesearch::MoreThuenteLineSearch, quasinewton::LBFGS},
};

use super::{
    Accuracy, AnnealingError, HUBER_DELTA, Law, Run,
    law::{Sample, samples},
    objective::Objective,
};

/// The memories among which [`Lambda::Fitted`] chooses. The paper's 0.999 alone is too long for a run of a thousand
/// steps.
pub const LAMBDAS: [f64; 5] = [0.9, 0.97, 0.99, 0.995, 0.999];

/// Losses that a fit needs: one more than parameters.
pub const LEAST_POINTS: usize = 5;

/// Where `lambda` comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lambda {
    /// It is known, at least 0 and below 1.
    Given(f64),
    /// The one of [`LAMBDAS`] with the smallest objective.
    Fitted,
}

/// A fitted law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The law.
    pub law: Law,
    /// Sum of the Huber losses of the log residuals, with [`HUBER_DELTA`].
    pub objective: f64,
    /// How far the law is from the runs that it was fitted to.
    pub accuracy: Accuracy,
}

/// The values of `alpha` that descents start from.
const ALPHAS: [f64; 3] = [0.2, 0.6, 1.2];

/// Fits the law to all losses of one or more runs: the best of several descents, by the paper's objective.
///
/// # Errors
/// When there are too few losses, when no rate changes, or when rates, losses or lambda are no sound numbers.
pub fn fit(runs: &[Run], lambda: Lambda) -> Result<Fit, AnnealingError> {
    let fits = match &lambda {
        Lambda::Given(lambda) => vec![fit_with(runs, *lambda)?],
        Lambda::Fitted => LAMBDAS.into_iter().map(|lambda| fit_with(runs, lambda)).collect::<Result<_, _>>()?,
    };
    fits.into_iter().min_by(|a, b| a.objective.total_cmp(&b.objective)).ok_or(AnnealingError::NoFit)
}

fn fit_with(runs: &[Run], lambda: f64) -> Result<Fit, AnnealingError> {
    let samples = samples(runs, lambda)?;
    check(&samples)?;
    let problem = Objective::new(&samples).ok_or(AnnealingError::ConstantRates)?;
    let ends = ALPHAS.into_iter().filter_map(|alpha| descend(&problem, problem.start(alpha)));
    let (free, _) = ends.min_by(|(_, a), (_, b)| a.total_cmp(b)).ok_or(AnnealingError::NoFit)?;
    // Once more, with a memory that no longer holds the way.
    let (free, cost) = descend(&problem, free).ok_or(AnnealingError::NoFit)?;
    let law = problem.law(&free, lambda);
    let accuracy = law.accuracy_on(&samples).ok_or(AnnealingError::NoFit)?;
    Ok(Fit { law, objective: cost * HUBER_DELTA * samples.len() as f64, accuracy })
}

fn check(samples: &[Sample]) -> Result<(), AnnealingError> {
    let mut steps: Vec<f64> = samples.iter().map(|sample| sample.s1).collect();
    steps.sort_by(f64::total_cmp);
    steps.dedup();
    if samples.len() < LEAST_POINTS || steps.len() < 3 {
        return Err(AnnealingError::TooFew { points: samples.len(), steps: steps.len() });
    }
    Ok(())
}

/// The lowest point of one descent and its objective; none when it is not finite.
fn descend(problem: &Objective, start: Vec<f64>) -> Option<(Vec<f64>, f64)> {
    let solver = LBFGS::new(MoreThuenteLineSearch::new(), 7).with_tolerance_grad(1e-9).ok()?;
    let solver = solver.with_tolerance_cost(1e-14).ok()?;
    let executor = Executor::new(problem.fresh(), solver).configure(|state| state.param(start).max_iters(300));
    let mut state = executor.ctrlc(false).timer(false).run().ok()?.state;
    let cost = state.get_best_cost();
    state.take_best_param().filter(|_| cost.is_finite()).map(|free| (free, cost))
}
