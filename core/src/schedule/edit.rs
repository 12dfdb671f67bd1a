//! Edits of a curve by hand: points that are added, moved and removed, and strokes that are drawn over it.
//!
//! Every edit of a valid curve leaves a valid curve. What an edit writes lies on a grid, so that links stay short: shares
//! are multiples of 0.001 and factors of 0.01. Points that it does not touch stay as they are.

use super::{Curve, Point};

/// Steps of the grid from share 0 to share 1.
const SHARES: f64 = 1000.0;

/// Steps of the grid from factor 0 to factor 1.
const FACTORS: f64 = 100.0;

/// How far a stroke may lie from the lines between its corners, in shares and factors: about a pixel of a small drawing.
const TOLERANCE: f64 = 0.015;

impl Curve {
    /// The curve of a run whose updates have these factors, as closely as the points that it may have allow; none for
    /// fewer than two factors, and where one is no number.
    pub fn through(factors: &[f64]) -> Option<Self> {
        let last = factors.len().checked_sub(1).filter(|last| *last > 0)?;
        let share = |update: usize| update as f64 / last as f64;
        let points = factors.iter().enumerate().map(|(i, factor)| on_grid(Point { share: share(i), factor: *factor }));
        let mut points = points.collect::<Option<Vec<Point>>>()?;
        // Of updates at one share of the grid the first one counts, but the run ends with its last.
        let end = points.pop()?;
        points.dedup_by_key(|point| point.share);
        points.retain(|point| point.share < 1.0);
        points.push(end);
        Some(Self(at_most(simplify(&points, TOLERANCE), Self::MOST)))
    }

    /// Adds a point, and returns its place; none where the curve has as many points as it may have, where there is a
    /// point at this share already, and outside the run.
    pub fn add(&mut self, point: Point) -> Option<usize> {
        let point = on_grid(point)?;
        let place = self.0.partition_point(|known| known.share < point.share);
        let is_free = self.0.get(place).is_some_and(|next| next.share > point.share) && place > 0;
        (is_free && self.0.len() < Self::MOST).then(|| {
            self.0.insert(place, point);
            place
        })
    }

    /// The middle of the longest stretch without a point: where one more is added without pointing at a place.
    pub fn middle(&self) -> Option<Point> {
        let stretches = self.0.windows(2).map(|pair| (pair[0].share, pair[1].share));
        // Of equals the first.
        let (a, b) = stretches.rev().max_by(|(a, b), (c, d)| (b - a).total_cmp(&(d - c)))?;
        let share = (a + b) / 2.0;
        Some(Point { share, factor: self.at(share) })
    }

    /// Moves a point, no further than its neighbours let it; the two ends of the run keep their shares.
    pub fn shift(&mut self, place: usize, to: Point) {
        let Some(to) = on_grid(to) else { return };
        let last = self.0.len().saturating_sub(1);
        let Some(Point { share, .. }) = self.0.get(place).copied() else { return };
        let mut low = share;
        let mut high = share;
        if place > 0 && place < last {
            (low, high) = (after(self.0[place - 1].share), before(self.0[place + 1].share));
        }
        // Between neighbours that were typed closer than the grid, the point stays where it is.
        let share = if low <= high { to.share.clamp(low, high) } else { share };
        self.0[place] = Point { share, factor: to.factor };
    }

    /// Removes a point and says whether it did; the two ends of the run stay.
    pub fn remove(&mut self, place: usize) -> bool {
        let is_between = place > 0 && place + 1 < self.0.len();
        if is_between {
            self.0.remove(place);
        }
        is_between
    }

