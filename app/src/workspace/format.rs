//! Numbers as the page writes them: comma grouping, a true minus, units, and no more digits than they deserve.

use crate::t;

/// The sign that a reader expects; the hyphen is for words.
const MINUS: char = '−';

/// `1742` becomes `1,742`.
pub fn integer(value: usize) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with a fixed count of decimals, or a word for what is not a number.
pub fn fixed(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        let word = t!("infinity");
        return if value > 0.0 { word.into() } else { format!("{MINUS}{word}") };
    }
    if value.abs() >= 1e6 {
        return significant(value);
    }
    format!("{value:.decimals$}").replace('-', &MINUS.to_string())
}

/// A share in percent with one decimal: `97.3 %`.
pub fn percent(share: f64) -> String {
    format!("{} %", fixed(100.0 * share, 1))
}

/// A setting or a rate in its shortest form: `0.1`, `4e−3`, `1e−8`.
pub fn scientific(value: f64) -> String {
    plain(value).replace('-', &MINUS.to_string())
}

/// As [`scientific`], with a hyphen: what a visitor types into a field.
pub fn plain(value: f64) -> String {
    if value != 0.0 && (value.abs() < 0.01 || value.abs() >= 1e5) { format!("{value:e}") } else { format!("{value}") }
}

/// A rounded number for a recorded value: three significant digits.
pub fn significant(value: f64) -> String {
    if !value.is_finite() || value == 0.0 {
        return fixed(value, 0);
    }
    let exponent = value.abs().log10().floor();
    let unit = 10f64.powf(exponent - 2.0);
    let rounded = (value / unit).round() * unit;
    if (-3.0..4.0).contains(&exponent) {
        let decimals = (2.0 - exponent).max(0.0) as usize;
        fixed(rounded, decimals)
    } else {
        let mantissa = rounded / 10f64.powf(exponent);
        format!("{}e{}", fixed(mantissa, 2), exponent).replace('-', &MINUS.to_string())
    }
}

/// A large count in three digits: `950`, `38.4 k`, `1.21 M`.
pub fn compact(value: f64) -> String {
    match value.abs() {
        v if !v.is_finite() => fixed(value, 0),
        v if v < 999.5 => format!("{value:.0}"),
        v if v < 99_950.0 => format!("{:.1} k", value / 1e3),
        v if v < 999_500.0 => format!("{:.0} k", value / 1e3),
        v if v < 99.95e6 => format!("{:.2} M", value / 1e6),
        v if v < 999.5e6 => format!("{:.0} M", value / 1e6),
        _ => format!("{:.1} G", value / 1e9),
    }
}

/// A duration in at most two units: `15 s`, `2 min 5 s`, `1 h 4 min`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "–".into();
    }
    let total = seconds.max(0.0).round() as u64;
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, m) if m < 10 && rest > 0 => format!("{m} min {rest} s"),
        (0, m) => format!("{m} min"),
        (h, 0) => format!("{h} h"),
        (h, m) => format!("{h} h {m} min"),
    }
}

/// A size: `812 bytes`, `3.4 kB`, `12.0 MB`, `5.1 GB`.
pub fn bytes(count: usize) -> String {
    match count {
        0..1_000 => t!("{count} bytes", count),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.1} GB", count as f64 / 1e9),
    }
}

/// A power of ten with a raised exponent: `10⁻³`.
pub fn power_of_ten(exponent: i32) -> String {
    let digits = exponent.to_string();
    let raised = digits.chars().map(|c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + (digit as u32 - '0' as u32)).unwrap_or(digit),
    });
    std::iter::once('1').chain(std::iter::once('0')).chain(raised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_thousands() {
        assert_eq!(integer(0), "0");
        assert_eq!(integer(999), "999");
        assert_eq!(integer(1_742), "1,742");
        assert_eq!(integer(1_091_204), "1,091,204");
    }

    #[test]
    fn writes_a_true_minus() {
        assert_eq!(fixed(-0.031, 3), "−0.031");
        assert_eq!(scientific(4e-3), "4e−3");
        assert_eq!(plain(4e-3), "4e-3");
        assert_eq!(scientific(0.1), "0.1");
        assert_eq!(plain(0.0), "0");
    }

    #[test]
    fn names_what_is_not_a_number() {
        assert_eq!(fixed(f64::NAN, 3), "NaN");
        assert_eq!(fixed(f64::INFINITY, 3), "infinity");
        assert_eq!(fixed(3.204_567e12, 3), "3.20e12");
    }

    #[test]
    fn keeps_three_digits() {
        assert_eq!(compact(950.0), "950");
        assert_eq!(compact(38_412.0), "38.4 k");
        assert_eq!(compact(1_212_345.0), "1.21 M");
        assert_eq!(significant(0.00123456), "0.00123");
        assert_eq!(significant(12.345), "12.3");
        assert_eq!(significant(1.5e-7), "1.50e−7");
    }

    #[test]
    fn says_durations_in_two_units() {
        assert_eq!(duration(14.6), "15 s");
        assert_eq!(duration(125.0), "2 min 5 s");
        assert_eq!(duration(3_840.0), "1 h 4 min");
        assert_eq!(duration(f64::INFINITY), "–");
    }

    #[test]
    fn raises_exponents() {
        assert_eq!(power_of_ten(-3), "10⁻³");
        assert_eq!(power_of_ten(-14), "10⁻¹⁴");
    }
}
