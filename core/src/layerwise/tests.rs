//! What holds for every method of the family.

use proptest::prelude::*;

use super::{golden::parameters, *};
use crate::model::Role;

const AT: Moment = Moment { seed: 1, update: 1, steps: 1000 };

fn settings(values: &[(&str, f64)]) -> Settings {
    Settings(values.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect())
}

/// Alphas as they occur: attention heavier than the MLP, each matrix a little different.
fn alpha(layer: usize, role: Role) -> Option<f64> {
    let by_kind = match role {
        Role::Up | Role::Down => 2.7,
        _ => 2.0,
    };
    Some(by_kind + 0.013 * layer as f64 + 0.003 * role as u8 as f64)
}

fn measured(layers: usize, width: usize) -> Vec<Parameter> {
    let mut list = parameters(layers, width, alpha);
    for (index, parameter) in list.iter_mut().enumerate() {
        let weight = 1.0 + index as f64;
        parameter.norms = Some(Norms { weight, gradient: 0.1 + 0.01 * weight, update: 3.0 });
    }
    list
}

/// Whether the method's multipliers come from spectra.
fn is_spectral(method: &dyn Layerwise) -> bool {
    matches!(method.measure(&Settings::default()), Measure::Tail(_) | Measure::GradientTail(_) | Measure::Farms { .. })
}

fn has_ends(method: &dyn Layerwise) -> bool {
    method.description().knobs.iter().any(|knob| knob.id == "s1")
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
    assert!(Method::find("nothing").is_none());
    for Description { id, name, summary, source, knobs, null } in FAMILY.iter().map(|method| method.description()) {
        assert!(!name.is_empty() && !source.is_empty() && summary.ends_with('.'), "{id}");
        for knob in *knobs {
            let place = format!("{id}.{}", knob.id);
            assert!(knob.range.contains(&knob.default) && knob.summary.ends_with('.'), "{place}");
            assert!(!knob.is_whole || knob.default.fract() == 0.0, "{place}");
            assert_eq!(knobs.iter().filter(|other| other.id == knob.id).count(), 1, "{place}");
        }
        for (knob, _) in null.iter().copied().flatten() {
            assert!(knobs.iter().any(|known| known.id == *knob), "{id}.{knob}");
        }
    }
}

#[test]
fn null_settings_are_the_uniform_run_bit_for_bit() {
    for parameters in [measured(3, 48), measured(2, 8), parameters(1, 48, |_, _| None), vec![]] {
        for method in FAMILY {
            let id = method.description().id;
            let Some(null) = method.description().null_settings() else { continue };
            assert_eq!(method.fault(&null, AT.steps), None, "{id}");
            let cadence = method.cadence(&null, AT.steps);
            let mut ramp = MultiplierRamp::new(cadence, parameters.len());
            for update in 1..=AT.steps {
                if cadence.is_event(update) {
                    let targets = method.multipliers(&null, &parameters, Moment { update, ..AT });
                    assert!(ramp.turn(update, targets), "{id}");
                }
                let found = ramp.multipliers(update);
                assert!(found.iter().all(|m| m.to_bits() == 1f64.to_bits()), "{id} at {update}: {found:?}");
            }
        }
    }
}

#[test]
fn defaults_are_sound_and_only_the_baseline_and_tables_of_ones_leave_the_rates_alone() {
    let parameters = measured(3, 128);
    for method in FAMILY {
        let id = method.description().id;
        assert_eq!(method.fault(&Settings::default(), AT.steps), None, "{id}");
        let found = method.multipliers(&Settings::default(), &parameters, AT);
        assert!(found.len() == parameters.len() && found.iter().all(|m| m.is_finite() && *m >= 0.0), "{id}: {found:?}");
        let is_uniform = found.iter().all(|m| *m == 1.0);
        assert_eq!(is_uniform, ["uniform", "manual"].contains(&id), "{id}: {found:?}");
    }
}

