//! Loss, embedding, Newton-Schulz.

use super::{Data, Numbers, Run, call, close, dot, reference, slope};
use crate::gpu::ops::{self, Embedding, NewtonSchulz, Splits};

/// Cross-entropy with ignored rows and logits of +-1e4.
pub fn cross_entropy(run: &mut Run) {
    for (rows, classes) in [(1, 1), (5, 7), (70, 80), (3, 65)] {
        let mut numbers = Numbers::new(rows as u64);
        let mut logits: Vec<f64> = numbers.list(rows * classes).iter().map(|x| 5.0 * x).collect();
        logits[..classes].iter_mut().enumerate().for_each(|(c, x)| *x = if c % 2 == 0 { 1e4 } else { -1e4 });
        let targets: Vec<u32> = (0..rows).map(|_| numbers.bits() % classes as u32).collect();
        let weights: Vec<f64> =
            (0..rows).map(|row| if row % 3 == 2 { 0.0 } else { 0.25 * (row as f64 + 1.0) }).collect();
        let mut poisoned = logits.clone();
        poisoned.chunks_mut(classes).skip(2).step_by(3).for_each(|row| row.fill(f64::NAN));
        let (mut loss, mut gradient) = (Data::poison(rows), Data::poison(rows * classes));
        let (mut words, mut goals, mut factors) =
            (Data::floats(&poisoned), Data(targets.clone()), Data::floats(&weights));
        let mut buffers = [
            ("logits", &mut words),
            ("targets", &mut goals),
            ("weights", &mut factors),
            ("loss", &mut loss),
            ("gradient", &mut gradient),
        ];
        call(run, &ops::cross_entropy(rows, classes, true), &mut buffers);
        let each = |row: usize, logits: &[f64]| {
            weights[row] * reference::cross_entropy(&logits[row * classes..(row + 1) * classes], targets[row] as usize)
        };
        let expected: Vec<f64> = (0..rows).map(|row| each(row, &logits)).collect();
        close("loss", &loss.values(), &expected);
        let expected = slope(&logits, |logits| (0..rows).map(|row| each(row, logits)).sum());
        // The differences of losses near 1e4 carry their rounding; the first row is checked by its shares.
        close("loss's gradient", &gradient.values()[classes..], &expected[classes..]);
        assert!(gradient.values()[..classes].iter().all(|value| value.is_finite()));
    }
}

/// Embedding with repeated, missing and out-of-order tokens.
pub fn embedding(run: &mut Run) {
    for (batch, time, vocabulary, width) in [(1, 1, 1, 1), (3, 5, 7, 5), (4, 16, 30, 48), (2, 9, 3, 20)] {
        for positions in [false, true] {
            let mut numbers = Numbers::new((vocabulary * width) as u64);
            let rows = batch * time;
            let tokens: Vec<u32> = (0..rows).map(|_| numbers.bits() % vocabulary as u32).collect();
            let (table, places, dy) =
                (numbers.list(vocabulary * width), numbers.list(time * width), numbers.list(rows * width));
            let shape = Embedding { batch, time, vocabulary, width, positions };
            let (mut ids, mut tables, mut y) = (Data(tokens.clone()), Data::floats(&table), Data::poison(rows * width));
            let mut place_words = Data::floats(&places);
            let mut buffers = vec![("tokens", &mut ids), ("table", &mut tables)];
            if positions {
                buffers.push(("positions", &mut place_words));
            }
            buffers.push(("y", &mut y));
            call(run, &shape.forward(), &mut buffers);
            let (mut expected, mut sums, mut place_sums) =
                (vec![0.0; rows * width], vec![0.0; table.len()], vec![0.0; places.len()]);
            for at in 0..rows * width {
                let (row, c) = (at / width, at % width);
                let (from, place) = (tokens[row] as usize * width + c, row % time * width + c);
                expected[at] = table[from] + if positions { places[place] } else { 0.0 };
                sums[from] += dy[at];
                place_sums[place] += dy[at];
            }
            close("embedding", &y.values(), &expected);

            for (count, accumulate) in [(1, false), (3, true)] {
                let stride = (vocabulary * width).max(time * width).next_multiple_of(64);
                let splits = Splits { count, stride };
                let base = if accumulate { 1.0 } else { 0.0 };
                let start = vec![if accumulate { 1.0 } else { f64::NAN }; count * stride];
                let (mut gradient, mut place_gradient) = (Data::floats(&start), Data::floats(&start));
                let mut flow = Data::floats(&dy);
                let there = if accumulate { vocabulary / 2 + 1 } else { 0 };
                let dispatch = shape.gradient(splits, there);
                call(run, &dispatch, &mut [("tokens", &mut ids), ("dy", &mut flow), ("gradient", &mut gradient)]);
                let dispatch = shape.position_gradient(splits, accumulate);
                call(run, &dispatch, &mut [("dy", &mut flow), ("gradient", &mut place_gradient)]);
                let added = |parts: &Data, length: usize, there: usize| -> Vec<f64> {
                    let parts = parts.values();
                    let base = |at: usize| if at < there { base } else { 0.0 };
                    (0..length).map(|at| (0..count).map(|split| parts[split * stride + at] - base(at)).sum()).collect()
                };
                close("embedding's gradient", &added(&gradient, table.len(), there * width), &sums);
                close("positions' gradient", &added(&place_gradient, places.len(), places.len()), &place_sums);
            }
        }
    }
}

