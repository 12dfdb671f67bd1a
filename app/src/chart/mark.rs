//! How lines and markers are drawn. An arm has its colour, its dash and its marker together, so that a chart printed
//! in grey still reads.

use tailblazer_core::experiment::ARMS;

use super::ink::Ink;

/// How much of what lies below shows through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Nothing.
    Full,
    /// Some of it: one line of a fan, a bar beside the selected one.
    Half,
    /// Most of it: raw data behind a labelled smoothed curve, bars of a density.
    Ghost,
    /// Nearly all of it: the area of an interval.
    Band,
    /// All but a hint: a region of the plot.
    Hint,
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

    /// A line of an arm, with the arm's dash.
    pub fn arm(arm: usize, width: f64) -> Self {
        Self { ink: Ink::Arm(arm), width, dash: dash(arm), weight: Weight::Full }
    }

    /// One of many lines of an arm: thin, half as strong, and solid, because dashes of many lines would run together.
    pub fn fan(arm: usize) -> Self {
        Self { ink: Ink::Arm(arm), width: 1.0, dash: &[], weight: Weight::Half }
    }

    /// Every step, thin and pale.
    pub fn ghost(ink: Ink) -> Self {
        Self { ink, width: 1.0, dash: &[], weight: Weight::Ghost }
    }

    /// What a law says of an arm: dots that are further apart than those of any arm's own line and of a plan.
    pub fn law(arm: usize) -> Self {
        Self { ink: Ink::Arm(arm), width: 1.75, dash: &[1.75, 5.0], weight: Weight::Full }
    }

    /// What has not happened.
    pub fn plan(ink: Ink) -> Self {
        Self { ink, width: 1.75, dash: &[1.5, 2.5], weight: Weight::Full }
    }

    /// Data beside the data that the chart is about.
    pub fn dotted(ink: Ink) -> Self {
        Self { ink, width: 1.0, dash: &[1.0, 2.5], weight: Weight::Full }
    }

    /// The line between what happened and what did not.
    pub fn now() -> Self {
        Self { ink: Ink::Edge, width: 1.0, dash: &[2.0, 2.0], weight: Weight::Full }
    }

    /// A limit that data is held against.
    pub fn limit() -> Self {
        Self { ink: Ink::Second, width: 1.0, dash: &[3.0, 2.5], weight: Weight::Full }
    }

    /// The state before the first update.
    pub fn initial() -> Self {
        Self { ink: Ink::Third, width: 1.25, dash: &[1.0, 2.5], weight: Weight::Full }
    }
}

/// The shape of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A disc.
    Disc,
    /// A circle with the card inside.
    Ring,
    /// A square.
    Square,
    /// A triangle on its base.
    Triangle,
    /// A square on its corner.
    Diamond,
    /// Two strokes from corner to corner; in the colour of what broke, a value that was not finite.
    Cross,
    /// An upright cross.
    Plus,
    /// A triangle on its tip.
    TriangleDown,
    /// A star of five points.
    Star,
}

/// What a renderer draws for a marker.
#[derive(Clone, Debug, PartialEq)]
pub enum Outline {
    /// A circle of the marker's radius.
    Circle,
    /// A filled polygon.
    Polygon(Vec<(f64, f64)>),
    /// Separate strokes, 2 pixels wide.
    Strokes([[(f64, f64); 2]; 2]),
}

impl Shape {
    /// The marker of an arm.
    pub fn of_arm(arm: usize) -> Self {
        const SHAPES: [Shape; ARMS] = [
            Shape::Disc,
            Shape::Square,
            Shape::Triangle,
            Shape::Diamond,
            Shape::Cross,
            Shape::Plus,
            Shape::TriangleDown,
            Shape::Star,
        ];
        SHAPES[arm % ARMS]
    }

