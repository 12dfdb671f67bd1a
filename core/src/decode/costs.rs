//! How many forwards decoders take, what their caches change, and what their traces tell.

use super::{
    golden::*,
    methods::settings,
    oracle::{Constant, Hashed, decode, find, reading},
    tests::task,
    *,
};
use crate::objective::{Clean, Noise, View};

#[test]
fn a_draft_that_agrees_with_its_verification_is_accepted_in_three_forwards_a_block() {
    let mut network = Constant { reading: reading(4), context: 24, row: vec![0.1, 0.7, 0.3] };
    for id in ["s2d2-exact", "s2d2"] {
        let settings = if id == "s2d2" { settings(&[("policy", 1.0)]) } else { Settings::default() };
        let (text, trace) = decode(find(id), &settings, &task(4, 20, 4, 1.0), &mut network);
        let meter = Meter::of(&trace);
        assert_eq!((text.map(|text| text.len()), meter.drafts, meter.verifications), (Ok(20), 5, 5));
        assert_eq!(meter.commits, 5 + 1, "one more for the prompt");
        assert_eq!(meter.tokens_per_forward(), Some(2.0));
    }
}

#[test]
fn at_temperature_zero_exact_self_speculation_writes_what_autoregressive_decoding_does() {
    for (is_shifted, clean) in [(false, Clean::Token), (true, Clean::Token), (false, Clean::Block)] {
        let reading = Reading { is_shifted, clean, ..reading(4) };
        let run = |id: &str| {
            let mut network = Hashed::new(reading.clone(), 7, 24);
            decode(find(id), &Settings::default(), &task(3, 21, 4, 0.0), &mut network).0
        };
        assert_eq!(run("s2d2-exact"), run("autoregressive"));
        assert_ne!(run("static"), run("autoregressive"));
    }
}

#[test]
fn routing_decides_how_often_is_verified() {
    let run = |values: &[(&str, f64)]| {
        let mut network = Hashed::new(reading(4), 7, 64);
        let (_, trace) = decode(find("s2d2"), &settings(values), &task(4, 60, 8, 1.0), &mut network);
        Meter::of(&trace)
    };
    let (never, always) = (run(&[("policy", 0.0)]), run(&[("policy", 1.0)]));
    assert_eq!((never.verifications, always.verifications), (0, always.drafts));
    let policies: [&[(&str, f64)]; 4] = [
        &[("policy", 2.0), ("span", 3.0)],
        &[("policy", 3.0), ("on", 0.05)],
        &[("policy", 4.0), ("on", 0.3), ("off", 0.1)],
        &[("policy", 5.0)],
    ];
    for values in policies {
        let meter = run(values);
        assert!(meter.verifications > 0 && meter.verifications < meter.drafts, "{values:?}: {meter:?}");
    }
}

#[test]
fn tokens_per_forward_are_what_a_schedule_promises() {
    let run = |id: &str, values: &[(&str, f64)], length: usize| {
        let mut network = Hashed::new(reading(4), 7, 64);
        let (_, trace) = decode(find(id), &settings(values), &task(8, length, 8, 1.0), &mut network);
        Meter::of(&trace).tokens_per_forward().expect("there were forwards")
    };
    for (steps, expected) in [(1.0, 8.0), (2.0, 4.0), (4.0, 2.0), (8.0, 1.0), (0.0, 1.0)] {
        for id in ["static", "sequential", "random", "margin", "entropy"] {
            assert_eq!(run(id, &[("steps", steps)], 56), expected, "{id}");
        }
    }
    for id in ["dynamic", "threshold"] {
        let strict: &[_] = if id == "dynamic" { &[("threshold", 1.0)] } else { &[("threshold", 1.0), ("strict", 1.0)] };
        assert_eq!(run(id, strict, 56), 1.0);
        assert_eq!(run(id, &[("threshold", 0.0)], 56), 8.0);
    }
    assert_eq!(run("autoregressive", &[], 56), 1.0);
}

#[test]
fn next_block_prediction_takes_the_golden_number_of_forwards() {
    let run = |block: usize, prompt: usize, length: usize| {
        let reading = Reading { noise: Noise::NextBlock, sizes: vec![block], ..reading(block) };
        let mut network = Constant { reading, context: prompt + length, row: vec![0.0; 5] };
        let (text, trace) =
            decode(find("next-block"), &Settings::default(), &task(prompt, length, 1, 1.0), &mut network);
        assert_eq!(text.map(|text| text.len()), Ok(length));
        Meter::of(&trace).drafts
    };
    // The golden numbers count from an empty text; here the first token is given.
    for case in list(&golden()["other"]["nbp_steps"]) {
        let (count, block) = (number(&case["N"]) as usize, number(&case["B"]) as usize);
        assert_eq!(run(block, 1, count - 1), number(&case["steps"]) as usize - 1);
    }
    let case = &golden()["other"]["nbp_steps_given_first_block"];
    let (count, block) = (number(&case["N"]) as usize, number(&case["B"]) as usize);
    assert_eq!(run(block, block, count), number(&case["steps"]) as usize);
}

