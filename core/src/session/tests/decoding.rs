//! Decoding while, and after, a run trains.

use super::*;
use crate::{
    decode::{self, End, Meter, TraceEvent},
    objective::{self, Quantity},
    policy::Chosen,
    session::{DecodeFrame, DecodeRequest, DecoderSetup, JudgeRequest, Judged, MeasureRequest, Measured},
};

/// Blocks of four tokens that are masked.
fn masked() -> Experiment {
    let mut experiment = tiny();
    experiment.objective.choose(objective::Method::find("masked").expect("masked block diffusion"));
    experiment
}

fn setup(decoder: &str) -> DecoderSetup {
    let method = decode::Method::find(decoder).expect("a decoder");
    DecoderSetup { decoder: Chosen::new(method), block: None, temperature: 0.0, checkpoint: None }
}

fn request(decoder: &str, prompt: &str) -> Box<DecodeRequest> {
    Box::new(DecodeRequest { id: 1, setup: setup(decoder), prompt: prompt.into(), length: 8 })
}

/// The events of a run that is asked for something at its end, up to the answer.
fn asked(experiment: Experiment, command: Command) -> Vec<Event> {
    let command = RefCell::new(Some(command));
    session(vec![configure(experiment), Command::Start], move |event| match event {
        Event::State { state: RunState::Finished } => command.borrow_mut().take(),
        Event::Decode(_) | Event::Measured(_) | Event::Judged(_) => Some(Command::Stop),
        _ => None,
    })
}

fn frame(events: Vec<Event>) -> DecodeFrame {
    events.into_iter().find_map(|event| if let Event::Decode(frame) = event { Some(frame) } else { None }).expect("one")
}

#[test]
fn a_decode_tells_every_token_and_what_the_text_is_worth() {
    let frame = frame(asked(masked(), Command::Decode(request("threshold", "the "))));
    assert_eq!(frame.failure, None);
    let start = frame.start.expect("how it begins");
    assert_eq!((start.step, start.block, start.prompt.len(), start.length), (40, 4, 4, 8));
    assert_eq!(start.words[start.prompt[3] as usize], "·");
    let meter = Meter::of(&frame.events);
    assert_eq!(meter.tokens, 8);
    assert_eq!(frame.seconds.len(), meter.forwards());
    assert_eq!(frame.events.last(), Some(&TraceEvent::End(End::Complete)));
    let quality = frame.quality.expect("a finished text");
    assert!(quality.nats > 0.0 && quality.entropy > 0.0 && quality.error.is_some_and(|error| error > 0.0));
    assert_eq!(quality.quantity, Quantity::Bound);
}

#[test]
fn what_cannot_be_decoded_is_refused_by_name() {
    let longer = "the quick brown fox jumps";
    for (experiment, request, field, word) in [
        (masked(), request("threshold", "the Ω"), "prompt", "'Ω'"),
        (masked(), request("threshold", longer), "prompt", "shorten"),
        (tiny(), request("threshold", "the "), "method", "masks"),
    ] {
        let failure = frame(asked(experiment, Command::Decode(request))).failure.expect("a refusal");
        assert_eq!(failure.field.as_deref(), Some(field), "{failure:?}");
        assert!(failure.message.contains(word) && failure.message.ends_with('.'), "{failure:?}");
    }
    // Nobody needs to know a prompt.
    assert!(frame(asked(masked(), Command::Decode(request("static", "")))).quality.is_some());
    let mut gone = request("static", "the ");
    gone.setup.checkpoint = Some(7);
    let failure = frame(asked(masked(), Command::Decode(gone))).failure.expect("a refusal");
    assert_eq!(failure.field.as_deref(), Some("checkpoint"));

    let untrained = session(vec![configure(masked()), Command::Decode(request("static", "the "))], |event| {
        matches!(event, Event::Decode(_)).then_some(Command::Stop)
    });
    assert!(frame(untrained).failure.expect("a refusal").message.contains("train"));
}

