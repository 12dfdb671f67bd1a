//! Self-speculation as pure functions: who attends whom in a verification, what is accepted, and when verifying is worth
//! its forward (S2D2, arXiv:2603.25702).

/// Whether a row attends another one in a verification of `count` tokens: rows are the tokens, then as many masks. A token
/// attends itself and all tokens before it; a mask attends the tokens before it, and itself.
pub fn verification_allows(count: usize, query: usize, key: usize) -> bool {
    if query < count { key <= query } else { key < query - count || key == query }
}

/// The probability that a token drawn with probability `drafted` is accepted where the verification gives it `verified`:
/// `min(1, (q / p)^sharpness)`.
pub fn acceptance(drafted: f64, verified: f64, sharpness: f64) -> f64 {
    if drafted > 0.0 { (verified / drafted).powf(sharpness).min(1.0) } else { 1.0 }
}

/// What a rejected token is drawn from: the part of the verification's law that the draft's leaves over, or all of it
/// where nothing is left over. It is a list of weights.
pub fn residual(drafted: &[f64], verified: &[f64]) -> Vec<f64> {
    let rest: Vec<f64> = drafted.iter().zip(verified).map(|(p, q)| (q - p).max(0.0)).collect();
    if rest.iter().sum::<f64>() > 0.0 { rest } else { verified.to_vec() }
}

/// How likely a token is accepted, foreseen from the draft's entropy in nats: `exp(-rate H / ln V)`.
pub fn foreseen_acceptance(entropy: f64, vocabulary: usize, rate: f64) -> f64 {
    (-rate * entropy / (vocabulary as f64).ln().max(f64::MIN_POSITIVE)).exp()
}

/// The expected length of the accepted prefix: `sum_k prod_{i <= k} a_i`.
pub fn expected_prefix(acceptances: &[f64]) -> f64 {
    let mut product = 1.0;
    acceptances
        .iter()
        .map(|acceptance| {
            product *= acceptance;
            product
        })
        .sum()
}

/// A switch that goes on above one score and off below another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hysteresis {
    /// Whether it is on.
    pub is_on: bool,
}

impl Hysteresis {
    /// Whether it is on after a score.
    pub fn turn(&mut self, score: f64, on: f64, off: f64) -> bool {
        self.is_on = if self.is_on { score >= off } else { score > on };
        self.is_on
    }
}

/// A contextual bandit over two arms, with an upper confidence bound in each of eight situations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bandit {
    arms: [[Arm; 2]; 8],
}

/// What an arm has brought: pulls and their rewards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Arm {
    pulls: f64,
    rewards: f64,
}

impl Bandit {
    /// The arm to pull: one that was never pulled first, then the one with the larger `mean + sqrt(ln n / n_arm)`; the
    /// second arm among equals.
    pub fn choose(&self, situation: usize) -> bool {
        let [first, second] = self.arms[situation];
        let all = first.pulls + second.pulls;
        let bound = |arm: Arm| {
            if arm.pulls == 0.0 { f64::INFINITY } else { arm.rewards / arm.pulls + (all.ln() / arm.pulls).sqrt() }
        };
        bound(second) >= bound(first)
    }

