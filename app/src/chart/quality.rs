//! Tokens per forward against quality, with 95 % intervals; a sweep of a knob is a line.

use std::cmp::Ordering;

use tailblazer_core::stats::Estimate;

use super::{
    axis::Frame,
    ink::Ink,
    mark::{Shape, Stroke},
    scene::{Anchor, Scene},
    ticks::{self, Scale},
};
use crate::{
    t,
    workspace::{
        decode::measure::{Measurement, Quality},
        format::{fixed, scientific},
    },
};

/// What was measured of one decoder, at one value of a knob where it was swept.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The place of its colour.
    pub place: usize,
    /// Its name.
    pub name: String,
    /// The value of the knob that was swept; none for the decoder as it is.
    pub knob: Option<f64>,
    /// Tokens per forward.
    pub speed: Estimate,
    /// What its texts are worth.
    pub quality: Estimate,
    /// How many decodes it is from.
    pub count: usize,
}

/// Points whose quality is of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// What quality is here.
    pub kind: Quality,
    /// The points.
    pub points: Vec<Point>,
    /// Measurements whose quality is of another kind.
    pub left_out: usize,
}

/// The points of measurements; of several kinds of quality the one that most of them have, because two kinds never share
/// an axis.
pub fn plot(measurements: &[Measurement], name: impl Fn(usize) -> String) -> Option<Plot> {
    let all: Vec<(Quality, Point)> = measurements
        .iter()
        .filter_map(|of| {
            let ((kind, quality), speed) = (of.quality()?, of.speed()?);
            let count = of.measured.meters.len();
            Some((kind, Point { place: of.place, name: name(of.place), knob: of.knob, speed, quality, count }))
        })
        .collect();
    let votes = |kind: Quality| all.iter().filter(|(other, _)| *other == kind).count();
    // Of equally many, the first one.
    let kind = all.iter().map(|(kind, _)| *kind).rev().max_by_key(|kind| votes(*kind))?;
    let left_out = all.len() - votes(kind);
    let mut points: Vec<Point> = all.into_iter().filter(|(of, _)| *of == kind).map(|(_, point)| point).collect();
    points.sort_by(|a, b| a.place.cmp(&b.place).then(a.knob.partial_cmp(&b.knob).unwrap_or(Ordering::Equal)));
    Some(Plot { kind, points, left_out })
}

/// Draws it.
pub fn scene(plot: &Plot, width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let frame = Frame { left: 44.0, right: (width - 14.0).max(64.0), top: 20.0, bottom: (height - 32.0).max(40.0) };
    let ends = |of: fn(&Point) -> Estimate| {
        let values = plot.points.iter().flat_map(move |point| [of(point).low, of(point).high, of(point).mean]);
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        if low > high { (0.0, 1.0) } else { (low, high) }
    };
    let padded = |(low, high): (f64, f64), share: f64, least: f64| {
        let room = (share * (high - low)).max(least);
        (low - room, high + room)
    };
    let (low, high) = padded(ends(|point| point.speed), 0.12, 0.2);
    let x = Scale::linear((low.max(0.0), high), (frame.left, frame.right));
    let share = plot.kind.is_share();
    let (low, high) = padded(ends(|point| point.quality), 0.08, if share { 0.02 } else { 0.01 });
    // Up is better: fewer nats, more right answers.
    let y = match share {
        true => Scale::linear((low.max(-0.02), high.min(1.02)), (frame.bottom, frame.top)),
        false => Scale::linear((high, low), (frame.bottom, frame.top)),
    };
    let percent = |value: f64| if share { format!("{} %", fixed(100.0 * value, 0)) } else { ticks::label(value) };
    let (least, most) = (y.domain.0.min(y.domain.1), y.domain.0.max(y.domain.1));
    frame.draw_y(&mut scene, &y, &ticks::linear(least, most, 4), percent);
    for value in ticks::linear(x.domain.0, x.domain.1, (frame.width() / 60.0).round().max(2.0) as usize) {
        let at = x.map(value);
        scene.line((at, frame.top), (at, frame.bottom), Stroke::solid(Ink::Grid, 1.0));
        scene.tick(ticks::label(value), (at, frame.bottom + 13.0), Anchor::Middle);
    }
    scene.line((frame.left, frame.bottom), (frame.right, frame.bottom), Stroke::solid(Ink::Axis, 1.0));
    let middle = (frame.left + frame.right) / 2.0;
    scene.tick(t!("tokens per forward, draft and verify"), (middle, height - 3.0), Anchor::Middle);
    scene.tick(t!("{quality}, 95 %; up is better", quality = plot.kind.words()), (2.0, 11.0), Anchor::Start);
    draw_sweeps(&mut scene, plot, &x, &y);
    draw_points(&mut scene, plot, &x, &y);
    scene
}

