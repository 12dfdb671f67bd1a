//! The alpha of every matrix at the crosshair, beside its row; a tick says what an untrained matrix of its shape has.

use super::{
    alpha::{DOMAIN, Rows, alpha},
    ink::Ink,
    input::Input,
    mark::{Shape, Stroke},
    matrices,
    scene::{Anchor, Scene},
    ticks::Scale,
};

/// Pixels beside the plot that the profile needs.
const LEAST: f64 = 80.0;

/// Draws the profile where there is room.
pub fn draw(scene: &mut Scene, input: &Input, rows: &Rows) {
    let frame = rows.frame;
    if scene.width - frame.right < LEAST || input.arms.iter().all(|arm| arm.record.layers.is_empty()) {
        return;
    }
    let x = Scale::linear(DOMAIN, (frame.right + 14.0, scene.width - 6.0));
    for value in [2.0, 3.0] {
        let at = x.map(value);
        scene.line((at, frame.top), (at, frame.bottom), Stroke::solid(Ink::Grid, 1.0));
        scene.tick(format!("{value}"), (at, frame.bottom + 13.0), Anchor::Middle);
    }
    scene.line((x.range.0, frame.bottom), (x.range.1, frame.bottom), Stroke::solid(Ink::Axis, 1.0));
    scene.tick("α", (x.range.1, frame.bottom + 13.0), Anchor::End);

    let frames: Vec<_> = input.arms.iter().filter_map(|arm| Some((arm, arm.spectra(input.crosshair)?))).collect();
    let mut known: Vec<([usize; 2], Option<f64>)> = Vec::new();
    for (row, (_, index)) in rows.list.iter().enumerate() {
        let parameter = &rows.layout[*index];
        let middle = rows.top(row) + rows.height / 2.0;
        // The integral behind it is the same for every matrix of one shape.
        let untrained = match known.iter().find(|(shape, _)| *shape == parameter.shape) {
            Some((_, alpha)) => *alpha,
            None => {
                let alpha = matrices::untrained(parameter);
                known.push((parameter.shape, alpha));
                alpha
            }
        };
        if let Some(untrained) = untrained {
            let (at, half) = (x.clamp(untrained), (rows.height / 2.0).min(3.0));
            scene.line((at, middle - half), (at, middle + half), Stroke::solid(Ink::Axis, 1.25));
        }
        for (arm, frame) in &frames {
            let same = matrices::same(&rows.layout, *index, &arm.record.layout);
            let Some(alpha) = same.and_then(|index| alpha(frame, index)) else { continue };
            // The first arm is open, so that the others show through where they meet.
            let shape = if input.is_comparison() && arm.index == 0 { Shape::Ring } else { Shape::of_arm(arm.index) };
            scene.marker(shape, (x.clamp(alpha), middle), 2.3, Ink::Arm(arm.index));
        }
    }
}
