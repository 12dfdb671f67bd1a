//! How a block of a sample was denoised: its text after each forward.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::DecodeFrame;
use crate::decode::{ForwardKind, TraceEvent};

/// What stands for a mask.
pub const MASK: char = '░';

/// The texts of the first block that a decoder filled: before its first forward, and after each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct Denoising {
    /// The texts, two or more.
    pub moments: Arc<[String]>,
}

impl From<Vec<String>> for Denoising {
    fn from(moments: Vec<String>) -> Self {
        Self { moments: moments.into() }
    }
}

impl From<Denoising> for Vec<String> {
    fn from(denoising: Denoising) -> Self {
        denoising.moments.to_vec()
    }
}

impl Denoising {
    /// That of a whole trace; none where no block was filled.
    pub fn of(frame: &DecodeFrame) -> Option<Self> {
        let words = &frame.start.as_ref()?.words;
        let text = |tokens: &[u32]| -> String {
            let word = |token: &u32| words.get(*token as usize).map_or_else(|| MASK.to_string(), String::clone);
            tokens.iter().map(word).collect()
        };
        let mut moments = Vec::new();
        let (mut first, mut block): (usize, Vec<u32>) = (0, Vec::new());
        // What a forward led to stands behind it in the trace, up to the next one.
        let mut is_pending = false;
        for event in &frame.events {
            match event {
                TraceEvent::Block { .. } | TraceEvent::End(_) if is_pending || moments.len() > 1 => break,
                TraceEvent::Block { start, tokens, .. } => {
                    (first, block) = (*start, tokens.clone());
                    moments = vec![text(&block)];
                }
                TraceEvent::Forward(forward) if forward.kind == ForwardKind::Draft && !block.is_empty() => {
                    if is_pending {
                        moments.push(text(&block));
                    }
                    is_pending = true;
                }
                TraceEvent::Token(mark) => {
                    let place = mark.position.checked_sub(first).and_then(|place| block.get_mut(place));
                    if let Some(token) = place {
                        *token = mark.token;
                    }
                }
                _ => {}
            }
        }
        if is_pending {
            moments.push(text(&block));
        }
        (moments.len() > 1).then(|| Self { moments: moments.into() })
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        decode::{Action, End, Forward, Mark},
        objective::Reading,
        session::DecodeStart,
    };

    use super::*;

    fn forward(kind: ForwardKind) -> TraceEvent {
        TraceEvent::Forward(Forward { kind, rows: 4, cached: 0, reused: 0 })
    }

    fn token(position: usize, token: u32) -> TraceEvent {
        let (action, confidence, alternatives) = (Action::Commit, 0.5, Vec::new());
        TraceEvent::Token(Mark { position, action, token, confidence, alternatives })
    }

    fn block(start: usize, tokens: &[u32]) -> TraceEvent {
        TraceEvent::Block { start, length: tokens.len(), tokens: tokens.to_vec() }
    }

    fn frame(events: Vec<TraceEvent>) -> DecodeFrame {
        let start = DecodeStart {
            step: 200,
            reading: Reading::next_token(),
            prompt: vec![0],
            block: 4,
            length: 8,
            words: ["a", "b", "cd"].map(str::to_owned).to_vec(),
        };
        DecodeFrame { start: Some(start), events, ..DecodeFrame::default() }
    }

    #[test]
    fn a_block_has_its_text_before_and_after_each_draft() {
        let events = vec![
            forward(ForwardKind::Commit),
            block(4, &[0, 3, 3, 3]),
            forward(ForwardKind::Draft),
            token(6, 2),
            forward(ForwardKind::Draft),
            token(5, 1),
            token(7, 0),
            forward(ForwardKind::Commit),
            block(8, &[3, 3, 3, 3]),
            forward(ForwardKind::Draft),
            token(8, 1),
            TraceEvent::End(End::Complete),
        ];
        let found = Denoising::of(&frame(events)).expect("a block");
        assert_eq!(&found.moments[..], ["a░░░", "a░cd░", "abcda"]);
    }

    #[test]
    fn a_trace_that_fills_no_block_has_none() {
        assert_eq!(Denoising::of(&DecodeFrame::default()), None);
        assert_eq!(Denoising::of(&frame(vec![block(0, &[3, 3]), TraceEvent::End(End::Complete)])), None);
        assert_eq!(Denoising::of(&frame(vec![forward(ForwardKind::Draft), token(99, 7)])), None);
        let broken = Denoising::of(&frame(vec![block(0, &[3]), forward(ForwardKind::Draft), token(9, 1)]));
        assert_eq!(broken.map(|found| found.moments.to_vec()), Some(vec!["░".to_owned(), "░".to_owned()]));
    }
}
