//! What holds for every decoder of the family.

use super::{
    oracle::{Constant, Hashed, decode, reading},
    *,
};
use crate::objective::{Clean, Noise, View};

pub(super) fn task(prompt: usize, length: usize, block: usize, temperature: f64) -> Task {
    let prompt = (0..prompt).map(|token| (token * 7 % 3) as u32).collect();
    Task { prompt, length, block, temperature, seed: 3, step: 11 }
}

/// Checkpoints that between them every decoder runs on.
fn readings(block: usize, context: usize) -> Vec<Reading> {
    let masks = reading(block);
    let full = Reading { block: context, sizes: vec![context], clean: Clean::Block, ..masks.clone() };
    vec![
        Reading { clean: Clean::Block, ..masks.clone() },
        Reading { is_shifted: true, ..masks.clone() },
        Reading { is_shifted: true, ..full.clone() },
        full.clone(),
        Reading { noise: Noise::Uniform, ..masks.clone() },
        Reading { noise: Noise::Uniform, ..full },
        Reading { noise: Noise::None, is_shifted: true, block: 1, sizes: vec![1], ..masks.clone() },
        Reading { noise: Noise::NextBlock, sizes: vec![block], ..masks.clone() },
        Reading { noise: Noise::NextBlock, block: 1, sizes: vec![1], ..masks.clone() },
        masks,
    ]
}

fn methods() -> impl Iterator<Item = (&'static str, Method)> {
    Method::all().map(|method| (method.id(), method))
}

/// That the trace tells how the text came about, and that its meter adds up.
fn assert_trace(id: &str, task: &Task, text: &[u32], trace: &[TraceEvent], vocabulary: usize) {
    let first = task.prompt.len();
    let mut canvas = vec![None; task.length];
    let mut forwards = 0;
    for event in trace {
        match event {
            TraceEvent::Block { start, length, tokens } => {
                assert_eq!(tokens.len(), *length, "{id}");
                for (offset, token) in tokens.iter().enumerate().filter(|(offset, _)| start + offset < first) {
                    assert_eq!(task.prompt[start + offset], *token, "{id}");
                }
            }
            TraceEvent::Forward(_) => forwards += 1,
            TraceEvent::Token(mark) => {
                assert!((0.0..=1.0).contains(&mark.confidence), "{id}: {mark:?}");
                assert!(mark.alternatives.len() <= 5, "{id}");
                let place = &mut canvas[mark.position - first];
                match mark.action {
                    Action::Commit | Action::Accept | Action::Reject => {
                        assert_eq!(*place, None, "{id} commits {} twice", mark.position);
                        assert!((mark.token as usize) < vocabulary, "{id}");
                        *place = Some(mark.token);
                    }
                    Action::Remask => assert!(place.take().is_some(), "{id}"),
                    Action::Edit => {
                        if let Some(place) = place {
                            assert_ne!(*place, mark.token, "{id}");
                            *place = mark.token;
                        }
                    }
                    Action::Draft => {}
                }
            }
            TraceEvent::Gauge { value, .. } => assert!(value.is_finite(), "{id}"),
            TraceEvent::End(_) => {}
        }
    }
    assert_eq!(canvas.into_iter().collect::<Option<Vec<_>>>().as_deref(), Some(text), "{id}");
    assert!(matches!(trace.last(), Some(TraceEvent::End(_))), "{id}");
    let ends = trace.iter().filter(|event| matches!(event, TraceEvent::End(_))).count();
    let meter = Meter::of(trace);
    assert!(meter.edits == 0 || ["edit", "uniform-ancestral", "arpc"].contains(&id), "{id} changes tokens");
    assert!(meter.remasks == 0 || ["remask", "arpc"].contains(&id), "{id} takes tokens back");
    assert_eq!((ends, meter.tokens, meter.forwards()), (1, task.length, forwards), "{id}");
    if task.length > 0 && meter.drafts + meter.verifications > 0 {
        let shares = meter.tokens_per_forward().zip(meter.tokens_per_any_forward()).expect("there were forwards");
        assert!(shares.0 >= shares.1 && shares.1 > 0.0, "{id}");
    }
}

