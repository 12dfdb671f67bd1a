//! How often committed tokens are right, by their confidence: on the diagonal a confidence is what it says.

use super::{
    axis::Frame,
    ink::Ink,
    mark::{Shape, Stroke, Weight},
    scene::{Anchor, Scene},
    ticks::Scale,
};
use crate::{
    t,
    workspace::{
        decode::measure::{BINS, Bin, miscalibration},
        format::{fixed, integer},
    },
};

/// Draws the bins of the decoder with the colour of a place.
pub fn scene(bins: &[Bin], place: usize, width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let frame = Frame { left: 34.0, right: (width - 10.0).max(54.0), top: 18.0, bottom: (height - 32.0).max(38.0) };
    let x = Scale::linear((0.0, 1.0), (frame.left, frame.right));
    let y = Scale::linear((0.0, 1.0), (frame.bottom, frame.top));
    frame.draw_y(&mut scene, &y, &[0.0, 0.5, 1.0], |value| format!("{value}"));
    for value in [0.0, 0.5, 1.0] {
        scene.tick(format!("{value}"), (x.map(value), frame.bottom + 13.0), Anchor::Middle);
    }
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(1) as f64;
    let wide = frame.width() / BINS as f64;
    for bin in bins {
        // How many tokens a bin has, as a bar at the foot.
        let slot = ((bin.confidence * BINS as f64) as usize).min(BINS - 1) as f64;
        let tall = 0.3 * frame.height() * bin.count as f64 / most;
        let at = (frame.left + wide * slot + 1.0, frame.bottom - tall);
        scene.cell(at, ((wide - 2.0).max(1.0), tall), Ink::Edge, Weight::Band);
    }
    scene.line((frame.left, frame.bottom), (frame.right, frame.top), Stroke::limit());
    scene.line((frame.left, frame.bottom), (frame.right, frame.bottom), Stroke::solid(Ink::Axis, 1.0));
    scene.path(
        bins.iter().map(|bin| (x.map(bin.confidence), y.map(bin.right.mean))).collect(),
        Stroke::arm(place, 1.25),
    );
    for bin in bins {
        let at = x.map(bin.confidence);
        scene.line((at, y.map(bin.right.low)), (at, y.map(bin.right.high)), Stroke::solid(Ink::Arm(place), 1.0));
        scene.marker(Shape::of_arm(place), (at, y.map(bin.right.mean)), 3.2, Ink::Arm(place));
    }
    scene.tick(t!("share that is the text's own token"), (2.0, 10.0), Anchor::Start);
    scene.tick(t!("confidence at the commit"), ((frame.left + frame.right) / 2.0, height - 3.0), Anchor::Middle);
    scene
}

/// It in one sentence.
pub fn summary(name: &str, bins: &[Bin]) -> String {
    let count: usize = bins.iter().map(|bin| bin.count).sum();
    match miscalibration(bins) {
        None => t!("{name}: nothing is measured yet.", name),
        Some(error) => {
            let right: f64 = bins.iter().map(|bin| bin.right.mean * bin.count as f64).sum::<f64>() / count as f64;
            let confidence: f64 = bins.iter().map(|bin| bin.confidence * bin.count as f64).sum::<f64>() / count as f64;
            t!(
                "{name}: of {count} committed tokens {right} % are the text's own, at a mean confidence of \
                 {confidence}; expected calibration error {error}.",
                name,
                count = integer(count),
                right = fixed(100.0 * right, 0),
                confidence = fixed(confidence, 2),
                error = fixed(error, 3),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chart::{palette::Palette, svg, testing::assert_finite},
        workspace::decode::measure::calibration,
    };

    fn bins() -> Vec<Bin> {
        let tokens: Vec<(f32, bool)> = (0..400).map(|i| ((i % 100) as f32 / 100.0, (i * 7) % 100 < i % 100)).collect();
        calibration(&tokens)
    }

    #[test]
    fn ten_bins() {
        let words = summary("Threshold", &bins());
        let drawn = scene(&bins(), 1, 320.0, 240.0);
        insta::assert_snapshot!(svg::document(&drawn, &Palette::variables(), &words, None));
    }

    #[test]
    fn any_size_has_finite_places() {
        for size in [(0.0, 0.0), (60.0, 60.0), (900.0, 20.0)] {
            assert_finite(&scene(&bins(), 0, size.0, size.1));
            assert_finite(&scene(&[], 0, size.0, size.1));
        }
        assert_eq!(summary("Edit", &[]), "Edit: nothing is measured yet.");
    }
}
