//! What holds for every method of the family.

use super::*;

/// Tokens of the texts below.
const VOCABULARY: usize = 11;

const CONTEXT: usize = 32;

const AT: Moment = Moment { seed: 1, step: 3, steps: 100, micro: 0 };

/// Windows of an aperiodic text.
fn windows(batch: usize, context: usize) -> Batch {
    let tokens: Vec<u32> = (0..400u32).map(|i| (i * i / 3 + i) % VOCABULARY as u32).collect();
    let starts: Vec<usize> = (0..batch).map(|window| 7 * window).collect();
    Batch::of_windows(&tokens, &starts, context)
}

fn settings(values: &[(&str, f64)]) -> Settings {
    Settings(values.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect())
}

fn baseline() -> (Method, Settings) {
    (Method::find("next-token").expect("the baseline"), Settings::default())
}

/// A training and a validation batch of every method with its defaults.
fn examples(of: impl Fn(&'static dyn Objective, Example)) {
    for method in FAMILY {
        for step in 0..8 {
            let windows = windows(4, CONTEXT);
            of(*method, method.example(&Settings::default(), &windows, VOCABULARY, Moment { step, ..AT }));
            of(*method, method.validation(&Settings::default(), &windows, VOCABULARY, 1, step as u64));
        }
    }
}

#[test]
fn descriptions_are_complete_and_ids_unique() {
    let mut ids: Vec<_> = FAMILY.iter().map(|method| method.description().id).collect();
    for id in &ids {
        assert_eq!(Method::find(id).expect("it is found").id(), *id);
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), FAMILY.len());
    for method in FAMILY {
        let Description { id, name, summary, source, knobs, null } = method.description();
        assert!(!name.is_empty() && !source.is_empty() && summary.ends_with('.'), "{id}");
        assert_eq!(method.fault(&Settings::default(), CONTEXT), None, "{id}");
        for knob in *knobs {
            let place = format!("{id}.{}", knob.id);
            assert!(knob.range.contains(&knob.default) && knob.summary.ends_with('.'), "{place}");
            assert!(!knob.is_whole || knob.default.fract() == 0.0, "{place}");
            assert_eq!(knobs.iter().filter(|other| other.id == knob.id).count(), 1, "{place}");
            let names = method.names(knob.id).len();
            assert!(names == 0 || knob.range == (0.0..=names as f64 - 1.0), "{place}");
        }
        for (knob, _) in null.iter().copied().flatten() {
            assert!(knobs.iter().any(|known| known.id == *knob), "{id}.{knob}");
        }
    }
}

#[test]
fn null_settings_are_another_member_bit_for_bit() {
    let mut nulls = 0;
    for method in FAMILY {
        let id = method.description().id;
        let Some(null) = method.description().null_settings() else { continue };
        assert_eq!(method.fault(&null, CONTEXT), None, "{id}");
        let (other, of) = method.null_of().unwrap_or_else(baseline);
        let windows = windows(4, CONTEXT);
        for step in 0..20 {
            let at = Moment { step, micro: step % 2, ..AT };
            let own = method.example(&null, &windows, VOCABULARY, at);
            assert_eq!(own, other.example(&of, &windows, VOCABULARY, at), "{id}");
            let own = method.validation(&null, &windows, VOCABULARY, 1, step as u64);
            assert_eq!(own, other.validation(&of, &windows, VOCABULARY, 1, step as u64), "{id}");
        }
        nulls += 1;
    }
    assert!(nulls >= 1);
}

#[test]
fn shapes_agree_and_weights_are_finite_and_not_negative() {
    examples(|method, example| {
        let id = method.description().id;
        let rows = example.batch * example.view.time();
        assert_eq!([example.tokens.len(), example.targets.len(), example.weights.len()], [rows; 3], "{id}");
        assert!(example.weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0), "{id}");
        assert!(example.targets.iter().all(|target| (*target as usize) < VOCABULARY), "{id}");
        assert!(example.tokens.iter().all(|token| *token as usize <= VOCABULARY), "{id}");
    });
}
