//! Objectives in a real network: what it may see, what passes agree with each other, and what is trained.

use burn::tensor::Device;
use futures::executor::block_on;

use super::{
    Trainer, network,
    trainer::tests::{dataset, experiment},
};
use crate::{
    decode::{Checkpoint, ForwardKind, Network as _, Query, Row},
    experiment::{Experiment, Operations, Positions},
    layerwise,
    model::{Transformer, Vocabulary, Weights, initialise},
    objective::{Clean, Method, Moment, Objective, Quantity, Reading, View},
    policy::Chosen,
    text::Batch,
};

const CONTEXT: usize = 16;
const BLOCK: usize = 2;
const TOKENS: usize = 11;
const MASK: u32 = TOKENS as u32;

fn of(method: &str) -> Experiment {
    let mut experiment = experiment();
    experiment.model.positions = Positions::Rope;
    experiment.model.context = CONTEXT;
    experiment.objective = objective(method, &[]);
    experiment
}

fn objective(method: &str, settings: &[(&str, f64)]) -> Chosen<dyn Objective> {
    let mut chosen = Chosen::<dyn Objective>::new(Method::find(method).expect("an objective"));
    for (id, value) in settings {
        let knob = chosen.method().knob(id).expect("a knob");
        chosen.set(knob, *value);
    }
    chosen
}

fn model() -> (Transformer, Weights) {
    let config = of("masked").model;
    let transformer = Transformer::new(&config, Vocabulary::with_mask(TOKENS), Operations::Fused, &Device::flex());
    // Weights of a trained size, so that what is attended shows.
    let weights = initialise(&transformer.specs, 3, &Device::flex()) * 6.0;
    (transformer, weights)
}

/// Tokens `[noisy; clean]`.
fn tokens() -> Vec<u32> {
    let clean = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 9, 7, 9, 3, 2];
    let noisy = clean.iter().enumerate().map(|(place, token)| if place % 3 == 0 { *token } else { MASK });
    noisy.chain(clean).collect()
}

/// Logits of every row, `[rows][tokens]`.
fn logits(clean: Clean, ids: &[u32]) -> Vec<Vec<f32>> {
    let (transformer, weights) = model();
    let view = transformer.view(View::Halves { context: CONTEXT, block: BLOCK, clean });
    let logits = transformer.forward(&weights, transformer.tokens(ids, 1), &view).into_data();
    logits.iter::<f32>().collect::<Vec<_>>().chunks(TOKENS).map(<[f32]>::to_vec).collect()
}

/// The rows whose logits change with one token.
fn changed(clean: Clean, place: usize) -> Vec<usize> {
    let before = logits(clean, &tokens());
    let mut other = tokens();
    other[place] = 8;
    let after = logits(clean, &other);
    (0..2 * CONTEXT).filter(|row| before[*row] != after[*row]).collect()
}

#[test]
fn a_clean_token_is_seen_by_the_noisy_rows_of_later_blocks_alone() {
    for clean in [Clean::Block, Clean::Token] {
        for position in 0..CONTEXT {
            let rows = changed(clean, CONTEXT + position);
            let noisy: Vec<usize> = rows.iter().copied().filter(|row| *row < CONTEXT).collect();
            let later: Vec<usize> = (0..CONTEXT).filter(|row| row / BLOCK > position / BLOCK).collect();
            assert_eq!(noisy, later, "{clean:?}, {position}");
            let seen = |row: usize| match clean {
                Clean::Block => row / BLOCK >= position / BLOCK,
                Clean::Token => row >= position,
            };
            let clean_rows: Vec<usize> =
                rows.into_iter().filter(|row| *row >= CONTEXT).map(|row| row - CONTEXT).collect();
            assert_eq!(clean_rows, (0..CONTEXT).filter(|row| seen(*row)).collect::<Vec<_>>(), "{clean:?}, {position}");
        }
    }
}

#[test]
fn a_noisy_token_is_seen_by_its_own_block_alone() {
    for position in 0..CONTEXT {
        let own: Vec<usize> = (0..CONTEXT).filter(|row| row / BLOCK == position / BLOCK).collect();
        assert_eq!(changed(Clean::Block, position), own);
    }
}

/// Logits of one noisy block behind the clean ones that are kept, and the same with `wrong` kept in their place.
fn cached(clean: Clean, block: usize, wrong: Option<u32>) -> Vec<Vec<f32>> {
    let (transformer, weights) = model();
    let checkpoint = Checkpoint::read(&transformer, &weights, Reading::masked(BLOCK, clean));
    let mut network = block_on(checkpoint).expect("flex does not fail").network();
    let (noisy, context) = (tokens(), &tokens()[CONTEXT..]);
    let row = |position: usize, token: u32| Row { token, position };
    for start in (0..block * BLOCK).step_by(BLOCK) {
        let rows = (start..start + BLOCK).map(|position| row(position, wrong.unwrap_or(context[position]))).collect();
        let allow = |query: usize, key: usize| clean == Clean::Block || key <= query;
        let query = Query { keep: BLOCK, ..Query::new(ForwardKind::Commit, rows, allow, start) };
        block_on(network.forward(query)).expect("finite numbers");
    }
    let start = block * BLOCK;
    let rows = (start..start + BLOCK).map(|position| row(position, noisy[position])).collect();
    let query = Query::new(ForwardKind::Draft, rows, |_, _| true, start);
    let logits = block_on(network.forward(query)).expect("finite numbers");
    (0..BLOCK).map(|row| logits.row(row).to_vec()).collect()
}

