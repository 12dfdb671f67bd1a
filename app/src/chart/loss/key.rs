//! What the marks of the loss chart mean.

use super::{draw_bar, shows_training};
use crate::{
    chart::{
        axis::{Frame, NARROW},
        branches,
        ink::Ink,
        input::Input,
        mark::{Shape, Stroke},
        scene::Scene,
    },
    t,
    workspace::{columns::EMA_DECAY, quantity},
};

/// From one line of the key to the next.
const LINE: f64 = 16.0;

/// A line of the key.
#[derive(Clone, Debug, PartialEq)]
enum Line {
    Step,
    Average,
    Validation,
    Seeds(usize),
    Branch,
    Bar,
    /// The letters of the arms whose validations alone are drawn; empty where that is all that is drawn.
    Alone(String),
}

/// The lines, from top to bottom.
fn lines(input: &Input) -> Vec<Line> {
    let mut lines = Vec::new();
    if input.arms.iter().any(shows_training) {
        lines.extend([Line::Step, Line::Average]);
    }
    lines.push(Line::Validation);
    let seeds = input.arms.iter().map(|arm| arm.earlier.len() + 1).max().unwrap_or(1);
    if seeds > 1 {
        lines.push(Line::Seeds(seeds));
    }
    if branches::any(input) {
        lines.push(Line::Branch);
    }
    if input.arms.iter().any(|arm| quantity::is_bounded(arm.experiment)) {
        lines.push(Line::Bar);
    }
    let alone: Vec<String> =
        input.arms.iter().filter(|arm| !shows_training(arm)).map(|arm| arm.letter().to_string()).collect();
    if !alone.is_empty() {
        let is_all = alone.len() == input.arms.len();
        lines.push(Line::Alone(if is_all { String::new() } else { alone.join(", ") }));
    }
    lines
}

/// The height of the key: there is always room for four lines.
pub fn key_height(input: &Input) -> f64 {
    // The lines that were always there take this; each more is a line.
    let usual = 4 + usize::from(branches::any(input));
    let more = lines(input).len().saturating_sub(usual);
    76.0 + LINE * (usual - 4 + more) as f64
}

/// Where the key begins.
pub fn key_left(frame: Frame, width: f64) -> f64 {
    frame.right - if width < NARROW { 112.0 } else { 150.0 }
}

/// Draws it in the corner that a falling curve leaves free.
pub fn draw_key(scene: &mut Scene, input: &Input, frame: Frame, width: f64) {
    let (x, top) = (key_left(frame, width), frame.top + 14.0);
    for (place, line) in lines(input).into_iter().enumerate() {
        let y = top + LINE * place as f64;
        let words = match line {
            Line::Step => {
                let zigzag = [0.0, -3.0, 3.0, -4.0, 2.0, -2.0, 1.0];
                let points = zigzag.iter().enumerate().map(|(i, dy)| (x + 3.0 * i as f64, y - 3.0 + dy)).collect();
                scene.path(points, Stroke::ghost(Ink::Ink));
                t!("every step").into()
            }
            Line::Average => {
                scene.line((x, y - 3.0), (x + 18.0, y - 3.0), Stroke::solid(Ink::Ink, 1.75));
                format!("EMA {EMA_DECAY}")
            }
            Line::Validation => {
                scene.marker(Shape::Disc, (x + 9.0, y - 3.0), 3.2, Ink::Ink);
                t!("validation").into()
            }
            Line::Seeds(seeds) => {
                scene.band(&[[x, y - 8.0, y + 2.0], [x + 18.0, y - 8.0, y + 2.0]], Ink::Ink);
                t!("range of {seeds} seeds", seeds)
            }
            Line::Branch => {
                scene.line((x, y - 3.0), (x + 18.0, y - 3.0), Stroke::solid(Ink::Ink, 1.0));
                scene.marker(Shape::Ring, (x + 18.0, y - 3.0), 3.2, Ink::Ink);
                t!("branch").into()
            }
            Line::Bar => {
                draw_bar(scene, (x + 9.0, y + 2.5), (x + 9.0, y - 8.5), Ink::Ink);
                t!("bound ± 2 s.e.").into()
            }
            Line::Alone(letters) if letters.is_empty() => t!("validation alone").into(),
            Line::Alone(letters) => t!("{letters}: val. alone", letters),
        };
        scene.words(words, (x + 26.0, y + 0.5), Ink::Second, false);
    }
}
