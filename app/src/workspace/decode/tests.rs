use tailblazer_core::{
    objective::{Clean, Quantity},
    session::{DecodeStart, Failure, Judged, Measured},
};

use super::{moment::Align, *};

fn with_store(test: impl FnOnce(Decode)) {
    let owner = Owner::new();
    owner.with(|| {
        let store = Decode::new();
        store.suggest(&Reading::masked(4, Clean::Token));
        test(store);
    });
}

fn start(id: u32) -> DecodeFrame {
    let (reading, words) = (Reading::masked(4, Clean::Token), vec!["a".to_owned(), "b".to_owned()]);
    let start = DecodeStart { step: 1, reading, prompt: vec![0, 1], block: 4, length: 4, words };
    DecodeFrame { id, start: Some(start), ..DecodeFrame::default() }
}

fn places(store: Decode) -> Vec<usize> {
    store.list.with_untracked(|list| list.iter().map(|entry| entry.place).collect())
}

#[test]
fn a_decoder_keeps_its_colour_when_another_one_goes() {
    with_store(|store| {
        assert_eq!(places(store), [0, 1, 2, 3]);
        store.remove(1);
        assert_eq!(places(store), [0, 2, 3]);
        store.add(None);
        assert_eq!(places(store), [0, 2, 3, 1]);
        (0..9).for_each(|_| store.add(None));
        assert_eq!(places(store).len(), DECODERS);
        (0..8).for_each(|place| store.remove(place));
        assert_eq!(places(store).len(), 1, "one always stays");
    });
}

#[test]
fn decoders_follow_the_checkpoint_until_somebody_chooses() {
    with_store(|store| {
        store.suggest(&Reading::next_token());
        assert!(store.entry(0).is_some_and(|entry| entry.chosen.method().id() == "autoregressive"));
        store.choose(0, "threshold");
        store.suggest(&Reading::masked(4, Clean::Token));
        assert!(store.entry(1).is_some_and(|entry| entry.chosen.method().id() == "autoregressive"));
    });
}

#[test]
fn a_link_brings_its_decoders_and_the_arm_that_it_asks_for() {
    with_store(|store| {
        assert_eq!(store.shown(), (Decoding::default(), 0), "what follows the checkpoint is not in a link");
        let link = "#v=1&arms=3&decode.arm=c&decode.length=9&1.method=threshold&1.threshold=0.5&2.method=static";
        let decoding = tailblazer_core::experiment::comparison_from_link(link).0.decoding;
        store.show(&decoding, 2);
        store.suggest(&Reading::next_token());
        let shown = Decoding { arm: 0, ..decoding };
        assert_eq!(store.shown(), (shown.clone(), 2));
        // The first arm to be trained decodes until the one that is wanted is.
        store.follow(&[1]);
        assert_eq!((store.model.get_untracked().run, store.shown().1), (1, 2));
        store.follow(&[1, 2]);
        assert_eq!((store.model.get_untracked().run, store.shown().1), (2, 2));
        store.choose_model(Model { run: 1, step: None });
        store.follow(&[1, 2]);
        assert_eq!(store.shown(), (shown, 1));
        store.remove(0);
        assert_eq!(store.shown().0.decoders.len(), 1);
    });
}

#[test]
fn only_what_changed_is_asked_for_again() {
    with_store(|store| {
        let ask = |is_again| {
            let list = store.list.get_untracked();
            list.iter().filter(|entry| store.request(entry, is_again).is_some()).count()
        };
        assert_eq!((ask(false), ask(false)), (4, 0));
        store.edit(2, |entry| entry.temperature = Some(1.0));
        assert_eq!(ask(false), 1);
        store.common.update(|common| common.length = 8);
        assert_eq!((ask(false), ask(true)), (4, 4));
    });
}