#[test]
fn settings_that_do_not_fit_are_refused_by_name() {
    for method in FAMILY.iter().filter(|method| has_ends(**method)) {
        for (values, steps, field) in [
            (&[("s1", 5.0), ("s2", 2.0)][..], 1000, "s1"),
            (&[("s1", 0.0)], 1000, "s1"),
            (&[("s2", 0.0)], 1000, "s2"),
            (&[("s2", f64::NAN)], 1000, "s2"),
            (&[("every", 2000.0)], 1000, "every"),
            (&[("every", 0.0)], 1000, "every"),
            (&[("every", 10.5), ("ramp", 2.0)], 1000, "every"),
            (&[("ramp", 100.0)], 1000, "ramp"),
            (&[("active", 1.5)], 1000, "active"),
            (&[("least", 0.0)], 1000, "least"),
            (&[], 99, "every"),
        ] {
            let (found, sentence) = method.fault(&settings(values), steps).expect("a fault");
            assert_eq!(found, field, "{sentence}");
            let name = method.description().knobs.iter().find(|knob| knob.id == field).expect("a knob").name;
            assert!(sentence.contains(name) && sentence.contains("choose") && sentence.ends_with('.'), "{sentence}");
        }
    }
    assert!(Method::find("llr").expect("LLR").fault(&settings(&[("s3", 1.0)]), 1000).is_some());
}

/// A visitor's worst settings may be refused, but they never panic.
#[test]
fn no_settings_and_no_parameters_panic() {
    let mut odd = measured(2, 48);
    odd[2].alpha = Some(f64::NAN);
    odd[4].alpha = Some(f64::INFINITY);
    odd[6].norms = Some(Norms { weight: f64::NAN, gradient: -1.0, update: f64::INFINITY });
    odd.push(Parameter::new(Role::Up, Some(usize::MAX), [0, 0]));
    odd.rotate_left(3);
    for method in FAMILY {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 1e300] {
            let all: Vec<_> = method.description().knobs.iter().map(|knob| (knob.id, value)).collect();
            let settings = settings(&all);
            for parameters in [&odd[..], &odd[..1], &[]] {
                assert_eq!(method.multipliers(&settings, parameters, AT).len(), parameters.len());
                method.skipped(&settings, parameters);
            }
            method.fault(&settings, 0);
            method.cadence(&settings, usize::MAX).is_event(7);
            assert!(method.measure(&settings).spectrum(&[1.0f32, 2.0, 3.0, 4.0], [2, 2]).is_ok());
        }
    }
}

#[test]
fn llr_gives_golden_multipliers_to_the_whole_list() {
    // L2 and L5 of tests/golden/llr_rates.json on one layer: q, k, v, o, up, down, with embedding, positions and head.
    let alphas = [1.9, 2.05, 2.0, 2.1, 2.6, 2.7];
    let list = parameters(1, 48, |_, role| Some(alphas[role as usize - Role::Query as usize]));
    let found = Method::find("llr").expect("LLR").multipliers(&Settings::default(), &list, AT);
    let layer = [1.0, 1.0, 1.75, 1.75, 1.5, 1.5, 2.0, 2.0, 4.5, 4.5, 5.0, 5.0, 1.0, 1.0, 1.0, 1.0];
    let expected = [&[5.0, 5.0][..], &layer, &[1.0, 1.0, 5.0]].concat();
    golden::assert_close(&found, &expected, 1e-12, "LLR");
    let reversed = Method::find("llr").expect("LLR").multipliers(&settings(&[("reversed", 1.0)]), &list, AT);
    assert_eq!((reversed[2], reversed[12], reversed[0]), (5.0, 1.0, 1.0));
}

#[test]
fn per_layer_compares_alphas_within_a_layer() {
    let list = measured(2, 48);
    let found = Method::find("llr").expect("LLR").multipliers(&settings(&[("per-layer", 1.0)]), &list, AT);
    for layer in 0..2 {
        let of_layer = |bound: f64| {
            list.iter().zip(&found).any(|(p, m)| p.role.is_hidden() && p.layer == Some(layer) && *m == bound)
        };
        assert!(of_layer(1.0) && of_layer(5.0), "{found:?}");
    }
    assert_eq!(found[0], 5.0);
}

