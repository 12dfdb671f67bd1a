//! The strip below the loss: validation loss minus that of the first arm, which the losses themselves are too close to
//! show.

use super::{
    axis::Frame,
    difference::{Difference, differences},
    ink::Ink,
    input::{Arm, Input},
    labels::ROOM,
    mark::{Shape, Stroke, Weight},
    scene::{Anchor, Scene},
    ticks::{self, Scale},
};
use crate::{
    t,
    workspace::format::{fixed, integer},
};

/// Height of the strip, and of the gap above it.
const HEIGHT: f64 = 58.0;
const GAP: f64 = 9.0;

/// The least chart that has room for the strip.
const LEAST: f64 = 150.0;

/// An arm's differences to the first one.
pub struct Row<'a> {
    arm: &'a Arm<'a>,
    differences: Vec<Difference>,
}

/// What the strip shows in a plot; nothing where there is nothing to compare or no room.
pub fn rows<'a>(input: &Input<'a>, frame: Frame) -> Vec<Row<'a>> {
    if frame.height() < LEAST { Vec::new() } else { compared(input) }
}

fn compared<'a>(input: &Input<'a>) -> Vec<Row<'a>> {
    let Some((base, others)) = input.arms.split_first() else { return Vec::new() };
    let rows = others.iter().map(|arm| Row { arm, differences: differences(base, arm) });
    rows.filter(|row| !row.differences.is_empty()).collect()
}

/// Pixels that the strip and its gap take from the plot.
pub fn height(rows: &[Row]) -> f64 {
    if rows.is_empty() { 0.0 } else { HEIGHT + GAP }
}

/// Draws the strip at the foot of the whole plot.
pub fn draw(scene: &mut Scene, input: &Input, rows: &[Row], whole: Frame, x: &Scale) {
    let Some(base) = input.arms.first().filter(|_| !rows.is_empty()) else { return };
    let frame = Frame { top: whole.bottom - HEIGHT, ..whole };
    let edge = frame.top - GAP;
    // The grid of the axis runs through both plots; the gap parts them.
    scene.cell((frame.left - 1.0, edge), (frame.width() + 2.0, GAP), Ink::Surface, Weight::Full);
    scene.line((frame.left, edge), (frame.right, edge), Stroke::solid(Ink::Axis, 1.0));

    let most = most(rows);
    let y = Scale::linear((-most, most), (frame.bottom - 4.0, frame.top + 4.0));
    let step = ticks::nice_step(most / 2.0);
    frame.draw_y(scene, &y, &[-step, step], signed);
    frame.draw_y(scene, &y, &[0.0], |_| "0".into());
    scene.line((frame.left, y.map(0.0)), (frame.right, y.map(0.0)), Stroke::solid(Ink::Axis, 1.0));
    scene.line((frame.left, frame.bottom), (frame.right, frame.bottom), Stroke::solid(Ink::Axis, 1.0));

    for row in rows {
        let sure = row.differences.iter().filter_map(|d| Some((d, d.half_width?)));
        let band: Vec<[f64; 3]> = sure
            .map(|(d, half)| [position(input, x, row.arm, d.step), y.clamp(d.mean - half), y.clamp(d.mean + half)])
            .collect();
        scene.band(&band, Ink::Arm(row.arm.index));
    }
    for row in rows {
        let points: Vec<(f64, f64)> =
            row.differences.iter().map(|d| (position(input, x, row.arm, d.step), y.map(d.mean))).collect();
        if let Some(last) = points.last() {
            scene.marker(Shape::of_arm(row.arm.index), *last, 2.6, Ink::Arm(row.arm.index));
        }
        scene.path(points, Stroke::arm(row.arm.index, 1.75));
    }
    draw_words(scene, base, rows, frame);
}

fn position(input: &Input, x: &Scale, arm: &Arm, step: usize) -> f64 {
    x.clamp(input.x_of_step(arm, step))
}

/// What the strip shows, beside it where there is room.
fn draw_words(scene: &mut Scene, base: &Arm, rows: &[Row], frame: Frame) {
    let words = t!("minus {letter}", letter = base.letter());
    let pairs = rows.iter().flat_map(|row| &row.differences).map(|d| d.pairs).max().unwrap_or(1);
    let room = scene.width - frame.right;
    let interval = match pairs {
        0 | 1 => t!("one seed"),
        _ if (ROOM..84.0).contains(&room) => "95 %",
        _ => t!("95 %, paired t"),
    };
    if room >= ROOM {
        scene.words(words, (frame.right + 7.0, frame.top + 10.0), Ink::Second, false);
        scene.tick(interval, (frame.right + 7.0, frame.top + 22.5), Anchor::Start);
    } else {
        scene.words(format!("{words}, {interval}"), (frame.left + 6.0, frame.top + 10.0), Ink::Second, false);
    }
}

/// The end of the scale: every mean is inside, and intervals as far as three times the largest mean.
fn most(rows: &[Row]) -> f64 {
    let all = || rows.iter().flat_map(|row| &row.differences);
    let mean = all().map(|d| d.mean.abs()).fold(1e-3, f64::max);
    let reach = all().map(|d| d.mean.abs() + d.half_width.unwrap_or(0.0)).fold(mean, f64::max);
    let most = reach.min(3.0 * mean) * 1.1;
    let step = ticks::nice_step(most / 5.0);
    (most / step).ceil() * step
}

/// A difference with its sign.
pub fn signed(value: f64) -> String {
    let decimals = if value.abs() < 0.01 { 4 } else { 3 };
    let words = fixed(value, decimals);
    let words = if words.contains('.') { words.trim_end_matches('0').trim_end_matches('.') } else { &words };
    if value > 0.0 { format!("+{words}") } else { words.into() }
}

/// The last differences in one sentence; none where nothing was compared.
pub fn summary(input: &Input) -> Option<String> {
    let base = input.arms.first()?.letter();
    let part = |row: &Row| {
        let last = row.differences.last()?;
        let difference = format!("{} − {base} = {}", row.arm.letter(), fixed(last.mean, 3));
        let step = integer(last.step);
        Some(match last.half_width {
            Some(half) => t!(
                "{difference} ± {half} over {pairs} seeds at step {step}",
                difference,
                half = fixed(half, 3),
                pairs = last.pairs,
                step,
            ),
            None => t!("{difference} with one seed at step {step}", difference, step),
        })
    };
    let parts: Vec<String> = compared(input).iter().filter_map(part).collect();
    (!parts.is_empty()).then(|| t!("Validation loss {list}.", list = parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_a_sign() {
        assert_eq!([0.03, -0.03, 0.0].map(signed), ["+0.03", "−0.03", "0"]);
        assert_eq!(signed(0.0025), "+0.0025");
    }
}
