//! An empirical spectral density (ESD) and its fitted tail, as a chart draws them on two logarithmic axes.

use serde::{Deserialize, Serialize};

use super::tail::Tail;

/// The density of one spectrum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Esd {
    /// Bins of equal width in `log x`, from the smallest positive eigenvalue to the largest.
    pub bins: Vec<Bin>,
    /// Eigenvalues that are 0, which have no place on the axis.
    pub zeros: usize,
}

/// One bin of a density.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Lower edge.
    pub low: f64,
    /// Upper edge.
    pub high: f64,
    /// Share of all eigenvalues per unit of `x`: `count / (N (high - low))`.
    pub density: f64,
}

impl Esd {
    /// The density of these eigenvalues in so many bins. Values that are not finite or below 0 are left out; equal
    /// values make a single bin around them.
    pub fn new(eigenvalues: &[f64], bins: usize) -> Self {
        let positive: Vec<f64> = eigenvalues.iter().copied().filter(|z| *z > 0.0 && z.is_finite()).collect();
        let zeros = eigenvalues.iter().filter(|z| **z == 0.0).count();
        let (low, high) = positive.iter().fold((f64::INFINITY, 0.0f64), |(low, high), z| (low.min(*z), high.max(*z)));
        if positive.is_empty() || bins == 0 {
            return Self { bins: Vec::new(), zeros };
        }
        let (bins, low, high) =
            if low < high { (bins, low.ln(), high.ln()) } else { (1, low.ln() - 0.05, low.ln() + 0.05) };
        let width = (high - low) / bins as f64;
        let mut counts = vec![0usize; bins];
        for z in &positive {
            counts[(((z.ln() - low) / width) as usize).min(bins - 1)] += 1;
        }
        let count = (positive.len() + zeros) as f64;
        let bin = |(index, filled): (usize, usize)| {
            let edge = |index: usize| (low + width * index as f64).exp();
            let (low, high) = (edge(index), edge(index + 1));
            Bin { low, high, density: filled as f64 / (count * (high - low)) }
        };
        Self { bins: counts.into_iter().enumerate().map(bin).collect(), zeros }
    }
}

/// Points `[x, p(x)]` of a fitted tail, evenly spaced in `log x` from `xmin` to the largest eigenvalue, comparable to the
/// densities of [`Esd`]: `p(x) = n / N (alpha - 1) / xmin (x / xmin)^-alpha`.
pub fn tail_line(tail: &Tail, eigenvalues: &[f64], points: usize) -> Vec<[f64; 2]> {
    let Some(largest) = eigenvalues.last().filter(|largest| **largest > tail.xmin) else { return Vec::new() };
    let share = eigenvalues.len().saturating_sub(tail.start) as f64 / eigenvalues.len() as f64;
    let height = share * (tail.alpha - 1.0) / tail.xmin;
    let point = |index: usize| {
        let ratio = (largest / tail.xmin).powf(index as f64 / (points - 1).max(1) as f64);
        [tail.xmin * ratio, height * ratio.powf(-tail.alpha)]
    };
    (0..points).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layerwise::{golden::close, tail::Fit};

    fn pareto(alpha: f64) -> Vec<f64> {
        (0..2000).map(|j| (2000.0 / (2000.0 - f64::from(j))).powf(1.0 / (alpha - 1.0))).collect()
    }

    #[test]
    fn a_density_has_the_mass_of_its_positive_eigenvalues() {
        let mut eigenvalues = pareto(2.5);
        eigenvalues.splice(0..0, [0.0; 500]);
        let esd = Esd::new(&eigenvalues, 40);
        let mass: f64 = esd.bins.iter().map(|bin| bin.density * (bin.high - bin.low)).sum();
        assert!(esd.bins.len() == 40 && esd.zeros == 500 && close(mass, 0.8, 1e-12), "{mass}");
        assert!(close(esd.bins[0].low, 1.0, 1e-12) && close(esd.bins[39].high, eigenvalues[2499], 1e-12));
    }

    #[test]
    fn the_fitted_line_lies_on_the_density_of_a_power_law() {
        let eigenvalues = pareto(2.0);
        let tail = Fit::MEDIAN.tail(&eigenvalues).expect("a tail");
        let line = tail_line(&tail, &eigenvalues, 9);
        assert_eq!((line.len(), line[0][0]), (9, tail.xmin));
        assert!(close(line[8][0], 2000.0, 1e-9), "{line:?}");
        // p(x) = x^-2 for a Pareto distribution from 1 on.
        assert!(line[..4].iter().all(|[x, p]| close(*p, x.powi(-2), 0.05)), "{line:?}");
        let bins = Esd::new(&eigenvalues, 20).bins;
        assert!(bins[..8].iter().all(|bin| close(bin.density, 1.0 / (bin.low * bin.high), 0.05)), "{bins:?}");
    }

    #[test]
    fn spectra_that_cannot_be_drawn_are_empty() {
        assert_eq!(Esd::new(&[], 10), Esd::default());
        assert_eq!(Esd::new(&[0.0, f64::NAN, -1.0, f64::INFINITY], 10), Esd { bins: vec![], zeros: 1 });
        assert_eq!(Esd::new(&[1.0, 2.0], 0).bins, []);
        assert_eq!(Esd::new(&[2.0; 5], 10).bins.len(), 1);
        let tail = Tail { alpha: 2.0, distance: 0.0, start: 3, xmin: 1.0 };
        assert_eq!(tail_line(&tail, &[], 5), [[0.0; 2]; 0]);
        assert_eq!(tail_line(&tail, &[1.0], 5), [[0.0; 2]; 0]);
        assert_eq!(tail_line(&tail, &[1.0, 2.0], 0), [[0.0; 2]; 0]);
    }
}