#[test]
fn small_matrices_and_matrices_without_a_tail_keep_their_rate_and_are_reported() {
    for method in FAMILY.iter().filter(|method| is_spectral(**method)) {
        let id = method.description().id;
        let small = measured(2, 12);
        assert_eq!(method.multipliers(&Settings::default(), &small, AT), vec![1.0; small.len()], "{id}");
        let skipped = method.skipped(&Settings::default(), &small);
        assert_eq!(skipped.len(), 12, "{id}");
        for Skipped { index, reason } in skipped {
            assert!(small[index].role.is_hidden());
            assert_eq!(reason, Reason::TooFew { eigenvalues: 12, least: 16 }, "{id}");
        }
        assert_eq!(method.skipped(&settings(&[("least", 12.0)]), &small), [], "{id}");

        let mut untailed = measured(2, 48);
        untailed[4].alpha = None;
        let found = method.multipliers(&Settings::default(), &untailed, AT);
        assert_eq!((found[4], found[5]), (1.0, 1.0), "{id}");
        assert_eq!(method.skipped(&Settings::default(), &untailed), [Skipped { index: 4, reason: Reason::NoTail }]);
    }
    for method in FAMILY.iter().filter(|method| !is_spectral(**method)) {
        assert_eq!(method.skipped(&Settings::default(), &measured(2, 12)), []);
    }
}

#[test]
fn equal_alphas_leave_every_rate_alone() {
    let square = parameters(2, 48, |_, role| (!matches!(role, Role::Up | Role::Down)).then_some(2.2));
    for method in FAMILY.iter().filter(|method| is_spectral(**method)) {
        let found = method.multipliers(&Settings::default(), &square, AT);
        assert_eq!(found, vec![1.0; square.len()], "{}", method.description().id);
    }
}

/// LLR on a layer's own numbers: `alphas[layer][role]`.
fn of_alphas(alphas: &[Vec<f64>]) -> Vec<Parameter> {
    parameters(alphas.len(), 48, |layer, role| Some(alphas[layer][role as usize - Role::Query as usize]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn multipliers_are_finite_and_between_s1_and_s2(
        alphas in prop::collection::vec(prop::collection::vec(1.01..12.0f64, 6), 1..6),
        s1 in 0.001..1.0f64, s2 in 1.0..10.0f64, reversed in 0u8..2, per_layer in 0u8..2,
    ) {
        let list = of_alphas(&alphas);
        let values =
            [("s1", s1), ("s2", s2), ("reversed", f64::from(reversed)), ("per-layer", f64::from(per_layer))];
        for method in FAMILY.iter().filter(|method| has_ends(**method)) {
            let found = method.multipliers(&settings(&values), &list, AT);
            prop_assert!(found.iter().all(|m| (s1..=s2).contains(m)), "{} {:?}", method.description().id, found);
        }
    }

    #[test]
    fn exchanging_two_layers_exchanges_their_multipliers(
        mut alphas in prop::collection::vec(prop::collection::vec(1.01..12.0f64, 6), 2..6),
    ) {
        let last = alphas.len() - 1;
        let before = of_alphas(&alphas);
        alphas.swap(0, last);
        let after = of_alphas(&alphas);
        let spectral = FAMILY.iter().filter(|method| is_spectral(**method));
        // The permuted control is about the place in the list, not about the spectrum.
        for method in spectral.filter(|method| method.description().id != "llr-permuted") {
            let of = |list: &[Parameter]| method.multipliers(&Settings::default(), list, AT);
            let layer = |found: &[f64], list: &[Parameter], layer: usize| -> Vec<f64> {
                let members = list.iter().zip(found).filter(|(parameter, _)| parameter.layer == Some(layer));
                members.map(|(_, multiplier)| *multiplier).collect()
            };
            let (found, swapped) = (of(&before), of(&after));
            for (a, b) in [(0, last), (last, 0)] {
                let (expected, found) = (layer(&found, &before, a), layer(&swapped, &after, b));
                for (found, expected) in found.iter().zip(expected) {
                    prop_assert!(golden::close(*found, expected, 1e-9), "{}", method.description().id);
                }
            }
        }
    }
}
