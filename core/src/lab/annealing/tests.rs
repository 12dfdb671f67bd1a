//! The law against the published losses and figures, and what cannot be fitted.

use std::{f64::consts::PI, time::Instant};

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{
    experiment::ScheduleConfig,
    schedule::{Shape, learning_rate},
};

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("valid JSON")
}

/// `tests/golden/annealing_law.json`: 40 losses of a public demonstration, and fits to them.
fn demonstration() -> Value {
    json(include_str!("../../../../tests/golden/annealing_law.json"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(number).collect()
}

fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance * expected.abs(), "{what}: {found}, not {expected}");
}

/// Half a cosine from the peak at `warmup` to the floor at `total`, for the steps before `steps`; the warm-up at the peak.
fn cosine(peak: f64, floor: f64, warmup: usize, total: usize, steps: usize) -> Vec<f64> {
    let rate = |step: usize| {
        let progress = step.saturating_sub(warmup) as f64 / (total - warmup) as f64;
        floor + 0.5 * (peak - floor) * (1.0 + (PI * progress).cos())
    };
    (0..steps).map(rate).collect()
}

/// The rates and losses of the demonstration's two runs. Rate 20,000 is counted too, as there.
fn runs() -> [(Vec<f64>, Vec<Point>); 2] {
    let golden = demonstration();
    let peak = number(&golden["peak"]);
    let points = |key: &str| {
        let points = numbers(&golden["steps"]).into_iter().zip(numbers(&golden[key]));
        points.map(|(step, loss)| Point { step: step as usize, loss }).collect::<Vec<_>>()
    };
    [(cosine(peak, 0.0, 500, 20_000, 20_001), points("cosine_loss")), (vec![peak; 20_001], points("constant_loss"))]
}

fn borrowed(runs: &[(Vec<f64>, Vec<Point>)]) -> Vec<Run<'_>> {
    runs.iter().map(|(rates, points)| Run { rates, points }).collect()
}

#[test]
fn the_golden_sums_are_kept() {
    let golden = &json(include_str!("../../../../tests/golden/adaptive_vectors.json"));
    let case = &golden["annealing_s1_s2"];
    let found = sums(&numbers(&case["lr"]), number(&case["lambda"]));
    for (found, key) in [(found.s1, "S1"), (found.s2, "S2")] {
        let expected = numbers(&case[key]);
        assert_eq!(found.len(), expected.len());
        found.iter().zip(expected).for_each(|(found, expected)| close(*found, expected, 1e-12, key));
    }
    for (lambda, steps) in golden["s2_half_life_steps"].as_object().expect("half-lives") {
        close(half_life(lambda.parse().expect("a number")), number(steps), 1e-12, lambda);
    }
    assert_eq!(sums(&[], 0.9), Sums { s1: vec![], s2: vec![] });
}

#[test]
fn a_schedule_becomes_rates_with_its_warm_up_at_the_peak_or_as_run() {
    let config = ScheduleConfig { warmup: 10, ..ScheduleConfig::default() };
    let [at_peak, as_run] = [Warmup::AtPeak, Warmup::AsRun].map(|warmup| rates(&config, 100, warmup));
    for step in 0..100 {
        assert_eq!(as_run[step], learning_rate(&config, 100, step));
        assert_eq!(at_peak[step], if step < 10 { config.peak } else { as_run[step] });
    }
    assert!(sums(&as_run, 0.9).s2[9] < 0.0);
    assert_eq!(sums(&at_peak, 0.9).s2[9], 0.0);
    // A shape that is its own warm-up has none to replace.
    let own = ScheduleConfig { shape: Shape::find("one-cycle").expect("a schedule"), ..config };
    assert_eq!(rates(&own, 100, Warmup::AtPeak), rates(&own, 100, Warmup::AsRun));
}

#[test]
fn the_fits_to_the_demonstration_agree_with_the_golden_ones() {
    let runs = runs();
    for golden in demonstration()["fits"].as_array().expect("fits") {
        let lambda = number(&golden["lambda"]);
        let found = fit(&borrowed(&runs), Lambda::Given(lambda)).expect("a fit");
        let law = found.law;
        for (found, key) in [(law.l0, "L0"), (law.a, "A"), (law.c, "C"), (law.alpha, "alpha")] {
            close(found, number(&golden[key]), 1e-3, key);
        }
        close(found.objective, number(&golden["objective"]), 1e-4, "objective");
        close(found.accuracy.r2.expect("losses differ"), number(&golden["r2"]), 1e-5, "R^2");
        close(found.accuracy.max_error, number(&golden["max_abs_error"]), 1e-2, "largest error");
    }
}

