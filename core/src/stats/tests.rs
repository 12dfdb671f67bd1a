//! Verdicts as a whole: known cases, properties, and coverage.

use proptest::prelude::*;

use super::*;
use crate::random::{Purpose, stream};

const B: Arm = Arm::B;

/// Losses of the seeds 1, 2, 3 and so on.
pub fn finals(losses: &[f64]) -> Vec<Final> {
    losses.iter().zip(1..).map(|(loss, seed)| Final { seed, loss: *loss }).collect()
}

/// The verdict on B against A when A has a loss of 2 with every seed.
fn verdict(differences: &[f64]) -> Result<Verdict, NoVerdict> {
    let b: Vec<f64> = differences.iter().map(|difference| 2.0 + difference).collect();
    Verdict::of((Arm::A, &finals(&vec![2.0; b.len()])), (B, &finals(&b)))
}

fn known(differences: &[f64]) -> Verdict {
    verdict(differences).expect("a verdict")
}

const CLEAR: [f64; 4] = [-0.017, -0.029, -0.034, -0.044];
const UNCLEAR: [f64; 4] = [-0.003, 0.004, -0.017, -0.008];

#[test]
fn a_clear_difference_has_a_winner() {
    let found = known(&CLEAR);
    // 3.1824463 * 0.0112250 / 2, by hand.
    assert!((found.mean + 0.031).abs() < 1e-12 && (found.half_width - 0.017_861_4).abs() < 1e-6, "{found:?}");
    assert_eq!((found.word, found.seeds(), found.more_seeds), (Word::Better(B), 4, None));
    assert_eq!(found.difference("nats/char"), "B − A = −0.031 ± 0.018 nats/char over 4 seeds");
    assert_eq!(found.conclusion(), "B better");
    let turned = known(&CLEAR.map(|difference| -difference));
    assert_eq!(turned.conclusion(), "A better");
    assert_eq!(turned.difference("nats/char"), "B − A = +0.031 ± 0.018 nats/char over 4 seeds");
}

#[test]
fn a_lead_inside_its_interval_is_not_distinguishable() {
    let found = known(&UNCLEAR);
    assert_eq!(found.difference("nats/char"), "B − A = −0.006 ± 0.014 nats/char over 4 seeds");
    // t(10) * 0.0088318 / sqrt(11) = 0.00593 is below 0.006, t(9) * 0.0088318 / sqrt(10) = 0.00632 is not.
    assert_eq!(found.conclusion(), "not distinguishable yet: 7 more seeds would tell at this spread");
    assert_eq!(
        known(&[0.01, 0.02, 0.03, 0.0]).conclusion(),
        "not distinguishable yet: 2 more seeds would tell at this spread"
    );
    let found = known(&[0.012, 0.022, 0.032, 0.002]);
    assert_eq!(found.conclusion(), "not distinguishable yet: 1 more seed would tell at this spread");
}

#[test]
fn seeds_that_would_tell_nothing_are_not_asked_for() {
    assert_eq!(known(&[0.5, -0.5]).conclusion(), "not distinguishable: the mean difference is 0");
    let noise: Vec<f64> = (0..20).map(|i| if i % 2 == 0 { 0.51 } else { -0.5 }).collect();
    let found = known(&noise);
    assert_eq!(found.more_seeds, None);
    assert_eq!(found.conclusion(), "not distinguishable: more than 200 seeds would be needed at this spread");
}

#[test]
fn identical_arms_are_not_distinguishable() {
    let found = known(&[0.0; 4]);
    assert_eq!((found.mean, found.half_width, found.word), (0.0, 0.0, Word::NotDistinguishable));
    assert_eq!(found.difference("nats/char"), "B − A = 0 ± 0 nats/char over 4 seeds");
    assert_eq!(found.conclusion(), "not distinguishable: the mean difference is 0");
}

