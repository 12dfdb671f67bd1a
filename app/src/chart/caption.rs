//! Words under a figure that stands alone as a picture: what it shows, and where it is from.

use super::{
    ink::Ink,
    scene::{Scene, TEXT},
};

/// Pixels from one line to the next.
const LINE: f64 = 15.0;

/// Pixels left and right of the words.
const MARGIN: f64 = 10.0;

/// The width of a letter, as a share of the size of the words; system faces differ, and no line may leave the picture.
const LETTER: f64 = 0.56;

/// Adds a sentence and a link below a scene.
pub fn add(scene: &mut Scene, sentence: &str, link: &str) {
    let letters = ((scene.width - 2.0 * MARGIN) / (LETTER * TEXT)).max(1.0) as usize;
    let mut base = scene.height + LINE;
    for (words, ink) in [(sentence, Ink::Second), (link, Ink::Third)] {
        for line in lines(words, letters) {
            scene.words(line, (MARGIN, base), ink, false);
            base += LINE;
        }
    }
    scene.height = base - LINE / 2.0;
}

/// A text in lines of at most so many letters, broken between words, and inside those that are longer than a line.
fn lines(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        for (place, part) in letters.chunks(most).enumerate() {
            let room = most.saturating_sub(line.chars().count());
            if !line.is_empty() && (place > 0 || part.len() + 1 > room) {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.extend(part);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::scene::Item;

    #[test]
    fn lines_break_between_words_and_inside_long_ones() {
        assert_eq!(lines("a bc def", 4), ["a bc", "def"]);
        assert_eq!(lines("ab https://example", 7), ["ab", "https:/", "/exampl", "e"]);
        assert_eq!(lines("ü ö ä", 3), ["ü ö", "ä"]);
        assert!(lines("  ", 4).is_empty());
    }

    #[test]
    fn the_words_are_below_the_scene_and_inside_it() {
        let mut scene = Scene::new(200.0, 100.0);
        add(&mut scene, "Loss falls from 4.3 to 1.6 nats per token over 1,000 steps.", &"x".repeat(90));
        assert!(scene.items.len() >= 4, "{:?}", scene.items);
        for item in &scene.items {
            let Item::Label { text, at: (x, y), size, .. } = item else { panic!("only words: {item:?}") };
            assert!(*y > 100.0 && *y < scene.height, "{item:?}");
            assert!(x + LETTER * size * text.chars().count() as f64 <= 200.0, "{item:?}");
        }
    }
}