fn distance(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
    a.concat().iter().zip(b.concat()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn blocks_decoded_from_a_cache_are_the_noisy_half_of_training() {
    for clean in [Clean::Block, Clean::Token] {
        let whole = logits(clean, &tokens());
        for block in 0..CONTEXT / BLOCK {
            let noisy = &whole[block * BLOCK..(block + 1) * BLOCK];
            assert!(distance(noisy, &cached(clean, block, None)) < 1e-4, "{clean:?}, {block}");
            // Keys and values of masks are stale: they must not pass for those of the final tokens.
            assert!(block == 0 || distance(noisy, &cached(clean, block, Some(MASK))) > 1e-2, "{clean:?}, {block}");
        }
    }
}

/// In blocks of one token the bound is the likelihood: the sum of what each token costs behind those before it.
#[test]
fn blocks_of_one_token_give_the_likelihood_of_the_same_network() {
    let (transformer, weights) = model();
    let reading = Reading::masked(1, Clean::Block);
    assert_eq!(reading.measure(), Quantity::Likelihood);
    let checkpoint = block_on(Checkpoint::read(&transformer, &weights, reading.clone())).expect("flex does not fail");
    let text = tokens()[CONTEXT..].to_vec();
    let mut network = checkpoint.network();
    let mut nats = 0.0;
    for (position, next) in text.iter().copied().enumerate() {
        let mut ask = |kind, token, keep| {
            let query = Query::new(kind, vec![Row { token, position }], |_, _| true, position);
            block_on(network.forward(Query { keep, ..query })).expect("finite numbers")
        };
        let logits = ask(ForwardKind::Draft, MASK, 0);
        ask(ForwardKind::Commit, next, 1);
        if position > 0 {
            let sum: f64 = logits.row(0).iter().map(|logit| f64::from(*logit).exp()).sum();
            nats += sum.ln() - f64::from(logits.row(0)[next as usize]);
        }
    }
    let expected = nats / (CONTEXT - 1) as f64;
    let found = checkpoint.quality(&text, 1, 5).expect("no masks").nats;
    assert!((found - expected).abs() < 1e-5 * expected, "{found} {expected}");
    let windows = Batch { inputs: text.clone(), targets: text, batch: 1, context: CONTEXT };
    for draw in 0..3 {
        let example = reading.validation(&windows, TOKENS, 1, draw);
        let found: f32 = transformer.losses(&weights, &example).sum().into_scalar();
        assert!((f64::from(found) - expected).abs() < 1e-5 * expected, "{found} {expected}");
    }
}

/// Losses of the first steps.
fn losses(experiment: &Experiment, steps: usize) -> Vec<f64> {
    let mut trainer = Trainer::new(experiment, dataset(), &Device::flex());
    (0..steps).for_each(|_| trainer.step());
    let (rows, result) = block_on(trainer.read());
    assert_eq!(result, Ok(()));
    rows.iter().flat_map(|row| [row.loss, row.gradient_norm]).collect()
}

#[test]
fn every_objective_trains_alike_with_fused_and_plain_operations() {
    for method in Method::all() {
        let mut experiment = of(method.id());
        experiment.train.accumulation = 2;
        assert_eq!(experiment.objective.fault(CONTEXT), None, "{method:?}");
        let fused = losses(&experiment, 3);
        let plain = losses(&Experiment { operations: Operations::Plain, ..experiment }, 3);
        for (fused, plain) in fused.iter().zip(&plain) {
            assert!((fused - plain).abs() < 1e-4 * plain.abs().max(1.0), "{method:?}: {fused} {plain}");
        }
    }
}

#[test]
fn every_objective_learns_and_is_validated() {
    for method in Method::all() {
        let mut experiment = of(method.id());
        experiment.train.steps = 120;
        experiment.schedule.warmup = 10;
        // The rates of a spectral rule compose with any objective.
        let llr = layerwise::Method::find("llr").expect("LLR");
        experiment.layerwise.rule.choose(llr);
        let mut trainer = Trainer::new(&experiment, dataset(), &Device::flex());
        let before = block_on(trainer.validate()).expect("flex does not fail");
        for _ in 0..experiment.train.steps {
            block_on(trainer.measure()).expect("flex does not fail");
            trainer.step();
        }
        let (rows, result) = block_on(trainer.read());
        assert_eq!((rows.len(), result), (120, Ok(())), "{method:?}");
        let after = block_on(trainer.validate()).expect("flex does not fail");
        assert!(after.loss < before.loss - 0.1, "{method:?}: {} after {}", after.loss, before.loss);
        let is_bound = experiment.objective.measure(CONTEXT) != Quantity::Likelihood;
        assert_eq!(after.error.is_some(), is_bound, "{method:?}");
        assert!(after.error.is_none_or(|error| error > 0.0 && error < 0.5), "{method:?}: {:?}", after.error);
    }
}

/// In a whole run, too: every method with its null setting is the member that it says.
#[test]
fn null_settings_train_bit_for_bit_alike() {
    for method in Method::all() {
        let Some(settings) = method.description().null_settings() else { continue };
        let mut null = of(method.id());
        settings.0.iter().for_each(|(id, value)| null.objective.set(method.knob(id).expect("a knob"), *value));
        let mut other = of("next-token");
        if let Some((method, settings)) = method.null_of() {
            other.objective = Chosen::new(method);
            settings.0.iter().for_each(|(id, value)| other.objective.set(method.knob(id).expect("a knob"), *value));
        }
        if null.objective.fault(CONTEXT).is_some() {
            continue;
        }
        assert_eq!(losses(&null, 4), losses(&other, 4), "{method:?}");
    }
}

#[test]
fn the_largest_batch_is_the_one_that_a_device_is_checked_for() {
    for method in Method::all() {
        let objective = of(method.id()).objective;
        let [batch, time] = objective.shape(4, CONTEXT, 50);
        let windows = Batch::of_windows(&dataset().first.train, &[0, 1, 2, 3], CONTEXT);
        for step in 0..50 {
            let at = Moment { seed: 1, step, steps: 50, micro: 0 };
            let rows = objective.example(&windows, TOKENS, at).tokens.len();
            assert!(rows <= batch * time, "{method:?} at {step}: {rows} rows, not {batch} x {time}");
        }
    }
    let (vocabulary, _) = network(&of("masked"), &dataset());
    assert_eq!(vocabulary.read, vocabulary.predicted + 1);
}

#[test]
fn a_clip_search_moves_the_levels_at_a_validation_and_goes_back_with_the_run() {
    let mut experiment = of("masked");
    experiment.objective = objective("masked", &[("block", 2.0), ("search", 1.0)]);
    let mut trainer = Trainer::new(&experiment, dataset(), &Device::flex());
    let start = trainer.snapshot();
    (0..40).for_each(|_| trainer.step());
    block_on(trainer.validate()).expect("flex does not fail");
    let run = |trainer: &mut Trainer| {
        trainer.step();
        block_on(trainer.read()).0.last().expect("a row").loss
    };
    let after = run(&mut trainer);
    trainer.restore(&start);
    (0..40).for_each(|_| trainer.step());
    // Without the validation the levels are what they were.
    assert_ne!(run(&mut trainer), after);
}

/// The variance of the gradient over draws of noise on the same windows, around its mean.
fn gradient_variance(trainer: &mut Trainer, objective: &Chosen<dyn Objective>) -> f64 {
    let gradients: Vec<_> = trainer.gradients_of(objective, 24);
    let mean = gradients.iter().cloned().reduce(|a, b| a + b).expect("a gradient") / gradients.len() as f64;
    let square =
        |gradient: burn::tensor::Tensor<1>| f64::from((gradient - mean.clone()).square().sum().into_scalar::<f32>());
    gradients.iter().cloned().map(square).sum::<f64>() / (gradients.len() - 1) as f64
}

/// The direction of BD3-LM's table: at a block of 4, levels from .45 to .95 vary least, and all of them most; at a block
/// of 1, masking everything varies less than drawing levels.
#[test]
fn clipped_levels_vary_less_than_all_of_them() {
    let mut trainer = Trainer::new(&of("masked"), dataset(), &Device::flex());
    (0..60).for_each(|_| trainer.step());
    block_on(trainer.read()).1.expect("finite losses");
    let mut variance = |settings: &[(&str, f64)]| gradient_variance(&mut trainer, &objective("masked", settings));
    let all = variance(&[("block", 4.0)]);
    let wide = variance(&[("block", 4.0), ("low", 0.3), ("high", 0.8)]);
    let narrow = variance(&[("block", 4.0), ("low", 0.45), ("high", 0.95)]);
    assert!(narrow < wide && wide < all, "{narrow} {wide} {all}");
    assert!(all > 1.5 * narrow, "{narrow} {all}");
    let (levels, masked) = (variance(&[("block", 1.0), ("all", 0.0)]), variance(&[("block", 1.0)]));
    assert!(levels > 1.5 * masked, "{levels} {masked}");
}
