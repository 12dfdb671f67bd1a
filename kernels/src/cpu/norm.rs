//! Layer norm (Ba et al. 2016, arXiv:1607.06450) and RMS norm (Zhang, Sennrich 2019, arXiv:1910.07467).
//!
//! Per row, `n = (x - mean) rstd` and `y = n scale + bias`, with `rstd = 1 / sqrt(mean((x - mean)^2) + epsilon)`; RMS
//! norm is the same with a mean of 0. Backward, with `h = dy scale`: `dx = rstd (h - mean(h) - n mean(h n))`, without
//! `mean(h)` for RMS norm, `dscale = sum_rows dy n`, `dbias = sum_rows dy`.

use super::simd::{Level, Simd, SimdBase, SimdFloat, dispatch, fold, splat, update};

/// Added to a variance before its root (PyTorch's default).
const EPSILON: f32 = 1e-5;

/// Which norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    /// Subtracts the mean.
    Layer,
    /// Does not.
    Rms,
}

/// The norm of rows of `x`, `[rows, width]`, into `out`; `scale` and `bias` are `[width]`. `moments`, `[rows, 2]`,
/// keeps each row's mean and `rstd` for the backward pass.
pub fn norm(kind: NormKind, x: &[f32], scale: &[f32], bias: Option<&[f32]>, moments: &mut [f32], out: &mut [f32]) {
    let width = scale.len();
    assert_eq!(x.len(), out.len(), "a result as large as x");
    assert!(bias.is_none_or(|bias| bias.len() == width), "a bias as long as the scale");
    if width == 0 {
        return;
    }
    assert_eq!(moments.len(), x.len() / width * 2, "two moments of every row");
    dispatch!(Level::new(), simd => {
        let rows = x.chunks_exact(width).zip(out.chunks_exact_mut(width)).zip(moments.chunks_exact_mut(2));
        for ((x, out), moments) in rows {
            row_forward(simd, kind, x, scale, bias, moments, out);
        }
    });
}

#[inline(always)]
fn row_forward<S: Simd>(
    simd: S,
    kind: NormKind,
    x: &[f32],
    scale: &[f32],
    bias: Option<&[f32]>,
    moments: &mut [f32],
    out: &mut [f32],
) {
    let count = scale.len() as f32;
    let mean = match kind {
        NormKind::Layer => {
            fold(
                simd,
                [x],
                [0.0],
                [0.0],
                #[inline(always)]
                |[sum], [x]| [sum + x],
            )[0]
            .reduce_sum()
                / count
        }
        NormKind::Rms => 0.0,
    };
    let means = splat(simd, mean);
    let [squares] = fold(
        simd,
        [x],
        [mean],
        [0.0],
        #[inline(always)]
        |[sum], [x]| {
            let centred = x - means;
            [centred.mul_add(centred, sum)]
        },
    );
    let rstd = 1.0 / (squares.reduce_sum() / count + EPSILON).sqrt();
    moments.copy_from_slice(&[mean, rstd]);
    let rstds = splat(simd, rstd);
    match bias {
        Some(bias) => update(
            simd,
            [out],
            [x, scale, bias],
            #[inline(always)]
            |_, [x, scale, bias]| [((x - means) * rstds).mul_add(scale, bias)],
        ),
        None => update(
            simd,
            [out],
            [x, scale],
            #[inline(always)]
            |_, [x, scale]| [(x - means) * rstds * scale],
        ),
    }
}

/// The gradients of [`norm`]. `dx` is overwritten, or added to with `accumulate`; `dscale` and `dbias` are
/// overwritten.
#[allow(clippy::too_many_arguments)]
pub fn norm_backward(
    kind: NormKind,
    x: &[f32],
    scale: &[f32],
    moments: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    accumulate: bool,
    dscale: &mut [f32],
    mut dbias: Option<&mut [f32]>,
) {
    let width = scale.len();
    assert!(x.len() == dy.len() && x.len() == dx.len(), "gradients as large as x");
    assert!(dscale.len() == width && dbias.as_ref().is_none_or(|dbias| dbias.len() == width), "gradients of [width]");
    if width == 0 {
        return;
    }
    assert_eq!(moments.len(), x.len() / width * 2, "two moments of every row");
    dscale.fill(0.0);
    if let Some(dbias) = &mut dbias {
        dbias.fill(0.0);
    }
    dispatch!(Level::new(), simd => {
        let rows = x.chunks_exact(width).zip(dy.chunks_exact(width)).zip(dx.chunks_exact_mut(width));
        for (((x, dy), dx), moments) in rows.zip(moments.chunks_exact(2)) {
            row_backward(simd, kind, x, scale, moments, dy, dx, accumulate, dscale, dbias.as_deref_mut());
        }
    });
}