    /// Its outline around a centre. Radii differ a little, so that all shapes look equally large.
    pub fn outline(self, (x, y): (f64, f64), r: f64) -> Outline {
        let polygon =
            |points: &[(f64, f64)]| Outline::Polygon(points.iter().map(|(dx, dy)| (x + dx, y + dy)).collect());
        let strokes = |a: (f64, f64), b: (f64, f64)| {
            let through = |(dx, dy): (f64, f64)| [(x - dx, y - dy), (x + dx, y + dy)];
            Outline::Strokes([through(a), through(b)])
        };
        let (s, t) = (0.92 * r, 1.25 * r);
        match self {
            Self::Disc | Self::Ring => Outline::Circle,
            Self::Square => polygon(&[(-s, -s), (s, -s), (s, s), (-s, s)]),
            Self::Triangle => polygon(&[(0.0, -t), (t, 0.9 * r), (-t, 0.9 * r)]),
            Self::TriangleDown => polygon(&[(0.0, t), (t, -0.9 * r), (-t, -0.9 * r)]),
            Self::Diamond => polygon(&[(0.0, -1.4 * r), (1.4 * r, 0.0), (0.0, 1.4 * r), (-1.4 * r, 0.0)]),
            Self::Cross => strokes((r, r), (-r, r)),
            Self::Plus => strokes((0.0, 1.2 * r), (1.2 * r, 0.0)),
            Self::Star => {
                let corner = |i: usize| {
                    let turn = i as f64 * std::f64::consts::PI / 5.0;
                    let length = r * if i.is_multiple_of(2) { 1.5 } else { 0.65 };
                    (length * turn.sin(), -length * turn.cos())
                };
                polygon(&std::array::from_fn::<_, 10, _>(corner))
            }
        }
    }
}

/// The dash of an arm.
pub fn dash(arm: usize) -> &'static [f64] {
    const DASHES: [&[f64]; ARMS] = [
        &[],
        &[6.0, 2.5],
        &[1.5, 2.5],
        &[8.0, 2.5, 1.5, 2.5],
        &[12.0, 4.0],
        &[5.0, 2.0, 1.0, 2.0, 1.0, 2.0],
        &[4.0, 4.0],
        &[1.0, 2.0],
    ];
    DASHES[arm % ARMS]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_arms_share_a_dash_or_a_marker() {
        for a in 0..ARMS {
            for b in 0..a {
                assert_ne!(dash(a), dash(b), "{a} and {b}");
                assert_ne!(dash(a), Stroke::law(a).dash, "{a}");
                assert_ne!(Shape::of_arm(a), Shape::of_arm(b));
            }
        }
    }

    #[test]
    fn the_style_sheet_has_the_same_dashes_and_markers() {
        let sheet = include_str!("../../styles/tokens.css");
        let value = |name: String| {
            let start = sheet.find(&name).map(|at| at + name.len());
            start.and_then(|at| sheet[at..].split(';').next()).map(|text| text.trim().to_owned())
        };
        let names = ["circle", "square", "triangle", "diamond", "cross", "plus", "triangle-down", "star"];
        for (arm, name) in names.iter().enumerate() {
            let written: Vec<String> = dash(arm).iter().map(|v| v.to_string().replace("0.", ".")).collect();
            let written = if written.is_empty() { "none".to_owned() } else { written.join(" ") };
            assert_eq!(value(format!("--arm-{}-dash:", arm + 1)), Some(written));
            assert_eq!(value(format!("--arm-{}-marker:", arm + 1)).as_deref(), Some(*name));
        }
    }

    #[test]
    fn markers_lie_around_their_centre() {
        for shape in (0..ARMS).map(Shape::of_arm) {
            let points = match shape.outline((10.0, 20.0), 3.0) {
                Outline::Circle => continue,
                Outline::Polygon(points) => points,
                Outline::Strokes(strokes) => strokes.concat(),
            };
            assert!(points.iter().all(|(x, y)| (x - 10.0).hypot(y - 20.0) < 4.7), "{shape:?}");
        }
    }
}
