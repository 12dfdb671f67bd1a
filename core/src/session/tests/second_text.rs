//! Runs that learn one text and then another.

use super::*;
use crate::{
    schedule::{Adaptive as _, Plateau, Shape},
    session::Prepared,
    text::digest,
};

/// What this session's first names are, repeated until they are long enough.
pub const NAMES: &str = "Ada\nGrace\nEmmy\nSofya\nMaryam\nHedy\nLise\nChien\nVera\nRosalind\n";

/// 20 updates on the visitor's text, then 20 on first names, with a validation every 10.
fn experiment() -> Experiment {
    let mut experiment = tiny();
    experiment.text.then = Some(Corpus::FirstNames);
    (experiment.train.eval_every, experiment.sample.every) = (10, 0);
    experiment
}

fn two_texts(edit: impl FnOnce(&mut Experiment)) -> Vec<Event> {
    let mut experiment = experiment();
    edit(&mut experiment);
    session(vec![configure(experiment), Command::Start], stop_at_the_end)
}

/// The losses of all validations, on the text that was learned and on the other one.
fn validations(events: &[Event]) -> Vec<(f64, Option<f64>)> {
    let of = |event: &Event| match event {
        Event::Validation { loss, other_loss, .. } => Some((*loss, *other_loss)),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

#[test]
fn both_texts_are_prepared_with_one_tokeniser() {
    let events = two_texts(|_| {});
    let prepared = events.iter().find_map(|event| if let Event::Prepared(p) = event { Some(p.clone()) } else { None });
    let Prepared { vocabulary, text, then, .. } = prepared.expect("prepared");
    let then = then.expect("a second text");
    assert_eq!(then.digest, digest(&NAMES.repeat(20)));
    assert_ne!(text.digest, then.digest);
    assert_eq!(then.train_tokens + then.validation_tokens, 20 * NAMES.len());
    // The 26 letters, the space and the full stop of the first text; 10 capitals and the line end of the second.
    assert_eq!(vocabulary, 28 + 11);
}

#[test]
fn every_validation_has_the_loss_on_both_texts_and_the_first_one_is_forgotten() {
    let found = validations(&two_texts(|_| {}));
    let [(first_10, second_10), (first_20, second_20), (second_30, first_30), (second_40, first_40)] = found[..] else {
        panic!("four validations: {found:?}");
    };
    assert!(first_20 < first_10, "the first text is learned: {found:?}");
    assert!(second_30 < second_20.expect("the other loss") && second_40 < second_30, "then the second: {found:?}");
    assert!(first_40.expect("the other loss") > first_20, "and the first one forgotten: {found:?}");
    assert!(second_10.is_some() && first_30.is_some());
}

#[test]
fn a_plateau_does_not_compare_the_second_text_with_the_first() {
    let mut schedule = None;
    let events = two_texts(|experiment| {
        let config = &mut experiment.schedule;
        config.choose(Shape::find("plateau").expect("a schedule"));
        config.warmup = 0;
        for (id, value) in [("factor", 0.5), ("patience", 0.0)] {
            config.knobs.0.insert(id.into(), value);
        }
        schedule = Some(config.clone());
    });
    let config = schedule.expect("a schedule");
    let losses: Vec<f64> = validations(&events).into_iter().map(|(loss, _)| loss).collect();
    assert!(losses[2] > losses[1], "it would have been no improvement: {losses:?}");
    let mut rule = Plateau::new(&config.knobs, config.peak);
    let rates = [losses[0], losses[1]].map(|loss| rule.observe(loss));
    rule.switched();
    let third = rule.observe(losses[2]);
    assert_eq!(third, rates[1]);
    let rows = metrics(&events);
    assert_eq!([rows[10], rows[20], rows[30]].map(|row| row.learning_rate), [rates[0], rates[1], third]);
}

#[test]
fn the_texts_share_nothing_but_their_run() {
    let losses_of = |switch, replay| losses(&two_texts(|e| (e.text.switch, e.text.replay) = (switch, replay)));
    let (one, two, mixed) = (losses_of(1.0, 0.0), losses_of(0.5, 0.0), losses_of(0.5, 0.5));
    assert_eq!(one[..20], two[..20], "until the switch it is the run that never switches");
    assert_eq!(two[..20], mixed[..20]);
    assert!(one[20] != two[20] && two[20] != mixed[20]);
    assert_eq!(losses_of(0.5, 1.0), one, "a run that replays everything does not switch");
    assert_eq!(losses_of(0.5, 0.5), mixed, "what is replayed follows from the seed");
}

#[test]
fn without_a_second_text_its_settings_mean_nothing() {
    let alone = two_texts(|e| e.text.then = None);
    assert!(validations(&alone).iter().all(|(_, other)| other.is_none()));
    let set = two_texts(|e| (e.text.then, e.text.switch, e.text.replay) = (None, 0.1, 0.7));
    assert_eq!(losses(&set), losses(&alone));
    assert_eq!(validations(&set), validations(&alone));
}

#[test]
fn a_second_text_that_cannot_be_had_is_named() {
    let mut experiment = experiment();
    experiment.text.then = Some(Corpus::MobyDick);
    let events = session(vec![configure(experiment), Command::Stop], |_| None);
    let failed = events.iter().find_map(|event| if let Event::Failed(f) = event { Some(f.clone()) } else { None });
    assert_eq!(failed.expect("refused").field.as_deref(), Some("text.then"));
}
