//! Which tokens attend which while a network is trained: rows ask, columns answer.

use tailblazer_core::objective::{Clean, View};

use super::{
    ink::Ink,
    mark::{Stroke, Weight},
    scene::{Anchor, Scene, TICK},
};
use crate::t;

/// The most rows of a drawing.
const MOST: usize = 64;

/// The same pattern with fewer tokens, so that single ones can be seen: some whole blocks of it.
pub fn shortened(view: View) -> View {
    let block = view.block().clamp(1, view.context().max(1));
    let is_whole = matches!(view, View::Full { .. });
    let blocks = if is_whole { 1 } else { (MOST / 2 / block).clamp(2, 8) };
    let context = if is_whole { view.context().min(16) } else { (blocks * block).min(view.context()) };
    match view {
        View::Causal { .. } => View::Causal { context: view.context().min(16) },
        View::Full { .. } => View::Full { context },
        View::BlockCausal { block, .. } => View::BlockCausal { context, block },
        View::Halves { block, clean, .. } => View::Halves { context, block, clean },
    }
}

/// Draws a pattern.
pub fn scene(view: View, width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let time = view.time().max(1);
    // Beside it stand words, which are longer in some languages.
    let (left, top) = ((t!("noisy").chars().count() as f64 * TICK * 0.56 + 12.0).max(54.0), 20.0);
    let size = (width - left - 8.0).min(height - top - 8.0).max(16.0);
    let cell = size / time as f64;
    scene.cell((left, top), (size, size), Ink::Sunken, Weight::Full);
    for query in 0..time {
        let mut key = 0;
        while key < time {
            let from = key;
            while key < time && view.allows(query, key) {
                key += 1;
            }
            if key > from {
                let ink = if query < view.context() && view.time() > view.context() { Ink::Ink } else { Ink::Second };
                let at = (left + from as f64 * cell, top + query as f64 * cell);
                let gap = if cell > 4.0 { 0.6 } else { 0.0 };
                scene.cell(at, ((key - from) as f64 * cell - gap, (cell - gap).max(0.5)), ink, Weight::Full);
            }
            key += 1;
        }
    }
    let block = view.block();
    let context = view.context();
    if block > 1 && block < context {
        for edge in (0..=time).filter(|edge| (edge % context).is_multiple_of(block)) {
            let at = edge as f64 * cell;
            let stroke = Stroke { weight: Weight::Half, ..Stroke::solid(Ink::Edge, 0.75) };
            scene.line((left + at, top), (left + at, top + size), stroke);
            scene.line((left, top + at), (left + size, top + at), stroke);
        }
    }
    if view.time() > context {
        let half = size / 2.0;
        scene.line((left + half, top), (left + half, top + size), Stroke::solid(Ink::Surface, 2.0));
        scene.line((left, top + half), (left + size, top + half), Stroke::solid(Ink::Surface, 2.0));
        for (word, at) in [(t!("noisy"), 0.25), (t!("clean"), 0.75)] {
            scene.tick(word, (left + at * size, top - 7.0), Anchor::Middle);
            scene.tick(word, (left - 8.0, top + at * size + 3.5), Anchor::End);
        }
    } else {
        scene.tick(t!("attended"), (left + size / 2.0, top - 7.0), Anchor::Middle);
        scene.tick(t!("token"), (left - 8.0, top + size / 2.0 + 3.5), Anchor::End);
    }
    scene
}

/// It in one sentence.
pub fn summary(view: View) -> String {
    match view {
        View::Causal { .. } => t!("Every token attends itself and all before it.").into(),
        View::Full { .. } => t!("Every token attends every token.").into(),
        View::BlockCausal { block, .. } => {
            t!("Every token attends its own block of {block} and all blocks before it.", block)
        }
        View::Halves { block, clean: Clean::Block, .. } => t!(
            "A noisy token attends its own noisy block of {block} and all clean blocks before it; a clean token \
             attends its own clean block and all before it.",
            block
        ),
        View::Halves { block, clean: Clean::Token, .. } => t!(
            "A noisy token attends its own noisy block of {block} and all clean blocks before it; a clean token \
             attends itself and all clean tokens before it.",
            block
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{palette::Palette, svg, testing::assert_finite};

    fn views() -> [View; 5] {
        let halves = |clean| View::Halves { context: 256, block: 16, clean };
        [
            View::Causal { context: 256 },
            View::Full { context: 64 },
            View::BlockCausal { context: 256, block: 8 },
            halves(Clean::Block),
            halves(Clean::Token),
        ]
    }

    #[test]
    fn noisy_blocks_beside_clean_ones() {
        let view = View::Halves { context: 12, block: 4, clean: Clean::Token };
        let drawn = scene(view, 280.0, 250.0);
        insta::assert_snapshot!(svg::document(&drawn, &Palette::variables(), &summary(view), None));
    }

    #[test]
    fn a_shorter_pattern_has_the_same_blocks() {
        for view in views() {
            let short = shortened(view);
            assert!(short.time() <= MOST, "{short:?}");
            assert_eq!(std::mem::discriminant(&short), std::mem::discriminant(&view));
            if !matches!(view, View::Full { .. }) {
                assert_eq!(short.block(), view.block());
                assert!(short.context() > short.block(), "{short:?}");
            }
            assert_finite(&scene(short, 300.0, 200.0));
            assert_finite(&scene(short, 0.0, 0.0));
            assert!(summary(short).ends_with('.'));
        }
    }
}