#[test]
fn the_law_of_one_real_run_predicts_the_other() {
    let [cosine, constant] = runs().map(|(rates, points)| Course { rates, points, ..Course::default() });
    let law = fit(&[cosine.run()], Lambda::Given(0.999)).expect("a fit").law;
    let accuracy = Prediction::new(&law, &constant).accuracy.expect("it has losses");
    assert!(accuracy.relative_error < 0.005, "{accuracy:?}");
}

#[test]
fn the_sums_of_the_demonstration_agree_with_the_golden_ones() {
    let golden = &demonstration()["fits"][0];
    let found = sums(&runs()[0].0, number(&golden["lambda"]));
    close(found.s1[20_000], number(&golden["S1_cosine_20000"]), 1e-12, "S1");
    close(found.s2[10_000], number(&golden["S2_cosine_10000"]), 1e-9, "S2");
    close(found.s2[20_000], number(&golden["S2_cosine_20000"]), 1e-9, "S2");
}

#[test]
fn predictions_for_other_schedules_agree_with_the_golden_ones() {
    let golden = json(include_str!("../../../../tests/golden/annealing_law_curves.json"));
    let (peak, floor) = (3e-4, 3e-5);
    // Constant to step 20,000, then down to the floor at 24,000.
    let decayed = |fall: fn(f64, f64, f64) -> f64| -> Vec<f64> {
        (0..24_000u32).map(|step| fall(peak, floor, f64::from(step.saturating_sub(20_000)) / 4000.0)).collect()
    };
    for case in golden["fits"].as_array().expect("fits") {
        let [l0, a, c, alpha, lambda] = ["L0", "A", "C", "alpha", "lambda"].map(|key| number(&case[key]));
        let law = Law { l0, a, c, alpha, lambda };
        for curve in case["curves"].as_array().expect("curves") {
            let name = curve["curve"].as_str().expect("a name");
            // The last logged step of each curve.
            let (last, rates) = match name {
                "cosine_24000" => (23_920, cosine(peak, floor, 2160, 24_000, 24_000)),
                "cosine_72000" => (71_920, cosine(peak, floor, 2160, 72_000, 72_000)),
                "constant_24000" => (23_936, vec![peak; 24_000]),
                "constant_72000" => (71_936, vec![peak; 72_000]),
                "wsd_20000_24000" => (23_904, decayed(|peak, floor, u| peak.powf(1.0 - u) * floor.powf(u))),
                "wsdld_20000_24000" => (23_904, decayed(|peak, floor, u| peak * (1.0 - u) + floor * u)),
                other => panic!("{other}"),
            };
            let expected = number(&curve["final_predicted"]);
            close(law.predict(&rates)[last], expected, 1e-9, name);
            let points = [Point { step: last, loss: number(&curve["final_true"]) }];
            let found = law.accuracy(Run { rates: &rates, points: &points }).expect("an accuracy");
            close(found.max_error, (number(&curve["final_true"]) - expected).abs(), 1e-6, name);
            assert_eq!((found.last_loss, found.r2), (points[0].loss, None));
        }
    }
}

/// A run of the law itself under a schedule of the family, with a loss every 20 steps after the first tenth.
fn own_run(law: &Law, id: &str, steps: usize) -> (Vec<f64>, Vec<Point>) {
    let config = ScheduleConfig { shape: Shape::find(id).expect(id), warmup: 50, ..ScheduleConfig::default() };
    let rates = rates(&config, steps, Warmup::AtPeak);
    let predicted = law.predict(&rates);
    let points = (steps / 10..steps).step_by(20).map(|step| Point { step, loss: predicted[step] }).collect();
    (rates, points)
}

#[test]
fn two_runs_of_a_browser_find_their_law_and_predict_a_third() {
    for lambda in [0.97, 0.99, 0.995] {
        let law = Law { l0: 1.4, a: 0.5, c: 0.6, alpha: 0.45, lambda };
        let runs = [own_run(&law, "constant", 1000), own_run(&law, "cosine", 1000)];
        let found = fit(&borrowed(&runs), Lambda::Fitted).expect("a fit");
        assert_eq!(found.law.lambda, lambda);
        let pairs = [(found.law.l0, law.l0), (found.law.a, law.a), (found.law.c, law.c), (found.law.alpha, law.alpha)];
        pairs.iter().for_each(|(found, expected)| close(*found, *expected, 5e-3, "a parameter"));
        let (rates, points) = own_run(&law, "wsd", 1500);
        let accuracy = found.law.accuracy(Run { rates: &rates, points: &points }).expect("an accuracy");
        assert!(accuracy.max_error < 1e-3 && accuracy.r2.is_some_and(|r2| r2 > 0.9999), "{accuracy:?}");
    }
}

