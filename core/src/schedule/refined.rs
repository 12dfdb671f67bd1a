//! Refined schedules (Defazio et al. 2023, "When, Why and How Much?", arXiv:2310.07831): a schedule computed from the
//! gradient norms of one complete earlier run.
//!
//! Re-implemented from the paper's formulas. It is no member of the family, because it needs a recorded run: the page
//! makes it a curve of points, the schedule of a second run.

/// Which norms of the whole gradient were recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// The l1 norm, for Adam: weights are `1 / G`.
    L1,
    /// The l2 norm, for SGD: weights are `1 / G^2`.
    L2,
}

/// Norms that give no schedule.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum RefineError {
    /// Fewer than two updates.
    #[error("A refined schedule needs the gradient norms of at least 2 steps, not {0}.")]
    Short(usize),
    /// A norm that is zero, negative or no number.
    #[error("A refined schedule needs positive gradient norms; at step {step} the norm is {norm}.")]
    Norm {
        /// The step, counted from 1.
        step: usize,
        /// What was recorded.
        norm: f64,
    },
    /// The smallest and the largest norm are so far apart that all rates vanish.
    #[error("The gradient norms are too far apart for a refined schedule.")]
    Spread,
}

/// The factors of the peak, one for each recorded step: `eta_t = w_t * sum_{p > t} w_p`, divided by the largest, with
/// `w_t = G_t^-2` (l2) or `G_t^-1` (l1) and `G` the norms before clipping, smoothed by [`median_filter`].
///
/// Flat norms give linear decay from the first step.
///
/// # Errors
/// When the norms are too few, not positive, or too far apart.
pub fn refined(norms: &[f64], norm: Norm, smoothing: f64) -> Result<Vec<f64>, RefineError> {
    if norms.len() < 2 {
        return Err(RefineError::Short(norms.len()));
    }
    if let Some((i, norm)) = norms.iter().enumerate().find(|(_, norm)| !(norm.is_finite() && **norm > 0.0)) {
        return Err(RefineError::Norm { step: i + 1, norm: *norm });
    }
    let smooth = median_filter(norms, smoothing);
    // Rates do not depend on the scale of the norms; in this one no weight overflows.
    let least = smooth.iter().copied().fold(f64::INFINITY, f64::min);
    let weight = |g: &f64| match norm {
        Norm::L1 => least / g,
        Norm::L2 => (least / g).powi(2),
    };
    let mut later = 0.0;
    let mut rates: Vec<f64> = smooth
        .iter()
        .map(weight)
        .rev()
        .map(|weight| {
            let rate = weight * later;
            later += weight;
            rate
        })
        .collect();
    rates.reverse();
    let peak = rates.iter().copied().fold(0.0, f64::max);
    if peak <= 0.0 {
        return Err(RefineError::Spread);
    }
    Ok(rates.into_iter().map(|rate| rate / peak).collect())
}

/// The running median over `2 * floor(floor(tau * T) / 2) + 1` steps; the paper has `tau = 0.1`.
///
/// The left edge repeats the first value. The right edge is mirrored over twice the width, so that the last norms,
/// which shape the final decay, are not flattened.
pub fn median_filter(values: &[f64], tau: f64) -> Vec<f64> {
    let (Some(first), count) = (values.first(), values.len()) else { return Vec::new() };
    let half = ((tau.clamp(0.0, 1.0) * count as f64) as usize) / 2;
    let mirrored = values.iter().rev().skip(1).take(2 * (2 * half + 1));
    let mut padded: Vec<f64> = std::iter::repeat_n(first, half).chain(values).chain(mirrored).copied().collect();
    let last = padded[padded.len() - 1];
    padded.extend(std::iter::repeat_n(last, half));

    let mut window = padded[..2 * half + 1].to_vec();
    window.sort_unstable_by(f64::total_cmp);
    let place = |window: &[f64], value: &f64| window.partition_point(|other| other.total_cmp(value).is_lt());
    let mut medians = vec![window[half]];
    for i in 1..count {
        window.remove(place(&window, &padded[i - 1]));
        let entering = padded[i + 2 * half];
        window.insert(place(&window, &entering), entering);
        medians.push(window[half]);
    }
    medians
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::tests::{close, numbers, vectors};

    #[test]
    fn rates_agree_with_the_golden_vectors() {
        for case in vectors()["refined"].as_array().expect("cases") {
            let norm = if case["power"] == -2 { Norm::L2 } else { Norm::L1 };
            let found = refined(&numbers(&case["norms"]), norm, 0.0).expect("a schedule");
            let expected = numbers(&case["eta"]);
            assert_eq!(found.len(), expected.len());
            found.iter().zip(expected).for_each(|(found, expected)| close(*found, expected, &case["name"].to_string()));
        }
    }

    #[test]
    fn the_median_agrees_with_the_golden_vectors() {
        let golden = &vectors()["refined_median_filter"];
        let found = median_filter(&numbers(&golden["norms"]), golden["tau"].as_f64().expect("a number"));
        assert_eq!(found, numbers(&golden["filtered"]));
    }

    #[test]
    fn a_filter_wider_than_the_run_is_no_panic() {
        assert!(median_filter(&[], 0.1).is_empty());
        assert_eq!(median_filter(&[3.0], 1.0), [3.0]);
        assert_eq!(median_filter(&[1.0, 2.0, 3.0], 5.0).len(), 3);
        assert_eq!(median_filter(&[1.0, 2.0, 3.0], f64::NAN), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn norms_that_give_no_schedule_are_refused() {
        assert_eq!(refined(&[1.0], Norm::L1, 0.1), Err(RefineError::Short(1)));
        assert_eq!(refined(&[1.0, 0.0], Norm::L1, 0.1), Err(RefineError::Norm { step: 2, norm: 0.0 }));
        assert!(matches!(refined(&[f64::NAN, 1.0], Norm::L2, 0.1), Err(RefineError::Norm { step: 1, .. })));
        assert_eq!(refined(&[1e300, 1e-300], Norm::L2, 0.0), Err(RefineError::Spread));
    }
}
