//! The laws of decoded texts, on networks whose answers are known.

use futures::future::LocalBoxFuture;

use super::{
    golden::*,
    methods::settings,
    oracle::{Constant, Table, decode, find, reading},
    tests::task,
    *,
};
use crate::objective::Noise;

/// `[[0.4, 0.1], [0.2, 0.3]]` behind a first token that is always 0.
const JOINT: [f64; 8] = [0.4, 0.1, 0.2, 0.3, 0.0, 0.0, 0.0, 0.0];
const DRAWS: u32 = 20_000;

fn table(noise: Noise) -> Table {
    Table::new(Reading { noise, is_shifted: noise == Noise::None, ..reading(3) }, 2, 3, &JOINT)
}

/// The shares of the four texts of two tokens.
fn law(id: &str, values: &[(&str, f64)], network: &mut dyn Network) -> [f64; 4] {
    let mut shares = [0.0; 4];
    for seed in 0..DRAWS {
        let task = Task { prompt: vec![0], length: 2, block: 3, temperature: 1.0, seed, step: 0 };
        let text = decode(find(id), &settings(values), &task, network).0.expect("a sound task");
        shares[(2 * text[0] + text[1]) as usize] += 1.0 / f64::from(DRAWS);
    }
    shares
}

fn assert_law(id: &str, found: [f64; 4], expected: [f64; 4]) {
    let part = |(found, expected): (f64, f64)| f64::from(DRAWS) * (found - expected).powi(2) / expected;
    let chi_square: f64 = found.into_iter().zip(expected).map(part).sum();
    assert!(chi_square < 16.3, "{id}: {found:?}, not {expected:?}, beyond the 0.999 quantile of 3 degrees of freedom");
}

fn distance(found: [f64; 4], expected: [f64; 4]) -> f64 {
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).sum::<f64>() / 2.0
}

const EXACT: [f64; 4] = [0.4, 0.1, 0.2, 0.3];
/// The product of the marginals `(0.5, 0.5)` and `(0.6, 0.4)`.
const MARGINALS: [f64; 4] = [0.3, 0.2, 0.3, 0.2];

#[test]
fn one_token_per_forward_has_the_law_of_an_exact_network_in_any_order_that_the_tokens_do_not_choose() {
    for id in ["autoregressive", "sequential", "random", "first-hitting", "entropy", "margin", "s2d2-exact"] {
        assert_law(id, law(id, &[], &mut table(Noise::Mask)), EXACT);
    }
    assert_law("next token", law("autoregressive", &[], &mut table(Noise::None)), EXACT);
    assert_law("random tokens", law("autoregressive", &[], &mut table(Noise::Uniform)), EXACT);
    let shifted = Reading { is_shifted: true, ..reading(3) };
    for id in ["autoregressive", "first-hitting", "s2d2-exact"] {
        assert_law(id, law(id, &[], &mut Table::new(shifted.clone(), 2, 3, &JOINT)), EXACT);
    }
}

#[test]
fn one_forward_for_all_has_the_law_of_the_marginals() {
    for id in ["static", "ancestral", "sequential"] {
        assert_law(id, law(id, &[("steps", 1.0)], &mut table(Noise::Mask)), MARGINALS);
    }
    assert_law("threshold", law("threshold", &[("threshold", 0.0)], &mut table(Noise::Mask)), MARGINALS);
    assert_law("uniform", law("uniform-ancestral", &[("steps", 1.0)], &mut Noisy::new(1)), MARGINALS);
}

#[test]
fn a_network_that_contradicts_itself_has_the_mean_law_of_all_orders() {
    let golden = &golden()["likelihood"]["inconsistent_denoiser_x_01"];
    let orders = numbers(&golden["order_probabilities"]);
    let mut network = table(Noise::Mask);
    network.bent = Some((2, (1, 0), vec![0.7, 0.3]));
    let mean = orders.iter().sum::<f64>() / 2.0;
    assert!((-mean.ln() - number(&golden["mixture_of_orders_nll"])).abs() < 1e-9);
    assert_law("first-hitting", law("first-hitting", &[], &mut network), [0.375, mean, 0.2, 0.3]);
    assert_law("autoregressive", law("autoregressive", &[], &mut network), [0.35, orders[0], 0.2, 0.3]);
}

#[test]
fn many_ancestral_steps_come_near_the_law_of_the_network() {
    let (count, steps) = (32, [("steps", 32.0)]);
    assert!(distance(MARGINALS, EXACT) > 0.19);
    for id in ["ancestral", "remask"] {
        let found = distance(law(id, &steps, &mut table(Noise::Mask)), EXACT);
        assert!(found < 0.025, "{id}: {found}");
    }
    let found = distance(law("uniform-ancestral", &steps, &mut Noisy::new(count)), EXACT);
    assert!(found < 0.025, "uniform: {found}");
}