#[test]
fn a_law_without_annealing_is_found_at_the_bound() {
    let law = Law { l0: 2.0, a: 1.0, c: 0.0, alpha: 0.5, lambda: 0.99 };
    let run = own_run(&law, "cosine", 1000);
    let found = fit(&borrowed(&[run]), Lambda::Given(0.99)).expect("a fit").law;
    assert!((0.0..1e-3).contains(&found.c), "{found:?}");
    close(found.l0, 2.0, 1e-3, "L0");
}

#[test]
fn a_loss_far_off_moves_the_law_little() {
    let mut runs = runs();
    let before = fit(&borrowed(&runs), Lambda::Given(0.999)).expect("a fit").law;
    runs[1].1[10].loss += 0.5;
    let after = fit(&borrowed(&runs), Lambda::Given(0.999)).expect("a fit").law;
    close(after.l0, before.l0, 2e-3, "L0");
}

#[test]
fn a_fit_of_two_runs_takes_less_than_a_second() {
    let runs = runs();
    let start = Instant::now();
    fit(&borrowed(&runs), Lambda::Fitted).expect("a fit");
    let seconds = start.elapsed().as_secs_f64();
    assert!(seconds < 0.9, "{seconds} s");
}

#[test]
fn what_cannot_be_fitted_is_named() {
    let (rates, points) = &runs()[0];
    let fault = |edit: &dyn Fn(&mut Vec<f64>, &mut Vec<Point>)| {
        let (mut rates, mut points) = (rates.clone(), points.clone());
        edit(&mut rates, &mut points);
        let error = fit(&[Run { rates: &rates, points: &points }], Lambda::Fitted).expect_err("no fit");
        let sentence = error.to_string();
        assert!(sentence.ends_with('.') && !sentence.contains(". ") && !sentence.contains("  "), "{sentence}");
        error
    };
    assert_eq!(fault(&|_, points| points.truncate(4)), AnnealingError::TooFew { points: 4, steps: 4 });
    assert_eq!(fault(&|_, points| *points = vec![points[9]; 8]), AnnealingError::TooFew { points: 8, steps: 1 });
    for loss in [0.0, -1.0, f64::INFINITY] {
        assert_eq!(fault(&|_, points| points[2].loss = loss), AnnealingError::Loss { run: 1, step: 3000, loss });
    }
    assert!(matches!(fault(&|_, points| points[2].loss = f64::NAN), AnnealingError::Loss { step: 3000, .. }));
    for rate in [-1e-3, f64::INFINITY, 1e300] {
        assert_eq!(fault(&|rates, _| rates[7] = rate), AnnealingError::Rate { run: 1, step: 7, rate });
    }
    let after = AnnealingError::Step { run: 1, step: 20_001, rates: 20_001 };
    assert_eq!(fault(&|_, points| points[3].step = 20_001), after);
    assert_eq!(fault(&|rates, _| rates[..=2000].fill(0.0)), AnnealingError::NoProgress { run: 1, step: 1000 });
    assert_eq!(fault(&|rates, _| rates.fill(2e-4)), AnnealingError::ConstantRates);
    for lambda in [-0.1, 1.0, f64::NAN] {
        let found = fit(&[Run { rates, points }], Lambda::Given(lambda));
        assert!(matches!(found, Err(AnnealingError::Lambda(_))), "{found:?}");
    }
    assert!(matches!(fit(&[], Lambda::Fitted), Err(AnnealingError::TooFew { points: 0, .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_sound_numbers_make_a_fit_panic_or_last(
        exponents in prop::collection::vec((-30.0..6.0f64, -300.0..300.0f64), 1..12), lambda in 0.0..0.9999f64,
    ) {
        let rates: Vec<f64> = exponents.iter().map(|(rate, _)| 10f64.powf(*rate)).collect();
        let losses = exponents.iter().enumerate().map(|(step, (_, loss))| Point { step, loss: 10f64.powf(*loss) });
        let points: Vec<Point> = losses.collect();
        let start = Instant::now();
        match fit(&[Run { rates: &rates, points: &points }], Lambda::Given(lambda)) {
            Ok(Fit { law, .. }) => prop_assert!([law.l0, law.c, law.alpha].iter().all(|value| *value >= 0.0)),
            Err(error) => prop_assert!(error.to_string().ends_with('.')),
        }
        prop_assert!(start.elapsed().as_secs_f64() < 2.0);
    }
}
