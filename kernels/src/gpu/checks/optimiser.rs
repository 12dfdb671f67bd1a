//! Updates by every rule.

use super::{Data, Numbers, Run, call, close, dot};
use crate::{
    cpu::{AdamW, Lars, Lion, Sgd},
    flat::{BLOCK, Flat},
    gpu::ops::{Optimiser, Rule, Splits},
    update::{self, Group, Update},
};

/// Three clipped updates of parameters with learning rates of their own, some of them 0.
pub fn optimiser(run: &mut Run) {
    let numbers = AdamW { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, update: 1 };
    for rule in [
        update::Rule::AdamW(numbers),
        update::Rule::Lion(Lion { beta1: 0.9, beta2: 0.95 }),
        update::Rule::Sgd(Sgd { momentum: 0.9, nesterov: false }),
        update::Rule::Sgd(Sgd { momentum: 0.9, nesterov: true }),
        update::Rule::Lamb(numbers),
        update::Rule::Lars(Lars { momentum: 0.9, coefficient: 0.1 }),
    ] {
        for (lengths, clip) in [(vec![5, 130, 64], 0.5), (vec![3], 0.0), (vec![3000, 1, 70, 70], 1.0)] {
            updates(run, rule, &Flat::new(lengths), clip);
        }
    }
}

fn updates(run: &mut Run, mut rule: update::Rule, flat: &Flat, clip: f64) {
    let (length, count, parameters) = (flat.length, 2, flat.lengths.len());
    let optimiser = Optimiser { length, rule: Rule::from(&rule) };
    let each: Vec<u32> = (0..parameters as u32).collect();
    let mut group_of = Data(flat.group_of_blocks(&each));
    let group = |at: usize| Group { learning_rate: [0.01, 0.0][at % 2], decay: 0.1, is_scaled: at < 3 };
    let groups: Vec<Group> = (0..parameters).map(group).collect();
    let mut numbers = Numbers::new(length as u64);
    let mut expected = Expected { w: numbers.list(length), m: vec![0.0; length], v: vec![0.0; length] };
    let (mut weights, mut first, mut second) = (Data::floats(&expected.w), Data::zeros(length), Data::zeros(length));
    let (mut gradient, mut squares) = (Data::poison(length), Data::poison(optimiser.squares()));
    for step in 1..=3 {
        if let update::Rule::AdamW(rule) | update::Rule::Lamb(rule) = &mut rule {
            rule.update = step;
        }
        let parts = numbers.list(count * length);
        let mut words = Data::floats(&parts);
        let dispatch = optimiser.reduce(Splits { count, stride: length });
        call(run, &dispatch, &mut [("parts", &mut words), ("gradient", &mut gradient), ("squares", &mut squares)]);
        let total: Vec<f64> = (0..length).map(|at| parts[at] + parts[length + at]).collect();
        close("summed gradient", &gradient.values(), &total);

        let change = Update { rule, clip, gradient_scale: 0.5, groups: groups.clone() };
        let settings: Vec<f64> = Optimiser::settings(&change, flat).into_iter().map(f64::from).collect();
        let (mut settings, mut factors) = (Data::floats(&settings), Data::poison(parameters + 1));
        let lars = optimiser.rule == Rule::Lars;
        if !lars {
            let mut buffers =
                vec![("settings", &mut settings), ("group_of", &mut group_of), ("gradient", &mut gradient)];
            buffers.extend([("squares", &mut squares), ("first", &mut first)]);
            if optimiser.has_second() {
                buffers.push(("second", &mut second));
            }
            buffers.push(("weights", &mut weights));
            call(run, &optimiser.update(), &mut buffers);
        }
        if optimiser.is_scaled() {
            let mut buffers = vec![("settings", &mut settings), ("gradient", &mut gradient)];
            if lars {
                buffers.push(("squares", &mut squares));
            }
            buffers.extend([("weights", &mut weights), ("factors", &mut factors)]);
            call(run, &optimiser.trust(parameters), &mut buffers);
            let mut buffers = Vec::new();
            if lars {
                buffers.push(("settings", &mut settings));
            }
            buffers.extend([("group_of", &mut group_of), ("gradient", &mut gradient), ("factors", &mut factors)]);
            if lars {
                buffers.push(("first", &mut first));
            }
            buffers.push(("weights", &mut weights));
            call(run, &optimiser.scaled(parameters), &mut buffers);
        }

        let norm = 0.5 * dot(&total, &total).sqrt();
        let l1 = 0.5 * total.iter().map(|value| value.abs()).sum::<f64>();
        close("global norms", &squares.values()[2 * optimiser.sums()..], &[l1, norm]);
        let scale = 0.5 * if clip > 0.0 { (clip / (norm + 1e-6)).min(1.0) } else { 1.0 };
        for (index, group) in groups.iter().enumerate() {
            let start = flat.offsets[index];
            let g: Vec<f64> =
                total[start..start + flat.lengths[index].next_multiple_of(BLOCK)].iter().map(|g| scale * g).collect();
            expected.parameter(&rule, *group, start, &g);
        }
        close(&format!("{rule:?} weights"), &weights.values(), &expected.w);
    }
}

