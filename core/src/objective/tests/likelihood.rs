//! Losses of denoisers whose law is known: what is a likelihood, what is a bound, and of what.

use super::{
    super::{
        golden::vectors,
        oracle::{Denoiser, loss, mean, oracle, texts},
        uniform_loss,
    },
    *,
};
use crate::layerwise::golden::{close, number, numbers};

/// The joint law of two tokens behind a given one.
const JOINT: [[f64; 2]; 2] = [[0.4, 0.1], [0.2, 0.3]];

fn pair_law(text: &[u32]) -> f64 {
    if text[0] == 0 { JOINT[text[1] as usize][text[2] as usize] } else { 0.0 }
}

/// One window whose first token is given.
fn window(tokens: &[u32]) -> Batch {
    let text = [tokens, &[0]].concat();
    Batch::of_windows(&text, &[0], tokens.len())
}

/// The sum of the losses of all sets of masks in one block, each with the weight and probability that are given for its
/// count.
fn over_subsets(windows: &Batch, mask: u32, denoiser: Denoiser, share: impl Fn(usize, usize) -> f64) -> f64 {
    let tokens = windows.context - 1;
    let of_set = |set: usize| {
        let mut canvas = Canvas::new(windows);
        for place in (0..tokens).filter(|place| set >> place & 1 == 1) {
            canvas.noisy[place + 1] = mask;
            canvas.weights[place + 1] = share(set.count_ones() as usize, tokens);
        }
        let example = canvas.example(View::Full { context: windows.context }, Predictor::Own);
        loss(&example, mask, false, denoiser) * tokens as f64
    };
    (1..1 << tokens).map(of_set).sum()
}

