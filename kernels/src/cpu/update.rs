//! One update of a flat list of parameters by any rule.

use super::{Parameter, clip_scale, global_norms, lamb, lars, optimise};
use crate::{
    flat::Flat,
    update::{Group, Rule, Update},
};

/// One update of a flat list; see [`Update`]. Returns the l1 and the l2 norm of the gradient before clipping.
pub fn update(
    update: &Update,
    flat: &Flat,
    weights: &mut [f32],
    [first, second]: [&mut [f32]; 2],
    gradient: &[f32],
) -> [f64; 2] {
    let Update { rule, clip, gradient_scale, groups } = update;
    assert_eq!(groups.len(), flat.lengths.len(), "a learning rate and a decay for each parameter");
    let norms = global_norms([gradient]).map(|norm| norm * gradient_scale);
    let scale = clip_scale(norms[1], *clip) * *gradient_scale as f32;
    match rule {
        Rule::AdamW(rule) => {
            each(groups, flat, weights, [first, second], gradient, |parameter, _| {
                optimise(rule, &mut [parameter], scale)
            });
        }
        Rule::Lion(rule) => {
            each(groups, flat, weights, [first], gradient, |parameter, _| optimise(rule, &mut [parameter], scale));
        }
        Rule::Sgd(rule) => {
            each(groups, flat, weights, [first], gradient, |parameter, _| optimise(rule, &mut [parameter], scale));
        }
        Rule::Lamb(rule) => {
            let mut direction = vec![0.0; flat.lengths.iter().copied().max().unwrap_or(0)];
            each(groups, flat, weights, [first, second], gradient, |parameter, is_scaled| {
                let direction = &mut direction[..parameter.weights.len()];
                lamb(rule, parameter, is_scaled, scale, direction);
            });
        }
        Rule::Lars(rule) => {
            each(groups, flat, weights, [first], gradient, |parameter, is_scaled| {
                lars(rule, parameter, is_scaled, scale);
            });
        }
    }
    norms
}

/// Hands over the parameters of a flat list one by one, with whether their steps are scaled by norms.
fn each<const STATES: usize>(
    groups: &[Group],
    flat: &Flat,
    weights: &mut [f32],
    mut states: [&mut [f32]; STATES],
    gradient: &[f32],
    mut change: impl FnMut(Parameter<'_, STATES>, bool),
) {
    for (index, Group { learning_rate, decay, is_scaled }) in groups.iter().enumerate() {
        let span = flat.span(index);
        let parameter = Parameter {
            weights: &mut weights[span.clone()],
            gradient: &gradient[span.clone()],
            states: states.each_mut().map(|state| &mut state[span.clone()]),
            learning_rate: *learning_rate,
            decay: *decay,
        };
        change(parameter, *is_scaled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::AdamW;

    #[test]
    fn a_learning_rate_of_zero_moves_nothing() {
        let flat = Flat::new([3, 70]);
        let mut lists = [vec![1.0; flat.length], vec![0.0; flat.length], vec![0.0; flat.length]];
        let [weights, first, second] = &mut lists;
        let rule = Rule::AdamW(AdamW { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, update: 1 });
        let groups = vec![
            Group { learning_rate: 0.0, decay: 0.1, is_scaled: true },
            Group { learning_rate: 0.1, decay: 0.0, is_scaled: true },
        ];
        let change = Update { rule, clip: 1.0, gradient_scale: 0.5, groups };
        let mut gradient = vec![0.0; flat.length];
        (gradient[0], gradient[64]) = (6.0, 8.0);
        let [l1, l2] = update(&change, &flat, weights, [first, second], &gradient);
        assert!((l1 - 7.0).abs() < 1e-6 && (l2 - 5.0).abs() < 1e-6);
        assert_eq!(weights[..3], [1.0; 3]);
        assert!((weights[64] - 0.9).abs() < 1e-5 && weights[65] == 1.0);
    }
}
