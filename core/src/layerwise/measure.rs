//! What a method wants to know of every matrix before it gives multipliers.

use super::{
    parameter::Parameter,
    shape::{Windows, pooled_tail},
    spectrum::{SpectrumError, of_matrix},
    tail::Fit,
};

/// A measurement of the hidden matrices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// None: the multipliers follow from the model's shape and the settings.
    Nothing,
    /// The tail exponent of the whole matrix.
    Tail(Fit),
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
        matches!(self, Self::Tail(_) | Self::Farms { .. }) && parameter.kind.is_hidden()
    }

    /// The alpha of a matrix `[rows, columns]`, row by row; none where it has no tail or no alpha is measured.
    pub fn alpha<T: Copy + Into<f64>>(self, values: &[T], shape: [usize; 2]) -> Result<Option<f64>, SpectrumError> {
        let tail = match self {
            Self::Nothing | Self::Norms => None,
            Self::Tail(fit) => fit.tail(&of_matrix(values, shape)?),
            Self::Farms { share, count } => {
                let side = (shape[0].min(shape[1]) as f64 * share).round().max(1.0) as usize;
                match Windows::new(shape, side, 1.0, count) {
                    Some(windows) => pooled_tail(values, shape, &windows, Fit::MEDIAN)?,
                    None => None,
                }
            }
        };
        Ok(tail.map(|tail| tail.alpha))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layerwise::{Kind, golden::sine_matrix};

    #[test]
    fn alphas_come_from_whole_matrices_or_windows() {
        let (values, shape) = (sine_matrix(64, 96), [64, 96]);
        let alpha = |measure: Measure| measure.alpha(&values, shape).expect("finite values");
        let round = |alpha: Option<f64>| alpha.map(|alpha| (alpha * 1e6).round() / 1e6);
        assert_eq!(round(alpha(Measure::Tail(Fit::MEDIAN))), Some(4.320139));
        assert_eq!(round(alpha(Measure::Farms { share: 0.5, count: 3 })), Some(2.360731));
        for measure in [Measure::Nothing, Measure::Norms, Measure::Farms { share: 2.0, count: 3 }] {
            assert_eq!(alpha(measure), None, "{measure:?}");
        }
        assert!(Measure::Tail(Fit::MEDIAN).alpha(&values, [3, 3]).is_err());
        assert!(Measure::Farms { share: f64::NAN, count: usize::MAX }.alpha(&[f32::NAN; 4], [2, 2]).is_err());
    }

    #[test]
    fn only_hidden_matrices_are_measured() {
        let of = |kind| Parameter::new(kind, None, [48, 48]);
        for measure in [Measure::Tail(Fit::MEDIAN), Measure::Farms { share: 0.5, count: 3 }] {
            assert!(measure.wants_alpha(&of(Kind::Up)));
            for kind in [Kind::Embedding, Kind::Positions, Kind::Head, Kind::Scale, Kind::Bias] {
                assert!(!measure.wants_alpha(&of(kind)), "{kind:?}");
            }
        }
        assert!(!Measure::Norms.wants_alpha(&of(Kind::Up)));
    }
}