fn choose(n: usize, k: usize) -> f64 {
    (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product()
}

/// The bound of one block, by enumeration: `sum_k (1 / k) E_{|S| = k} sum_{i in S}`.
fn exact_bound(windows: &Batch, mask: u32, denoiser: Denoiser) -> f64 {
    over_subsets(windows, mask, denoiser, |count, tokens| 1.0 / (count as f64 * choose(tokens, count)))
}

/// An oracle of the pair whose law of the second token behind a 0 is replaced: orders of decoding now disagree.
fn inconsistent(place: usize, seen: &[Option<u32>]) -> Vec<f64> {
    match (place, seen[1]) {
        (2, Some(0)) => vec![0.7, 0.3],
        _ => oracle(pair_law, 2)(place, seen),
    }
}

#[test]
fn the_bound_of_an_oracle_is_the_likelihood() {
    let joint = &vectors()["likelihood"]["joint"];
    assert!(joint.as_array().expect("rows").iter().map(numbers).eq(JOINT.map(|row| row.to_vec())));
    for case in vectors()["likelihood"]["oracle"].as_array().expect("cases") {
        let pair: Vec<u32> = numbers(&case["x"]).iter().map(|token| *token as u32).collect();
        let windows = window(&[0, pair[0], pair[1]]);
        let found = exact_bound(&windows, 2, &oracle(pair_law, 2));
        assert!((found - number(&case["nelbo"])).abs() < 1e-6 && (found - number(&case["nll"])).abs() < 1e-6, "{case}");
    }
    let golden = &vectors()["likelihood"]["three_token_oracle"];
    let numbers_of = |row: &serde_json::Value| numbers(row);
    let planes = golden["joint"].as_array().expect("planes").iter();
    let cube: Vec<f64> = planes.flat_map(|plane| plane.as_array().expect("rows").iter().flat_map(numbers_of)).collect();
    let law = |text: &[u32]| if text[0] == 0 { cube[(9 * text[1] + 3 * text[2] + text[3]) as usize] } else { 0.0 };
    let text: Vec<u32> = [0.0].into_iter().chain(numbers(&golden["x"])).map(|token| token as u32).collect();
    let found = exact_bound(&window(&text), 3, &oracle(law, 3));
    assert!((found - number(&golden["nelbo"])).abs() < 1e-5, "{found}");
}

#[test]
fn an_inconsistent_denoiser_is_bounded_by_its_mean_over_orders() {
    let golden = &vectors()["likelihood"]["inconsistent_denoiser_x_01"];
    let windows = window(&[0, 0, 1]);
    let found = exact_bound(&windows, 2, &inconsistent);
    assert!((found - number(&golden["nelbo"])).abs() < 1e-6, "{found}");
    let orders = numbers(&golden["order_probabilities"]);
    let of_orders = orders.iter().map(|p| -p.ln()).sum::<f64>() / 2.0;
    assert!((found - of_orders).abs() < 1e-6);
    let mixture = -(orders.iter().sum::<f64>() / 2.0).ln();
    assert!(close(mixture, number(&golden["mixture_of_orders_nll"]), 1e-9) && found >= mixture);
}

#[test]
fn effective_weights_lose_the_blocks_without_a_mask() {
    let golden = &vectors()["other"]["emrs_inconsistent_denoiser_x_01"];
    // With uniform levels a set of `k` of `n` has the probability `1 / ((n + 1) choose(n, k))`, and the weight `n / k`.
    let share =
        |count: usize, tokens: usize| tokens as f64 / count as f64 / ((tokens + 1) as f64 * choose(tokens, count));
    let found = over_subsets(&window(&[0, 0, 1]), 2, &inconsistent, share);
    assert!((found - number(&golden["mean"])).abs() < 1e-6, "{found}");
    assert!((found * 1.5 - number(&golden["mean_times_B_plus_1_over_B"])).abs() < 1e-6);
    // And the method draws with that mean.
    let method = Method::find("async-noise").expect("it");
    let settings = settings(&[("block", 3.0), ("curriculum", 0.0)]);
    let draw = |step| {
        let example = method.example(&settings, &window(&[0, 0, 1]), 2, Moment { step, ..AT });
        2.0 * loss(&example, 2, false, &inconsistent)
    };
    let (mean, error) = mean((0..10_000).map(draw));
    assert!((mean - found).abs() < 3.0 * error, "{mean} +- {error}, not {found}");
}

#[test]
fn all_masks_at_once_are_a_product_of_marginals() {
    let windows = window(&[0, 0, 1]);
    let mut canvas = Canvas::new(&windows);
    let draws = Draws::training(&windows, AT);
    canvas.mask(&draws, 3, 2, |_| (1.0, 1.0));
    let example = canvas.example(View::Full { context: 3 }, Predictor::Own);
    let found = 2.0 * loss(&example, 2, false, &oracle(pair_law, 2));
    let golden = number(&vectors()["likelihood"]["one_shot_parallel_nll_x_01"]);
    assert!((found - golden).abs() < 1e-6, "{found}");
}

#[test]
fn training_on_every_schedule_and_validation_agree_in_expectation() {
    let method = Method::find("masked").expect("it");
    let windows = window(&[0, 0, 1]);
    let expected = exact_bound(&windows, 2, &inconsistent);
    let check = |name: &str, example: &dyn Fn(usize) -> Example| {
        let draw = |index| 2.0 * loss(&example(index), 2, false, &inconsistent);
        let (mean, error) = mean((0..20_000).map(draw));
        assert!((mean - expected).abs() < 3.0 * error, "{name}: {mean} +- {error}, not {expected}");
        error
    };
    let block = ("block", 3.0);
    let validation = settings(&[block]);
    let subsets = check("subsets", &|draw| method.validation(&validation, &windows, 2, 1, draw as u64));
    for (number, name) in NoiseSchedule::NAMES.iter().enumerate().filter(|(number, _)| *number != 2) {
        let settings = settings(&[block, ("schedule", number as f64)]);
        let error = check(name, &|step| method.example(&settings, &windows, 2, Moment { step, ..AT }));
        assert!(error > subsets, "{name}: {error} {subsets}");
    }
}

/// An aperiodic law of five tokens over two.
fn law(text: &[u32]) -> f64 {
    let number = text.iter().fold(0u32, |number, token| 2 * number + token);
    1.0 + f64::from(number * number * 7 % 13)
}

#[test]
fn every_masked_method_bounds_the_likelihood_and_meets_it_at_blocks_of_one_token() {
    let text = [1, 0, 1, 1];
    let law = |text: &[u32]| law(&[text, &[0]].concat());
    let given: f64 = texts(4, 2).filter(|other| other[0] == text[0]).map(|other| law(&other)).sum();
    let expected = -(law(&text) / given).ln();
    let denoiser = oracle(law, 2);
    let mut methods = 0;
    for method in FAMILY {
        for (block, value) in [1usize, 2, 4].into_iter().map(|block| (block, block as f64)) {
            let all = [("block", value), ("first", 1.0), ("last", value), ("weight-16", 0.0)];
            let mixture = (1..=4).map(|size| if size == block { 1.0 } else { 0.0 });
            let weights = ["weight-1", "weight-2", "weight-3", "weight-4"].into_iter().zip(mixture);
            let knobs = method.description().knobs;
            let has = |(id, _): &(&str, f64)| knobs.iter().any(|knob| knob.id == *id);
            let settings = settings(&all.into_iter().chain(weights).filter(has).collect::<Vec<_>>());
            let reading = method.reading(&settings, 4);
            if reading.noise != Noise::Mask || reading.block != block {
                continue;
            }
            let id = method.description().id;
            let draw = |draw| {
                let example = method.validation(&settings, &window(&text), 2, 1, draw);
                3.0 * loss(&example, 2, reading.is_shifted, &denoiser)
            };
            let (mean, error) = mean((0..4_000).map(draw));
            match (block, reading.is_shifted) {
                (1, _) => assert!((mean - expected).abs() < 1e-6 && error < 1e-9, "{id}: {mean}, not {expected}"),
                // A row before its token does not see what stands in the block of the next one.
                (_, true) => assert!(mean > expected - 3.0 * error, "{id} at {block}: {mean} {expected}"),
                _ => assert!((mean - expected).abs() < 3.5 * error, "{id} at {block}: {mean} +- {error}, {expected}"),
            }
            assert_eq!(method.measure(&settings, 4) == Quantity::Likelihood, block == 1, "{id}");
            methods += 1;
        }
    }
    assert!(methods > 20, "{methods}");
}

#[test]
fn the_bound_of_uniform_noise_is_the_entropy_of_the_text() {
    // All four pairs, each with its probability; the denoiser knows the other noisy token but not its own.
    let text: Vec<u32> = (0..4).flat_map(|pair| [0, pair / 2, pair % 2]).chain([0]).collect();
    let windows = Batch::of_windows(&text, &[0, 3, 6, 9], 3);
    let method = Method::find("uniform").expect("it");
    let settings = settings(&[("block", 3.0)]);
    let draw = |draw: u64| {
        let example = method.validation(&settings, &windows, 2, 1, draw);
        let Loss::Uniform { alphas } = &example.loss else { panic!("a loss of uniform noise") };
        let of_row = |row: usize| {
            let (pair, place) = (row / 3, row % 3);
            let alpha = f64::from(alphas[row]);
            let other = example.tokens[3 * pair + 3 - place];
            let mass = |own: usize| {
                let of = |token: usize| if place == 1 { JOINT[own][token] } else { JOINT[token][own] };
                let noise = |token: usize| (1.0 - alpha) / 2.0 + if token as u32 == other { alpha } else { 0.0 };
                (0..2).map(|token| of(token) * noise(token)).sum::<f64>()
            };
            let probabilities = [mass(0), mass(1)].map(|own| own / (mass(0) + mass(1)));
            let (clean, noisy) = (example.targets[row] as usize, example.tokens[row] as usize);
            // The weights are of a mean over all four pairs.
            let share = JOINT[pair / 2][pair % 2] * 8.0;
            share * f64::from(example.weights[row]) * uniform_loss::loss(alpha, clean, noisy, &probabilities)
        };
        (0..12).filter(|row| row % 3 > 0).map(of_row).sum()
    };
    let (mean, error) = mean((0..40_000).map(draw));
    let golden = number(&vectors()["uniform_state"]["two_token_data"]["entropy"]);
    assert!((mean - golden).abs() < 3.0 * error + 0.004, "{mean} +- {error}, not {golden}");
    assert!(error < 0.01, "{error}");
}