fn draw_sweeps(scene: &mut Scene, plot: &Plot, x: &Scale, y: &Scale) {
    let mut places: Vec<usize> = plot.points.iter().map(|point| point.place).collect();
    places.dedup();
    for place in places {
        let mut swept: Vec<&Point> =
            plot.points.iter().filter(|point| point.place == place && point.knob.is_some()).collect();
        swept.sort_by(|a, b| a.knob.partial_cmp(&b.knob).unwrap_or(Ordering::Equal));
        let at = |point: &Point| (x.map(point.speed.mean), y.map(point.quality.mean));
        scene.path(swept.iter().map(|point| at(point)).collect(), Stroke::arm(place, 1.25));
        for (index, point) in swept.iter().enumerate() {
            let (px, py) = at(point);
            let ends = [point.quality.low, point.quality.high].map(|end| (px, y.map(end)));
            scene.line(ends[0], ends[1], Stroke::fan(place));
            scene.marker(Shape::Disc, (px, py), 2.0, Ink::Arm(place));
            if index == 0 || index + 1 == swept.len() {
                let words = point.knob.map(scientific).unwrap_or_default();
                scene.tick(words, (px - 6.0, py + 10.0), Anchor::End);
            }
        }
    }
}

fn draw_points(scene: &mut Scene, plot: &Plot, x: &Scale, y: &Scale) {
    const LINE: f64 = 12.0;
    let mut taken: Vec<(f64, f64, f64)> = Vec::new();
    for point in plot.points.iter().filter(|point| point.knob.is_none()) {
        let (px, py) = (x.map(point.speed.mean), y.map(point.quality.mean));
        let stroke = Stroke::solid(Ink::Arm(point.place), 1.0);
        scene.line((px, y.map(point.quality.low)), (px, y.map(point.quality.high)), stroke);
        scene.line((x.map(point.speed.low), py), (x.map(point.speed.high), py), stroke);
        scene.marker(Shape::of_arm(point.place), (px, py), 4.2, Ink::Arm(point.place));
        let wide = 6.2 * point.name.chars().count() as f64;
        let is_left = px + 9.0 + wide > x.range.1;
        let start = if is_left { px - 9.0 - wide } else { px + 9.0 };
        let is_free = |at: f64| {
            taken.iter().all(|(from, to, height)| start > *to || start + wide < *from || (height - at).abs() >= LINE)
        };
        let places = [-5.0, 8.0, -17.0, 20.0, -29.0, 32.0].map(|offset| py + offset);
        let height = places.into_iter().find(|at| is_free(*at)).unwrap_or(places[0]);
        taken.push((start, start + wide, height));
        let (at, anchor) = if is_left { (px - 9.0, Anchor::End) } else { (px + 9.0, Anchor::Start) };
        scene.anchored(point.name.clone(), (at, height), anchor, Ink::ArmText(point.place), true);
    }
}

/// An estimate with its interval: `2.13 (1.98 to 2.28)`.
pub fn interval(of: Estimate, decimals: usize) -> String {
    let [mean, low, high] = [of.mean, of.low, of.high].map(|value| fixed(value, decimals));
    t!("{mean} ({low} to {high})", mean, low, high)
}

