//! A decode as the page collects it, and what it shows after each of its forwards.

use tailblazer_core::{
    decode::{Action, ForwardKind, Mark, Meter, TraceEvent},
    session::{DecodeFrame, DecodeStart, Failure, TextQuality},
};

use super::cell::{Cell, State};

/// What a decoder has reported.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// What it began with; none until its first report.
    pub start: Option<DecodeStart>,
    /// Everything that happened, in order.
    events: Vec<TraceEvent>,
    /// Where each forward stands among the events.
    forwards: Vec<usize>,
    /// Seconds of decoding when each forward was answered.
    seconds: Vec<f64>,
    /// What the text is worth, once it is decoded.
    pub quality: Option<TextQuality>,
    /// Why it was refused or broke off.
    pub failure: Option<Failure>,
}

/// One forward, as the timeline draws it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// What it was for.
    pub kind: ForwardKind,
    /// Tokens that stand since.
    pub commits: usize,
    /// Tokens that were replaced.
    pub edits: usize,
    /// Tokens that were taken back.
    pub remasks: usize,
    /// Seconds of decoding when it was answered.
    pub seconds: f64,
}

impl Trace {
    /// Takes in a report; one with a start begins anew.
    pub fn take(&mut self, frame: DecodeFrame) {
        if frame.start.is_some() {
            *self = Self { start: frame.start, ..Self::default() };
        }
        let from = self.events.len();
        let is_forward =
            |(index, event): (usize, &TraceEvent)| matches!(event, TraceEvent::Forward(_)).then_some(from + index);
        self.forwards.extend(frame.events.iter().enumerate().filter_map(is_forward));
        self.events.extend(frame.events);
        self.seconds.extend(frame.seconds);
        self.quality = frame.quality.or(self.quality);
        self.failure = frame.failure.or(self.failure.take());
    }

    /// Everything that happened, in order.
    pub fn events(&self) -> &[TraceEvent] {
        &self.events
    }

    /// Forwards that were reported.
    pub fn forwards(&self) -> usize {
        self.forwards.len()
    }

    /// Whether nothing more is to come.
    pub fn is_over(&self) -> bool {
        self.failure.is_some() || self.quality.is_some() || matches!(self.events.last(), Some(TraceEvent::End(_)))
    }

    /// What happened up to a forward, what it decided included.
    fn until(&self, forward: usize) -> &[TraceEvent] {
        let end = self.forwards.get(forward).copied().unwrap_or(self.events.len());
        &self.events[..end]
    }

    /// The counts up to a forward.
    pub fn meter(&self, forward: usize) -> Meter {
        Meter::of(self.until(forward))
    }

    /// Seconds of decoding up to a forward.
    pub fn seconds(&self, forward: usize) -> f64 {
        let last = forward.min(self.seconds.len());
        last.checked_sub(1).map_or(0.0, |index| self.seconds[index])
    }

    /// Forwards that were answered within so many seconds.
    pub fn forward_at(&self, seconds: f64) -> usize {
        // What is shown at a moment includes the forward that was answered just then, whatever rounding says.
        self.seconds.partition_point(|at| *at <= seconds + 1e-9).min(self.forwards())
    }

