//! Student's t distribution.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// The `t` below which Student's distribution with so many degrees of freedom has the probability; infinite without
/// a degree of freedom, or for a probability outside `0..=1`.
pub fn quantile(probability: f64, freedom: usize) -> f64 {
    match StudentsT::new(0.0, 1.0, freedom as f64) {
        Ok(student) if (0.0..=1.0).contains(&probability) => student.inverse_cdf(probability),
        _ => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_the_closed_forms_and_the_tables() {
        let tangent = (0.475 * std::f64::consts::PI).tan();
        // With two degrees of freedom t = (2 p - 1) / sqrt(2 p (1 - p)).
        let two = 0.95 / (2.0f64 * 0.975 * 0.025).sqrt();
        let table = [
            (1, tangent),
            (2, two),
            (3, 3.182_446_305_284_263),
            (4, 2.776_445_105_197_798_7),
            (10, 2.228_138_851_964_938_5),
            (30, 2.042_272_456_301_238),
            (100, 1.983_971_518_523_552_4),
            (1000, 1.962_339_080_826_408),
        ];
        for (freedom, expected) in table {
            let found = quantile(0.975, freedom);
            assert!((found - expected).abs() < 1e-8 * expected, "{freedom}: {found}, not {expected}");
            assert!((quantile(0.025, freedom) + expected).abs() < 1e-8 * expected, "{freedom}");
        }
    }

    #[test]
    fn quantiles_fall_with_the_degrees_of_freedom() {
        let found: Vec<_> = (1..=250).map(|freedom| quantile(0.975, freedom)).collect();
        assert!(found.iter().all(|t| t.is_finite()) && found.windows(2).all(|pair| pair[0] > pair[1]), "{found:?}");
    }

    #[test]
    fn what_has_no_quantile_is_infinite() {
        for (probability, freedom) in [(0.975, 0), (1.5, 3), (f64::NAN, 3)] {
            assert_eq!(quantile(probability, freedom), f64::INFINITY);
        }
    }
}
