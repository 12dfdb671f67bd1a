//! What holds for every schedule, and the golden values.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::experiment::{Experiment, validate};

/// `tests/golden/schedule_vectors.json`: schedules at every step of a run of 100 with 10 of warm-up, in f64.
pub fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/golden/schedule_vectors.json")).expect("valid JSON")
}

/// A list of numbers.
pub fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().expect("a list").iter().map(|value| value.as_f64().expect("a number")).collect()
}

/// Holds a number to a golden one.
pub fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1e-12), "{what}: {found}, not {expected}");
}

/// A schedule with a floor of 0 and some knobs set.
fn config(id: &str, knobs: &[(&str, f64)]) -> ScheduleConfig {
    let shape = Shape::find(id).expect(id);
    let mut config = ScheduleConfig { shape, peak: 1e-3, floor: 0.0, warmup: 10, ..ScheduleConfig::default() };
    for (id, value) in knobs {
        let knob = shape.description().knobs.iter().find(|knob| knob.id == *id).expect(id);
        config.set_value(knob, *value);
    }
    config
}

fn check(golden: &Value, config: &ScheduleConfig) {
    for (step, expected) in numbers(golden).into_iter().enumerate() {
        close(learning_rate(config, 100, step), expected, &format!("{:?} at {step}", config.shape));
    }
}

/// One test for each golden schedule, and their names.
macro_rules! golden {
    ($($test:ident: $name:literal, $id:literal, $knobs:expr;)*) => {
        mod golden {
            use super::*;

            const NAMES: &[&str] = &[$($name),*];

            $(
                #[test]
                fn $test() {
                    check(&vectors()["schedules"][$name], &config($id, &$knobs));
                }
            )*

            #[test]
            fn every_golden_schedule_has_a_test() {
                let vectors = vectors();
                let other = ["constant"];
                for name in vectors["schedules"].as_object().expect("schedules").keys() {
                    assert!(NAMES.contains(&name.as_str()) || other.contains(&name.as_str()), "{name}");
                }
            }
        }
    };
}

golden! {
    constant: "const+warmup", "constant", [];
    linear: "linear->0", "linear", [];
    cosine: "cosine->0", "cosine", [];
    cosine_to_a_floor: "cosine->0.1P", "cosine", [("floor", 0.1)];
    nanogpt: "nanoGPT get_lr (min=0.1P)", "nanogpt", [("floor", 0.1)];
    polynomial: "poly2->0", "polynomial", [];
    exponential: "exponential exp(-5p)", "exponential", [];
    step: "step 30-60-90 gamma=0.1", "step", [];
    inverse_sqrt: "inv-sqrt P*sqrt(W/t)", "inverse-sqrt", [];
    squashed_sqrt: "inv-sqrt squashed (rsqrt, s=W, no warmup)", "squashed-sqrt", [("scale", 10.0)];
    one_cycle: "OneCycle (torch defaults, own warmup)", "one-cycle", [];
    wsd: "WSD linear, D=20", "wsd", [];
    wsd_sqrt: "WSD 1-sqrt, D=20", "wsd-sqrt", [];
    wsd_square: "WSD 1-square, D=20", "wsd-square", [];
    wsd_cosine: "WSD cosine, D=20", "wsd-cosine", [];
    wsd_exponential: "WSD exp ->0.1P, D=20", "wsd-exponential", [("floor", 0.1)];
    wsd_inverse: "WSD inverse-prop ->0.1P, D=20", "wsd-inverse", [("floor", 0.1)];
    wsd_halving: "WSD MiniCPM 0.5^((t-H)/5), D=20", "wsd-halving", [];
    wsd_s: "WSD-S cycles end 50,100; D=20% each; inverse-prop ->0.1P", "wsd-s", [("floor", 0.1)];
    rex: "REX (paper, d=1/2)", "rex", [];
    rex_of_a_copied_implementation: "REX (code variant d=0.9)", "rex", [("depth", 0.9)];
    power: "power, normalised n0=W,b=-0.51", "power", [];
}