    /// Replaces the stretch under a stroke by the stroke's corners. The rest stays as it is: where the stroke leaves the
    /// curve, it falls or climbs within one step of the grid. Only a curve that would have too many points is simplified
    /// as a whole.
    pub fn draw(&mut self, stroke: &Stroke) {
        let corners = simplify(&stroke.points, TOLERANCE);
        let (Some(first), Some(last)) = (corners.first().copied(), corners.last().copied()) else { return };
        let head = self.0.iter().copied().filter(|point| point.share < first.share);
        let tail = self.0.iter().copied().filter(|point| point.share > last.share);
        let (mut points, tail): (Vec<Point>, Vec<Point>) = (head.collect(), tail.collect());

        let flank = |share: f64, end: Point| {
            let point = on_grid(Point { share, factor: self.at(share) })?;
            ((point.factor - end.factor).abs() > TOLERANCE).then_some(point)
        };
        let share = before(first.share);
        points.extend(flank(share, first).filter(|_| points.last().is_some_and(|point| point.share < share)));
        points.extend(corners);
        let share = after(last.share);
        points.extend(flank(share, last).filter(|_| tail.first().is_some_and(|point| point.share > share)));
        points.extend(tail);

        self.0 = at_most(points, Self::MOST);
    }
}

/// What a pointer drew over a curve, from where it went down: where it came by twice, the last time counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    /// In the order of the run, at most one for each share of the grid.
    points: Vec<Point>,
    /// Where the pointer is.
    last: f64,
}

impl Stroke {
    /// A stroke that begins at a point; none where that is no point.
    pub fn new(point: Point) -> Option<Self> {
        let point = on_grid(point)?;
        Some(Self { points: vec![point], last: point.share })
    }

    /// Leads the stroke on to a point; what was drawn between is drawn anew.
    pub fn extend(&mut self, point: Point) {
        let Some(point) = on_grid(point) else { return };
        let between = self.last.min(point.share)..=self.last.max(point.share);
        self.points.retain(|known| known.share == self.last || !between.contains(&known.share));
        let place = self.points.partition_point(|known| known.share < point.share);
        match self.points.get_mut(place) {
            Some(known) if known.share == point.share => *known = point,
            _ => self.points.insert(place, point),
        }
        self.last = point.share;
    }

    /// What was drawn so far, in the order of the run.
    pub fn points(&self) -> &[Point] {
        &self.points
    }
}

/// The points, or where they are more than so many the corners of the line through them.
fn at_most(mut points: Vec<Point>, most: usize) -> Vec<Point> {
    let mut tolerance = TOLERANCE;
    while points.len() > most {
        tolerance *= 1.5;
        points = simplify(&points, tolerance);
    }
    points
}

/// The corners of a line: no point of it lies further than the tolerance from the straight lines between them (Ramer
/// 1972; Douglas and Peucker 1973).
fn simplify(points: &[Point], tolerance: f64) -> Vec<Point> {
    let [first, inner @ .., last] = points else { return points.to_vec() };
    let furthest = inner
        .iter()
        .map(|point| distance(*point, *first, *last))
        .enumerate()
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .filter(|(_, distance)| *distance > tolerance);
    let Some((place, _)) = furthest else { return vec![*first, *last] };
    let corner = place + 1;
    let mut corners = simplify(&points[..=corner], tolerance);
    corners.pop();
    corners.extend(simplify(&points[corner..], tolerance));
    corners
}

