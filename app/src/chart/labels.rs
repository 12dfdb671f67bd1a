//! Labels at the ends of lines: as near to them as they can be without touching each other.

use super::{
    ink::Ink,
    input::Arm,
    mark::Shape,
    scene::{Anchor, Scene, TEXT},
};

/// Pixels from one label to the next.
pub const GAP: f64 = 13.0;

/// Pixels that a label with a marker needs: `A 2.06`.
pub const ROOM: f64 = 60.0;

/// Pixels from the end of a line to the marker of its label.
pub const OFFSET: f64 = 11.0;

/// Pixels that the longest of some labels needs beside its line.
pub fn room(ends: &[End]) -> f64 {
    // The letter, its space, and the words behind the marker.
    let width = |end: &End| OFFSET + 8.0 + (2 + end.words.chars().count()) as f64 * TEXT * 0.58;
    ends.iter().map(width).fold(ROOM, f64::max)
}

/// Places for labels that should stand at `wanted`: in the same order, at least `gap` apart, and between `low` and `high`
/// where there is room for all. The sum of squared distances to the wanted places is least.
///
/// Subtracting `gap` times the rank turns the distance into an order, so this is an isotonic regression, solved by
/// pooling adjacent violators (Ayer et al. 1955).
pub fn spread(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    // Pools of neighbours that touch, as their mean and their number.
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (rank, index) in order.iter().enumerate() {
        let mut pool = (wanted[*index] - gap * rank as f64, 1);
        while let Some(last) = pools.last().filter(|last| last.0 >= pool.0) {
            let count = last.1 + pool.1;
            pool = ((last.0 * last.1 as f64 + pool.0 * pool.1 as f64) / count as f64, count);
            pools.pop();
        }
        pools.push(pool);
    }
    let top = (high - gap * wanted.len().saturating_sub(1) as f64).max(low);
    let means = pools.into_iter().flat_map(|(mean, count)| std::iter::repeat_n(mean.clamp(low, top), count));
    let mut placed = vec![0.0; wanted.len()];
    for (rank, (index, mean)) in order.into_iter().zip(means).enumerate() {
        placed[index] = mean + gap * rank as f64;
    }
    placed
}

/// A label of an arm, with the height that it belongs to.
pub struct End<'a> {
    /// The arm.
    pub arm: &'a Arm<'a>,
    /// The words after the letter.
    pub words: String,
    /// The height of the line's end.
    pub y: f64,
}

/// Draws markers and labels in one column from `x` on, between `low` and `high`.
pub fn draw(scene: &mut Scene, ends: &[End], x: f64, low: f64, high: f64) {
    let wanted: Vec<f64> = ends.iter().map(|end| end.y).collect();
    for (end, y) in ends.iter().zip(spread(&wanted, GAP, low, high)) {
        draw_one(scene, end, (x, y));
    }
}

/// Draws one label behind its marker.
pub fn draw_one(scene: &mut Scene, end: &End, (x, y): (f64, f64)) {
    let arm = end.arm.index;
    scene.marker(Shape::of_arm(arm), (x, y), 3.0, Ink::Arm(arm));
    let words = format!("{} {}", end.arm.letter(), end.words);
    scene.anchored(words, (x + 8.0, y + 3.8), Anchor::Start, Ink::ArmText(arm), true);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_that_do_not_touch_stay_where_they_are() {
        assert_eq!(spread(&[40.0, 10.0, 90.0], 13.0, 0.0, 100.0), [40.0, 10.0, 90.0]);
        assert!(spread(&[], 13.0, 0.0, 100.0).is_empty());
    }

    #[test]
    fn labels_that_touch_move_apart_around_their_mean() {
        assert_eq!(spread(&[50.0, 50.0], 13.0, 0.0, 100.0), [43.5, 56.5]);
        assert_eq!(spread(&[50.0, 51.0, 49.0], 13.0, 0.0, 100.0), [50.0, 63.0, 37.0]);
        assert_eq!(spread(&[98.0, 99.0], 13.0, 0.0, 100.0), [87.0, 100.0], "and stay inside");
        assert_eq!(spread(&[1.0, 2.0], 13.0, 0.0, 10.0), [0.0, 13.0], "the distance goes before the room");
    }

    proptest! {
        #[test]
        fn labels_keep_their_order_their_distance_and_the_plot(wanted in prop::collection::vec(-50.0..350.0f64, 0..9)) {
            let placed = spread(&wanted, GAP, 0.0, 300.0);
            for (a, pa) in wanted.iter().zip(&placed) {
                prop_assert!((0.0..=300.0 + 1e-9).contains(pa));
                for (b, pb) in wanted.iter().zip(&placed).filter(|(b, _)| a < b) {
                    prop_assert!(pb - pa >= GAP - 1e-9, "{a} {b}: {pa} {pb}");
                }
            }
        }
    }
}
