//! What a method wants to know of every matrix before it gives multipliers.

use super::{
    parameter::Parameter,
    shape::{Windows, pooled_spectrum},
    spectrum::{SpectrumError, of_matrix},
    tail::{Fit, Tail},
};

/// A measurement of the hidden matrices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// None: the multipliers follow from the model's shape and the settings.
    Nothing,
    /// The tail exponent of the whole matrix.
    Tail(Fit),
    /// The tail exponent of the gradient of the whole matrix, in the step that comes next.
    GradientTail(Fit),
    /// The tail exponent of square windows (FARMS), whose side is a share of the matrix's smaller one.
    Farms {
        /// That share, in `0..=1`.
        share: f64,
        /// Windows along each side of the matrix.
        count: usize,
    },
    /// Norms of weights, gradients and updates.
    Norms,
}

impl Measure {
    /// Whether the alpha of this parameter is wanted. Embeddings and heads never are: they take the largest multiplier
    /// whatever their spectrum.
    pub fn wants_alpha(self, parameter: &Parameter) -> bool {
        matches!(self, Self::Tail(_) | Self::GradientTail(_) | Self::Farms { .. }) && parameter.role.is_hidden()
    }

    /// Whether the gradient of the next step is wanted.
    pub fn wants_gradient(self) -> bool {
        matches!(self, Self::GradientTail(_) | Self::Norms)
    }

    /// What is measured of the weights for the charts: PL_Alpha_Hill where the method needs no spectra of weights.
    pub fn of_weights(self) -> Self {
        match self {
            Self::Nothing | Self::Norms => Self::Tail(Fit::MEDIAN),
            Self::GradientTail(fit) => Self::Tail(fit),
            Self::Tail(_) | Self::Farms { .. } => self,
        }
    }

    /// The spectrum of a matrix `[rows, columns]`, row by row, and its tail; none where no spectrum is measured or no
    /// window fits.
    pub fn spectrum<T: Copy + Into<f64>>(
        self,
        values: &[T],
        shape: [usize; 2],
    ) -> Result<Option<Spectrum>, SpectrumError> {
        let (fit, eigenvalues) = match self {
            Self::Nothing | Self::Norms => return Ok(None),
            Self::Tail(fit) | Self::GradientTail(fit) => (fit, of_matrix(values, shape)?),
            Self::Farms { share, count } => {
                let side = (shape[0].min(shape[1]) as f64 * share).round().max(1.0) as usize;
                let Some(windows) = Windows::new(shape, side, 1.0, count) else { return Ok(None) };
                (Fit::MEDIAN, pooled_spectrum(values, shape, &windows)?)
            }
        };
        Ok(Some(Spectrum { tail: fit.tail(&eigenvalues), eigenvalues }))
    }
}

/// A measured spectrum.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// Its eigenvalues, ascending; those of all windows together for FARMS.
    pub eigenvalues: Vec<f64>,
    /// Its tail, if it has one.
    pub tail: Option<Tail>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layerwise::golden::sine_matrix, model::Role};

    #[test]
    fn alphas_come_from_whole_matrices_or_windows() {
        let (values, shape) = (sine_matrix(64, 96), [64, 96]);
        let alpha = |measure: Measure| {
            let spectrum = measure.spectrum(&values, shape).expect("finite values")?;
            spectrum.tail.map(|tail| tail.alpha)
        };
        let round = |alpha: Option<f64>| alpha.map(|alpha| (alpha * 1e6).round() / 1e6);
        assert_eq!(round(alpha(Measure::Tail(Fit::MEDIAN))), Some(4.320139));
        assert_eq!(round(alpha(Measure::Farms { share: 0.5, count: 3 })), Some(2.360731));
        for measure in [Measure::Nothing, Measure::Norms, Measure::Farms { share: 2.0, count: 3 }] {
            assert_eq!(alpha(measure), None, "{measure:?}");
        }
        assert!(Measure::Tail(Fit::MEDIAN).spectrum(&values, [3, 3]).is_err());
        assert!(Measure::Farms { share: f64::NAN, count: usize::MAX }.spectrum(&[f32::NAN; 4], [2, 2]).is_err());
    }

    #[test]
    fn only_hidden_matrices_are_measured() {
        let of = |role| Parameter::new(role, None, [48, 48]);
        for measure in
            [Measure::Tail(Fit::MEDIAN), Measure::GradientTail(Fit::MEDIAN), Measure::Farms { share: 0.5, count: 3 }]
        {
            assert!(measure.wants_alpha(&of(Role::Up)));
            for role in [Role::Embedding, Role::Positions, Role::Head, Role::Scale, Role::Bias] {
                assert!(!measure.wants_alpha(&of(role)), "{role:?}");
            }
        }
        assert!(!Measure::Norms.wants_alpha(&of(Role::Up)));
    }
}
