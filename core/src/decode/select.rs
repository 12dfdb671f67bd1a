//! Which masked tokens a step commits: pure functions of what the draft says of them.
//!
//! They take one number for each masked token and answer with indices into that list. All but [`scheduled`] answer with
//! at least one index when there is a token; equal numbers count in their order.

use super::distribution::descending;

/// Tokens that step `step` of `steps` commits of a block of so many: `floor(block / steps)`, one more in the first
/// `block mod steps` steps (LLaDA, SDAR).
pub fn scheduled(block: usize, steps: usize, step: usize) -> usize {
    block / steps + usize::from(step < block % steps)
}

/// Tokens that step `step` of `steps` commits of so many masked ones: `floor(masked (1 - s / t))` with evenly spaced times
/// (Dream), but at least one.
pub fn proportional(masked: usize, steps: usize, step: usize) -> usize {
    (masked / steps.saturating_sub(step).max(1)).max(1)
}

/// The `count` most confident tokens.
pub fn top(confidence: &[f64], count: usize) -> Vec<usize> {
    sorted(descending(confidence).into_iter().take(count.max(1)))
}

/// All tokens more confident than `threshold` if these are at least `count`, else the `count` most confident (SDAR).
pub fn dynamic(confidence: &[f64], threshold: f64, count: usize) -> Vec<usize> {
    let sure = above(confidence, threshold, true);
    if sure.len() >= count.max(1) { sure } else { top(confidence, count) }
}

/// All tokens at least as confident as `threshold`, and the most confident one in any case (Fast-dLLM); `strict` asks
/// for more confidence than the threshold (Fast-dLLM v2, LLaDA2).
pub fn threshold(confidence: &[f64], threshold: f64, strict: bool) -> Vec<usize> {
    let sure = above(confidence, threshold, strict);
    if sure.is_empty() { top(confidence, 1) } else { sure }
}

/// The longest run of most confident tokens with `(n + 1)(1 - c_n) < factor` for its `n`-th confidence; the first one in
/// any case (Fast-dLLM).
pub fn factor(confidence: &[f64], factor: f64) -> Vec<usize> {
    let order = descending(confidence);
    let holds = |(index, token): &(usize, &usize)| (index + 2) as f64 * (1.0 - confidence[**token]) < factor;
    let count = order.iter().enumerate().take_while(holds).count().max(1);
    sorted(order.into_iter().take(count))
}

/// The tokens of least entropy whose entropies sum to less than `bound` nats, and the one that reaches it never; the
/// first one in any case.
pub fn entropy_bounded(entropies: &[f64], bound: f64) -> Vec<usize> {
    let order = ascending(entropies);
    let mut sum = 0.0;
    let holds = |token: &&usize| {
        sum += entropies[**token];
        sum < bound
    };
    let count = order.iter().take_while(holds).count().max(1);
    sorted(order.into_iter().take(count))
}

/// `count` tokens, each next one drawn among the rest by a uniform number in `0.0..1.0`.
pub fn random(tokens: usize, count: usize, mut uniform: impl FnMut() -> f64) -> Vec<usize> {
    let mut rest: Vec<usize> = (0..tokens).collect();
    let count = count.max(1).min(tokens);
    sorted((0..count).map(|_| rest.remove((uniform() * rest.len() as f64) as usize)))
}

/// The threshold of bounded adaptive confidence decoding: the mean of the confidences that were committed in this block,
/// or the largest one there is before any was, within bounds (TDAR).
pub fn adaptive_threshold(confidence: &[f64], history: &[f64], lowest: f64, highest: f64) -> f64 {
    let wanted = if history.is_empty() {
        confidence.iter().copied().fold(0.0, f64::max)
    } else {
        history.iter().sum::<f64>() / history.len() as f64
    };
    wanted.max(lowest).min(highest)
}

