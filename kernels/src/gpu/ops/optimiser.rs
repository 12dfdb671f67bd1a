//! One update of all parameters, clipped by their global gradient norm.

use super::{Splits, kernel};
use crate::flat::{BLOCK, Flat};
use crate::gpu::dispatch::{Dispatch, Kernel, WORKGROUP, count};
use crate::gpu::template::Constant::Flag;
use crate::update::{self, Group, Update};

const REDUCE: Kernel = kernel!("reduce_gradient");
const UPDATE: Kernel = kernel!("optimiser");

/// Values before the first group in the buffer of settings.
pub const SETTINGS: usize = 8;

/// How a gradient becomes an update: the kind of an [`update::Rule`], whose numbers are in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// AdamW, with two moments.
    AdamW,
    /// Lion, with one moment.
    Lion,
    /// Gradient descent with momentum, with one moment.
    Sgd,
    /// LAMB, with two moments.
    Lamb,
    /// LARS, with one moment.
    Lars,
}

impl From<&update::Rule> for Rule {
    fn from(rule: &update::Rule) -> Self {
        match rule {
            update::Rule::AdamW(_) => Self::AdamW,
            update::Rule::Lion(_) => Self::Lion,
            update::Rule::Sgd(_) => Self::Sgd,
            update::Rule::Lamb(_) => Self::Lamb,
            update::Rule::Lars(_) => Self::Lars,
        }
    }
}

/// The optimiser of a flat list of `length` values, a multiple of 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Optimiser {
    /// Values in the list, with the gaps.
    pub length: usize,
    /// How a gradient becomes an update.
    pub rule: Rule,
}

impl Optimiser {
    /// Partial sums of squares that [`Optimiser::reduce`] writes, and as many of absolute values.
    pub fn sums(&self) -> usize {
        self.length.div_ceil(1024).clamp(1, 256)
    }

    /// Values in the buffer `squares`: the partial sums, and the global l1 and l2 norm behind them.
    pub fn squares(&self) -> usize {
        2 * self.sums() + 2
    }

    /// Adds the partial gradients and measures the result. Buffers: `parts` `[splits, length]`, `gradient` `[length]`,
    /// `squares`.
    ///
    /// # Panics
    /// When the list is not made of whole blocks.
    pub fn reduce(&self, splits: Splits) -> Dispatch {
        assert!(self.length.is_multiple_of(BLOCK), "a flat list has whole blocks");
        Dispatch::new(
            REDUCE,
            self.sums() * WORKGROUP as usize,
            [Some("parts"), Some("gradient"), Some("squares")],
            vec![("LENGTH", count(self.length)), ("SPLITS", count(splits.count)), ("GROUPS", count(self.sums()))],
        )
    }

    /// Clips and updates; with LAMB, the step takes the place of the gradient. Buffers: `settings` (of
    /// [`Optimiser::settings`]), `group_of` `[length / 64]` (u32), `gradient`, `squares` (the norms are written behind
    /// the sums), `first`, `second` (with AdamW and LAMB), `weights`.
    ///
    /// # Panics
    /// With LARS, which starts with [`Optimiser::trust`].
    pub fn update(&self) -> Dispatch {
        assert_ne!(self.rule, Rule::Lars, "LARS measures first");
        let second = self.has_second().then_some("second");
        Dispatch::new(
            UPDATE,
            self.length / 16,
            [
                Some("settings"),
                Some("group_of"),
                Some("gradient"),
                Some("squares"),
                Some("first"),
                second,
                Some("weights"),
            ],
            vec![
                ("ADAM", Flag(self.has_second())),
                ("ADAMW", Flag(self.rule == Rule::AdamW)),
                ("LAMB", Flag(self.rule == Rule::Lamb)),
                ("LION", Flag(self.rule == Rule::Lion)),
                ("SGD", Flag(self.rule == Rule::Sgd)),
                ("STRIDE", count(self.stride())),
                ("LENGTH", count(self.length)),
                ("GROUPS", count(self.sums())),
            ],
        )
    }

    /// Whether it has second moments.
    pub fn has_second(&self) -> bool {
        matches!(self.rule, Rule::AdamW | Rule::Lamb)
    }

    /// Values of each group in the buffer of settings.
    pub fn stride(&self) -> usize {
        if self.is_scaled() { 5 } else { 2 }
    }

    /// The buffer `settings` of an update; with LAMB and LARS, the groups are the parameters of a layout.
    pub fn settings(update: &Update, flat: &Flat) -> Vec<f32> {
        let Update { rule, clip, gradient_scale, groups } = update;
        let [a, b, c, d, e] = match rule {
            update::Rule::AdamW(rule) | update::Rule::Lamb(rule) => {
                let correction = |beta: f64| 1.0 / (1.0 - beta.powi(rule.update));
                [rule.beta1, rule.beta2, rule.epsilon, correction(rule.beta1), correction(rule.beta2)]
            }
            update::Rule::Lion(rule) => [rule.beta1, rule.beta2, 0.0, 0.0, 0.0],
            update::Rule::Sgd(rule) if rule.nesterov => [rule.momentum, 1.0, rule.momentum, 0.0, 0.0],
            update::Rule::Sgd(rule) => [rule.momentum, 0.0, 1.0, 0.0, 0.0],
            update::Rule::Lars(rule) => [rule.momentum, rule.coefficient, 0.0, 0.0, 0.0],
        };
        let head = [a, b, c, d, e, *clip, *gradient_scale, 0.0];
        let mut settings = head.to_vec();
        for (index, Group { learning_rate, decay, is_scaled }) in groups.iter().enumerate() {
            if matches!(rule, update::Rule::Lamb(_) | update::Rule::Lars(_)) {
                let blocks = flat.lengths[index].div_ceil(BLOCK);
                let place = [flat.offsets[index] / BLOCK, blocks].map(|count| count as f64);
                settings.extend([*learning_rate, *decay, f64::from(u8::from(*is_scaled)), place[0], place[1]]);
            } else {
                settings.extend([*learning_rate, 1.0 - learning_rate * decay]);
            }
        }
        settings.into_iter().map(|value| value as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_bind_what_the_dispatch_names() {
        for rule in [Rule::AdamW, Rule::Lion, Rule::Sgd, Rule::Lamb] {
            let optimiser = Optimiser { length: 640, rule };
            optimiser.update().check();
            optimiser.reduce(Splits { count: 2, stride: 640 }).check();
            assert!(optimiser.update().buffers.len() <= 7);
        }
    }

    #[test]
    fn the_sums_stay_few() {
        let sums = |length| Optimiser { length, rule: Rule::AdamW }.sums();
        assert_eq!((sums(0), sums(64), sums(94_208), sums(10_000_000)), (1, 1, 92, 256));
    }

    #[test]
    fn settings_start_with_eight_values() {
        let rule = update::Rule::AdamW(crate::cpu::AdamW { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, update: 1 });
        let groups = [0.1, 0.0].map(|learning_rate| Group { learning_rate, decay: 0.5, is_scaled: false }).to_vec();
        let settings =
            Optimiser::settings(&Update { rule, clip: 1.0, gradient_scale: 1.0, groups }, &Flat::new([1, 1]));
        assert_eq!(settings.len(), SETTINGS + 4);
        assert!((settings[3] - 10.0).abs() < 1e-5 && settings[8..] == [0.1, 0.95, 0.0, 1.0]);
    }
}