#[allow(clippy::too_many_arguments)]
#[inline(always)]
fn row_backward<S: Simd>(
    simd: S,
    kind: NormKind,
    x: &[f32],
    scale: &[f32],
    moments: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    accumulate: bool,
    dscale: &mut [f32],
    dbias: Option<&mut [f32]>,
) {
    let [means, rstds] = [splat(simd, moments[0]), splat(simd, moments[1])];
    let [h_sum, hn_sum] = fold(
        simd,
        [x, scale, dy],
        [0.0; 3],
        [0.0; 2],
        #[inline(always)]
        |[h_sum, hn_sum], [x, scale, dy]| {
            let h = dy * scale;
            [h_sum + h, h.mul_add((x - means) * rstds, hn_sum)]
        },
    );
    let count = scale.len() as f32;
    let h_mean = match kind {
        NormKind::Layer => splat(simd, h_sum.reduce_sum() / count),
        NormKind::Rms => splat(simd, 0.0),
    };
    let hn_mean = splat(simd, hn_sum.reduce_sum() / count);
    match dbias {
        Some(dbias) => update(
            simd,
            [dx, dscale, dbias],
            [x, scale, dy],
            #[inline(always)]
            |[dx, dscale, dbias], [x, scale, dy]| {
                let n = (x - means) * rstds;
                let gradient = (dy * scale - h_mean - n * hn_mean) * rstds;
                [if accumulate { dx + gradient } else { gradient }, dy.mul_add(n, dscale), dbias + dy]
            },
        ),
        None => update(
            simd,
            [dx, dscale],
            [x, scale, dy],
            #[inline(always)]
            |[dx, dscale], [x, scale, dy]| {
                let n = (x - means) * rstds;
                let gradient = (dy * scale - h_mean - n * hn_mean) * rstds;
                [if accumulate { dx + gradient } else { gradient }, dy.mul_add(n, dscale)]
            },
        ),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::testing::*, *};

    fn reference(kind: NormKind, x: &[f64], scale: &[f64], bias: &[f64]) -> Vec<f64> {
        let width = scale.len() as f64;
        x.chunks_exact(scale.len())
            .flat_map(|row| {
                let mean = if kind == NormKind::Layer { row.iter().sum::<f64>() / width } else { 0.0 };
                let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width;
                let rstd = 1.0 / (variance + f64::from(EPSILON)).sqrt();
                row.iter()
                    .enumerate()
                    .map(move |(i, x)| (x - mean) * rstd * scale[i] + bias.get(i).unwrap_or(&0.0))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    fn check(rows: usize, width: usize, kind: NormKind, with_bias: bool, seed: u64) {
        let mut random = Random::new(seed);
        let (x, scale, dy) = (random.normal(rows * width), random.normal(width), random.normal(rows * width));
        let bias = with_bias.then(|| random.normal(width));
        let (mut y, mut moments) = (vec![9.0; x.len()], vec![9.0; 2 * rows]);
        norm(kind, &x, &scale, bias.as_deref(), &mut moments, &mut y);
        let (wx, ws, wb) = (wide(&x), wide(&scale), wide(&bias.clone().unwrap_or_default()));
        assert_close(&y, &reference(kind, &wx, &ws, &wb), 1e-5);

        let (mut dx, mut dscale, mut dbias) = (vec![9.0; x.len()], vec![9.0; width], vec![9.0; width]);
        let mut bias_gradient = with_bias.then_some(&mut dbias[..]);
        norm_backward(kind, &x, &scale, &moments, &dy, &mut dx, false, &mut dscale, bias_gradient.take());
        // With one or two channels the variance can come close to epsilon, where slopes are steep.
        let tolerance = if width < 3 { 1e-3 } else { 2e-5 };
        assert_close(&dx, &slopes(&wx, |x| dot(&reference(kind, x, &ws, &wb), &dy)), tolerance);
        assert_close(&dscale, &slopes(&ws, |scale| dot(&reference(kind, &wx, scale, &wb), &dy)), tolerance);
        if with_bias {
            assert_close(&dbias, &slopes(&wb, |bias| dot(&reference(kind, &wx, &ws, bias), &dy)), tolerance);
        }

        let mut more = vec![1.0; x.len()];
        norm_backward(kind, &x, &scale, &moments, &dy, &mut more, true, &mut dscale, None);
        assert_close(&more, &dx.iter().map(|dx| f64::from(*dx) + 1.0).collect::<Vec<_>>(), 1e-5);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn value_and_gradients_agree_with_f64(rows in 0usize..5, width in 1usize..50, rms: bool, bias: bool, seed: u64) {
            check(rows, width, if rms { NormKind::Rms } else { NormKind::Layer }, bias, seed);
        }
    }

    #[test]
    fn a_width_of_zero_and_a_constant_row_are_defined() {
        norm(NormKind::Layer, &[], &[], None, &mut [], &mut []);
        let (mut y, mut moments) = ([9.0; 4], [9.0; 2]);
        norm(NormKind::Layer, &[3.0; 4], &[2.0; 4], Some(&[0.5; 4]), &mut moments, &mut y);
        assert_eq!(y, [0.5; 4]);
    }
}