/// The distance of a point from the straight line between two others, where shares and factors count alike.
fn distance(point: Point, from: Point, to: Point) -> f64 {
    let (dx, dy) = (to.share - from.share, to.factor - from.factor);
    let (px, py) = (point.share - from.share, point.factor - from.factor);
    let along = ((px * dx + py * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    (px - along * dx).hypot(py - along * dy)
}

/// The point of the grid that is nearest; none for what is no number.
fn on_grid(Point { share, factor }: Point) -> Option<Point> {
    let round = |value: f64, steps: f64| (value.clamp(0.0, 1.0) * steps).round() / steps;
    (!share.is_nan() && !factor.is_nan()).then(|| Point { share: round(share, SHARES), factor: round(factor, FACTORS) })
}

/// The first share of the grid after this one.
fn after(share: f64) -> f64 {
    let step = (share * SHARES).round();
    if step / SHARES > share { step / SHARES } else { (step + 1.0) / SHARES }
}

/// The last share of the grid before this one.
fn before(share: f64) -> f64 {
    let step = (share * SHARES).round();
    if step / SHARES < share { step / SHARES } else { (step - 1.0) / SHARES }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::subsequence};

    use super::*;

    fn curve(text: &str) -> Curve {
        text.parse().expect(text)
    }

    fn point(share: f64, factor: f64) -> Point {
        Point { share, factor }
    }

    fn stroke(points: &[(f64, f64)]) -> Stroke {
        let mut points = points.iter().map(|(share, factor)| point(*share, *factor));
        let mut stroke = points.next().and_then(Stroke::new).expect("a first point");
        points.for_each(|point| stroke.extend(point));
        stroke
    }

    #[test]
    fn a_point_is_added_where_there_is_none_and_room_for_it() {
        let mut drawn = curve("0:0,0.5:1,1:0");
        assert_eq!(drawn.add(point(0.70049, 0.333)), Some(2));
        assert_eq!(drawn.to_string(), "0:0,0.5:1,0.7:0.33,1:0");
        for taken in [point(0.7, 1.0), point(0.0, 1.0), point(-3.0, 1.0), point(2.0, 1.0), point(f64::NAN, 1.0)] {
            assert_eq!(drawn.add(taken), None, "{taken:?}");
        }
        while drawn.0.len() < Curve::MOST {
            let middle = drawn.middle().expect("a stretch");
            assert!(drawn.add(middle).is_some(), "{middle:?} in {drawn}");
        }
        assert_eq!((drawn.add(point(0.9, 0.5)), drawn.fault()), (None, None));
    }

    #[test]
    fn a_curve_goes_through_factors_with_no_more_points_than_it_may_have() {
        assert_eq!(Curve::through(&[0.0, 1.0, 0.5]), Some(curve("0:0,0.5:1,1:0.5")));
        for none in [&[][..], &[1.0], &[1.0, f64::NAN]] {
            assert_eq!(Curve::through(none), None);
        }
        let wild: Vec<f64> = (0..10_000).map(|update| f64::from(update * update % 97) / 96.0).collect();
        let through = Curve::through(&wild).expect("a curve");
        assert_eq!(through.fault(), None);
        let smooth: Vec<f64> = (0..10_000).map(|update| (f64::from(update) / 9_999.0).powi(2)).collect();
        let through = Curve::through(&smooth).expect("a curve");
        assert!((0..=100).all(|i| (through.at(f64::from(i) / 100.0) - (f64::from(i) / 100.0).powi(2)).abs() < 0.03));
    }

    #[test]
    fn the_middle_of_the_longest_stretch_lies_on_the_curve() {
        assert_eq!(curve("0:0,0.25:1,0.75:1,1:0").middle(), Some(point(0.5, 1.0)));
        assert_eq!(curve("0:0,1:0.5").middle(), Some(point(0.5, 0.25)));
        assert_eq!(curve("").middle(), None);
    }

    #[test]
    fn a_point_moves_between_its_neighbours_and_the_ends_keep_their_shares() {
        for (place, to, expected) in [
            (1, point(0.2344, 0.678), "0:0,0.234:0.68,0.5:1,1:0"),
            (1, point(0.9, 0.5), "0:0,0.499:0.5,0.5:1,1:0"),
            (1, point(-0.9, 1.5), "0:0,0.001:1,0.5:1,1:0"),
            (2, point(0.1, 0.0), "0:0,0.25:1,0.251:0,1:0"),
            (0, point(0.3, 0.5), "0:0.5,0.25:1,0.5:1,1:0"),
            (3, point(0.3, -1.0), "0:0,0.25:1,0.5:1,1:0"),
            (3, point(f64::NAN, 1.0), "0:0,0.25:1,0.5:1,1:0"),
            (9, point(0.3, 1.0), "0:0,0.25:1,0.5:1,1:0"),
        ] {
            let mut moved = curve("0:0,0.25:1,0.5:1,1:0");
            moved.shift(place, to);
            assert_eq!(moved.to_string(), expected, "{place} to {to:?}");
        }
        let mut close = curve("0:0,0.3001:1,0.3002:1,0.3003:1,1:0");
        close.shift(2, point(0.9, 0.5));
        assert_eq!(close.to_string(), "0:0,0.3001:1,0.3002:0.5,0.3003:1,1:0");
    }

    #[test]
    fn all_but_the_ends_can_be_removed() {
        let mut short = curve("0:0,0.5:1,1:0");
        assert_eq!([0, 2, 3].map(|place| short.remove(place)), [false; 3]);
        assert!(short.remove(1) && !short.remove(1));
        assert_eq!(short, curve("0:0,1:0"));
        assert!(!curve("").remove(0));
    }

    #[test]
    fn a_stroke_replaces_the_stretch_under_it_and_nothing_else() {
        let flat = "0:1,0.1:1,0.5:1,1:0";
        for (points, expected) in [
            // A straight line has no corners; the curve before and after it stays.
            (&[(0.2, 0.5), (0.3, 0.5), (0.4, 0.5)][..], "0:1,0.1:1,0.199:1,0.2:0.5,0.4:0.5,0.401:1,0.5:1,1:0"),
            // It begins on the curve and ends on it.
            (&[(0.2, 1.0), (0.3, 0.5), (0.4, 1.0)], "0:1,0.1:1,0.2:1,0.3:0.5,0.4:1,0.5:1,1:0"),
            // Backwards, over a point, to the start of the run and beyond.
            (&[(0.3, 0.2), (-0.2, 0.2)], "0:0.2,0.3:0.2,0.301:1,0.5:1,1:0"),
            // To the end of the run.
            (&[(0.5, 1.0), (0.75, 0.25), (1.0, 0.1)], "0:1,0.1:1,0.5:1,0.75:0.25,1:0.1"),
            // What is drawn twice counts as it was drawn last.
            (&[(0.2, 1.0), (0.4, 0.2), (0.3, 0.5), (0.4, 1.0)], "0:1,0.1:1,0.2:1,0.3:0.5,0.4:1,0.5:1,1:0"),
            (&[(0.2, 0.3), (0.2, 0.6)], "0:1,0.1:1,0.199:1,0.2:0.6,0.201:1,0.5:1,1:0"),
        ] {
            let mut drawn = curve(flat);
            drawn.draw(&stroke(points));
            assert_eq!(drawn.to_string(), expected, "{points:?}");
        }
    }

    #[test]
    fn a_curve_that_is_full_is_simplified_and_keeps_its_form() {
        let wave = |share: f64| 0.5 + 0.4 * (60.0 * share).sin();
        let mut full =
            Curve((0..64).map(|place| point(f64::from(place) / 63.0, wave(f64::from(place) / 63.0))).collect());
        assert_eq!(full.fault(), None);
        let before = full.clone();
        full.draw(&stroke(&[(0.301, 0.1), (0.305, 0.9), (0.309, 0.1)]));
        assert_eq!(full.fault(), None);
        assert!(full.0.len() <= Curve::MOST && full.at(0.305) > 0.8 && full.at(0.3011) < 0.2, "{full}");
        for known in before.0 {
            let lines = full.0.windows(2).map(|pair| distance(known, pair[0], pair[1]));
            assert!(lines.fold(f64::INFINITY, f64::min) < 0.05, "{known:?} is far from {full}");
        }
    }

    fn values() -> impl Strategy<Value = f64> {
        prop_oneof![8 => -0.2..1.2f64, 1 => any::<f64>(), 1 => prop_oneof![Just(0.0), Just(1.0), Just(f64::NAN)]]
    }

    fn points() -> impl Strategy<Value = Point> {
        (values(), values()).prop_map(|(share, factor)| Point { share, factor })
    }

    /// Valid curves, also with points closer than the grid, as a visitor may type them.
    fn curves() -> impl Strategy<Value = Curve> {
        let shares = prop_oneof![
            (0..=62usize)
                .prop_flat_map(|count| subsequence((1..1000).collect::<Vec<_>>(), count))
                .prop_map(|steps| steps.into_iter().map(|step| f64::from(step) / 1000.0).collect::<Vec<_>>()),
            vec(1e-9..0.999_999_999f64, 0..=62),
            vec(0.4999..0.5001f64, 0..=62),
        ];
        (shares, vec(0.0..=1.0f64, 64)).prop_map(|(mut shares, factors)| {
            shares.extend([0.0, 1.0]);
            shares.sort_by(f64::total_cmp);
            shares.dedup();
            Curve(shares.into_iter().zip(factors).map(|(share, factor)| Point { share, factor }).collect())
        })
    }

    #[derive(Clone, Debug)]
    enum Edit {
        Add(Point),
        Split,
        Shift(usize, Point),
        Remove(usize),
        Draw(Vec<Point>),
    }

    fn edits() -> impl Strategy<Value = Edit> {
        prop_oneof![
            points().prop_map(Edit::Add),
            Just(Edit::Split),
            (0..66usize, points()).prop_map(|(place, to)| Edit::Shift(place, to)),
            (0..66usize).prop_map(Edit::Remove),
            vec(points(), 1..80).prop_map(Edit::Draw),
        ]
    }

    fn drawn(points: &[Point]) -> Option<Stroke> {
        let mut points = points.iter();
        let mut stroke = points.find_map(|point| Stroke::new(*point))?;
        points.for_each(|point| stroke.extend(*point));
        Some(stroke)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_edit_of_a_valid_curve_leaves_a_valid_curve(curve in curves(), edits in vec(edits(), 1..8)) {
            prop_assert_eq!(curve.fault(), None);
            let mut curve = curve;
            for edit in edits {
                let before = curve.clone();
                match &edit {
                    Edit::Add(point) => drop(curve.add(*point)),
                    Edit::Split => drop(curve.middle().and_then(|middle| curve.add(middle))),
                    Edit::Shift(place, to) => curve.shift(*place, *to),
                    Edit::Remove(place) => drop(curve.remove(*place)),
                    Edit::Draw(points) => drawn(points).iter().for_each(|stroke| curve.draw(stroke)),
                }
                prop_assert_eq!(curve.fault(), None, "{:?} of {} left {}", edit, before, curve);
                // What is new is short in a link.
                for point in curve.0.iter().filter(|point| !before.0.contains(point)) {
                    let is_new_share = before.0.iter().all(|known| known.share != point.share);
                    let text = Curve(vec![*point]).to_string();
                    prop_assert!(text.len() <= 10 || !is_new_share, "{}", text);
                }
                prop_assert_eq!(curve.to_string().parse::<Curve>(), Ok(curve.clone()));
            }
        }

        #[test]
        fn what_is_added_can_be_removed(curve in curves(), point in points()) {
            let mut edited = curve.clone();
            if let Some(place) = edited.add(point) {
                prop_assert!(edited.remove(place));
            }
            prop_assert_eq!(edited, curve);
        }

        #[test]
        fn no_point_of_a_stroke_is_far_from_the_curve_that_it_leaves(curve in curves(), points in vec(points(), 1..80)) {
            let Some(stroke) = drawn(&points) else { return Ok(()) };
            let mut edited = curve.clone();
            edited.draw(&stroke);
            let corners = simplify(stroke.points(), TOLERANCE);
            prop_assert!(corners.iter().all(|corner| stroke.points().contains(corner)));
            for point in stroke.points() {
                let near = corners.windows(2).map(|pair| distance(*point, pair[0], pair[1])).fold(f64::INFINITY, f64::min);
                prop_assert!(near <= TOLERANCE || corners == [*point], "{:?} is {} away", point, near);
            }
            if curve.0.len() + corners.len() + 2 <= Curve::MOST {
                let (first, last) = (corners[0], corners[corners.len() - 1]);
                prop_assert!(corners.iter().all(|corner| edited.0.contains(corner)));
                for point in curve.0.iter().filter(|point| !(first.share..=last.share).contains(&point.share)) {
                    prop_assert!(edited.0.contains(point), "{:?} is gone", point);
                }
                // Beside the stroke the curve is what it was, but for the steps of the grid: where it is steep, one of
                // shares is far in factors.
                for share in (0..=1000).map(|step| f64::from(step) / 1000.0) {
                    if share < first.share - 0.0015 || share > last.share + 0.0015 {
                        let (from, to) = (share - 0.0015, share + 0.0015);
                        let within = curve.0.iter().map(|point| point.share).filter(|at| (from..=to).contains(at));
                        let were = within.chain([from, to]).map(|at| curve.at(at));
                        let (low, high) = were.fold((f64::MAX, f64::MIN), |(low, high), was| (low.min(was), high.max(was)));
                        let (now, slack) = (edited.at(share), TOLERANCE + 0.006);
                        let is_near = (low - slack..=high + slack).contains(&now);
                        prop_assert!(is_near, "at {}: {}, not from {} to {}", share, now, low, high);
                    }
                }
            }
        }
    }
}
