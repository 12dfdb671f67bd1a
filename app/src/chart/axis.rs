//! The horizontal axis that all charts of a run share, so that one crosshair means one step in all of them.

use super::{
    ink::Ink,
    input::Input,
    mark::Stroke,
    scene::{Anchor, Scene, TICK},
    ticks::{self, Scale},
};
use crate::workspace::{format, view::XAxis};

/// The pixels that the data may use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Left edge.
    pub left: f64,
    /// Right edge.
    pub right: f64,
    /// Upper edge.
    pub top: f64,
    /// Lower edge.
    pub bottom: f64,
}

impl Frame {
    /// The plot inside a chart of this size. All charts have the same left and right edge.
    pub fn inside(width: f64, height: f64, is_comparison: bool) -> Self {
        let left = if width < NARROW { 38.0 } else { 46.0 };
        let right = match width {
            w if w < NARROW => 46.0,
            // The profile beside the alphas needs it.
            w if w >= WIDE => 92.0,
            _ if is_comparison => 66.0,
            _ => 58.0,
        };
        Self { left, right: (width - right).max(left + 20.0), top: 8.0, bottom: (height - 20.0).max(28.0) }
    }

    /// Its height.
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Its width.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Horizontal lines at values, with their labels on the left.
    pub fn draw_y(&self, scene: &mut Scene, y: &Scale, values: &[f64], label: impl Fn(f64) -> String) {
        for value in values {
            let py = y.map(*value);
            scene.line((self.left, py), (self.right, py), Stroke::solid(Ink::Grid, 1.0));
            scene.tick(label(*value), (self.left - 7.0, py + 3.5), Anchor::End);
        }
    }
}

/// Below this width words are shortened.
pub const NARROW: f64 = 420.0;

/// From this width on there is room beside the plot.
pub const WIDE: f64 = 560.0;

impl Input<'_> {
    /// Grid lines, labels and the axis itself.
    pub fn draw_x(&self, scene: &mut Scene, frame: Frame, scale: &Scale) {
        let end = scale.domain.1;
        let count = (frame.width() / 96.0).round().max(2.0) as usize;
        let crosshair = self.crosshair_row().map(|row| scale.map(self.x_of(row)));
        let last = format!("{} {}", self.x_axis.word(), self.x_label(end));
        let last_width = last.chars().count() as f64 * TICK * 0.56;

        for value in ticks::linear(0.0, end, count) {
            let x = scale.map(value);
            scene.line((x, frame.top), (x, frame.bottom), Stroke::solid(Ink::Grid, 1.0));
            let beside_last = x > frame.right - last_width - 22.0;
            let beside_pill = crosshair.is_some_and(|at| (at - x).abs() < 38.0);
            if !beside_last && !beside_pill {
                scene.tick(self.x_label(value), (x, frame.bottom + 13.0), Anchor::Middle);
            }
        }
        if crosshair.is_none_or(|at| at < frame.right - last_width - 26.0) {
            scene.tick(last, (frame.right, frame.bottom + 13.0), Anchor::End);
        }
        scene.line((frame.left, frame.bottom), (frame.right, frame.bottom), Stroke::solid(Ink::Axis, 1.0));
    }

    /// A position on the horizontal axis in words.
    pub fn x_label(&self, value: f64) -> String {
        match self.x_axis {
            XAxis::Step => format::integer(value.round() as usize),
            XAxis::Tokens if value == 0.0 => "0".into(),
            XAxis::Tokens => shortest(format::compact(value)),
            XAxis::Seconds => ticks::label(value),
        }
    }

    /// The position up to which something happened, and none once everything has.
    pub fn now(&self, scale: &Scale) -> Option<f64> {
        let row = self.lead()?.record.columns.last().filter(|_| !self.is_done())?;
        Some(scale.map(self.x_of(row)))
    }

    /// The line between what happened and what did not.
    pub fn draw_now(&self, scene: &mut Scene, frame: Frame, scale: &Scale) {
        if let Some(x) = self.now(scale) {
            scene.line((x, frame.top), (x, frame.bottom), Stroke::now());
        }
    }

    /// The crosshair and the pill with its position.
    pub fn draw_crosshair(&self, scene: &mut Scene, frame: Frame, scale: &Scale) {
        let Some(row) = self.crosshair_row() else { return };
        let x = scale.map(self.x_of(row));
        scene.line((x, frame.top), (x, frame.bottom), Stroke::solid(Ink::Ink, 1.0));
        let text = match self.x_axis {
            XAxis::Seconds => format!("{:.1}", row.seconds),
            _ => self.x_label(self.x_of(row)),
        };
        scene.pill(text, x, frame.bottom + 3.0);
    }
}

/// A tick needs no trailing zeros: `1.50 M` is `1.5 M`.
fn shortest(compact: String) -> String {
    match compact.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => compact,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::testing::Runs;

    #[test]
    fn labels_are_short() {
        Runs::new(1, 0).with(|input| {
            let tokens = Input { x_axis: XAxis::Tokens, ..input };
            assert_eq!(tokens.x_label(1.5e6), "1.5 M");
            assert_eq!(input.x_label(1500.0), "1,500");
        });
    }

    #[test]
    fn every_size_has_a_plot() {
        for (width, height) in [(0.0, 0.0), (60.0, 60.0), (300.0, 90.0), (4000.0, 3000.0)] {
            for is_comparison in [false, true] {
                let frame = Frame::inside(width, height, is_comparison);
                assert!(frame.width() >= 20.0 && frame.height() >= 20.0, "{frame:?}");
            }
        }
    }
}