#[test]
fn the_same_difference_every_time_is_a_point() {
    let found = known(&[-0.125; 9]);
    assert_eq!((found.deviation, found.interval(), found.word), (0.0, [-0.125, -0.125], Word::Better(B)));
    assert_eq!(found.bootstrap, Bootstrap::Interval { low: -0.125, high: -0.125 });
    assert_eq!(found.estimate(), "−0.125 ± 0");
}

#[test]
fn one_seed_gives_no_verdict_but_its_difference() {
    let NoVerdict::TooFew { pairs: 1, difference: Some(difference), .. } = verdict(&[-0.25]).expect_err("one seed")
    else {
        panic!("one seed")
    };
    assert_eq!(difference, -0.25);
    let sentence = |differences: &[f64]| verdict(differences).expect_err("no verdict").to_string();
    assert_eq!(sentence(&[-0.25]), "B − A needs at least 2 seeds that both arms have finished, not 1: add 1 seed.");
    assert_eq!(sentence(&[]), "B − A needs at least 2 seeds that both arms have finished, not 0: add 2 seeds.");
}

#[test]
fn runs_that_diverged_are_left_out_and_counted() {
    let found = known(&[-0.017, f64::NAN, -0.029, -0.034, f64::INFINITY, -0.044]);
    assert!((found.mean - known(&CLEAR).mean).abs() < 1e-15);
    assert_eq!((found.seeds(), found.pairs.diverged.len()), (4, 2));
    let NoVerdict::TooFew { diverged, .. } = verdict(&[0.5, f64::NAN]).expect_err("one pair") else { panic!("one") };
    assert_eq!((diverged[0].arm, diverged[0].seed), (B, 2));
}

#[test]
fn losses_beyond_arithmetic_are_refused() {
    let [a, b] = [finals(&[-1e308, 1e308]), finals(&[1e308, -1e308])];
    let error = Verdict::of((Arm::A, &a), (B, &b)).expect_err("no verdict");
    assert_eq!(error, NoVerdict::TooLarge { arms: [Arm::A, B] });
    assert!(error.to_string().ends_with('.'));
    assert!(matches!(verdict(&[1e200, -1e200]), Err(NoVerdict::TooLarge { .. })));
}

#[test]
fn the_printed_interval_never_contradicts_the_word() {
    // The mean is 1.004 half widths: two digits of the half width would print both alike.
    let spread = 0.018 * 2f64.sqrt() / quantile(0.975, 1);
    let found = known(&[0.01807 + spread / 2f64.sqrt(), 0.01807 - spread / 2f64.sqrt()]);
    assert_eq!((found.word, found.estimate().as_str()), (Word::Better(Arm::A), "+0.0181 ± 0.0180"));
}

#[test]
fn a_forest_has_every_pair_once_and_those_with_the_first_arm_first() {
    let arms: Vec<_> = (0..4).map(|i| (Arm::new(i).expect("an arm"), finals(&[2.0 + i as f64; 3]))).collect();
    let names: Vec<_> = forest(&arms).iter().map(|row| format!("{}-{}", row.arms[1], row.arms[0])).collect();
    assert_eq!(names, ["B-A", "C-A", "D-A", "B-C", "B-D", "C-D"]);
    for row in forest(&arms) {
        let better = row.arms.into_iter().min();
        assert_eq!(row.verdict.expect("a verdict").word, Word::Better(better.expect("an arm")));
    }
    assert!(forest(&arms[..1]).is_empty() && forest(&[]).is_empty());
}