#[test]
fn an_arpc_block_takes_the_golden_forwards_and_takes_back_the_golden_counts() {
    let golden = &golden()["uniform_state"];
    let counts: Vec<usize> =
        numbers(&golden["arpc_corrupt_counts_B16_S8_linear"]).into_iter().map(|count| count as usize).collect();
    assert_eq!((0..7).map(|step| methods::taken_back(16, 8, step)).collect::<Vec<_>>(), counts);
    for noise in [Noise::Mask, Noise::Uniform] {
        for score in 0..=9 {
            let mut network = Hashed::new(Reading { noise, ..reading(16) }, 7, 32);
            let values = settings(&[("steps", 8.0), ("score", f64::from(score))]);
            let (text, trace) = decode(find("arpc"), &values, &task(16, 16, 16, 1.0), &mut network);
            assert!(text.expect("a sound task").iter().all(|token| *token < 7));
            let meter = Meter::of(&trace);
            let looks = if [0, 4, 5, 6].contains(&score) { 0 } else { 7 };
            assert_eq!((meter.drafts, meter.verifications), (8, looks), "{score}");
            assert_eq!(meter.drafts + 7, number(&golden["arpc_nfe_per_block_S8_guided_every_step"]) as usize);
            assert_eq!(meter.remasks, counts.iter().sum::<usize>());
        }
    }
}

#[test]
fn a_network_that_recomputes_everything_writes_the_same_text() {
    for method in Method::all() {
        let id = method.id();
        for reading in [reading(4), Reading { is_shifted: true, ..reading(4) }] {
            if method.fault(&Settings::default(), &reading).is_some() {
                continue;
            }
            let run = |recomputes: bool| {
                let mut network = Hashed::new(reading.clone(), 7, 24);
                network.recomputes = recomputes;
                decode(method, &Settings::default(), &task(5, 19, 4, 1.0), &mut network).0.expect("a sound task")
            };
            // What approximates inside a block does not end up as it would without.
            if !["flash-block", "hierarchical"].contains(&id) {
                assert_eq!(run(false), run(true), "{id}");
            }
        }
    }
}

#[test]
fn approximate_caches_change_full_attention_and_nothing_else() {
    let full = Reading { block: 24, sizes: vec![24], clean: Clean::Block, ..reading(24) };
    let run = |id: &str, reading: &Reading, values: &[(&str, f64)]| {
        let mut network = Hashed::new(reading.clone(), 7, 24);
        let (text, trace) = decode(find(id), &settings(values), &task(5, 19, 6, 1.0), &mut network);
        (text.expect("a sound task"), Meter::of(&trace))
    };
    for shifted in [false, true] {
        let full = Reading { is_shifted: shifted, ..full.clone() };
        let (plain, meter) = run("threshold", &full, &[]);
        for id in ["prefix-cache", "dual-cache"] {
            let (text, cached) = run(id, &full, &[]);
            assert_ne!(plain, text, "{id}");
            assert!(cached.rows < meter.rows && cached.keys_read > 0 && meter.keys_read == 0, "{id}");
            assert_eq!(run(id, &full, &[("refresh", 1.0)]).0, plain, "{id}");
            let block = Reading { is_shifted: shifted, ..reading(6) };
            assert_eq!(run(id, &block, &[]), run("threshold", &block, &[]), "{id} is exact between blocks");
        }
        let (prefix, dual) = (run("prefix-cache", &full, &[]).1, run("dual-cache", &full, &[]).1);
        assert!(dual.rows < prefix.rows);
    }
    let block = reading(6);
    let exact = run("hierarchical", &block, &[("cache", 0.0), ("sub-block", 3.0)]);
    let cached = run("hierarchical", &block, &[("cache", 1.0), ("sub-block", 3.0)]);
    assert!(exact.0 != cached.0 && cached.1.rows < exact.1.rows);
}

#[test]
fn the_hierarchical_decoder_goes_from_sub_block_to_sub_block() {
    let mut network = Hashed::new(reading(8), 7, 24);
    let (_, trace) = decode(find("hierarchical"), &settings(&[("sub-block", 2.0)]), &task(8, 16, 8, 1.0), &mut network);
    let order: Vec<usize> = trace
        .iter()
        .filter_map(|event| match event {
            TraceEvent::Token(mark) => Some(mark.position / 2),
            _ => None,
        })
        .collect();
    assert!(order.is_sorted() && order.len() == 16, "{order:?}");
}

