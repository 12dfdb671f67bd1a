//! The norm of the gradient before clipping: every step, never smoothed, on a logarithmic axis.

use super::{
    axis::Frame,
    curve::decimate,
    ink::Ink,
    input::{Arm, Input},
    labels::{self, End},
    mark::{Shape, Stroke},
    scene::{Anchor, Scene},
    ticks::{self, Scale},
};
use crate::{
    t,
    workspace::format::{fixed, integer, significant},
};

/// The least norm that the axis shows; a gradient of 0 lies on its foot.
const FLOOR: f64 = 1e-8;

/// Draws the gradient norms.
pub fn scene(input: Input, width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let frame = input.frame(width, height);
    let (x, y) = (input.x_scale(frame), y_scale(&input, frame));
    frame.draw_y(&mut scene, &y, &ticks::logarithmic(&y, 24.0), ticks::label);
    input.draw_x(&mut scene, frame, &x);
    draw_clips(&mut scene, &input, frame, &y);

    let place = |norm: f64| if norm.is_finite() { y.clamp(norm.max(FLOOR)) } else { f64::NAN };
    let mut ends = Vec::new();
    let mut right = frame.left;
    for arm in input.arms {
        let rows = arm.record.columns.rows();
        let curve = decimate(rows.iter().map(|row| (x.map(input.x_of(row)), row.gradient_norm))).placed(place);
        // Dashes of a line that jumps with every step would not be seen as such.
        scene.curve(&curve, Stroke::solid(Ink::Arm(arm.index), 1.0));
        for (px, py) in &curve.breaks {
            let py = if py.is_finite() { *py } else { frame.top + 8.0 };
            scene.marker(Shape::Cross, (*px, py), 5.0, Ink::Bad);
        }
        if let Some(row) = rows.iter().rev().find(|row| row.gradient_norm.is_finite()) {
            right = f64::max(right, x.map(input.x_of(row)));
            ends.push(End { arm, words: significant(row.gradient_norm), y: place(row.gradient_norm) });
        }
    }
    input.draw_now(&mut scene, frame, &x);
    if input.is_comparison() && width - right >= labels::ROOM {
        labels::draw(&mut scene, &ends, right + 11.0, frame.top + 6.0, frame.bottom - 6.0);
    } else if input.is_comparison() {
        for (row, end) in ends.iter().enumerate() {
            let at = (frame.right - 70.0, frame.top + 8.0 + labels::GAP * row as f64);
            labels::draw_one(&mut scene, end, at);
        }
    } else {
        for end in ends {
            scene.words(end.words, (right + 7.0, end.y + 3.8), Ink::ArmText(end.arm.index), true);
        }
    }
    input.draw_crosshair(&mut scene, frame, &x);
    for arm in input.arms {
        let Some((_, row)) = input.crosshair.and_then(|step| arm.row(step)) else { continue };
        if row.gradient_norm.is_finite() {
            let at = (x.map(input.x_of(row)), place(row.gradient_norm));
            scene.marker(Shape::of_arm(arm.index), at, 2.8, Ink::Arm(arm.index));
        }
    }
    scene
}

/// The norms at which gradients are clipped, each once; 0 is no clipping.
fn clips(input: &Input) -> Vec<f64> {
    let mut clips: Vec<f64> = input.arms.iter().map(|arm| arm.experiment.optimiser.clip).collect();
    clips.retain(|clip| *clip > 0.0 && clip.is_finite());
    clips.sort_by(f64::total_cmp);
    clips.dedup();
    clips
}

fn draw_clips(scene: &mut Scene, input: &Input, frame: Frame, y: &Scale) {
    for clip in clips(input).into_iter().filter(|clip| (y.domain.0..=y.domain.1).contains(clip)) {
        let at = y.map(clip);
        scene.line((frame.left, at), (frame.right, at), Stroke::limit());
        let words = t!("clipped above {norm}", norm = ticks::label(clip));
        scene.anchored(words, (frame.right - 4.0, at - 4.0), Anchor::End, Ink::Second, false);
    }
}

/// Half decades around every norm and every near clip, so that the axis seldom jumps.
fn y_scale(input: &Input, frame: Frame) -> Scale {
    let rows = input.arms.iter().flat_map(|arm| arm.record.columns.rows());
    let norms = rows.map(|row| row.gradient_norm).filter(|norm| norm.is_finite());
    let (mut low, mut high) = (f64::INFINITY, 0.0f64);
    for norm in norms {
        (low, high) = (low.min(norm.max(FLOOR)), high.max(norm.max(FLOOR)));
    }
    if low > high {
        (low, high) = (0.1, 10.0);
    }
    // A limit far from every norm would only squeeze them.
    let near = low / 10.0..=high * 10.0;
    for clip in clips(input).into_iter().filter(|clip| near.contains(clip)) {
        (low, high) = (low.min(clip), high.max(clip));
    }
    let half = |value: f64, round: fn(f64) -> f64| 10f64.powf(round(2.0 * value.log10()) / 2.0);
    let (low, high) = (half(low / 1.1, f64::floor), half(high * 1.1, f64::ceil).min(f64::MAX));
    Scale::logarithmic((low, high), (frame.bottom, frame.top))
}