    /// Learns what an arm brought.
    pub fn learn(&mut self, situation: usize, arm: bool, reward: f64) {
        let arm = &mut self.arms[situation][usize::from(arm)];
        arm.pulls += 1.0;
        arm.rewards += reward;
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            distribution::{draw, uniform},
            golden::*,
        },
        *,
    };
    use crate::random::Purpose;

    #[test]
    fn the_verification_mask_agrees_with_the_golden_rows() {
        let golden = golden();
        let case = list(&golden["masks"])
            .iter()
            .find(|case| case["name"].as_str().is_some_and(|name| name.starts_with("VERIFY_2B")));
        let case = case.expect("the mask is there");
        let cached = number(&case["cached"]) as usize;
        let expected: Vec<&str> = list(&case["rows"]).iter().map(|row| row.as_str().expect("a row")).collect();
        let count = expected.len() / 2;
        for (query, row) in expected.iter().enumerate() {
            let own = (0..2 * count).map(|key| if verification_allows(count, query, key) { '1' } else { '.' });
            assert_eq!("1".repeat(cached) + &own.collect::<String>(), *row);
        }
    }

    #[test]
    fn acceptance_and_residual_agree_with_the_golden_values() {
        let golden = &golden()["self_speculation"]["one_token"];
        let (p, q) = (numbers(&golden["p"]), numbers(&golden["q"]));
        for (token, expected) in numbers(&golden["accept"]).iter().enumerate() {
            assert!((acceptance(p[token], q[token], 1.0) - expected).abs() < 1e-12);
        }
        let rest = residual(&p, &q);
        let sum: f64 = rest.iter().sum();
        assert!((1.0 - sum - number(&golden["accept_overall"])).abs() < 1e-12);
        for (rest, expected) in rest.iter().zip(numbers(&golden["residual"])) {
            assert!((rest / sum - expected).abs() < 1e-9);
        }
        for case in list(&golden["laws"]) {
            let gamma = number(&case["gamma"]);
            let accepted: Vec<f64> = p.iter().zip(&q).map(|(p, q)| p * acceptance(*p, *q, gamma)).collect();
            let missing = 1.0 - accepted.iter().sum::<f64>();
            let law: Vec<f64> = accepted.iter().zip(&rest).map(|(a, rest)| a + missing * rest / sum).collect();
            let distance: f64 = law.iter().zip(&q).map(|(law, q)| (law - q).abs()).sum::<f64>() / 2.0;
            assert!((distance - number(&case["tv_to_q"])).abs() < 1e-9);
            for (law, expected) in law.iter().zip(numbers(&case["law"])) {
                assert!((law - expected).abs() < 1e-9, "{case}");
            }
        }
        assert_eq!(residual(&q, &q), q);
    }

    #[test]
    fn drawn_tokens_follow_the_verification_whatever_the_draft() {
        let (p, q) = ([0.6, 0.3, 0.1], [0.3, 0.5, 0.2]);
        let (mut counts, draws) = ([0.0; 3], 200_000);
        for index in 0..draws {
            let chance = |draw| uniform(9, Purpose::Decode, index, draw);
            let token = draw(&p, chance(0));
            let is_accepted = chance(1) < acceptance(p[token], q[token], 1.0);
            counts[if is_accepted { token } else { draw(&residual(&p, &q), chance(2)) }] += 1.0;
        }
        let expected = q.map(|share| share * draws as f64);
        let chi_square: f64 =
            counts.iter().zip(expected).map(|(found, wanted)| (found - wanted).powi(2) / wanted).sum();
        assert!(chi_square < 13.8, "{counts:?}: beyond the 0.999 quantile of 2 degrees of freedom");
    }

    #[test]
    fn the_expected_prefix_and_the_soft_entropy_agree_with_the_golden_values() {
        let golden = &golden()["self_speculation"];
        let case = &golden["expected_prefix"];
        let prefix = expected_prefix(&numbers(&case["a"]));
        assert!((prefix - number(&case["K"])).abs() < 1e-12);
        assert!((prefix - 1.0 - number(&case["static_score_c1"])).abs() < 1e-12);
        let case = &golden["soft_entropy_negexp"];
        let found = foreseen_acceptance(number(&case["H"]), number(&case["V"]) as usize, number(&case["beta"]));
        assert!((found - number(&case["a"])).abs() < 1e-9);
    }

    #[test]
    fn the_hysteresis_agrees_with_the_golden_values() {
        let case = &golden()["self_speculation"]["hysteresis"];
        let mut switch = Hysteresis::default();
        for (score, expected) in numbers(&case["scores"]).iter().zip(list(&case["verify"])) {
            assert_eq!(Some(switch.turn(*score, number(&case["on"]), number(&case["off"]))), expected.as_bool());
        }
    }

    #[test]
    fn the_bandit_tries_both_arms_and_settles_on_the_better_one() {
        let mut bandit = Bandit::default();
        assert!(bandit.choose(3), "the second arm among equals");
        let mut pulls = [0; 2];
        for _ in 0..400 {
            let arm = bandit.choose(3);
            pulls[usize::from(arm)] += 1;
            bandit.learn(3, arm, if arm { 1.0 } else { 2.0 });
        }
        assert!(pulls[1] >= 2 && pulls[0] > 340, "{pulls:?}");
        assert!(bandit.choose(2), "situations are apart");
    }
}