/// The time of the next unmasking among `masked` tokens after time `time`: the largest of as many uniform numbers below
/// it (BD3-LM, first-hitting).
pub fn first_hitting_time(time: f64, masked: usize, uniform: f64) -> f64 {
    time * uniform.powf(1.0 / masked as f64)
}

/// The probability that step `step` of `steps` unmasks a token, with the linear schedule: `(t - s) / t`.
pub fn ancestral_share(steps: usize, step: usize) -> f64 {
    1.0 / (steps - step) as f64
}

fn above(confidence: &[f64], threshold: f64, strict: bool) -> Vec<usize> {
    let passes = |index: &usize| confidence[*index] > threshold || !strict && confidence[*index] == threshold;
    (0..confidence.len()).filter(passes).collect()
}

fn ascending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    order
}

fn sorted(tokens: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut tokens: Vec<usize> = tokens.collect();
    tokens.sort_unstable();
    tokens
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::{
        super::{distribution::uniform, golden::*},
        *,
    };
    use crate::random::Purpose;

    fn indices(value: &Value) -> Vec<usize> {
        numbers(value).into_iter().map(|index| index as usize).collect()
    }

    #[test]
    fn schedules_agree_with_the_golden_values() {
        for case in list(&golden()["selectors"]["num_transfer"]) {
            let (block, steps) = (number(&case["B"]) as usize, number(&case["S"]) as usize);
            let found: Vec<usize> = (0..steps).map(|step| scheduled(block, steps, step)).collect();
            assert_eq!(found, indices(&case["per_step"]));
            assert_eq!(found.iter().sum::<usize>(), block);
        }
    }

    #[test]
    fn a_proportional_schedule_rounds_down_and_ends_with_the_rest() {
        let run = |block: usize, steps: usize| {
            let mut left = block;
            let counts: Vec<usize> = (0..steps)
                .map_while(|step| {
                    let count = proportional(left, steps, step);
                    let before = left;
                    left -= count.min(left);
                    (before > 0).then_some(count)
                })
                .collect();
            (counts, left)
        };
        assert_eq!(run(4, 3), (vec![1, 1, 2], 0));
        assert_eq!(run(16, 5), (vec![3, 3, 3, 3, 4], 0));
        assert_eq!(run(8, 4), (vec![2; 4], 0));
        assert_eq!(run(3, 8), (vec![1; 3], 0));
    }

    #[test]
    fn confidence_selectors_agree_with_the_golden_values() {
        for case in list(&golden()["selectors"]["confidence"]) {
            let confidence = numbers(&case["confidence"]);
            let found = [
                ("static_k1", top(&confidence, 1)),
                ("static_k2", top(&confidence, 2)),
                ("dynamic_0.9_k1", dynamic(&confidence, 0.9, 1)),
                ("dynamic_0.9_k3", dynamic(&confidence, 0.9, 3)),
                ("fast_0.9", threshold(&confidence, 0.9, false)),
                ("fast_0.9_strict", threshold(&confidence, 0.9, true)),
                ("factor_1", factor(&confidence, 1.0)),
                ("factor_0.5", factor(&confidence, 0.5)),
            ];
            for (name, found) in found {
                assert_eq!(found, indices(&case[name]), "{name} of {confidence:?}");
            }
        }
    }

    #[test]
    fn the_factor_is_a_threshold_for_each_count() {
        let golden = golden();
        for (count, threshold) in
            numbers(&golden["selectors"]["factor_thresholds_f1_n1_to_5"]).iter().enumerate().skip(1)
        {
            let of = |least: f64| {
                let mut confidence = vec![0.999; count + 1];
                confidence[count] = least;
                factor(&confidence, 1.0).len()
            };
            assert_eq!((of(threshold + 1e-9), of(threshold - 1e-9)), (count + 1, count));
        }
    }

    #[test]
    fn the_entropy_bound_agrees_with_the_golden_values() {
        let golden = &golden()["selectors"]["entropy_bounded"];
        for case in list(&golden["commit"]) {
            let found = entropy_bounded(&numbers(&golden["entropies"]), number(&case["bound"]));
            assert_eq!(found, indices(&case["set"]), "{case}");
        }
    }

    #[test]
    fn the_adaptive_threshold_follows_the_golden_trace() {
        let golden = &golden()["selectors"]["bacd"];
        let (lowest, highest) = (number(&golden["lo"]), number(&golden["hi"]));
        let mut history = Vec::new();
        for step in list(&golden["steps"]) {
            // What is committed already stands there with no confidence.
            let confidence = numbers(&step["confidence"]);
            let tau = adaptive_threshold(&confidence, &history, lowest, highest);
            assert!((tau - number(&step["tau"])).abs() < 1e-12);
            let found = threshold(&confidence, tau, false);
            assert_eq!(found, indices(&step["commit"]), "{step}");
            history.extend(found.iter().map(|index| confidence[*index]));
            assert_eq!(history, numbers(&step["history_after"]));
        }
    }

    #[test]
    fn first_hitting_times_agree_with_the_golden_values() {
        let golden = &golden()["sampling"]["first_hitting_times"];
        let (mut time, uniforms) = (1.0, numbers(&golden["u"]));
        for (index, (u, expected)) in uniforms.iter().zip(numbers(&golden["t"])).enumerate() {
            time = first_hitting_time(time, uniforms.len() - index, *u);
            assert!((time - expected).abs() < 1e-9);
        }
        let mut means = [0.0; 4];
        let draws = 50_000;
        for draw in 0..draws {
            let mut time = 1.0;
            for (index, mean) in means.iter_mut().enumerate() {
                time = first_hitting_time(time, 4 - index, uniform(1, Purpose::Decode, draw, index as u64));
                *mean += time / draws as f64;
            }
        }
        for (mean, expected) in means.iter().zip(numbers(&golden["means"])) {
            assert!((mean - expected).abs() < 0.005, "{means:?}");
        }
    }

    #[test]
    fn ancestral_shares_agree_with_the_golden_values() {
        for (step, case) in list(&golden()["sampling"]["ancestral_unmask_probability_T4"]).iter().enumerate() {
            assert!((ancestral_share(4, step) - number(&case["p"])).abs() < 1e-12);
        }
    }

    #[test]
    fn a_random_choice_is_one_of_all_with_equal_chance() {
        let mut counts = [0; 6];
        let draws = 60_000;
        for index in 0..draws {
            let mut turn = 0;
            let found = random(4, 2, || {
                turn += 1;
                uniform(1, Purpose::Decode, index, turn)
            });
            let pairs = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]];
            counts[pairs.iter().position(|pair| *pair == found[..]).expect("a pair")] += 1;
        }
        let expected = draws as f64 / 6.0;
        let chi_square: f64 = counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
        assert!(chi_square < 20.5, "{counts:?}: beyond the 0.999 quantile of 5 degrees of freedom");
        assert_eq!(random(3, 9, || 0.5).len(), 3);
    }

    proptest! {
        #[test]
        fn every_selector_picks_at_least_one_and_each_at_most_once(
            confidence in proptest::collection::vec(0.0..=1.0f64, 1..20),
            bound in 0.0..=1.0f64,
            count in 0usize..25,
            is_strict: bool,
        ) {
            let chosen = [
                top(&confidence, count),
                dynamic(&confidence, bound, count),
                threshold(&confidence, bound, is_strict),
                factor(&confidence, bound),
                entropy_bounded(&confidence, bound),
                random(confidence.len(), count, || bound.min(0.999)),
            ];
            for picks in chosen {
                prop_assert!(!picks.is_empty() && picks.windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert!(picks.iter().all(|pick| *pick < confidence.len()));
            }
        }

        #[test]
        fn a_schedule_commits_the_whole_block(block in 1usize..64, steps in 1usize..80) {
            prop_assert_eq!((0..steps).map(|step| scheduled(block, steps, step)).sum::<usize>(), block);
        }
    }
}