/// Five iterations on wide, tall, square and zero matrices; Gram matrices.
pub fn newton_schulz(run: &mut Run) {
    for (rows, columns, factor) in [(4, 9, 1.0), (9, 4, 1.0), (16, 16, 1.0), (20, 33, 1.0), (1, 1, 1.0), (5, 6, 0.0)] {
        let x: Vec<f64> =
            Numbers::new((rows * columns) as u64).list(rows * columns).iter().map(|x| x * factor).collect();
        let (mut words, mut current) = (Data::floats(&x), Data::poison(x.len()));
        call(run, &ops::normalise(x.len(), 1e-7), &mut [("x", &mut words), ("y", &mut current)]);
        let size = dot(&x, &x).sqrt() + 1e-7;
        let mut expected: Vec<f64> = x.iter().map(|x| x / size).collect();
        close("normalised", &current.values(), &expected);

        let iteration = NewtonSchulz::muon(rows, columns);
        let side = iteration.side();
        let [a, b, c] = iteration.coefficients.map(f64::from);
        for _ in 0..5 {
            let (mut gram, mut mixed, mut next) =
                (Data::poison(side * side), Data::poison(side * side), Data::poison(x.len()));
            let mut again = current.clone();
            let dispatch = iteration.gram();
            let names = [dispatch.buffers[1], dispatch.buffers[2]];
            call(run, &dispatch, &mut [("x", &mut current), (names[0], &mut again), (names[1], &mut gram)]);
            let (mut left, mut right) = (gram.clone(), gram.clone());
            let mut buffers = [("x", &mut gram), ("weight", &mut left), ("residual", &mut right), ("y", &mut mixed)];
            call(run, &iteration.polynomial(), &mut buffers);
            let (x, weight) = if rows <= columns { (&mut mixed, &mut current) } else { (&mut current, &mut mixed) };
            call(
                run,
                &iteration.apply(),
                &mut [("x", x), ("weight", weight), ("residual", &mut again), ("y", &mut next)],
            );
            current = next;

            let flipped = reference::transpose(&expected, columns);
            let gram = if rows <= columns {
                reference::product(&expected, &flipped, columns, rows)
            } else {
                reference::product(&flipped, &expected, rows, columns)
            };
            let square = reference::product(&gram, &gram, side, side);
            let mixed: Vec<f64> = gram.iter().zip(&square).map(|(g, s)| b * g + c * s).collect();
            let moved = if rows <= columns {
                reference::product(&mixed, &expected, rows, columns)
            } else {
                reference::product(&expected, &mixed, columns, columns)
            };
            expected = expected.iter().zip(&moved).map(|(x, moved)| a * x + moved).collect();
        }
        close(&format!("Newton-Schulz {rows}x{columns}"), &current.values(), &expected);
    }
}