/// The norms at the crosshair, or at the last step: arms with their values.
pub fn readout(input: Input) -> Option<(usize, Vec<(usize, String)>)> {
    let step = input.step()?;
    let norm = |arm: &Arm| Some((arm.index, significant(arm.row(step)?.1.gradient_norm)));
    Some((step, input.arms.iter().filter_map(norm).collect()))
}

/// The chart in one sentence.
pub fn summary(input: Input) -> String {
    let sentence = |arm: &Arm| {
        let rows = arm.record.columns.rows();
        let (first, last) = (rows.first()?, rows.last()?);
        let clip = arm.experiment.optimiser.clip;
        let clipped = rows.iter().filter(|row| clip > 0.0 && row.gradient_norm > clip).count();
        let name = input.prefix(arm);
        let share = fixed(100.0 * clipped as f64 / rows.len() as f64, 1);
        let course = t!(
            "{first} at step {start}, {last} at step {step}; {share} % of the steps were clipped.",
            first = significant(first.gradient_norm),
            start = integer(first.step),
            last = significant(last.gradient_norm),
            step = integer(last.step),
            share,
        );
        Some(format!("{name}{course}"))
    };
    let start = t!("Norm of the gradient by {axis}, on a log scale", axis = input.x_axis.word());
    let sentences: Vec<String> = input.arms.iter().filter_map(sentence).collect();
    match sentences.is_empty() {
        true => format!("{start}. {}", t!("No step has been made.")),
        false => format!("{start}: {}", sentences.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        chart::{
            palette::Palette,
            scene::Item,
            svg,
            testing::{Runs, assert_finite, record},
        },
        workspace::view::XAxis,
    };

    #[test]
    fn two_arms_and_the_clip() {
        let mut runs = Runs::new(2, 50);
        runs.crosshair = Some(22);
        for run in &mut runs.arms {
            run.experiment.train.steps = 60;
        }
        runs.arms[1].record = record(40, |_| 2.0);
        runs.with(|input| {
            let scene = scene(input, 420.0, 180.0);
            insta::assert_snapshot!(svg::document(&scene, &Palette::variables(), &summary(input), None));
        });
    }

    #[test]
    fn a_spike_of_one_step_is_seen() {
        let mut runs = Runs::new(1, 0);
        let mut rows = record(10_000, |_| 2.0).columns.rows().to_vec();
        rows[4_321].gradient_norm = 500.0;
        let frame = tailblazer_core::session::MetricsFrame { steps: rows, ..Default::default() };
        runs.arms[0].record.columns.append(frame);
        runs.arms[0].experiment.train.steps = 10_000;
        runs.with(|input| {
            let frame = input.frame(480.0, 200.0);
            let top = y_scale(&input, frame).map(500.0);
            let is_there = |item: &Item| match item {
                Item::Path { points, .. } => points.iter().any(|point| (point.1 - top).abs() < 1e-9),
                _ => false,
            };
            assert!(scene(input, 480.0, 200.0).items.iter().any(is_there));
        });
    }

    proptest! {
        #[test]
        fn every_norm_has_a_finite_place(
            norms in prop::collection::vec(prop_oneof![
                5 => 1e-9..1e6f64, 1 => Just(0.0), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(1e308)], 0..50),
            clip in prop_oneof![Just(0.0), Just(1.0), Just(f64::NAN), Just(1e300)],
            (arms, axis, crosshair) in (1usize..3, 0usize..3, prop::option::of(0usize..60)),
        ) {
            let mut runs = Runs::new(arms, 0);
            (runs.x_axis, runs.crosshair) = (XAxis::ALL[axis], crosshair);
            for run in &mut runs.arms {
                let mut rows = record(norms.len(), |_| 2.0).columns.rows().to_vec();
                for (row, norm) in rows.iter_mut().zip(&norms) {
                    row.gradient_norm = *norm;
                }
                let frame = tailblazer_core::session::MetricsFrame { steps: rows, ..Default::default() };
                run.record.columns.append(frame);
                run.experiment.optimiser.clip = clip;
            }
            runs.with(|input| {
                assert_finite(&scene(input, 480.0, 240.0));
                let _ = (summary(input), readout(input));
            });
        }
    }
}
