//! Alphas as colours: a row for each matrix, a column for each measurement, and the layers apart.

use super::{
    alpha::{DOMAIN, REACH, Rows, alpha},
    axis::Frame,
    ink::Ink,
    input::{Arm, Input},
    mark::{Stroke, Weight},
    matrices,
    scene::{Anchor, Scene},
    ticks::Scale,
};
use crate::t;

/// Draws the alphas of an arm, or how much they differ from those of `base`.
pub fn draw(scene: &mut Scene, input: &Input, arm: &Arm, base: Option<&Arm>, frame: Frame) {
    let x = input.x_scale(frame);
    let rows = Rows::new(arm, frame);
    input.draw_x(scene, Frame { top: frame.bottom, ..frame }, &x);
    let columns = Columns::new(input, arm, base, &x, &rows);
    draw_future(scene, &rows, columns.end);
    for (row, (_, index)) in rows.list.iter().enumerate() {
        draw_row(scene, &rows, &columns, row, *index);
    }
    draw_layers(scene, &rows);
    if columns.list.is_empty() {
        let words = if base.is_some() { t!("no common measurement yet") } else { t!("no spectrum measured yet") };
        let at = ((frame.left + frame.right) / 2.0, (frame.top + frame.bottom) / 2.0);
        scene.anchored(words, at, Anchor::Middle, Ink::Second, false);
    }
    input.draw_now(scene, frame, &x);
    let selected = matrices::selected_in(input, arm.record);
    if let Some(row) = rows.list.iter().position(|(_, index)| Some(*index) == selected) {
        let width = (columns.end - frame.left).max(6.0);
        scene.outline((frame.left - 0.5, rows.top(row) - 1.0), (width + 1.0, rows.height + 1.5));
    }
    if let Some(row) = input.crosshair_row() {
        let at = x.map(input.x_of(row));
        scene.line((at, frame.top), (at, frame.bottom), Stroke::solid(Ink::Surface, 3.0));
    }
    input.draw_crosshair(scene, frame, &x);
}

/// The measurements that have a pixel of their own.
struct Columns<'a> {
    list: Vec<Column<'a>>,
    /// The right edge of the last one.
    end: f64,
    is_difference: bool,
}

struct Column<'a> {
    left: f64,
    values: Box<dyn Fn(usize) -> Option<f64> + 'a>,
}

impl<'a> Columns<'a> {
    fn new(input: &Input, arm: &'a Arm<'a>, base: Option<&'a Arm<'a>>, x: &Scale, rows: &'a Rows) -> Self {
        let mut list: Vec<Column> = Vec::new();
        for frame in &arm.record.layers {
            let left = x.clamp(input.x_of_step(arm, frame.step));
            if list.last().is_some_and(|last| last.left.floor() == left.floor()) {
                continue;
            }
            let values: Box<dyn Fn(usize) -> Option<f64>> = match base {
                None => Box::new(move |index| alpha(frame, index)),
                Some(base) => {
                    let Some(other) = base.record.layers.iter().find(|other| other.step == frame.step) else {
                        continue;
                    };
                    Box::new(move |index| {
                        let same = matrices::same(&rows.layout, index, &base.record.layout)?;
                        Some(alpha(frame, index)? - alpha(other, same)?)
                    })
                }
            };
            list.push(Column { left, values });
        }
        let end = match list.last() {
            // The last one holds until now; at the very end it would have no width.
            Some(last) => {
                let now = arm.record.columns.last().map_or(0.0, |row| x.clamp(input.x_of(row)));
                now.max(last.left + 3.0).min(rows.frame.right)
            }
            None => rows.frame.left,
        };
        Self { list, end, is_difference: base.is_some() }
    }

    fn ink(&self, value: f64) -> Ink {
        if self.is_difference { Ink::delta(value, REACH) } else { Ink::alpha(value, DOMAIN) }
    }

    /// Whether a value is beyond what colours tell apart, and how a mark on its colour is seen.
    fn mark(&self, value: f64) -> Option<Ink> {
        match self.is_difference {
            true => (value.abs() > REACH).then_some(Ink::Surface),
            false if value < DOMAIN.0 => Some(Ink::Surface),
            false => (value > DOMAIN.1).then_some(Ink::Ink),
        }
    }
}

/// What a stretch of a row shows.
#[derive(Clone, Copy, PartialEq)]
enum Look {
    Missing,
    Colour { ink: Ink, mark: Option<Ink> },
}

/// Draws one row; neighbours that look the same become one cell.
fn draw_row(scene: &mut Scene, rows: &Rows, columns: &Columns, row: usize, index: usize) {
    let look = |column: &Column| match (column.values)(index) {
        None => Look::Missing,
        Some(value) => Look::Colour { ink: columns.ink(value), mark: columns.mark(value) },
    };
    let (top, height) = (rows.top(row), (rows.height - 0.5).max(0.5));
    let looks: Vec<Look> = columns.list.iter().map(look).collect();
    let mut from = 0;
    for stretch in looks.chunk_by(|a, b| a == b) {
        let to = from + stretch.len();
        let left = columns.list[from].left;
        let right = columns.list.get(to).map_or(columns.end, |next| next.left);
        // A hair over the next cell, so that no seam shows between them.
        let over = if to < columns.list.len() { 0.9 } else { 0.0 };
        match stretch[0] {
            Look::Missing => scene.missing((left, top), (right - left, height)),
            Look::Colour { ink, mark } => {
                scene.cell((left, top), (right - left + over, height), ink, Weight::Full);
                if let Some(mark) = mark {
                    let (middle, width) = (top + height / 2.0, (height / 5.0).clamp(0.75, 1.5));
                    let stroke = Stroke { dash: &[1.5, 3.0], ..Stroke::solid(mark, width) };
                    scene.line((left + 1.0, middle), (f64::max(right - 1.0, left + 1.5), middle), stroke);
                }
            }
        }
        from = to;
    }
}

/// What was not measured yet, one area for each layer.
fn draw_future(scene: &mut Scene, rows: &Rows, from: f64) {
    for (top, bottom, _) in layers(rows) {
        if from < rows.frame.right {
            scene.cell((from, top), (rows.frame.right - from, bottom - top), Ink::Sunken, Weight::Full);
        }
    }
}

fn draw_layers(scene: &mut Scene, rows: &Rows) {
    let mut last = f64::NEG_INFINITY;
    for (top, bottom, layer) in layers(rows) {
        let middle = (top + bottom) / 2.0;
        // In deep models not every layer has room for its name.
        if middle - last >= 11.0 {
            scene.tick(format!("L{layer}"), (rows.frame.left - 7.0, middle + 3.5), Anchor::End);
            last = middle;
        }
    }
}

/// The upper and lower edge of every layer, and its number.
fn layers(rows: &Rows) -> Vec<(f64, f64, usize)> {
    let mut row = 0;
    let groups = rows.list.chunk_by(|a, b| a.0 == b.0).map(|group| {
        let (first, last) = (row, row + group.len() - 1);
        row += group.len();
        let layer = rows.layout[group[0].1].layer.unwrap_or(0);
        (rows.top(first), rows.top(last) + rows.height, layer)
    });
    groups.collect()
}