#[test]
fn descriptions_are_complete_and_ids_unique() {
    let mut ids: Vec<_> = methods().map(|(id, _)| id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), FAMILY.len());
    for (id, method) in methods() {
        let Description { name, summary, source, knobs, null, .. } = method.description();
        assert!(!name.is_empty() && !source.is_empty() && summary.ends_with('.'), "{id}");
        for knob in *knobs {
            let place = format!("{id}.{}", knob.id);
            assert!(knob.range.contains(&knob.default) && knob.summary.ends_with('.'), "{place}");
            assert!(!knob.is_whole || knob.default.fract() == 0.0, "{place}");
            assert_eq!(knobs.iter().filter(|other| other.id == knob.id).count(), 1, "{place}");
            let names = method.names(knob.id).len();
            assert!(names == 0 || *knob.range.start() == 0.0 && *knob.range.end() == names as f64 - 1.0, "{place}");
        }
        for (knob, _) in null.iter().copied().flatten() {
            assert!(knobs.iter().any(|known| known.id == *knob), "{id}.{knob}");
        }
    }
}

#[test]
fn every_decoder_ends_commits_each_position_once_and_its_meters_add_up() {
    let (vocabulary, context, trained) = (7, 24, 4);
    for (id, method) in methods() {
        let mut runs = 0;
        for reading in readings(trained, context) {
            if method.fault(&Settings::default(), &reading).is_some() {
                continue;
            }
            for (prompt, length) in [(1, 8), (6, 9), (8, 1), (5, 0), (3, 21), (1, 23)] {
                for block in [1, trained, 5, context] {
                    for temperature in [0.0, 1.0] {
                        let task = task(prompt, length, block, temperature);
                        let mut network = Hashed::new(reading.clone(), vocabulary, context);
                        let (text, trace) = decode(method, &Settings::default(), &task, &mut network);
                        let text = text.unwrap_or_else(|error| panic!("{id} on {reading:?}, {task:?}: {error}"));
                        assert_trace(id, &task, &text, &trace, vocabulary);
                        runs += 1;
                    }
                }
            }
        }
        assert!(runs > 0, "no checkpoint for {id}");
    }
}

#[test]
fn every_decoder_refuses_what_is_no_number_and_survives_large_logits() {
    for (id, method) in methods() {
        for reading in readings(4, 16) {
            if method.fault(&Settings::default(), &reading).is_some() {
                continue;
            }
            for temperature in [0.0, 1.0] {
                let task = task(3, 9, 4, temperature);
                let constant = |row: Vec<f32>| Constant { reading: reading.clone(), context: 16, row };
                let mut network = constant(vec![0.0, f32::NAN, 1.0, 0.0, 0.0]);
                let (text, _) = decode(method, &Settings::default(), &task, &mut network);
                assert_eq!(text, Err(DecodeError::NotFinite), "{id}");
                let mut network = constant(vec![-1e4, 1e4, 0.0, 1e4, -1e4]);
                let (text, trace) = decode(method, &Settings::default(), &task, &mut network);
                assert_trace(id, &task, &text.expect("large numbers are numbers"), &trace, 5);
            }
        }
    }
}

#[test]
fn every_decoder_gives_the_same_text_again_and_another_one_for_another_seed() {
    for (id, method) in methods() {
        for reading in readings(4, 24) {
            if method.fault(&Settings::default(), &reading).is_some() {
                continue;
            }
            let run = |seed| {
                let mut network = Hashed::new(reading.clone(), 7, 24);
                decode(method, &Settings::default(), &Task { seed, ..task(3, 20, 4, 1.0) }, &mut network)
            };
            assert_eq!(run(1), run(1), "{id}");
            assert_ne!(run(1).0, run(2).0, "{id}");
        }
    }
}

#[test]
fn null_settings_are_the_baseline_token_for_token_and_forward_for_forward() {
    let key = |trace: &[TraceEvent]| {
        let of = |event: &TraceEvent| match event {
            TraceEvent::Forward(forward) => Some((Some(*forward), None)),
            TraceEvent::Token(mark) => Some((None, Some((mark.position, mark.token, mark.action)))),
            _ => None,
        };
        trace.iter().filter_map(of).collect::<Vec<_>>()
    };
    for (id, method) in methods() {
        let Some(null) = method.description().null_settings() else { continue };
        let (base, settings) =
            method.null_of().unwrap_or((Method::all().next().expect("a baseline"), Settings::default()));
        let mut runs = 0;
        for reading in readings(4, 24) {
            let is_apt = method.fault(&null, &reading).is_none() && base.fault(&settings, &reading).is_none();
            if !is_apt {
                continue;
            }
            for (prompt, length, block, temperature) in
                [(1, 8, 4, 0.0), (6, 13, 4, 1.0), (3, 21, 8, 0.7), (2, 5, 1, 1.0)]
            {
                let task = task(prompt, length, block, temperature);
                let run = |method: Method, settings: &Settings| {
                    let mut network = Hashed::new(reading.clone(), 7, 24);
                    let (text, trace) = decode(method, settings, &task, &mut network);
                    (text.expect("a sound task"), key(&trace))
                };
                assert_eq!(run(method, &null), run(base, &settings), "{id} on {reading:?}, {task:?}");
                runs += 1;
            }
        }
        assert!(runs > 0, "{id}");
    }
}

