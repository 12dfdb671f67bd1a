//! The grid of steps and denoising steps: which cells it has, and how keys move in it.

/// At most so many of `count` places, evenly spaced, with the first and the last one.
pub fn spread(count: usize, most: usize) -> Vec<usize> {
    match (count, most) {
        (0, _) | (_, 0) => Vec::new(),
        (_, 1) => vec![count - 1],
        _ if count <= most => (0..count).collect(),
        _ => (0..most).map(|place| place * (count - 1) / (most - 1)).collect(),
    }
}

/// The cell beside one of a grid with so many rows and columns, as an arrow key asks for it.
pub fn moved((row, column): (usize, usize), (rows, columns): (usize, usize), key: &str) -> Option<(usize, usize)> {
    let last = |count: usize| count.saturating_sub(1);
    Some(match key {
        "ArrowUp" => (row.saturating_sub(1), column),
        "ArrowDown" => ((row + 1).min(last(rows)), column),
        "ArrowLeft" => (row, column.saturating_sub(1)),
        "ArrowRight" => (row, (column + 1).min(last(columns))),
        "Home" => (row, 0),
        "End" => (row, last(columns)),
        "PageUp" => (0, column),
        "PageDown" => (last(rows), column),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_spread_from_the_first_to_the_last() {
        assert_eq!(spread(0, 5), [0; 0]);
        assert_eq!(spread(3, 5), [0, 1, 2]);
        assert_eq!(spread(101, 5), [0, 25, 50, 75, 100]);
        for count in 1..60 {
            let found = spread(count, 7);
            assert!(found.windows(2).all(|pair| pair[0] < pair[1]) && found.last() == Some(&(count - 1)), "{found:?}");
        }
    }

    #[test]
    fn arrows_stay_inside_the_grid() {
        let grid = (3, 4);
        assert_eq!(moved((0, 0), grid, "ArrowUp"), Some((0, 0)));
        assert_eq!(moved((2, 3), grid, "ArrowDown"), Some((2, 3)));
        assert_eq!(moved((1, 1), grid, "ArrowRight"), Some((1, 2)));
        assert_eq!(moved((1, 1), grid, "End"), Some((1, 3)));
        assert_eq!(moved((1, 1), grid, "PageDown"), Some((2, 1)));
        assert_eq!(moved((1, 1), grid, "a"), None);
    }
}
