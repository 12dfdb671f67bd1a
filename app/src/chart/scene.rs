//! A chart as data: paths, markers, boxes and words, in pixels. Renderers need nothing else.

/// A colour by its role; the style sheet gives it a value in each theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// The strongest ink.
    Ink,
    /// Running text.
    Second,
    /// The palest text.
    Third,
    /// The colour of the run, for marks.
    Arm,
    /// The colour of the run, for words.
    ArmText,
    /// Lines behind the data.
    Grid,
    /// The axis.
    Axis,
    /// Edges and the now-line.
    Edge,
    /// The card behind the chart.
    Surface,
    /// Words on the strongest ink.
    OnInk,
    /// What broke.
    Bad,
}

impl Ink {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Ink,
        Self::Second,
        Self::Third,
        Self::Arm,
        Self::ArmText,
        Self::Grid,
        Self::Axis,
        Self::Edge,
        Self::Surface,
        Self::OnInk,
        Self::Bad,
    ];

    /// The custom property that holds its value.
    pub fn property(self) -> &'static str {
        match self {
            Self::Ink => "--ink",
            Self::Second => "--ink-2",
            Self::Third => "--ink-3",
            Self::Arm => "--arm-1",
            Self::ArmText => "--arm-1-text",
            Self::Grid => "--grid",
            Self::Axis => "--axis",
            Self::Edge => "--line-strong",
            Self::Surface => "--surface",
            Self::OnInk => "--on-ink",
            Self::Bad => "--bad",
        }
    }
}

/// How much of what lies below shows through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Nothing.
    Full,
    /// Most of it: raw data behind a labelled smoothed curve.
    Ghost,
}

/// How a path is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub ink: Ink,
    /// Its width in pixels.
    pub width: f64,
    /// Lengths of dashes and gaps; empty for a solid line.
    pub dash: &'static [f64],
    /// Its strength.
    pub weight: Weight,
}

impl Stroke {
    /// A solid line.
    pub fn solid(ink: Ink, width: f64) -> Self {
        Self { ink, width, dash: &[], weight: Weight::Full }
    }

    /// Every step, thin and pale.
    pub fn ghost(ink: Ink) -> Self {
        Self { ink, width: 1.0, dash: &[], weight: Weight::Ghost }
    }

    /// What has not happened.
    pub fn plan(ink: Ink) -> Self {
        Self { ink, width: 1.75, dash: &[1.5, 2.5], weight: Weight::Full }
    }

    /// The line between what happened and what did not.
    pub fn now() -> Self {
        Self { ink: Ink::Edge, width: 1.0, dash: &[2.0, 2.0], weight: Weight::Full }
    }
}

/// The shape of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A disc with a gap around it.
    Disc,
    /// A cross: here a value was not finite.
    Cross,
}

/// Which point of a word its position gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its start.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// One thing in a chart.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A line through points.
    Path {
        /// The points.
        points: Vec<(f64, f64)>,
        /// How it is drawn.
        stroke: Stroke,
    },
    /// A marker.
    Marker {
        /// Its shape.
        shape: Shape,
        /// Its centre.
        at: (f64, f64),
        /// Its radius.
        radius: f64,
        /// Its colour.
        ink: Ink,
    },
    /// A filled box with round corners.
    Box {
        /// Left and top.
        at: (f64, f64),
        /// Width and height.
        size: (f64, f64),
        /// Radius of the corners.
        radius: f64,
        /// Its colour.
        ink: Ink,
    },
    /// Words.
    Label {
        /// The words.
        text: String,
        /// Their position on the baseline.
        at: (f64, f64),
        /// Which point of them.
        anchor: Anchor,
        /// Their colour.
        ink: Ink,
        /// Their size in pixels.
        size: f64,
        /// Whether they are bold.
        strong: bool,
        /// Whether the card shows around the letters, so that lines below do not touch them.
        halo: bool,
    },
}

/// A chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    /// Width in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
    /// What is drawn, from back to front.
    pub items: Vec<Item>,
}

/// Size of the words at ticks.
pub const TICK: f64 = 10.5;

/// Size of the words at marks.
pub const TEXT: f64 = 11.0;

impl Scene {
    /// An empty chart.
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height, items: Vec::new() }
    }

    /// Adds a straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.path(vec![from, to], stroke);
    }

    /// Adds a line through points; one point alone becomes a short dash, so that it is seen.
    pub fn path(&mut self, mut points: Vec<(f64, f64)>, stroke: Stroke) {
        if let [(x, y)] = points[..] {
            points = vec![(x - 0.75, y), (x + 0.75, y)];
        }
        if !points.is_empty() {
            self.items.push(Item::Path { points, stroke });
        }
    }

    /// Adds a marker.
    pub fn marker(&mut self, shape: Shape, at: (f64, f64), radius: f64, ink: Ink) {
        self.items.push(Item::Marker { shape, at, radius, ink });
    }

    /// Adds a tick's label.
    pub fn tick(&mut self, text: impl Into<String>, at: (f64, f64), anchor: Anchor) {
        self.items.push(Item::Label {
            text: text.into(),
            at,
            anchor,
            ink: Ink::Third,
            size: TICK,
            strong: false,
            halo: false,
        });
    }

    /// Adds words at a mark.
    pub fn words(&mut self, text: impl Into<String>, at: (f64, f64), ink: Ink, strong: bool) {
        self.items.push(Item::Label {
            text: text.into(),
            at,
            anchor: Anchor::Start,
            ink,
            size: TEXT,
            strong,
            halo: true,
        });
    }

    /// Adds words on a dark pill, centred at `x`; the pill stays inside the chart.
    pub fn pill(&mut self, text: impl Into<String>, x: f64, top: f64) {
        let text = text.into();
        let width = text.chars().count() as f64 * 6.1 + 9.0;
        let left = (x - width / 2.0).clamp(0.0, (self.width - width).max(0.0));
        self.items.push(Item::Box { at: (left, top), size: (width, 15.0), radius: 3.5, ink: Ink::Ink });
        self.items.push(Item::Label {
            text,
            at: (left + width / 2.0, top + 11.3),
            anchor: Anchor::Middle,
            ink: Ink::OnInk,
            size: TICK,
            strong: true,
            halo: false,
        });
    }
}

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