/// The run that is decoded from in between is the run that nobody decodes from.
#[test]
fn decoding_in_the_middle_of_a_run_leaves_it_as_it_is() {
    let events = session(vec![configure(masked()), Command::Start], |event| match event {
        Event::Validation { step: 20, .. } => Some(Command::Decode(request("edit", "the "))),
        event => stop_at_the_end(event),
    });
    assert_eq!(losses(&events), losses(&session(vec![configure(masked()), Command::Start], stop_at_the_end)));
    let kept = events.iter().rev().find_map(|event| if let Event::Kept { steps } = event { Some(steps) } else { None });
    assert_eq!(kept, Some(&vec![1, 10, 20, 30, 40]));
    assert_eq!(frame(events).failure, None);
}

#[test]
fn an_earlier_checkpoint_decodes_as_it_did_then() {
    let then = session(vec![configure(masked()), Command::Start], |event| match event {
        Event::State { state: RunState::Finished } => {
            let mut request = request("static", "the ");
            request.setup.checkpoint = Some(20);
            Some(Command::Decode(request))
        }
        Event::Decode(_) => Some(Command::Stop),
        _ => None,
    });
    let mut shorter = masked();
    // The rates of the first steps do not depend on the length of the run.
    shorter.schedule.choose(crate::schedule::Shape::find("constant").expect("constant"));
    let mut longer = shorter.clone();
    (shorter.train.steps, longer.train.steps) = (20, 40);
    assert!(frame(then).start.is_some_and(|start| start.step == 20));
    let decode = |experiment, checkpoint| {
        let mut request = request("static", "the ");
        request.setup.checkpoint = checkpoint;
        frame(asked(experiment, Command::Decode(request))).events
    };
    assert_eq!(decode(longer, Some(20)), decode(shorter, None));
}

#[test]
fn a_measurement_decodes_every_prompt() {
    let measure = |experiment, decoder| {
        let request = MeasureRequest { id: 3, setup: setup(decoder), prompts: 5 };
        let events = asked(experiment, Command::Measure(Box::new(request)));
        let measured = events.into_iter().find_map(|event| match event {
            Event::Measured(measured) => Some(*measured),
            _ => None,
        });
        measured.expect("a measurement")
    };
    let Measured { meters, exact, nats, texts, confidences, .. } = measure(masked(), "threshold");
    assert_eq!((meters.len(), nats.len(), texts.len(), exact), (5, 5, 5, None));
    assert!(confidences.iter().all(|(confidence, _)| (0.0..=1.0).contains(confidence)) && !confidences.is_empty());
    let mut task = masked();
    (task.text.corpus, task.text.task_size) = (Corpus::Reverse, 3);
    assert_eq!(measure(task, "static").exact.map(|exact| exact.len()), Some(5));
    assert_eq!(measure(tiny(), "autoregressive").meters.len(), 5);
}

#[test]
fn a_next_token_network_judges_and_others_refuse_to() {
    let texts = vec![("the ".to_owned(), "quick".to_owned()), ("the ".to_owned(), "xxxxx".to_owned())];
    let ask = |experiment| asked(experiment, Command::Judge(JudgeRequest { id: 9, texts: texts.clone() }));
    let judged =
        ask(tiny()).into_iter().find_map(|event| if let Event::Judged(judged) = event { Some(judged) } else { None });
    let Judged { id, nats, .. } = judged.expect("a judgement");
    assert_eq!((id, nats.len()), (9, 2));
    assert!(nats[0] < nats[1], "{nats:?}");
    assert!(frame(ask(masked())).failure.expect("a refusal").message.contains("next token"));
}

/// A sample of a block decode comes with its trace.
#[test]
fn samples_of_blocks_tell_how_they_were_decoded() {
    let events = session(vec![configure(masked()), Command::Start], stop_at_the_end);
    let traces: Vec<_> = events
        .iter()
        .filter_map(
            |event| if let Event::Sample { step, trace: Some(trace), .. } = event { Some((step, trace)) } else { None },
        )
        .collect();
    assert_eq!(traces.iter().map(|(step, _)| **step).collect::<Vec<_>>(), [1, 10, 20, 30, 40]);
    assert!(traces.iter().all(|(_, trace)| Meter::of(&trace.events).tokens > 0));
}