/// A standard normal number (Box and Muller 1958).
fn normal(random: &mut impl rand::Rng) -> f64 {
    let mut uniform = || ((random.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
}

/// How often the t and the bootstrap interval of normal differences with mean 0.3 and deviation 1 hold the mean.
fn coverage(seeds: usize, trials: u64) -> [f64; 2] {
    let mut held = [0.0; 2];
    for trial in 0..trials {
        let mut random = stream(11, Purpose::Bootstrap, seeds as u64, trial);
        let differences: Vec<f64> = (0..seeds).map(|_| 0.3 + normal(&mut random)).collect();
        let found = known(&differences);
        let holds = |low: f64, high: f64| f64::from(u8::from((low..=high).contains(&0.3)));
        held[0] += holds(found.interval()[0], found.interval()[1]);
        if let Bootstrap::Interval { low, high } = found.bootstrap {
            held[1] += holds(low, high);
        }
    }
    held.map(|held| held / trials as f64)
}

#[test]
fn the_t_interval_covers_the_truth_in_95_of_100_experiments() {
    for seeds in [2, 4, 7] {
        let [found, _] = coverage(seeds, 4000);
        // Three standard errors of a share of 4,000.
        assert!((found - CONFIDENCE).abs() < 0.0104, "{seeds} seeds: {found}");
    }
}

#[test]
fn the_bootstrap_interval_is_narrower_than_it_claims_for_few_seeds() {
    let [student, bootstrap] = coverage(LEAST_PAIRS, 300);
    assert!((0.83..0.95).contains(&bootstrap) && bootstrap < student, "{bootstrap}, {student}");
}

/// Losses that are multiples of 1/1024, so that sums and differences are exact.
fn losses() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    let loss = || (0..8192u16).prop_map(|loss| f64::from(loss) / 1024.0);
    (2..12usize).prop_flat_map(move |n| (prop::collection::vec(loss(), n), prop::collection::vec(loss(), n)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn exchanging_the_arms_turns_the_verdict((a, b) in losses()) {
        let (a, b) = (finals(&a), finals(&b));
        let found = Verdict::of((Arm::A, &a), (B, &b)).expect("a verdict");
        let turned = Verdict::of((B, &b), (Arm::A, &a)).expect("a verdict");
        prop_assert_eq!(found.mean, -turned.mean);
        prop_assert_eq!((found.half_width, found.word), (turned.half_width, turned.word));
        prop_assert_eq!(found.more_seeds, turned.more_seeds);
        if let (Bootstrap::Interval { low, high }, Bootstrap::Interval { low: l, high: h }) =
            (found.bootstrap, turned.bootstrap)
        {
            prop_assert_eq!((low, high), (-h, -l));
            prop_assert!(low <= found.mean && found.mean <= high);
        }
    }

    #[test]
    fn a_constant_on_all_losses_changes_nothing((a, b) in losses(), shift in 0..64u8) {
        let moved = |losses: &[f64]| finals(&losses.iter().map(|loss| loss + f64::from(shift)).collect::<Vec<_>>());
        let found = Verdict::of((Arm::A, &finals(&a)), (B, &finals(&b))).expect("a verdict");
        prop_assert_eq!(Verdict::of((Arm::A, &moved(&a)), (B, &moved(&b))).expect("a verdict"), found);
    }

    #[test]
    fn so_many_seeds_tell_and_one_fewer_does_not((a, b) in losses()) {
        let found = Verdict::of((Arm::A, &finals(&a)), (B, &finals(&b))).expect("a verdict");
        let half = |seeds: usize| quantile(0.975, seeds - 1) * found.deviation / (seeds as f64).sqrt();
        if let Some(more) = found.more_seeds {
            let seeds = found.seeds() + more;
            prop_assert!(half(seeds) < found.mean.abs() && found.mean.abs() <= half(seeds - 1));
        }
    }

    #[test]
    fn no_losses_make_a_verdict_panic(values in prop::collection::vec(any::<(f64, f64)>(), 0..10)) {
        let (a, b): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        match Verdict::of((Arm::A, &finals(&a)), (B, &finals(&b))) {
            Ok(found) => prop_assert!(!found.difference("nats").is_empty() && !found.conclusion().is_empty()),
            Err(error) => prop_assert!(error.to_string().ends_with('.')),
        }
    }
}
