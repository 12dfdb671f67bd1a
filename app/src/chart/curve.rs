//! Curves reduced to what pixels can show.

/// A curve cut into its finite parts, each with at most four points per pixel column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// The finite parts.
    pub parts: Vec<Vec<(f64, f64)>>,
    /// The last finite point before each gap.
    pub breaks: Vec<(f64, f64)>,
}

/// Reduces a curve to what its pixels can show.
///
/// Each pixel column keeps its first, least, greatest and last point in their order, so a spike of one step
/// survives any reduction. A value that is not finite ends a part.
pub fn decimate(points: impl Iterator<Item = (f64, f64)>) -> Curve {
    let mut curve = Curve::default();
    let mut part = Vec::new();
    let mut column = Column::default();
    let mut last = None;
    for (x, y) in points {
        if !y.is_finite() {
            column.flush(&mut part);
            if let Some(point) = last.take() {
                curve.breaks.push(point);
                curve.parts.push(std::mem::take(&mut part));
            } else if curve.parts.is_empty() && curve.breaks.is_empty() && x.is_finite() {
                // Not even the first value was finite: the cross stands where it would have been.
                curve.breaks.push((x, f64::NAN));
            }
            continue;
        }
        column.push(x, y, &mut part);
        last = Some((x, y));
    }
    column.flush(&mut part);
    if !part.is_empty() {
        curve.parts.push(part);
    }
    curve
}

impl Curve {
    /// The same curve with other heights. `place` must keep the order of values, as scales do: what was least and
    /// greatest in a pixel column stays so, and only what is drawn goes through `place`.
    pub fn placed(mut self, place: impl Fn(f64) -> f64) -> Self {
        for (_, y) in self.parts.iter_mut().flatten().chain(&mut self.breaks) {
            *y = place(*y);
        }
        self
    }
}

/// Points that fall on one pixel column.
#[derive(Default)]
struct Column {
    pixel: i64,
    kept: Vec<(f64, f64)>,
}

impl Column {
    fn push(&mut self, x: f64, y: f64, part: &mut Vec<(f64, f64)>) {
        let pixel = x.floor() as i64;
        if pixel != self.pixel {
            self.flush(part);
            self.pixel = pixel;
        }
        self.kept.push((x, y));
    }

    fn flush(&mut self, part: &mut Vec<(f64, f64)>) {
        if self.kept.len() <= 4 {
            part.append(&mut self.kept);
            return;
        }
        let least = self.index(|a, b| a < b);
        let greatest = self.index(|a, b| a > b);
        let mut chosen = [0, least, greatest, self.kept.len() - 1];
        chosen.sort_unstable();
        let mut previous = usize::MAX;
        for i in chosen {
            if i != previous {
                part.push(self.kept[i]);
            }
            previous = i;
        }
        self.kept.clear();
    }

    fn index(&self, better: impl Fn(f64, f64) -> bool) -> usize {
        let mut best = 0;
        for (i, point) in self.kept.iter().enumerate() {
            if better(point.1, self.kept[best].1) {
                best = i;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_survives() {
        let spike = 4_321;
        let points = (0..10_000).map(|i| (i as f64 / 50.0, if i == spike { 99.0 } else { 1.0 }));
        let curve = decimate(points);
        assert_eq!(curve.parts.len(), 1);
        assert!(curve.parts[0].len() <= 4 * 201);
        assert!(curve.parts[0].iter().any(|point| point.1 == 99.0));
        assert!(curve.parts[0].is_sorted_by(|a, b| a.0 <= b.0));
    }

    #[test]
    fn what_is_not_finite_leaves_a_gap_and_a_break() {
        let values = [1.0, 2.0, f64::NAN, f64::INFINITY, 3.0];
        let curve = decimate(values.into_iter().enumerate().map(|(i, v)| (i as f64, v)));
        assert_eq!(curve.parts, [vec![(0.0, 1.0), (1.0, 2.0)], vec![(4.0, 3.0)]]);
        assert_eq!(curve.breaks, [(1.0, 2.0)]);
    }

    #[test]
    fn few_points_stay_as_they_are() {
        let points = vec![(0.0, 1.0), (0.2, 3.0), (0.4, 2.0)];
        assert_eq!(decimate(points.clone().into_iter()).parts, [points]);
    }
}
