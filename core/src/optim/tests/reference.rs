//! Every optimiser in f64, parameter by parameter, as its equations are printed.

use crate::{
    experiment::OptimiserConfig,
    model::{ParameterSpec, Role},
};

/// An optimiser at work, in f64.
pub struct Reference {
    id: &'static str,
    config: OptimiserConfig,
    peak: f64,
    specs: Vec<ParameterSpec>,
    /// The weights, parameter by parameter.
    pub weights: Vec<Vec<f64>>,
    first: Vec<Vec<f64>>,
    second: Vec<Vec<f64>>,
    last: Vec<Vec<f64>>,
    alpha: f64,
    update: i32,
}

impl Reference {
    pub fn new(config: &OptimiserConfig, peak: f64, specs: &[ParameterSpec], weights: Vec<Vec<f64>>) -> Self {
        let zeros: Vec<Vec<f64>> = weights.iter().map(|weights| vec![0.0; weights.len()]).collect();
        Self {
            id: config.method.id(),
            config: config.clone(),
            peak,
            specs: specs.to_vec(),
            weights,
            first: zeros.clone(),
            second: zeros.clone(),
            last: zeros,
            alpha: peak,
            update: 0,
        }
    }

    fn knob(&self, id: &str) -> f64 {
        let knob = self.config.method.description().knobs.iter().find(|knob| knob.id == id).expect(id);
        self.config.value(knob)
    }

    /// One update; returns the norm of the gradient before clipping.
    pub fn step(&mut self, gradient: &[Vec<f64>], rates: &[f64]) -> f64 {
        self.update += 1;
        let size = norm(&gradient.concat());
        let scale = if self.config.clip > 0.0 { (self.config.clip / size).min(1.0) } else { 1.0 };
        let gradient: Vec<Vec<f64>> =
            gradient.iter().map(|gradient| gradient.iter().map(|g| g * scale).collect()).collect();
        if self.id == "adam-hd" {
            self.hypergradient(&gradient, rates);
        }
        for (index, gradient) in gradient.iter().enumerate() {
            self.parameter(index, gradient, rates[index]);
        }
        size
    }

    fn hypergradient(&mut self, gradient: &[Vec<f64>], rates: &[f64]) {
        let (g, last) = (gradient.concat(), self.last.concat());
        let dot: f64 = g.iter().zip(&last).map(|(g, u)| g * u).sum();
        let cosine = if norm(&last) > 0.0 { dot / norm(&g) / norm(&last) } else { 0.0 };
        self.alpha = self.alpha * (1.0 + self.knob("gain") * cosine) + self.knob("additive") * dot;
        self.alpha = self.alpha.clamp(self.knob("lowest"), self.knob("highest"));
        // The last update per unit of alpha has the rates of its own step, which are the same in all steps here.
        assert_eq!(rates.len(), gradient.len());
    }

