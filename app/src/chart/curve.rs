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

/// Most pixels by which a simplified line misses a point that it leaves out, upwards or downwards.
const TOLERANCE: f64 = 0.1;

/// The points of a line without those that lie on the way between the ones that stay, for a line that never goes back.
///
/// From each point that stays, the line goes on while one direction passes all points since then (Sklansky and Gonzalez
/// 1980, "Fast polygonal approximation of digitized curves"). Corners stay where they are.
pub fn simplified(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let Some(&first) = points.first() else { return Vec::new() };
    let mut kept = vec![first];
    let (mut from, mut last) = (first, first);
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    for &(x, y) in &points[1..] {
        let slope = |from: (f64, f64), by: f64| (y + by - from.1) / (x - from.0);
        // A point straight above the one that stays has no direction: it is a corner.
        let passes = slope(from, 0.0) >= low && slope(from, 0.0) <= high;
        if !passes {
            kept.push(last);
            (from, low, high) = (last, f64::NEG_INFINITY, f64::INFINITY);
        }
        if x > from.0 {
            (low, high) = (low.max(slope(from, -TOLERANCE)), high.min(slope(from, TOLERANCE)));
        } else {
            // No direction passes a point above or below: the next one begins anew.
            (low, high) = (f64::NAN, f64::NAN);
        }
        last = (x, y);
    }
    if points.len() > 1 {
        kept.push(last);
    }
    kept
}

/// The points that fall on one pixel column, as far as they are kept.
#[derive(Default)]
struct Column {
    pixel: f64,
    count: usize,
    /// The first four points.
    kept: [(f64, f64); 4],
    /// The least and the greatest point and the last one, each with its place in the column.
    least: (usize, (f64, f64)),
    greatest: (usize, (f64, f64)),
    last: (f64, f64),
}

impl Column {
    fn push(&mut self, x: f64, y: f64, part: &mut Vec<(f64, f64)>) {
        let pixel = x.floor();
        if pixel != self.pixel {
            self.flush(part);
            self.pixel = pixel;
        }
        let (place, point) = (self.count, (x, y));
        if let Some(kept) = self.kept.get_mut(place) {
            *kept = point;
        }
        if place == 0 || y < self.least.1.1 {
            self.least = (place, point);
        }
        if place == 0 || y > self.greatest.1.1 {
            self.greatest = (place, point);
        }
        self.last = point;
        self.count += 1;
    }

    fn flush(&mut self, part: &mut Vec<(f64, f64)>) {
        let count = std::mem::take(&mut self.count);
        if count <= self.kept.len() {
            part.extend_from_slice(&self.kept[..count]);
            return;
        }
        let (mut low, mut high) = (self.least, self.greatest);
        if low.0 > high.0 {
            (low, high) = (high, low);
        }
        part.push(self.kept[0]);
        let between = |place: usize| place > 0 && place + 1 < count;
        part.extend([low, high].into_iter().filter(|(place, _)| between(*place)).map(|(_, point)| point));
        part.push(self.last);
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
    fn a_simplified_line_keeps_its_corners_and_misses_no_point() {
        let steps: Vec<(f64, f64)> = (0..1000).map(|i| (f64::from(i), f64::from(i / 250) * 20.0)).collect();
        let corners = [0, 249, 250, 499, 500, 749, 750, 999].map(|i| steps[i]);
        assert_eq!(simplified(&steps), corners);

        let wave: Vec<(f64, f64)> =
            (0..1000).map(|i| (f64::from(i) * 0.3, (f64::from(i) / 40.0).sin() * 50.0)).collect();
        let kept = simplified(&wave);
        assert!(kept.len() < wave.len() / 2, "{} of {}", kept.len(), wave.len());
        for (x, y) in wave {
            let next = kept.partition_point(|point| point.0 < x).clamp(1, kept.len() - 1);
            let ((x0, y0), (x1, y1)) = (kept[next - 1], kept[next]);
            let error = y0 + (y1 - y0) * (x - x0) / (x1 - x0) - y;
            assert!(error.abs() <= TOLERANCE + 1e-9, "{error} at {x}");
        }
    }

    #[test]
    fn a_simplified_line_keeps_what_goes_straight_up() {
        for line in [vec![], vec![(1.0, 2.0)], vec![(0.0, 0.0), (0.0, 9.0), (0.0, 3.0), (5.0, 3.0)]] {
            assert_eq!(simplified(&line), line);
        }
    }

    #[test]
    fn few_points_stay_as_they_are() {
        let points = vec![(0.0, 1.0), (0.2, 3.0), (0.4, 2.0)];
        assert_eq!(decimate(points.clone().into_iter()).parts, [points]);
    }
}
