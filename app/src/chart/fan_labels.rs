//! Labels of the lines of a fan: which matrices they are, and from which to which multiplier.

use tailblazer_core::{layerwise::Parameter, model::Role};

use super::{
    axis::Frame,
    fan::Fan,
    ink::Ink,
    input::{Arm, Input},
    labels::{GAP, spread},
    scene::{Anchor, Scene},
};
use crate::t;

/// Where on the plot the labels stand, as a share of its width.
const AT: f64 = 0.24;

/// More labels than this would cover the lines; then every arm has one.
const MOST: usize = 6;

/// Whether a matrix with this role is in a group.
type IsMember = fn(Role) -> bool;

/// Matrices that methods treat alike, and what they are called together.
const GROUPS: [(&str, IsMember); 3] = [
    ("embed, head", Role::is_end),
    ("up, down", |role| matches!(role, Role::Up | Role::Down)),
    ("q, k, v, o", |role| matches!(role, Role::Query | Role::Key | Role::Value | Role::Output)),
];

struct Label<'a> {
    arm: &'a Arm<'a>,
    words: String,
    y: f64,
}

/// Draws the labels; `at` gives the pixel of a rate of an arm at an update.
pub fn draw(scene: &mut Scene, input: &Input, fans: &[Fan], frame: Frame, at: impl Fn(&Arm, usize, f64) -> (f64, f64)) {
    let left = frame.left + AT * frame.width();
    let mut labels = Vec::new();
    let mut coarse = Vec::new();
    for (arm, fan) in input.arms.iter().zip(fans) {
        // In seconds only the updates that were made have a place: the last of them may lie further left.
        let is_left = |place: &usize| at(arm, fan.updates[*place], 1.0).0 <= left;
        let Some(place) = (0..fan.updates.len()).rev().find(is_left).or(fan.place(1)) else { continue };
        let y = |multiplier: f64| at(arm, fan.updates[place], fan.base[place] * multiplier).1;
        let name = input.prefix(arm);
        if fan.lines.is_empty() {
            let label = || Label { arm, words: format!("{name}{}", t!("every matrix ×1")), y: y(1.0) };
            labels.push(label());
            coarse.push(label());
            continue;
        }
        let label = |words: &str, (low, high): (f64, f64)| {
            let range = range(low, high);
            let gap = if words.is_empty() { "" } else { " " };
            Label { arm, words: format!("{name}{words}{gap}{range}"), y: y((low + high) / 2.0) }
        };
        labels.extend(groups(fan, place).into_iter().map(|(words, range)| label(&words, range)));
        coarse.extend(fan.range(place, |_| true).map(|range| label("", range)));
    }
    let mut labels = if labels.len() > MOST { coarse } else { labels };
    labels.retain(|label| label.y.is_finite());
    let wanted: Vec<f64> = labels.iter().map(|label| label.y).collect();
    for (label, y) in labels.iter().zip(spread(&wanted, GAP, frame.top + 8.0, frame.bottom - 8.0)) {
        let ink = Ink::ArmText(label.arm.index);
        scene.anchored(label.words.as_str(), (left + 6.0, y + 3.8), Anchor::Start, ink, false);
    }
}

/// Groups with the ranges of their multipliers; groups with the same range are one.
fn groups(fan: &Fan, place: usize) -> Vec<(String, (f64, f64))> {
    let mut found: Vec<(String, (f64, f64))> = Vec::new();
    for (words, is) in GROUPS {
        let Some(range) = fan.range(place, |parameter: &Parameter| is(parameter.role)) else { continue };
        match found.iter_mut().find(|(_, known)| *known == range) {
            Some((known, _)) => *known = format!("{known}, {words}"),
            None => found.push((words.into(), range)),
        }
    }
    found
}

/// `×1.0 to 1.8`, or one number where both would read the same.
fn range(low: f64, high: f64) -> String {
    let (low, high) = (format!("{low:.1}"), format!("{high:.1}"));
    if low == high { format!("×{low}") } else { t!("×{low} to {high}", low, high) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{scene::Item, testing::Runs};

    fn words(runs: &Runs) -> Vec<String> {
        runs.with(|input| {
            let fans: Vec<Fan> = input.arms.iter().map(|arm| Fan::new(arm, 300)).collect();
            let frame = input.frame(480.0, 240.0);
            let mut scene = Scene::new(480.0, 240.0);
            draw(&mut scene, &input, &fans, frame, |_, update, rate| (update as f64, 200.0 - 1e3 * rate));
            let text = |item: &Item| if let Item::Label { text, .. } = item { Some(text.clone()) } else { None };
            scene.items.iter().filter_map(text).collect()
        })
    }

    #[test]
    fn groups_say_which_matrices_and_how_much() {
        let labels = words(&Runs::measured(2, 300));
        assert_eq!(labels[0], "A every matrix ×1");
        assert_eq!(labels[1], "B embed, head ×5.0");
        // At update 134, two thirds of the way from 1 + 4 u to 1 + 4 u^1.1, u = 4 / 11 for the least and 9 / 11 for the
        // greatest of them.
        assert_eq!(labels[2..], ["B up, down ×2.4 to 5.0", "B q, k, v, o ×1.0 to 4.2"]);
    }

    #[test]
    fn many_arms_have_one_label_each() {
        let labels = words(&Runs::measured(4, 300));
        assert_eq!(labels.len(), 4);
        assert!(labels[3].starts_with("D ×1.0 to 5."), "{labels:?}");
    }
}