/// It in one sentence.
pub fn summary(plot: Option<&Plot>) -> String {
    let Some(plot) = plot else { return t!("Speed and quality: nothing is measured yet.").into() };
    let words = plot.points.iter().map(|point| {
        let (name, speed, quality) = (&point.name, fixed(point.speed.mean, 2), fixed(point.quality.mean, 3));
        match point.knob.map(scientific) {
            Some(knob) => {
                t!("{name} at {knob}: {speed} tokens per forward, {quality}", name, knob, speed, quality)
            }
            None => t!("{name}: {speed} tokens per forward, {quality}", name, speed, quality),
        }
    });
    let left_out = match plot.left_out {
        0 => String::new(),
        1 => format!(" {}", t!("One measurement is left out: its quality is another quantity.")),
        count => format!(" {}", t!("{count} measurements are left out: their quality is another quantity.", count)),
    };
    let list = words.collect::<Vec<_>>().join("; ");
    let quality = plot.kind.words();
    let start = t!("Tokens per forward against quality ({quality}), 95 % intervals. {list}.", quality, list);
    format!("{start}{left_out}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tailblazer_core::objective::Quantity;

    use super::*;
    use crate::{
        chart::{palette::Palette, svg, testing::assert_finite},
        workspace::decode::measure::tests::measurement,
    };

    fn measurements() -> Vec<Measurement> {
        let nats = |middle: f64| (0..8).map(|i| middle + 0.05 * f64::from(i % 4)).collect::<Vec<_>>();
        let mut list = vec![
            measurement(0, 64, 64, &nats(1.5)),
            measurement(1, 64, 26, &nats(1.55)),
            measurement(3, 64, 30, &nats(1.53)),
        ];
        for (forwards, value, middle) in [(40, 0.95, 1.52), (20, 0.7, 1.63), (14, 0.5, 1.71)] {
            list.push(Measurement { knob: Some(value), ..measurement(1, 64, forwards, &nats(middle)) });
        }
        list
    }

    fn named(place: usize) -> String {
        ["Static", "Threshold", "Edit", "S2D2"][place].to_owned()
    }

    #[test]
    fn three_decoders_and_a_sweep() {
        let plot = plot(&measurements(), named).expect("points");
        let words = summary(Some(&plot));
        insta::assert_snapshot!(svg::document(&scene(&plot, 360.0, 280.0), &Palette::variables(), &words, None));
    }

    #[test]
    fn two_kinds_of_quality_never_share_the_axis() {
        let mut list = measurements();
        list[0].measured.quantity = Quantity::Likelihood;
        let plot = plot(&list, named).expect("points");
        assert_eq!((plot.kind, plot.left_out), (Quality::Own(Quantity::Bound), 1));
        assert!(plot.points.iter().all(|point| point.place != 0));
        assert!(summary(Some(&plot)).ends_with("One measurement is left out: its quality is another quantity."));
    }

    #[test]
    fn answers_of_a_task_are_shares() {
        let mut list = measurements();
        for of in &mut list {
            of.measured.exact = Some((0..64).map(|i| i % 3 > 0).collect());
        }
        let plot = plot(&list, named).expect("points");
        assert_eq!((plot.kind, plot.left_out), (Quality::Exact, 0));
        let words = svg::document(&scene(&plot, 360.0, 280.0), &Palette::variables(), "", None);
        assert!(words.contains("answered exactly, 95 %; up is better") && words.contains(" %"), "{words}");
    }

    #[test]
    fn nothing_measured_is_no_plot() {
        assert_eq!(plot(&[], named), None);
        assert_eq!(summary(None), "Speed and quality: nothing is measured yet.");
    }

    proptest! {
        #[test]
        fn any_measurement_has_a_finite_place(
            nats in prop::collection::vec(prop_oneof![0.0..9.0f64, Just(f64::NAN)], 0..6),
            forwards in 0usize..5,
            width in 0.0..900.0f64,
        ) {
            if let Some(plot) = plot(&[measurement(2, 8, forwards, &nats)], named) {
                assert_finite(&scene(&plot, width, 240.0));
            }
        }
    }
}
