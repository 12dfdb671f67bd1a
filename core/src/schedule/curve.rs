//! A curve as points on a run: data that a visitor draws and a link carries.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Where it is, as a share of the run: `0.0..=1.0`.
    pub share: f64,
    /// The learning rate there, as a fraction of the peak: `0.0..=1.0`.
    pub factor: f64,
}

/// Straight lines through points, from the start of a run to its end. As a text it is `0:0,0.1:1,1:0`: share and factor
/// of every point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Curve(pub Vec<Point>);

/// A text that is no list of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a curve is written as share:factor of each point, such as 0:0, 0.1:1, 1:0")]
pub struct NoCurve;

impl Curve {
    /// The most points that a curve may have: more than anybody draws, and still a short link.
    pub const MOST: usize = 64;

    /// The factor at a share of the run. Beyond the points, where a valid curve has nothing, the nearest one counts.
    pub fn at(&self, share: f64) -> f64 {
        let after = self.0.partition_point(|point| point.share <= share);
        let before = after.checked_sub(1).and_then(|before| self.0.get(before));
        match (before, self.0.get(after)) {
            (Some(a), Some(b)) => a.factor + (b.factor - a.factor) * ((share - a.share) / (b.share - a.share)),
            (Some(point), None) | (None, Some(point)) => point.factor,
            (None, None) => 0.0,
        }
    }

    /// What is wrong with the curve, in one sentence.
    pub fn fault(&self) -> Option<String> {
        let points = &self.0;
        if !(2..=Self::MOST).contains(&points.len()) {
            return Some(format!("Points must be 2 to {}, not {}.", Self::MOST, points.len()));
        }
        for (number, Point { share, factor }) in points.iter().enumerate().map(|(i, point)| (i + 1, point)) {
            if !(0.0..=1.0).contains(share) || !(0.0..=1.0).contains(factor) {
                return Some(format!(
                    "Points must have shares and factors from 0 to 1; point {number} is {share}:{factor}."
                ));
            }
        }
        if let Some(i) = (1..points.len()).find(|i| points[*i].share <= points[i - 1].share) {
            let (before, share) = (points[i - 1].share, points[i].share);
            return Some(format!("Points must be in order, each later than the one before; {share} follows {before}."));
        }
        let (first, last) = (points[0].share, points[points.len() - 1].share);
        (first != 0.0 || last != 1.0)
            .then(|| format!("Points must leave no gap: begin at 0 and end at 1, not at {first} and {last}."))
    }
}

impl Default for Curve {
    fn default() -> Self {
        let points = [(0.0, 0.0), (0.05, 1.0), (0.7, 1.0), (1.0, 0.1)];
        Self(points.map(|(share, factor)| Point { share, factor }).into())
    }
}

impl FromStr for Curve {
    type Err = NoCurve;

    fn from_str(text: &str) -> Result<Self, NoCurve> {
        let number = |text: &str| text.trim().parse().map_err(|_| NoCurve);
        let point = |text: &str| {
            let (share, factor) = text.split_once(':').ok_or(NoCurve)?;
            Ok(Point { share: number(share)?, factor: number(factor)? })
        };
        text.split(',').filter(|text| !text.trim().is_empty()).map(point).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, Point { share, factor }) in self.0.iter().enumerate() {
            write!(f, "{}{share}:{factor}", if i == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Curve {
    type Error = NoCurve;

    fn try_from(text: String) -> Result<Self, NoCurve> {
        text.parse()
    }
}

impl From<Curve> for String {
    fn from(curve: Curve) -> Self {
        curve.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_read_as_it_is_written() {
        let curve = Curve::default();
        assert_eq!(curve.to_string(), "0:0,0.05:1,0.7:1,1:0.1");
        assert_eq!(curve.to_string().parse(), Ok(curve));
        assert_eq!(" 0:1 , 1 : 0,".parse(), "0:1,1:0".parse::<Curve>());
        for text in ["0", "0:1,1", "a:b", "0:1;1:0"] {
            assert_eq!(text.parse::<Curve>(), Err(NoCurve), "{text}");
        }
    }

    #[test]
    fn gaps_disorder_and_what_is_no_number_are_refused_with_a_sentence() {
        for (text, words) in [
            ("", "2 to 64"),
            ("0:1", "2 to 64"),
            ("0.1:1,1:0", "no gap"),
            ("0:1,0.9:0", "no gap"),
            ("0:1,NaN:0.5,1:0", "from 0 to 1"),
            ("0:1,0.5:NaN,1:0", "from 0 to 1"),
            ("0:1,0.5:inf,1:0", "from 0 to 1"),
            ("0:1,0.5:-0.1,1:0", "from 0 to 1"),
            ("0:1,1.5:0.5", "from 0 to 1"),
            ("0:1,0.6:1,0.4:1,1:0", "in order"),
            ("0:1,0.5:1,0.5:0,1:0", "in order"),
        ] {
            let curve: Curve = text.parse().expect(text);
            let fault = curve.fault().unwrap_or_default();
            assert!(fault.contains(words) && fault.ends_with('.'), "{text}: {fault}");
            // What is refused is still drawn in the preview.
            curve.at(0.5);
        }
        assert_eq!(Curve::default().fault(), None);
    }
}
