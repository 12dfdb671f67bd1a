//! A chart as data: paths, areas, markers, boxes and words, in pixels. Renderers need nothing else.

use super::{
    curve::{Curve, simplified},
    ink::Ink,
    mark::{Shape, Stroke, Weight},
};

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
    /// A filled area within points.
    Area {
        /// Its corners.
        points: Vec<(f64, f64)>,
        /// Its colour.
        ink: Ink,
        /// Its strength.
        weight: Weight,
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
        /// Whether only its outline has the colour, and the card shows inside.
        hollow: bool,
    },
    /// A filled box; it has round corners if it has a radius.
    Box {
        /// Left and top.
        at: (f64, f64),
        /// Width and height.
        size: (f64, f64),
        /// Radius of the corners.
        radius: f64,
        /// Its colour.
        ink: Ink,
        /// Its strength; round boxes are always full.
        weight: Weight,
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

    /// Adds the finite parts of a curve.
    pub fn curve(&mut self, curve: &Curve, stroke: Stroke) {
        for part in &curve.parts {
            self.path(simplified(part), stroke);
        }
    }

    /// Adds the area between two lines over the same positions, as `[x, low, high]`.
    pub fn band(&mut self, rows: &[[f64; 3]], ink: Ink) {
        if rows.len() > 1 {
            let below = rows.iter().map(|[x, low, _]| (*x, *low));
            let above = rows.iter().rev().map(|[x, _, high]| (*x, *high));
            self.items.push(Item::Area { points: below.chain(above).collect(), ink, weight: Weight::Band });
        }
    }

    /// Adds a filled rectangle without round corners.
    pub fn cell(&mut self, at: (f64, f64), size: (f64, f64), ink: Ink, weight: Weight) {
        self.items.push(Item::Box { at, size, radius: 0.0, ink, weight });
    }

    /// Adds a cell without a value: hatched, so that it is no colour of a ramp.
    pub fn missing(&mut self, (left, top): (f64, f64), (width, height): (f64, f64)) {
        /// Pixels from one line of the hatch to the next.
        const GAP: f64 = 5.0;
        self.cell((left, top), (width, height), Ink::Sunken, Weight::Full);
        let mut offset = GAP;
        while offset < width + height {
            // The line x + y = offset, cut at the edges of the cell.
            let from = (left + offset.min(width), top + (offset - width).max(0.0));
            let to = (left + (offset - height).max(0.0), top + offset.min(height));
            self.line(from, to, Stroke { weight: Weight::Half, ..Stroke::solid(Ink::Edge, 0.75) });
            offset += GAP;
        }
    }

    /// Adds the outline of a rectangle, with the card around it, so that it is seen on every colour.
    pub fn outline(&mut self, (left, top): (f64, f64), (width, height): (f64, f64)) {
        let (right, bottom) = (left + width, top + height);
        let corners = vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        self.path(corners.clone(), Stroke::solid(Ink::Surface, 3.6));
        self.path(corners, Stroke::solid(Ink::Ink, 1.5));
    }

    /// Adds a marker.
    pub fn marker(&mut self, shape: Shape, at: (f64, f64), radius: f64, ink: Ink) {
        self.items.push(Item::Marker { shape, at, radius, ink, hollow: false });
    }

    /// Adds the outline of a marker, for what stands beside the data that full markers show.
    pub fn hollow(&mut self, shape: Shape, at: (f64, f64), radius: f64, ink: Ink) {
        self.items.push(Item::Marker { shape, at, radius, ink, hollow: true });
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
        self.anchored(text, at, Anchor::Start, ink, strong);
    }

    /// As [`Scene::words`], with the point of them that is at the position.
    pub fn anchored(&mut self, text: impl Into<String>, at: (f64, f64), anchor: Anchor, ink: Ink, strong: bool) {
        self.items.push(Item::Label { text: text.into(), at, anchor, ink, size: TEXT, strong, halo: true });
    }

    /// Adds words on a dark pill, centred at `x`; the pill stays inside the chart.
    pub fn pill(&mut self, text: impl Into<String>, x: f64, top: f64) {
        let text = text.into();
        let width = text.chars().count() as f64 * 6.1 + 9.0;
        let left = (x - width / 2.0).clamp(0.0, (self.width - width).max(0.0));
        self.items.push(Item::Box {
            at: (left, top),
            size: (width, 15.0),
            radius: 3.5,
            ink: Ink::Ink,
            weight: Weight::Full,
        });
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

/// The positions and sizes in an item, for tests that ask whether all of them are finite.
#[cfg(test)]
pub fn numbers(item: &Item) -> Vec<f64> {
    let flat = |points: &[(f64, f64)]| points.iter().flat_map(|(x, y)| [*x, *y]).collect();
    match item {
        Item::Path { points, .. } | Item::Area { points, .. } => flat(points),
        Item::Marker { at, radius, .. } => vec![at.0, at.1, *radius],
        Item::Box { at, size, radius, .. } => vec![at.0, at.1, size.0, size.1, *radius],
        Item::Label { at, size, .. } => vec![at.0, at.1, *size],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hatch_stays_inside_its_cell() {
        for size in [(40.0, 8.0), (3.0, 30.0), (1.0, 1.0)] {
            let mut scene = Scene::new(100.0, 100.0);
            scene.missing((10.0, 20.0), size);
            for item in &scene.items[1..] {
                let Item::Path { points, .. } = item else { panic!("only lines: {item:?}") };
                for (x, y) in points {
                    assert!((10.0..=10.0 + size.0).contains(x) && (20.0..=20.0 + size.1).contains(y), "{item:?}");
                }
            }
        }
    }

    #[test]
    fn a_band_goes_along_below_and_back_above() {
        let mut scene = Scene::new(100.0, 100.0);
        scene.band(&[[0.0, 9.0, 1.0]], Ink::Arm(0));
        assert!(scene.items.is_empty(), "one position has no area");
        scene.band(&[[0.0, 9.0, 1.0], [5.0, 8.0, 2.0]], Ink::Arm(0));
        let Item::Area { points, .. } = &scene.items[0] else { panic!("an area") };
        assert_eq!(points, &[(0.0, 9.0), (5.0, 8.0), (5.0, 2.0), (0.0, 1.0)]);
    }
}