/// A network that says of each token what the others tell, at the noise of each step of a block: the optimum of training
/// on uniform noise.
struct Noisy {
    table: Table,
    steps: usize,
    drafts: usize,
}

impl Noisy {
    fn new(steps: usize) -> Self {
        Self { table: table(Noise::Uniform), steps, drafts: 0 }
    }
}

impl Network for Noisy {
    fn reading(&self) -> &Reading {
        &self.table.reading
    }

    fn vocabulary(&self) -> usize {
        2
    }

    fn context(&self) -> usize {
        3
    }

    fn forward<'a>(&'a mut self, query: Query) -> LocalBoxFuture<'a, Result<Logits, DecodeError>> {
        let mut values = Vec::new();
        if query.kind == ForwardKind::Draft {
            let alpha = (self.drafts % self.steps) as f64 / self.steps as f64;
            self.drafts += 1;
            for asked in query.wanted.clone() {
                let mut shares = [0.0; 2];
                for (text, share) in JOINT.iter().enumerate() {
                    let seen = (1..3).filter(|position| *position != asked).map(|position| {
                        let is_same = self.table.token(text, position) == query.rows[position].token;
                        alpha * f64::from(u8::from(is_same)) + (1.0 - alpha) / 2.0
                    });
                    shares[self.table.token(text, asked) as usize] += share * seen.product::<f64>();
                }
                values.extend(shares.map(|share| share.ln() as f32));
            }
        }
        Box::pin(async move { Ok(Logits { values, vocabulary: 2 }) })
    }
}

#[test]
fn correction_by_the_autoregressive_law_comes_nearer_than_ancestral_sampling_with_few_steps() {
    let steps = [("steps", 4.0)];
    let ancestral = distance(law("ancestral", &steps, &mut table(Noise::Mask)), EXACT);
    let corrected = distance(law("arpc", &[("steps", 4.0), ("score", 0.0)], &mut table(Noise::Mask)), EXACT);
    assert!(corrected < ancestral, "{corrected}, not below {ancestral}");
}

#[test]
fn first_hitting_unmasks_in_every_order_alike() {
    let mut counts = std::collections::BTreeMap::new();
    let draws = 6_000;
    for seed in 0..draws {
        let mut network = Constant { reading: reading(3), context: 6, row: vec![0.0; 3] };
        let trace =
            decode(find("first-hitting"), &Settings::default(), &Task { seed, ..task(3, 3, 3, 1.0) }, &mut network).1;
        let order = trace.iter().filter_map(|event| match event {
            TraceEvent::Token(mark) => Some(mark.position),
            _ => None,
        });
        *counts.entry(order.collect::<Vec<_>>()).or_insert(0.0) += 1.0;
        assert_eq!(Meter::of(&trace).drafts, 3);
    }
    let expected = f64::from(draws) / 6.0;
    let chi_square: f64 = counts.values().map(|count: &f64| (count - expected).powi(2) / expected).sum();
    assert!(counts.len() == 6 && chi_square < 20.5, "{counts:?}: the 0.999 quantile of 5 degrees of freedom is 20.5");
}

#[test]
fn ancestral_forwards_agree_with_the_golden_mean() {
    for case in list(&golden()["sampling"]["ancestral_expected_nfe_with_cache"]) {
        let (steps, block) = (number(&case["T"]), number(&case["B"]) as usize);
        let runs = if steps > 100.0 { 20 } else { 2_000 };
        let mut forwards = 0;
        for seed in 0..runs {
            let mut network = Constant { reading: reading(block), context: 2 * block, row: vec![0.0; 3] };
            let task = Task { seed, ..task(block, block, block, 1.0) };
            let settings = settings(&[("steps", steps)]);
            forwards += Meter::of(&decode(find("ancestral"), &settings, &task, &mut network).1).drafts;
        }
        let (found, wanted) = (forwards as f64 / f64::from(runs), number(&case["nfe"]));
        assert!((found - wanted).abs() < 0.1, "{found}, not {wanted}");
    }
}

/// A network that drafts two tokens by one law and verifies them by another one.
struct Toy {
    reading: Reading,
    draft: [[f32; 2]; 2],
    first: [f32; 2],
    second: [[f32; 2]; 2],
}

impl Network for Toy {
    fn reading(&self) -> &Reading {
        &self.reading
    }