#[test]
fn an_answer_from_another_network_is_not_shown() {
    with_store(|store| {
        let entry = store.entry(1).expect("a decoder");
        let old = store.request(&entry, false).expect("a request").id;
        store.model.set(Model { run: 3, step: None });
        let new = store.request(&entry, false).expect("a request").id;
        assert_ne!(old, new);
        store.take(start(old));
        assert!(store.column(1).trace.with_value(|trace| trace.start.is_none()));
        store.take(start(new));
        assert!(store.column(1).trace.with_value(|trace| trace.start.is_some()));
        assert!(store.column(1).is_busy());
    });
}

#[test]
fn what_comes_before_the_start_of_an_answer_belongs_to_the_one_before() {
    with_store(|store| {
        let entry = store.entry(0).expect("a decoder");
        let id = store.request(&entry, false).expect("a request").id;
        store.take(DecodeFrame { id, seconds: vec![1.0], ..DecodeFrame::default() });
        assert_eq!(store.column(0).trace.get_value(), trace::Trace::default());
        let failure = Failure { field: Some("prompt".into()), message: "The prompt is empty.".into() };
        store.take(DecodeFrame { id, failure: Some(failure.clone()), ..DecodeFrame::default() });
        assert_eq!(store.column(0).trace.get_value().failure, Some(failure));
        assert!(!store.column(0).is_busy());
    });
}

#[test]
fn a_measurement_is_shown_while_its_decoder_is_as_it_was() {
    with_store(|store| {
        let entry = store.entry(1).expect("a decoder");
        let request = store.measure(&entry);
        let measured = Measured {
            id: request.id,
            step: 1,
            meters: Vec::new(),
            exact: None,
            nats: vec![1.0],
            quantity: Quantity::Bound,
            confidences: Vec::new(),
            texts: vec![("a".into(), "b".into())],
            seconds: 0.5,
        };
        assert_eq!(store.awaited(), 1);
        store.take_measured(measured.clone());
        store.take_measured(measured);
        assert_eq!((store.awaited(), store.current().len()), (0, 1));

        let judge = store.for_judge(request.id).expect("texts");
        assert!(store.unjudged.get_untracked().is_empty());
        store.take_judged(Judged { id: judge.id, step: 9, nats: vec![2.0] });
        assert_eq!(store.current()[0].judged, Some(vec![2.0]));

        store.edit(1, |entry| entry.temperature = Some(0.5));
        assert!(store.current().is_empty());
        store.edit(1, |entry| entry.temperature = None);
        assert_eq!(store.current().len(), 1);
        store.forget(0);
        assert!(store.current().is_empty());
    });
}

#[test]
fn a_sweep_is_shown_whatever_the_knob_is_now() {
    with_store(|store| {
        let entry = store.entry(1).expect("the threshold");
        let knob = entry.trade().expect("a knob");
        let requests = store.sweep(&entry, knob, 4);
        assert_eq!(requests.len(), 8);
        assert_eq!(store.awaited(), 8);
        let values: Vec<f64> = requests.iter().map(|request| request.setup.decoder.value(knob)).collect();
        assert_eq!(values, choice::sweep(knob, 4));
        store.stop_waiting();
        assert_eq!(store.awaited(), 0);
    });
}

#[test]
fn a_moment_keeps_its_place_when_it_is_counted_otherwise() {
    with_store(|store| {
        let column = store.column(0);
        column.trace.set_value(trace::tests::speculated());
        store.playback.go(3.0, 5.0);
        store.realign(Align::Seconds);
        assert!((store.playback.at.get_untracked() - 0.3).abs() < 1e-9);
        assert_eq!(untrack(|| store.forward(0)), 3);
        store.step(1);
        assert_eq!(untrack(|| store.forward(0)), 4);
        store.step(-1);
        store.realign(Align::Forwards);
        assert_eq!(store.playback.at.get_untracked(), 3.0);
        store.step(9);
        assert_eq!(store.playback.at.get_untracked(), 5.0);
    });
}
