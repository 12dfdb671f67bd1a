//! Token embedding with optional learned positions.
//!
//! The gradient adds rows in order, so that it repeats bit for bit; with one thread there is nothing to gain from
//! any other order. A tied head is [`matmul`](fn@super::matmul) with the transposed embedding.

use super::simd::{Level, dispatch, update};

/// Rows of `table`, `[vocabulary, width]`, chosen by `tokens`, plus those of `positions`, `[context, width]`, if there
/// are any; `out` is `[tokens, width]`, and `time` tokens make a sequence.
///
/// # Panics
/// If a token is not in the vocabulary or a sequence is longer than the context.
pub fn embed(table: &[f32], positions: Option<&[f32]>, tokens: &[i32], time: usize, out: &mut [f32]) {
    let Some(width) = width(tokens, out.len()) else { return };
    dispatch!(Level::new(), simd => {
        for (index, (token, out)) in tokens.iter().zip(out.chunks_exact_mut(width)).enumerate() {
            let row = &table[*token as usize * width..][..width];
            match positions {
                None => out.copy_from_slice(row),
                Some(positions) => {
                    let position = &positions[index % time * width..][..width];
                    update(simd, [out], [row, position], #[inline(always)] |_, [row, position]| [row + position]);
                }
            }
        }
    });
}

/// The gradients of [`embed`] from `dy`, `[tokens, width]`: added to `table`, or overwriting it without `accumulate`
/// (a tied head adds its own share), and overwriting `positions`.
pub fn embed_backward(
    dy: &[f32],
    tokens: &[i32],
    time: usize,
    table: &mut [f32],
    accumulate: bool,
    mut positions: Option<&mut [f32]>,
) {
    if !accumulate {
        table.fill(0.0);
    }
    if let Some(positions) = &mut positions {
        positions.fill(0.0);
    }
    let Some(width) = width(tokens, dy.len()) else { return };
    dispatch!(Level::new(), simd => {
        for (index, (token, dy)) in tokens.iter().zip(dy.chunks_exact(width)).enumerate() {
            let row = &mut table[*token as usize * width..][..width];
            update(simd, [row], [dy], #[inline(always)] |[sum], [dy]| [sum + dy]);
            if let Some(positions) = &mut positions {
                let position = &mut positions[index % time * width..][..width];
                update(simd, [position], [dy], #[inline(always)] |[sum], [dy]| [sum + dy]);
            }
        }
    });
}

/// The width of the embedding; none if there is nothing to do.
fn width(tokens: &[i32], numbers: usize) -> Option<usize> {
    let width = numbers.checked_div(tokens.len())?;
    assert_eq!(width * tokens.len(), numbers, "a row for every token");
    (width > 0).then_some(width)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    #[test]
    fn rows_are_chosen_and_positions_added() {
        let table = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let mut out = [0.0; 8];
        embed(&table, None, &[2, 0, 2, 1], 2, &mut out);
        assert_eq!(out, [5.0, 6.0, 1.0, 2.0, 5.0, 6.0, 3.0, 4.0]);
        embed(&table, Some(&[10.0, 20.0, 30.0, 40.0]), &[2, 0, 2, 1], 2, &mut out);
        assert_eq!(out, [15.0, 26.0, 31.0, 42.0, 15.0, 26.0, 33.0, 44.0]);
        embed(&table, None, &[], 2, &mut []);
    }

    #[test]
    fn gradients_are_the_sums_of_rows() {
        let (vocabulary, width, time, batch) = (5, 19, 3, 4);
        let mut random = Random::new(4);
        let tokens: Vec<i32> = (0..batch * time).map(|_| random.below(vocabulary - 1) as i32).collect();
        let dy = random.normal(tokens.len() * width);
        let (mut table, mut positions) = (vec![1.0; vocabulary * width], vec![9.0; time * width]);
        embed_backward(&dy, &tokens, time, &mut table, true, Some(&mut positions));
        let (mut expected, mut of_positions) = (vec![1.0f64; table.len()], vec![0.0f64; positions.len()]);
        for (index, token) in tokens.iter().enumerate() {
            for channel in 0..width {
                let dy = f64::from(dy[index * width + channel]);
                expected[*token as usize * width + channel] += dy;
                of_positions[index % time * width + channel] += dy;
            }
        }
        assert_close(&table, &expected, 1e-6);
        assert_close(&positions, &of_positions, 1e-6);
        // A token that does not occur keeps its gradient.
        assert_eq!(table[(vocabulary - 1) * width..], vec![1.0; width]);
        embed_backward(&[], &[], time, &mut table, false, None);
        assert!(table.iter().all(|x| *x == 0.0));
    }
}