    fn vocabulary(&self) -> usize {
        2
    }

    fn context(&self) -> usize {
        3
    }

    fn forward<'a>(&'a mut self, query: Query) -> LocalBoxFuture<'a, Result<Logits, DecodeError>> {
        let at =
            |position: usize| query.rows.iter().find(|row| row.position == position).expect("a row").token as usize;
        let answer = |row: usize| match (query.kind, query.rows[row].position) {
            (_, 0) => [0.5; 2],
            (ForwardKind::Verify, 1) => self.first,
            (ForwardKind::Verify, _) => self.second[at(1)],
            (_, position) => self.draft[position - 1],
        };
        let values = query.wanted.clone().flat_map(answer).map(f32::ln).collect();
        Box::pin(async move { Ok(Logits { values, vocabulary: 2 }) })
    }
}

#[test]
fn exact_self_speculation_has_the_golden_law_of_its_verification_whatever_the_draft() {
    let case = &golden()["self_speculation"]["two_token"];
    let pair = |value: &serde_json::Value| [number(&value[0]) as f32, number(&value[1]) as f32];
    let mut network = Toy {
        reading: reading(3),
        draft: [pair(&case["p1"]), pair(&case["p2"])],
        first: pair(&case["q1"]),
        second: [pair(&case["q2_given_first"][0]), pair(&case["q2_given_first"][1])],
    };
    let rows = list(&case["law"]).iter().flat_map(numbers).collect::<Vec<_>>();
    assert_law("s2d2-exact", law("s2d2-exact", &[], &mut network), rows.try_into().expect("four texts"));
}

#[test]
fn uniform_posteriors_agree_with_the_golden_values() {
    let golden = &golden()["uniform_state"];
    let check = |clean: &[f64], case: &serde_json::Value| {
        let (noisy, alphas) = (number(&case["xt"]) as usize, (number(&case["alpha_s"]), number(&case["alpha_t"])));
        let found = methods::posterior(clean, noisy, alphas.0, alphas.1);
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for (found, expected) in found.iter().zip(numbers(&case["q"])) {
            assert!((found - expected).abs() < 1e-9, "{case}");
        }
    };
    for case in list(&golden["posterior"]) {
        check(&numbers(&case["p"]), case);
    }
    let case = &golden["posterior_one_hot_is_bayes"];
    let mut clean = vec![0.0; number(&case["N"]) as usize];
    clean[number(&case["x0"]) as usize] = 1.0;
    check(&clean, case);
    let last = methods::posterior(&[0.5, 0.5, 0.0, 0.0], 3, 1.0, 0.6);
    assert_eq!(last[2], 0.0, "the last step knows the token that is there and those of the network alone");
}

#[test]
fn a_verification_says_of_a_block_what_autoregressive_decoding_would() {
    for is_shifted in [false, true] {
        for (text, share) in EXACT.iter().enumerate() {
            let mut network = Table::new(Reading { is_shifted, ..reading(3) }, 2, 3, &JOINT);
            let task = Task { prompt: vec![0], length: 2, block: 3, temperature: 1.0, seed: 1, step: 0 };
            let (settings, mut trace) = (Settings::default(), |_| {});
            let found = futures::executor::block_on(async {
                let method = find("s2d2");
                let mut canvas = Canvas::begin(&*method, &settings, task, &mut network, &mut trace).await?;
                let block = canvas.begin_block(3, &Sampling::plain(1.0)).expect("a block");
                canvas.tokens = vec![0, text as u32 / 2, text as u32 % 2];
                let answers = canvas.verify(&block).await?;
                let of =
                    |position: usize| Sampling::plain(1.0).law(answers.at(position))[canvas.tokens[position] as usize];
                Ok::<_, DecodeError>(of(1) * of(2))
            });
            assert!((found.expect("a sound task") - share).abs() < 1e-6);
        }
    }
}

#[test]
fn autoregressive_tokens_are_those_of_the_plain_choice_at_their_places() {
    let row = vec![0.3, -1.0, 2.0, 0.0, 1.1];
    for temperature in [0.0, 0.8] {
        for noise in [Noise::None, Noise::Mask, Noise::Uniform] {
            let reading = Reading { noise, ..reading(4) };
            let mut network = Constant { reading, context: 16, row: row.clone() };
            let task = task(3, 13, 4, temperature);
            let (text, _) = decode(find("autoregressive"), &Settings::default(), &task, &mut network);
            let chosen = (0..13).map(|index| choose(&row, temperature, task.seed, task.step, index));
            assert_eq!(text, Ok(chosen.collect()));
        }
    }
}