    /// Every forward, in order.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::with_capacity(self.forwards());
        for event in &self.events {
            match event {
                TraceEvent::Forward(forward) => steps.push(Step {
                    kind: forward.kind,
                    commits: 0,
                    edits: 0,
                    remasks: 0,
                    seconds: self.seconds(steps.len() + 1),
                }),
                TraceEvent::Token(mark) => {
                    let Some(step) = steps.last_mut() else { continue };
                    match mark.action {
                        Action::Commit | Action::Accept | Action::Reject => step.commits += 1,
                        Action::Edit => step.edits += 1,
                        Action::Remask => step.remasks += 1,
                        Action::Draft => {}
                    }
                }
                TraceEvent::Block { .. } | TraceEvent::Gauge { .. } | TraceEvent::End(_) => {}
            }
        }
        steps
    }

    /// What happened to a token, counted from the first decoded one, with the forward of each.
    pub fn story(&self, place: usize) -> Vec<(usize, &Mark)> {
        let position = self.prompt() + place;
        let mut forward = 0;
        let mut story = Vec::new();
        for event in &self.events {
            match event {
                TraceEvent::Forward(_) => forward += 1,
                TraceEvent::Token(mark) if mark.position == position => story.push((forward, mark)),
                _ => {}
            }
        }
        story
    }

    /// Tokens of the prompt.
    pub fn prompt(&self) -> usize {
        self.start.as_ref().map_or(0, |start| start.prompt.len())
    }

    /// Tokens to decode.
    pub fn length(&self) -> usize {
        self.start.as_ref().map_or(0, |start| start.length)
    }

    /// The text of a token; a mask and an unknown one have none.
    pub fn word(&self, token: u32) -> Option<&str> {
        self.start.as_ref()?.words.get(token as usize).map(String::as_str)
    }

    /// What stands at each position to decode after so many forwards.
    pub fn at(&self, forward: usize) -> Vec<Cell> {
        let Some(start) = &self.start else { return Vec::new() };
        let (prompt, mask) = (start.prompt.len(), start.words.len() as u32);
        let mut cells = vec![Cell::EMPTY; start.length];
        let place = |position: usize| position.checked_sub(prompt).filter(|place| *place < start.length);
        let mut now = 0;
        for event in self.until(forward) {
            match event {
                TraceEvent::Forward(forward) => {
                    now += 1;
                    cells.iter_mut().for_each(|cell| cell.pass(forward.kind));
                }
                TraceEvent::Block { start, tokens, .. } => {
                    cells.iter_mut().for_each(|cell| cell.is_open = false);
                    for (index, token) in tokens.iter().enumerate() {
                        if let Some(place) = place(start + index) {
                            cells[place].open(*token, mask);
                        }
                    }
                }
                TraceEvent::Token(mark) => {
                    let Some(place) = place(mark.position) else { continue };
                    cells[place].take(mark, now, mask);
                    if mark.action == Action::Reject {
                        // What was drafted behind it is thrown away unjudged.
                        let behind = cells[place + 1..].iter_mut().filter(|cell| cell.state == State::Drafted);
                        behind.for_each(|cell| cell.state = State::Rejected);
                    }
                }
                TraceEvent::End(_) => cells.iter_mut().for_each(|cell| cell.is_open = false),
                TraceEvent::Gauge { .. } => {}
            }
        }
        cells.iter_mut().for_each(|cell| cell.age(now));
        cells
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use tailblazer_core::{
        decode::{End, Forward},
        objective::{Clean, Quantity, Reading},
    };

    use super::*;

    /// A decode of `length` tokens behind a prompt of two, over the letters a to f.
    pub fn begun(length: usize, events: Vec<TraceEvent>) -> Trace {
        let count = events.iter().filter(|event| matches!(event, TraceEvent::Forward(_))).count();
        let mut trace = Trace::default();
        trace.take(DecodeFrame {
            id: 1,
            start: Some(DecodeStart {
                step: 100,
                reading: Reading::masked(4, Clean::Token),
                prompt: vec![0, 1],
                block: 4,
                length,
                words: ["a", "b", "c", "d", "e", "f"].map(String::from).to_vec(),
            }),
            events,
            seconds: (1..=count).map(|forward| 0.1 * forward as f64).collect(),
            ..DecodeFrame::default()
        });
        trace
    }

    pub fn forward(kind: ForwardKind) -> TraceEvent {
        TraceEvent::Forward(Forward { kind, rows: 4, cached: 0, reused: 0 })
    }

    pub fn mark(position: usize, action: Action, token: u32) -> TraceEvent {
        let alternatives = vec![(token, 0.75), (0, 0.2)];
        TraceEvent::Token(Mark { position, action, token, confidence: 0.75, alternatives })
    }

    pub fn block(start: usize, tokens: Vec<u32>) -> TraceEvent {
        TraceEvent::Block { start, length: tokens.len(), tokens }
    }

    /// A draft, a verification that accepts one token of three and replaces one, a commit, and the end with an edit.
    pub fn speculated() -> Trace {
        begun(
            4,
            vec![
                block(0, vec![0, 1, 6, 6]),
                forward(ForwardKind::Draft),
                mark(2, Action::Commit, 2),
                mark(3, Action::Commit, 3),
                forward(ForwardKind::Commit),
                block(4, vec![6, 6]),
                forward(ForwardKind::Draft),
                mark(4, Action::Draft, 4),
                mark(5, Action::Draft, 5),
                forward(ForwardKind::Verify),
                mark(4, Action::Reject, 0),
                forward(ForwardKind::Draft),
                mark(5, Action::Commit, 1),
                mark(4, Action::Edit, 2),
                TraceEvent::End(End::Complete),
            ],
        )
    }

    fn states(trace: &Trace, forward: usize) -> Vec<State> {
        trace.at(forward).iter().map(|cell| cell.state).collect()
    }

    #[test]
    fn every_forward_shows_what_it_decided() {
        use State::*;
        let trace = speculated();
        assert_eq!(trace.forwards(), 5);
        assert_eq!(states(&trace, 0), [Masked, Masked, Waiting, Waiting]);
        assert_eq!(states(&trace, 1), [Committed(0), Committed(0), Waiting, Waiting]);
        assert_eq!(states(&trace, 2), [Committed(1), Committed(1), Masked, Masked]);
        assert_eq!(states(&trace, 3), [Committed(2), Committed(2), Drafted, Drafted]);
        assert_eq!(states(&trace, 4), [Committed(3), Committed(3), Committed(0), Rejected]);
        assert_eq!(states(&trace, 5), [Committed(3), Committed(3), Edited, Committed(0)]);
        assert_eq!(states(&trace, 9), states(&trace, 5));
    }

    #[test]
    fn a_replaced_token_is_remembered() {
        let trace = speculated();
        assert_eq!(trace.at(4)[2].was, Some(4), "the draft that was rejected");
        let edited = trace.at(5)[2];
        assert_eq!((edited.token, edited.was, edited.forward), (Some(2), Some(0), 5));
    }

    #[test]
    fn the_open_block_is_the_last_one_until_the_end() {
        let trace = speculated();
        let open = |forward| trace.at(forward).iter().map(|cell| cell.is_open).collect::<Vec<_>>();
        assert_eq!(open(1), [true, true, false, false]);
        assert_eq!(open(3), [false, false, true, true]);
        assert_eq!(open(5), [false; 4]);
    }

    #[test]
    fn a_token_that_is_taken_back_is_a_mask_one_forward_later() {
        let draft = || forward(ForwardKind::Draft);
        let events = vec![
            block(0, vec![0, 1, 6, 6]),
            draft(),
            mark(2, Action::Commit, 2),
            draft(),
            mark(2, Action::Remask, 6),
            draft(),
        ];
        let trace = begun(2, events);
        assert_eq!(trace.at(2)[0].state, State::Remasked);
        assert_eq!((trace.at(2)[0].was, trace.at(2)[0].token), (Some(2), None));
        assert_eq!(trace.at(3)[0].state, State::Masked);
        assert_eq!(trace.meter(3).tokens, 0);
    }

    #[test]
    fn noise_stands_as_a_token_that_is_not_decided() {
        let trace = begun(2, vec![block(0, vec![0, 1, 3, 4])]);
        let cells = trace.at(0);
        assert_eq!((cells[0].state, cells[0].token), (State::Noise, Some(3)));
    }

    #[test]
    fn steps_and_meters_count_the_same() {
        let trace = speculated();
        let steps = trace.steps();
        assert_eq!(steps.iter().map(|step| step.commits).collect::<Vec<_>>(), [2, 0, 0, 1, 1]);
        for forward in 0..=5 {
            let meter = trace.meter(forward);
            assert_eq!(meter.tokens, steps[..forward].iter().map(|step| step.commits).sum::<usize>());
            assert_eq!(meter.forwards(), forward);
        }
        assert_eq!(steps[4].edits, 1);
    }

    #[test]
    fn seconds_and_forwards_are_two_names_of_a_moment() {
        let trace = speculated();
        for forward in 0..=5 {
            assert_eq!(trace.forward_at(trace.seconds(forward)), forward);
        }
        assert_eq!(trace.forward_at(99.0), 5);
    }

    #[test]
    fn frames_are_put_together_and_a_start_begins_anew() {
        let whole = speculated();
        let mut parts = begun(4, Vec::new());
        for event in whole.events.clone() {
            let seconds = match event {
                TraceEvent::Forward(_) => vec![0.1 * (parts.forwards() + 1) as f64],
                _ => Vec::new(),
            };
            parts.take(DecodeFrame { id: 1, events: vec![event], seconds, ..DecodeFrame::default() });
        }
        assert_eq!(parts, whole);
        assert!(parts.is_over());
        parts.take(DecodeFrame { start: whole.start.clone(), ..DecodeFrame::default() });
        assert_eq!((parts.forwards(), parts.is_over()), (0, false));
        let quality = TextQuality { nats: 1.5, error: None, quantity: Quantity::Likelihood, entropy: 2.0 };
        parts.take(DecodeFrame { quality: Some(quality), ..DecodeFrame::default() });
        assert!(parts.is_over());
    }

    #[test]
    fn a_story_names_the_forward_of_each_event() {
        let trace = speculated();
        let story: Vec<_> = trace.story(2).iter().map(|(forward, mark)| (*forward, mark.action)).collect();
        assert_eq!(story, [(3, Action::Draft), (4, Action::Reject), (5, Action::Edit)]);
        assert_eq!(trace.word(2), Some("c"));
        assert_eq!(trace.word(6), None);
    }

    fn any_event() -> impl Strategy<Value = TraceEvent> {
        let action = prop_oneof![
            Just(Action::Draft),
            Just(Action::Commit),
            Just(Action::Accept),
            Just(Action::Reject),
            Just(Action::Edit),
            Just(Action::Remask)
        ];
        let kind = prop_oneof![Just(ForwardKind::Draft), Just(ForwardKind::Verify), Just(ForwardKind::Commit)];
        prop_oneof![
            kind.prop_map(forward),
            (0usize..12, action, 0u32..8).prop_map(|(position, action, token)| mark(position, action, token)),
            (0usize..12, prop::collection::vec(0u32..8, 0..5)).prop_map(|(start, tokens)| block(start, tokens)),
        ]
    }

    proptest! {
        #[test]
        fn no_trace_is_too_odd_to_be_shown(events in prop::collection::vec(any_event(), 0..60), at in 0usize..70) {
            let trace = begun(6, events);
            prop_assert_eq!(trace.at(at).len(), 6);
            prop_assert_eq!(trace.steps().len(), trace.forwards());
            for cell in trace.at(at) {
                prop_assert!(cell.forward <= trace.forwards().min(at));
                prop_assert!(!cell.state.word().is_empty());
            }
        }
    }
}