/// Weights and moments in f64.
struct Expected {
    w: Vec<f64>,
    m: Vec<f64>,
    v: Vec<f64>,
}

impl Expected {
    /// Moves the values from `start` on, as many as the gradient has.
    fn parameter(&mut self, rule: &update::Rule, group: Group, start: usize, g: &[f64]) {
        let Group { learning_rate: rate, decay, is_scaled } = group;
        let span = start..start + g.len();
        let (w, m, v) = (&mut self.w[span.clone()], &mut self.m[span.clone()], &mut self.v[span]);
        let size = dot(w, w).sqrt();
        let mut adam = |AdamW { beta1, beta2, epsilon, update }: &AdamW| -> Vec<f64> {
            let one = |(at, g): (usize, &f64)| {
                m[at] = beta1 * m[at] + (1.0 - beta1) * g;
                v[at] = beta2 * v[at] + (1.0 - beta2) * g * g;
                let (m, v) = (m[at] / (1.0 - beta1.powi(*update)), v[at] / (1.0 - beta2.powi(*update)));
                m / (v.sqrt() + epsilon)
            };
            g.iter().enumerate().map(one).collect()
        };
        // What is subtracted from the weights, decay included.
        let step: Vec<f64> = match rule {
            update::Rule::AdamW(rule) => adam(rule).iter().zip(&*w).map(|(u, w)| rate * (u + decay * w)).collect(),
            update::Rule::Lamb(rule) => {
                let u: Vec<f64> = adam(rule).iter().zip(&*w).map(|(u, w)| u + decay * w).collect();
                let ratio = if is_scaled { size / dot(&u, &u).sqrt() } else { 1.0 };
                u.iter().map(|u| rate * ratio * u).collect()
            }
            update::Rule::Lion(Lion { beta1, beta2 }) => {
                let one = |(at, g): (usize, &f64)| {
                    let mixed = beta1 * m[at] + (1.0 - beta1) * g;
                    m[at] = beta2 * m[at] + (1.0 - beta2) * g;
                    rate * (mixed.signum() + decay * w[at])
                };
                g.iter().enumerate().map(one).collect()
            }
            update::Rule::Sgd(Sgd { momentum, nesterov }) => {
                let one = |(at, g): (usize, &f64)| {
                    m[at] = momentum * m[at] + g;
                    rate * (if *nesterov { g + momentum * m[at] } else { m[at] } + decay * w[at])
                };
                g.iter().enumerate().map(one).collect()
            }
            update::Rule::Lars(Lars { momentum, coefficient }) => {
                let trust = if is_scaled { coefficient * size / (dot(g, g).sqrt() + decay * size) } else { 1.0 };
                let one = |(at, g): (usize, &f64)| {
                    m[at] = momentum * m[at] + trust * (g + decay * w[at]);
                    rate * m[at]
                };
                g.iter().enumerate().map(one).collect()
            }
        };
        w.iter_mut().zip(step).for_each(|(w, step)| *w -= step);
    }
}
