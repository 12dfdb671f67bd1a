//! Alphas as lines: one for each matrix of an arm, never smoothed.

use tailblazer_core::model::Role;

use super::{
    alpha::{DOMAIN, alpha},
    axis::Frame,
    curve::decimate,
    ink::Ink,
    input::{Arm, Input},
    labels::{GAP, ROOM, spread},
    mark::{Shape, Stroke},
    matrices,
    scene::Scene,
    ticks::Scale,
};

/// Draws the lines.
pub fn draw(scene: &mut Scene, input: &Input, arm: &Arm, frame: Frame) {
    let x = input.x_scale(frame);
    let y = Scale::linear(DOMAIN, (frame.bottom, frame.top));
    frame.draw_y(scene, &y, &[1.5, 2.0, 2.5, 3.0, 3.5], |value| format!("{value:.1}"));
    input.draw_x(scene, frame, &x);

    let (record, layout) = (arm.record, &arm.record.layout);
    let selected = matrices::selected_in(input, record);
    let draw = |scene: &mut Scene, index: usize, stroke: Stroke| {
        let points = record.layers.iter().map(|frame| {
            let value = alpha(frame, index).map_or(f64::NAN, |alpha| y.clamp(alpha));
            (x.map(input.x_of_step(arm, frame.step)), value)
        });
        scene.curve(&decimate(points), stroke);
    };
    for index in matrices::hidden(layout) {
        draw(scene, index, Stroke::fan(arm.index));
    }
    if let Some(index) = selected {
        draw(scene, index, Stroke::arm(arm.index, 2.4));
    }
    input.draw_now(scene, frame, &x);
    draw_names(scene, input, arm, frame, &x, &y);
    input.draw_crosshair(scene, frame, &x);
    if let (Some(index), Some(step)) = (selected, input.crosshair)
        && let Some(measured) = arm.spectra(Some(step))
        && let Some(value) = alpha(measured, index)
    {
        let at = (x.map(input.x_of_step(arm, measured.step)), y.clamp(value));
        scene.marker(Shape::of_arm(arm.index), at, 3.0, Ink::Arm(arm.index));
    }
}

/// The kinds of matrices at the ends of their lines.
fn draw_names(scene: &mut Scene, input: &Input, arm: &Arm, frame: Frame, x: &Scale, y: &Scale) {
    const KINDS: [(&str, &[Role]); 2] =
        [("up, down", &[Role::Up, Role::Down]), ("q, k, v, o", &[Role::Query, Role::Key, Role::Value, Role::Output])];
    let Some(last) = arm.record.layers.last() else { return };
    let end = x.map(input.x_of_step(arm, last.step));
    if scene.width - end < ROOM {
        return;
    }
    let mean = |roles: &[Role]| {
        let layout = &arm.record.layout;
        let of_kind = matrices::hidden(layout).into_iter().filter(|index| roles.contains(&layout[*index].role));
        let alphas: Vec<f64> = of_kind.filter_map(|index| alpha(last, index)).collect();
        (!alphas.is_empty()).then(|| y.clamp(alphas.iter().sum::<f64>() / alphas.len() as f64))
    };
    let names: Vec<(&str, f64)> = KINDS.iter().filter_map(|(name, roles)| Some((*name, mean(roles)?))).collect();
    let wanted: Vec<f64> = names.iter().map(|(_, y)| *y).collect();
    for ((name, _), at) in names.iter().zip(spread(&wanted, GAP, frame.top + 6.0, frame.bottom - 6.0)) {
        scene.words(*name, (end + 8.0, at + 3.8), Ink::ArmText(arm.index), false);
    }
}
