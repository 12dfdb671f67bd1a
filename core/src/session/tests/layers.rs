//! Learning rates over layers, through a whole run.

use super::*;
use crate::{
    experiment::{Operations, comparison_from_link},
    layerwise::{FAMILY, Method},
    model::Role,
    session::LayersFrame,
};

/// A run of 20 steps with a layerwise method and some of its knobs set.
fn with(id: &str, knobs: &[(&str, f64)], edit: impl FnOnce(&mut Experiment)) -> Experiment {
    let mut experiment = tiny();
    (experiment.train.steps, experiment.sample.every) = (20, 0);
    let method = Method::find(id).expect(id);
    experiment.layerwise.rule.choose(method);
    for (id, value) in knobs {
        experiment.layerwise.rule.set(method.knob(id).expect(id), *value);
    }
    edit(&mut experiment);
    experiment
}

fn run_of(experiment: Experiment) -> Vec<Event> {
    session(vec![configure(experiment), Command::Start], stop_at_the_end)
}

fn frames(events: &[Event]) -> Vec<LayersFrame> {
    events
        .iter()
        .filter_map(|event| if let Event::Layers(frame) = event { Some(frame.clone()) } else { None })
        .collect()
}

const LLR: [(&str, f64); 3] = [("every", 5.0), ("ramp", 2.0), ("active", 0.6)];

/// Rule 2 of every method: with its null setting a run is the baseline, bit for bit.
#[test]
fn null_settings_train_as_one_rate_does_bit_for_bit() {
    for operations in [Operations::Fused, Operations::Plain] {
        let uniform = losses(&run_of(with("uniform", &[], |e| e.operations = operations)));
        for method in FAMILY {
            let description = method.description();
            let Some(null) = description.null else { continue };
            let mut knobs = null.to_vec();
            // Only where the run is shorter than the default interval.
            knobs.extend(LLR.iter().filter(|(id, _)| description.knobs.iter().any(|knob| knob.id == *id)));
            let found = losses(&run_of(with(description.id, &knobs, |e| e.operations = operations)));
            assert_eq!(found, uniform, "{}, {operations:?}", description.id);
        }
    }
}

#[test]
fn fused_and_plain_operations_train_alike_with_rates_by_layer() {
    for method in ["llr", "ends", "lars"] {
        let knobs: &[_] = if method == "llr" { &LLR } else { &[] };
        let [fused, plain] = [Operations::Fused, Operations::Plain].map(|operations| {
            losses(&run_of(with(method, knobs, |e| (e.operations, e.schedule.peak) = (operations, 1e-3))))
        });
        let uniform = losses(&run_of(with("uniform", &[], |e| e.schedule.peak = 1e-3)));
        assert_ne!(fused, uniform, "{method}");
        for (fused, plain) in fused.iter().zip(&plain) {
            assert!((fused - plain).abs() < 1e-4 * plain, "{method}: {fused} against {plain}");
        }
    }
}

#[test]
fn llr_updates_at_its_events_and_the_spectra_are_watched_besides() {
    let events = run_of(with("llr", &LLR, |e| e.layerwise.watch = 8));
    let frames = frames(&events);
    let steps: Vec<_> = frames.iter().map(|frame| (frame.step, frame.multipliers.is_some())).collect();
    // Updates 1, 5 and 10 are events, as 15 is no more: 0.6 of 20 steps are 12. Updates 8 and 16 are watched.
    assert_eq!(steps, [(0, true), (4, true), (7, false), (9, true), (15, false)]);
    let layout = events
        .iter()
        .find_map(|event| if let Event::Prepared(p) = event { Some(p.layout.clone()) } else { None })
        .expect("prepared");
    for frame in &frames {
        assert_eq!((frame.spectra.len(), frame.tails.len()), (layout.len(), layout.len()));
        for (index, parameter) in layout.iter().enumerate() {
            let spectrum = &frame.spectra[index];
            assert_eq!(spectrum.len(), if parameter.role.is_hidden() { 16 } else { 0 }, "{parameter:?}");
            assert!(spectrum.is_sorted() && frame.tails[index].is_some() == parameter.role.is_hidden());
        }
        assert!(frame.seconds > 0.0);
    }
    let first = frames[0].multipliers.as_ref().expect("an event");
    let of = |role: Role| first[layout.iter().position(|parameter| parameter.role == role).expect("one of each")];
    let hidden: Vec<f64> = (0..layout.len()).filter(|i| layout[*i].role.is_hidden()).map(|i| first[i]).collect();
    assert_eq!((of(Role::Embedding), of(Role::Scale)), (5.0, 1.0));
    assert!(hidden.contains(&1.0) && hidden.contains(&5.0), "{hidden:?}");
}

#[test]
fn gradients_have_spectra_of_their_own_and_the_charts_show_those_of_the_weights() {
    let [weights, gradients] = ["llr", "llr-gradient"].map(|method| frames(&run_of(with(method, &LLR, |_| ()))));
    let [of_weights, of_gradients] = [&weights[0], &gradients[0]];
    assert_eq!((&of_weights.spectra, &of_weights.tails), (&of_gradients.spectra, &of_gradients.tails));
    let [weights, gradients] = [of_weights, of_gradients].map(|frame| frame.multipliers.as_ref().expect("an event"));
    assert_ne!(weights, gradients);
    assert!(gradients.contains(&1.0) && gradients.iter().all(|m| (1.0..=5.0).contains(m)), "{gradients:?}");
}

#[test]
fn spectra_can_be_left_alone() {
    let frames = frames(&run_of(with("uniform", &[], |e| e.layerwise.watch = 0)));
    assert!(frames.iter().all(|frame| frame.spectra.is_empty() && frame.tails.is_empty()), "{frames:?}");
}

#[test]
fn a_restored_run_goes_on_with_the_multipliers_that_it_had() {
    let whole = losses(&run_of(with("llr", &LLR, |_| ())));
    let answer = |event: &Event| match event {
        // The ramp of the second event is under way.
        Event::Metrics(frame) if frame.steps.last().is_some_and(|row| row.step == 1) => None,
        other => stop_at_the_end(other),
    };
    let mut commands = vec![configure(with("llr", &LLR, |_| ()))];
    commands.extend([Command::Step, Command::Step, Command::Step, Command::Step, Command::Step, Command::Checkpoint]);
    commands.extend([Command::Step, Command::Step, Command::Restore, Command::Start]);
    let events = session(commands, answer);
    let rows = metrics(&events);
    let after = rows.iter().rposition(|row| row.step == 6).expect("step 6 twice");
    assert_eq!(rows[after..].iter().map(|row| row.loss).collect::<Vec<_>>(), whole[5..]);
}

#[test]
fn arms_of_one_seed_see_the_same_batches() {
    let (comparison, errors) = comparison_from_link("#v=1&b.layerwise.method=ends&c.optimiser.method=sgd");
    assert_eq!(errors, []);
    let digest = |arm| {
        let Experiment { layerwise, optimiser, .. } = comparison.experiment(arm);
        let events = run_of(with("uniform", &[], |e| (e.layerwise, e.optimiser) = (layerwise, optimiser)));
        let digest = events.iter().rev().find_map(|event| match event {
            Event::Metrics(frame) => Some(frame.batch_digest.clone()),
            _ => None,
        });
        digest.expect("steps were made")
    };
    assert_eq!((digest(0), digest(0)), (digest(1), digest(2)));
}