#[test]
fn golden_constant_without_warm_up() {
    check(&vectors()["schedules"]["constant"], &ScheduleConfig { warmup: 0, ..config("constant", &[]) });
}

#[test]
fn golden_rewarm() {
    let second_phase_alone = [("floor", 0.1), ("switch", 0.0), ("rewarmup", 0.1)];
    check(&vectors()["rewarm"]["lr"], &config("rewarm", &second_phase_alone));
}

#[test]
fn golden_infinite() {
    check(&vectors()["infinite"]["lr"], &config("infinite", &[("floor", 0.1)]));
}

/// The descriptions of the family, and of the hypergradient rules that are no members of it.
fn descriptions() -> Vec<&'static Description> {
    let family = FAMILY.iter().map(|schedule| schedule.description());
    let of_sgd_and_adam = hypergradient::Variant::ALL[1..].iter().map(|variant| variant.description());
    family.chain(of_sgd_and_adam).collect()
}

#[test]
fn descriptions_are_complete_and_ids_unique() {
    let descriptions = descriptions();
    for (i, description) in descriptions.iter().enumerate() {
        let Description { id, name, summary, source, knobs, .. } = description;
        assert_eq!(descriptions.iter().position(|other| other.id == *id), Some(i), "{id} twice");
        assert!(id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{id}");
        assert!(!name.is_empty() && !source.is_empty() && summary.ends_with('.'), "{id}");
        for (i, knob) in knobs.iter().enumerate() {
            assert_eq!(knobs.iter().position(|other| other.id == knob.id), Some(i), "{id}: {} twice", knob.id);
            assert!(!["shape", "peak", "warmup", "points"].contains(&knob.id), "{id}: {} is taken", knob.id);
            // A third of the settings' column holds no more.
            assert!(format!("{} {}", knob.name, knob.unit).chars().count() <= 13, "{id}: {} is too long", knob.id);
            assert!(knob.range.contains(&knob.default) && knob.summary.ends_with('.'), "{id}: {}", knob.id);
        }
    }
}

#[test]
fn null_settings_reproduce_the_constant_schedule() {
    for shape in Shape::all() {
        let Some(null) = (ScheduleConfig { shape, ..ScheduleConfig::default() }).null() else { continue };
        let baseline = ScheduleConfig {
            shape: Shape::of(&Constant),
            warmup: if shape.warms_up() { null.warmup } else { 0 },
            ..ScheduleConfig::default()
        };
        for steps in [101, 997, 20_000] {
            let mut experiment = Experiment { schedule: null.clone(), ..Experiment::default() };
            experiment.train.steps = steps;
            assert_eq!(validate(&experiment), [], "{shape:?}");
            for step in 0..=steps {
                let (found, expected) = (learning_rate(&null, steps, step), learning_rate(&baseline, steps, step));
                assert_eq!(found.to_bits(), expected.to_bits(), "{shape:?} at {step} of {steps}");
            }
        }
    }
}

/// The configurations of the schedules that follow their run.
fn adaptive() -> impl Iterator<Item = ScheduleConfig> {
    let configs = Shape::all().map(|shape| ScheduleConfig { shape, ..ScheduleConfig::default() });
    configs.filter(|config| config.shape.adaptive(config).is_some())
}

#[test]
fn what_follows_a_run_plans_the_peak_and_begins_with_it() {
    let names: Vec<_> = adaptive().map(|config| config.shape.id()).collect();
    assert_eq!(names, ["plateau", "hypergradient", "autolrs"]);
    for config in adaptive() {
        let rule = config.shape.adaptive(&config).expect("it follows the run");
        // A rule that tries rates first has none yet.
        let expected = Some(config.peak).filter(|_| rule.trial().is_none());
        assert_eq!((rule.rate(), rule.copy().rate()), (expected, expected), "{config:?}");
        assert!((config.warmup..=300).all(|step| learning_rate(&config, 300, step) == config.peak));
    }
}

#[test]
fn all_but_a_few_named_schedules_have_a_null_setting() {
    let without: Vec<_> = Shape::all().filter(|shape| shape.description().null.is_none()).map(Shape::id).collect();
    assert_eq!(without, ["drawn", "squashed-sqrt", "nanogpt"]);
}

#[test]
fn the_warm_up_ends_at_the_peak() {
    for shape in Shape::all().filter(|shape| shape.warms_up()) {
        let config = ScheduleConfig { shape, warmup: 30, ..ScheduleConfig::default() };
        close(learning_rate(&config, 300, 30), config.peak, shape.id());
        assert!(learning_rate(&config, 300, 29) < config.peak, "{shape:?}");
    }
}

#[test]
fn one_cycle_peaks_one_step_before_its_share() {
    let config = config("one-cycle", &[]);
    let top = (0..100).max_by(|a, b| learning_rate(&config, 100, *a).total_cmp(&learning_rate(&config, 100, *b)));
    assert_eq!(top, Some(29));
}

#[test]
fn steps_beyond_the_run_stay_at_the_floor() {
    for id in ["linear", "cosine", "polynomial", "rex", "wsd", "wsd-sqrt", "wsd-inverse", "wsd-s", "infinite", "rewarm"]
    {
        let config = config(id, &[("floor", 0.1)]);
        close(learning_rate(&config, 200, 5000), 1e-4, id);
    }
}

/// A schedule with knobs anywhere in their ranges, its steps and one of them.
fn schedules() -> impl Strategy<Value = (ScheduleConfig, usize, usize)> {
    let shares = prop::collection::vec(prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0f64], 4);
    let run = (1..5_000usize).prop_flat_map(|steps| (Just(steps), 0..steps, 0..=steps + 10));
    (0..FAMILY.len(), shares, run).prop_map(|(shape, shares, (steps, warmup, step))| {
        let shape = Shape::of(FAMILY[shape]);
        let mut config = ScheduleConfig { shape, warmup, ..ScheduleConfig::default() };
        for (knob, share) in shape.description().knobs.iter().zip(shares) {
            let (low, high) = (*knob.range.start(), *knob.range.end());
            let value = low + share * (high - low);
            config.set_value(knob, if knob.is_whole { value.round() } else { value.clamp(low, high) });
        }
        (config, steps, step)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn rates_are_finite_never_negative_and_never_above_the_peaks((config, steps, step) in schedules()) {
        let mut experiment = Experiment { schedule: config.clone(), ..Experiment::default() };
        experiment.train.steps = steps;
        let is_at_odds = config.shape.fault(&config).is_some();
        let federation = config.shape.federation(&config);
        let is_too_long = federation.is_some_and(|federation| federation.round_steps() > steps);
        prop_assert_eq!(validate(&experiment).len(), usize::from(is_at_odds) + usize::from(is_too_long));
        let rate = learning_rate(&config, steps, step);
        // Re-warming has a second peak, which may be higher.
        let again = config.shape.knob("again").map_or(1.0, |knob| config.value(knob).max(1.0));
        let is_right = (0.0..=config.peak * again * (1.0 + 1e-12)).contains(&rate);
        prop_assert!(is_right, "{:?} at {} of {}: {}", config, step, steps, rate);
    }

    #[test]
    fn no_setting_makes_a_schedule_panic(
        shape in 0..FAMILY.len(), values in prop::collection::vec(any::<f64>(), 6), counts in any::<[usize; 3]>(),
    ) {
        let shape = Shape::of(FAMILY[shape]);
        let [warmup, steps, step] = counts;
        let (peak, floor) = (values[5], values[4]);
        let mut config = ScheduleConfig { shape, warmup, peak, floor, ..ScheduleConfig::default() };
        shape.description().knobs.iter().zip(values).for_each(|(knob, value)| config.set_value(knob, value));
        learning_rate(&config, steps, step);
    }
}
