//! What drawing decoders costs: six of them, one forward further in every frame.

use leptos::prelude::*;
use tailblazer_core::{
    decode::{Action, Forward, ForwardKind, Mark, TraceEvent},
    experiment::{DECODERS, comparison_from_link},
    objective::{Clean, Reading},
    session::{DecodeFrame, DecodeStart},
};

use super::frames::FramesCard;
use crate::{
    components::decode::SideBySide,
    t,
    workspace::{Workspace, decode::Decode},
};

/// Six decoders.
const LINK: &str = "?preset=gpt-nano#v=1&1.method=static&2.method=threshold&3.method=dynamic&4.method=bacd\
                    &5.method=edit&6.method=remask";

/// Tokens that each decodes, one in each forward.
const TOKENS: usize = 64;

/// Tokens of a block.
const BLOCK: usize = 16;

/// Draws and measures.
#[component]
pub fn Decoders() -> impl IntoView {
    let workspace = Workspace::expect();
    let decode = workspace.decode;
    view! {
        <FramesCard
            title=t!("Drawing decoders")
            about=t!("Six decoders of 64 tokens, one forward further in every frame: tokens, meters and timeline.")
            hook="decode-frames"
            prepare=Callback::new(move |()| fill(workspace))
            draw=Callback::new(move |frame: usize| decode.playback.at.set((frame % (TOKENS + 1)) as f64))
        >
            <SideBySide />
        </FramesCard>
    }
}

/// Puts six decodes on the page that no network made.
fn fill(workspace: Workspace) {
    workspace.replace(comparison_from_link(LINK).0);
    for place in 0..DECODERS {
        report(workspace.decode, place);
    }
}

/// A decode that commits one token after another; each has seven alternatives.
fn report(decode: Decode, place: usize) {
    let words: Vec<String> = ('a'..='z').map(String::from).collect();
    let token = |position: usize| ((7 * position + place) % words.len()) as u32;
    let mask = words.len() as u32;
    let start = DecodeStart {
        step: 1_000,
        reading: Reading::masked(BLOCK, Clean::Token),
        prompt: vec![0],
        block: BLOCK,
        length: TOKENS,
        words: words.clone(),
    };
    let mark = |position: usize| Mark {
        position,
        action: if position % 9 == place { Action::Edit } else { Action::Commit },
        token: token(position),
        confidence: 0.5 + 0.4 * (position as f32).sin().abs(),
        alternatives: (0..7).map(|next| ((token(position) + next) % mask, 0.3 / (next + 1) as f32)).collect(),
    };
    let mut events = Vec::new();
    for position in 1..=TOKENS {
        if position == 1 || position.is_multiple_of(BLOCK) {
            let length = (position + BLOCK) / BLOCK * BLOCK - position;
            events.push(TraceEvent::Block { start: position, length, tokens: vec![mask; length] });
        }
        let forward = Forward { kind: ForwardKind::Draft, rows: BLOCK, cached: position / BLOCK * BLOCK, reused: 0 };
        events.extend([TraceEvent::Forward(forward), TraceEvent::Token(mark(position))]);
    }
    let seconds = (1..=TOKENS).map(|forward| 0.001 * forward as f64).collect();
    decode.present(place, DecodeFrame { start: Some(start), events, seconds, ..DecodeFrame::default() });
}