#[test]
fn flash_block_reads_committed_tokens_as_often_as_its_interval_says() {
    let run = |interval: f64| {
        let mut network = Hashed::new(reading(4), 7, 24);
        let values = settings(&[("interval", interval), ("threshold", 1.0)]);
        let (text, trace) = decode(find("flash-block"), &values, &task(4, 20, 4, 1.0), &mut network);
        let fresh = trace.iter().filter(|event| {
            matches!(event, TraceEvent::Forward(forward) if forward.kind == ForwardKind::Draft && forward.reused == 0)
        });
        (text.expect("a sound task"), fresh.count(), Meter::of(&trace))
    };
    let (exact, all, meter) = run(1.0);
    assert_eq!((all, meter.drafts, meter.keys_reused), (20, 20, 0));
    assert_eq!(run(2.0).1, 10);
    let (stale, fresh, reusing) = run(5.0);
    assert_eq!(fresh, 5, "one for each block");
    assert!(stale != exact && reusing.keys_reused > 0);
    assert_eq!(reusing.keys_read + reusing.keys_reused, meter.keys_read);
}

#[test]
fn fine_blocks_of_one_token_are_autoregressive_decoding() {
    for reading in [reading(4), Reading { is_shifted: true, ..reading(4) }] {
        let run = |id: &str, values: &[(&str, f64)], prompt: usize| {
            let mut network = Hashed::new(reading.clone(), 7, 24);
            let (text, trace) = decode(find(id), &settings(values), &task(prompt, 12, 4, 1.0), &mut network);
            (text, Meter::of(&trace))
        };
        assert_eq!(run("tccf", &[("share", 0.0)], 6).0, run("autoregressive", &[], 6).0);
        assert_eq!(run("tccf", &[("share", 0.0)], 4), run("autoregressive", &[], 4));
        assert_ne!(run("tccf", &[("share", 0.5)], 4).0, run("autoregressive", &[], 4).0);
    }
}

#[test]
fn a_switch_token_ends_the_coarse_blocks_and_a_cache_of_blocks_is_not_that_of_fine_ones() {
    let run = |clean: Clean| {
        let mut network = Hashed::new(Reading { clean, ..reading(4) }, 3, 24);
        let values = settings(&[("share", 1.0), ("token", 1.0)]);
        let (text, trace) =
            decode(find("tccf"), &values, &Task { prompt: vec![0; 4], ..task(4, 20, 4, 1.0) }, &mut network);
        let text = [vec![0; 4], text.expect("a sound task")].concat();
        let sizes: Vec<usize> = trace
            .iter()
            .filter_map(|event| match event {
                TraceEvent::Block { length, .. } => Some(*length),
                _ => None,
            })
            .collect();
        let coarse = (text[4..].iter().position(|token| *token == 1).expect("it occurs") / 4 + 1) * 4;
        assert_eq!(sizes, [vec![4; coarse / 4], vec![1; 20 - coarse]].concat());
        let view = View::Causal { context: 24 };
        network.cache == Hashed::fresh(&text, |query, key| view.allows(query, key))
    };
    assert!(run(Clean::Token) && !run(Clean::Block));
}

#[test]
fn bounded_adaptive_decoding_tells_its_threshold_and_stays_within_its_bounds() {
    let mut network = Hashed::new(reading(8), 7, 64);
    let (_, trace) = decode(find("bacd"), &Settings::default(), &task(8, 48, 8, 1.0), &mut network);
    let thresholds: Vec<f64> = trace
        .iter()
        .filter_map(|event| match event {
            TraceEvent::Gauge { gauge: Gauge::Threshold, value } => Some(*value),
            _ => None,
        })
        .collect();
    assert_eq!(thresholds.len(), Meter::of(&trace).drafts);
    assert!(thresholds.iter().all(|threshold| (0.6..=0.9).contains(threshold)));
}

#[test]
fn correctors_take_tokens_back_and_editors_replace_them() {
    let run = |id: &str, values: &[(&str, f64)]| {
        let mut network = Hashed::new(reading(8), 7, 64);
        network.scale = 8.0;
        let (_, trace) = decode(find(id), &settings(values), &task(8, 48, 8, 1.0), &mut network);
        Meter::of(&trace)
    };
    assert!(run("remask", &[("share", 0.5)]).remasks > 0 && run("remask", &[("share", 0.0)]).remasks == 0);
    assert!(run("edit", &[("edit", 0.3)]).edits > 0 && run("edit", &[("edit", 1.0)]).edits == 0);
}

#[test]
fn an_editor_that_never_agrees_with_itself_ends_at_its_bound_and_says_so() {
    let mut network = Hashed::new(reading(4), 7, 16);
    network.scale = 100.0;
    let (text, trace) = decode(find("edit"), &settings(&[("edit", 0.0)]), &task(4, 12, 4, 1.0), &mut network);
    assert_eq!(text.map(|text| text.len()), Ok(12));
    let meter = Meter::of(&trace);
    assert!(meter.drafts <= 3 * (4 + 16), "{meter:?}");
    assert!(matches!(trace.last(), Some(TraceEvent::End(End::StepBound { reason })) if reason.contains("16")));
}