    fn parameter(&mut self, index: usize, g: &[f64], rate: f64) {
        let spec = &self.specs[index];
        let adapts = spec.decays();
        let decay = if adapts { self.config.weight_decay } else { 0.0 };
        let hidden = matches!(spec.role, Role::Query | Role::Key | Role::Value | Role::Output | Role::Up | Role::Down);
        let shape = spec.shape;
        let OptimiserConfig { beta1, beta2, epsilon, .. } = self.config;
        let update = self.update;
        let momentum = if ["sgd", "lars", "muon"].contains(&self.id) { self.knob("momentum") } else { 0.0 };
        let looks_ahead = ["sgd", "muon"].contains(&self.id) && self.knob("nesterov") == 1.0;
        let (w, m, v) = (self.weights[index].clone(), &mut self.first[index], &mut self.second[index]);
        let adam = |m: &mut [f64], v: &mut [f64]| -> Vec<f64> {
            let one = |((m, v), g): ((&mut f64, &mut f64), &f64)| {
                *m = beta1 * *m + (1.0 - beta1) * g;
                *v = beta2 * *v + (1.0 - beta2) * g * g;
                *m / (1.0 - beta1.powi(update)) / ((*v / (1.0 - beta2.powi(update))).sqrt() + epsilon)
            };
            m.iter_mut().zip(v).zip(g).map(one).collect()
        };
        // The new weight, from the old one and what is subtracted per unit of the rate.
        let descend = |rate: f64, direction: Vec<f64>| -> Vec<f64> {
            w.iter().zip(direction).map(|(w, u)| w * (1.0 - rate * decay) - rate * u).collect()
        };
        let new = match self.id {
            "adamw" => descend(rate, adam(m, v)),
            "adam-hd" => {
                let direction = adam(m, v);
                self.last[index] = direction.iter().map(|u| u * rate / self.peak).collect();
                descend(rate * self.alpha / self.peak, direction)
            }
            "sgd" => {
                m.iter_mut().zip(g).for_each(|(m, g)| *m = momentum * *m + g);
                let step = |(m, g): (&f64, &f64)| if looks_ahead { g + momentum * m } else { *m };
                descend(rate, m.iter().zip(g).map(step).collect())
            }
            "lion" => {
                // Of 0 the sign is 0, which `signum` does not have.
                let sign = |x: f64| if x == 0.0 { 0.0 } else { x.signum() };
                let direction = m.iter().zip(g).map(|(m, g)| sign(beta1 * m + (1.0 - beta1) * g)).collect();
                m.iter_mut().zip(g).for_each(|(m, g)| *m = beta2 * *m + (1.0 - beta2) * g);
                descend(rate, direction)
            }
            "lamb" => {
                let u: Vec<f64> = adam(m, v).iter().zip(&w).map(|(u, w)| u + decay * w).collect();
                let ratio = if adapts { norm(&w) / norm(&u) } else { 1.0 };
                w.iter().zip(u).map(|(w, u)| w - rate * ratio * u).collect()
            }
            "lars" => {
                let coefficient = self.config.knobs.0["trust"];
                let trust = if adapts { coefficient * norm(&w) / (norm(g) + decay * norm(&w)) } else { 1.0 };
                let pull = g.iter().zip(&w).map(|(g, w)| trust * (g + decay * w));
                m.iter_mut().zip(pull).for_each(|(m, pull)| *m = momentum * *m + pull);
                w.iter().zip(m).map(|(w, m)| w - rate * *m).collect()
            }
            "muon" if hidden => {
                m.iter_mut().zip(g).for_each(|(m, g)| *m += (1.0 - momentum) * (g - *m));
                let step = |(m, g): (&f64, &f64)| if looks_ahead { g + momentum * (m - g) } else { *m };
                let u = orthogonal(shape, m.iter().zip(g).map(step).collect(), self.config.knobs.0.get("iterations"));
                let [inputs, outputs] = shape.map(|side| side as f64);
                let factor = match self.config.knobs.0.get("scale").copied().unwrap_or(0.0) as u8 {
                    0 => f64::max(1.0, outputs / inputs).sqrt(),
                    1 => 0.2 * f64::max(inputs, outputs).sqrt(),
                    _ => (outputs / inputs).sqrt(),
                };
                descend(rate, u.into_iter().map(|u| factor * u).collect())
            }
            _ => {
                let ratio = self.config.knobs.0.get("auxiliary").copied().unwrap_or(0.2);
                descend(rate * ratio, adam(m, v))
            }
        };
        self.weights[index] = new;
    }
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// Newton-Schulz on the rows, whatever the shape: `X X^T X` is the same from either side.
fn orthogonal([rows, columns]: [usize; 2], mut x: Vec<f64>, iterations: Option<&f64>) -> Vec<f64> {
    let size = norm(&x) + 1e-7;
    x.iter_mut().for_each(|x| *x /= size);
    for _ in 0..iterations.copied().unwrap_or(5.0) as usize {
        let at = |i: usize, j: usize| x[i * columns + j];
        let gram: Vec<f64> =
            (0..rows * rows).map(|k| (0..columns).map(|j| at(k / rows, j) * at(k % rows, j)).sum()).collect();
        let mixed: Vec<f64> = (0..rows * rows)
            .map(|k| {
                let (i, j) = (k / rows, k % rows);
                let square: f64 = (0..rows).map(|l| gram[i * rows + l] * gram[l * rows + j]).sum();
                -4.7750 * gram[k] + 2.0315 * square
            })
            .collect();
        x = (0..rows * columns)
            .map(|k| {
                let (i, j) = (k / columns, k % columns);
                3.4445 * x[k] + (0..rows).map(|l| mixed[i * rows + l] * at(l, j)).sum::<f64>()
            })
            .collect();
    }
    x
}