#[test]
fn committed_keys_and_values_are_those_of_one_pass_over_the_final_text() {
    let context = 24;
    for (id, method) in methods() {
        for reading in readings(4, context) {
            let is_full = reading.sizes == [context];
            if is_full || !reading.noise.has_mask() || method.fault(&Settings::default(), &reading).is_some() {
                continue;
            }
            for (prompt, length, block) in [(1, 23, 4), (6, 14, 4), (4, 16, 2)] {
                let task = task(prompt, length, block, 1.0);
                let mut network = Hashed::new(reading.clone(), 7, context);
                let (text, trace) = decode(method, &Settings::default(), &task, &mut network);
                let text = [task.prompt.clone(), text.expect("a sound task")].concat();
                // The block of each position: as the decoder told, and before that as the prompt was cut.
                let is_causal = ["autoregressive", "s2d2-exact"].contains(&id);
                let size = if is_causal { 1 } else { block };
                let mut blocks: Vec<usize> = (0..text.len()).map(|position| position / size * size).collect();
                for event in trace.iter().filter(|_| !is_causal) {
                    if let TraceEvent::Block { start, length, .. } = event {
                        blocks[*start..start + length].fill(*start);
                    }
                }
                let fresh = match reading.clean {
                    Clean::Token => Hashed::fresh(&text, |query, key| View::Causal { context }.allows(query, key)),
                    Clean::Block => Hashed::fresh(&text, |query, key| blocks[key] <= blocks[query]),
                };
                if reading.clean == Clean::Block && !is_causal && id != "tccf" {
                    let view = View::BlockCausal { context, block };
                    assert_eq!(fresh, Hashed::fresh(&text, |query, key| view.allows(query, key)), "{id}");
                }
                assert_eq!(network.committed, text, "{id}");
                assert_eq!(network.cache, fresh, "{id} on {reading:?}");
                assert!(Meter::of(&trace).commits > 0, "{id}");
            }
        }
    }
}

#[test]
fn keys_and_values_of_a_forward_with_masks_are_stale() {
    let run = |masks: bool| {
        let mut network = Hashed::new(reading(4), 7, 24);
        let rows = |tokens: [u32; 4]| {
            tokens.iter().zip(0..).map(|(token, position)| Row { token: *token, position }).collect()
        };
        if masks {
            let query = Query::new(ForwardKind::Draft, rows([3, 7, 7, 7]), |_, _| true, 0);
            futures::executor::block_on(network.forward(Query { keep: 4, ..query })).expect("it answers");
        } else {
            let query = Query::new(ForwardKind::Commit, rows([3, 1, 0, 2]), |query, key| key <= query, 0);
            futures::executor::block_on(network.forward(Query { keep: 4, ..query })).expect("it answers");
        }
        network.cache
    };
    let fresh = Hashed::fresh(&[3, 1, 0, 2], |query, key| key <= query);
    assert_eq!(run(false), fresh);
    assert!(run(true).iter().zip(&fresh).all(|(stale, fresh)| stale.layers[1] != fresh.layers[1]));
}

#[test]
fn a_task_that_cannot_be_decoded_is_refused_with_its_field() {
    let (method, good) = (Method::find("static").expect("it is there"), task(3, 5, 4, 1.0));
    let bad = [
        ("prompt", Task { prompt: vec![], ..good.clone() }),
        ("prompt", Task { prompt: vec![9], ..good.clone() }),
        ("length", Task { length: 22, ..good.clone() }),
        ("block", Task { block: 0, ..good.clone() }),
        ("block", Task { block: 25, ..good.clone() }),
        ("temperature", Task { temperature: -1.0, ..good.clone() }),
        ("temperature", Task { temperature: f64::NAN, ..good.clone() }),
    ];
    for (wanted, task) in bad {
        let (text, trace) = decode(method, &Settings::default(), &task, &mut Hashed::new(reading(4), 7, 24));
        let Err(DecodeError::Refused { field, .. }) = text else { panic!("{text:?}") };
        assert!(field == wanted && trace.is_empty());
    }
    let next = Reading { noise: Noise::None, ..reading(4) };
    let (text, _) = decode(method, &Settings::default(), &good, &mut Hashed::new(next, 7, 24));
    assert!(matches!(text, Err(DecodeError::Refused { field, .. }) if field == "method"));
}
