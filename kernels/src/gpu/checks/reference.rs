//! The forward operations in f64, written for clarity.

/// `x W` of `[rows, inputs]` and `[inputs, outputs]`.
pub fn product(x: &[f64], weight: &[f64], inputs: usize, outputs: usize) -> Vec<f64> {
    let rows = x.len().checked_div(inputs).unwrap_or(0);
    let mut y = vec![0.0; rows * outputs];
    for row in 0..rows {
        for k in 0..inputs {
            for column in 0..outputs {
                y[row * outputs + column] += x[row * inputs + k] * weight[k * outputs + column];
            }
        }
    }
    y
}

/// The transpose of `[rows, columns]`.
pub fn transpose(x: &[f64], columns: usize) -> Vec<f64> {
    let rows = x.len().checked_div(columns).unwrap_or(0);
    (0..columns).flat_map(|column| (0..rows).map(move |row| x[row * columns + column])).collect()
}

/// `x Phi(x)`, exact.
pub fn gelu(x: f64) -> f64 {
    0.5 * x * (1.0 + erf(x / 2f64.sqrt()))
}

/// The error function by its Taylor series; beyond 5 it is 1 to 12 digits.
fn erf(x: f64) -> f64 {
    if x.abs() > 5.0 {
        return x.signum();
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

/// Layer norm, or RMS norm, of `[rows, width]`.
pub fn norm(x: &[f64], scale: &[f64], bias: &[f64], rms: bool) -> Vec<f64> {
    let width = scale.len();
    x.chunks(width)
        .flat_map(|row| {
            let mean = if rms { 0.0 } else { row.iter().sum::<f64>() / width as f64 };
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width as f64;
            let rstd = 1.0 / (variance + 1e-5).sqrt();
            (0..width).map(move |c| (row[c] - mean) * rstd * scale[c] + bias.get(c).unwrap_or(&0.0)).collect::<Vec<_>>()
        })
        .collect()
}

/// Attention's shape and mask.
pub struct Heads<'a> {
    /// Sequences.
    pub batch: usize,
    /// Positions.
    pub time: usize,
    /// Heads.
    pub heads: usize,
    /// Channels of a head.
    pub channels: usize,
    /// Whether queries and keys are turned by their positions.
    pub rope: bool,
    /// Which key a query attends.
    pub allows: &'a dyn Fn(usize, usize) -> bool,
}

/// Attention from the planes of queries, keys and values, each `[rows, width]`.
pub fn attention(qkv: &[f64], shape: &Heads) -> Vec<f64> {
    let Heads { batch, time, heads, channels, .. } = *shape;
    let width = heads * channels;
    let plane = batch * time * width;
    let mut y = vec![0.0; plane];
    for sequence in 0..batch {
        for head in 0..heads {
            let row = |which: usize, position: usize| {
                let start = which * plane + (sequence * time + position) * width + head * channels;
                turned(&qkv[start..start + channels], if shape.rope && which < 2 { position } else { 0 })
            };
            for query in 0..time {
                let q = row(0, query);
                let keys: Vec<usize> = (0..time).filter(|key| (shape.allows)(query, *key)).collect();
                let score = |key: &usize| super::dot(&q, &row(1, *key)) / (channels as f64).sqrt();
                let scores: Vec<f64> = keys.iter().map(score).collect();
                let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let total: f64 = scores.iter().map(|score| (score - top).exp()).sum();
                for (key, score) in keys.iter().zip(&scores) {
                    let share = (score - top).exp() / total;
                    for (c, value) in row(2, *key).iter().enumerate() {
                        y[(sequence * time + query) * width + head * channels + c] += share * value;
                    }
                }
            }
        }
    }
    y
}

/// A head's channels turned by the angles of a position.
fn turned(x: &[f64], position: usize) -> Vec<f64> {
    let half = x.len() / 2;
    if position == 0 {
        return x.to_vec();
    }
    let mut y = x.to_vec();
    for c in 0..half {
        let angle = position as f64 * 10_000f64.powf(-(c as f64) / half as f64);
        y[c] = x[c] * angle.cos() - x[c + half] * angle.sin();
        y[c + half] = x[c + half] * angle.cos() + x[c] * angle.sin();
    }
    y
}

/// `log sum exp(logits) - logits[target]` of one row.
pub fn cross_entropy(logits: &[f64], target: usize) -> f64 {
    let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    top - logits[target] + logits.iter().map(|logit| (logit - top).exp()).sum::<f64>().ln()
}
