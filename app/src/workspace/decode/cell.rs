//! What stands at one position of a decode.

use tailblazer_core::decode::{Action, ForwardKind, Mark};

use crate::t;

/// What stands at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A token of the prompt.
    Prompt,
    /// Nothing yet: its block has not begun.
    Waiting,
    /// A mask of the block in work.
    Masked,
    /// A token that was drawn as noise.
    Noise,
    /// A token that waits for its verification.
    Drafted,
    /// A token that was committed so many forwards ago, and 3 for all before.
    Committed(u8),
    /// A token that replaced a committed one.
    Edited,
    /// A draft that the last forward threw away.
    Rejected,
    /// A token that the last forward took back.
    Remasked,
}

impl State {
    /// Its word, as styles and scripts read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Waiting => "waiting",
            Self::Masked => "masked",
            Self::Noise => "noise",
            Self::Drafted => "drafted",
            Self::Committed(0) => "now",
            Self::Committed(1) => "t1",
            Self::Committed(2) => "t2",
            Self::Committed(_) => "committed",
            Self::Edited => "edited",
            Self::Rejected => "rejected",
            Self::Remasked => "remasked",
        }
    }

    /// What a visitor reads of it.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Prompt => t!("prompt"),
            Self::Waiting => t!("waiting"),
            Self::Masked => t!("masked"),
            Self::Noise => t!("noise"),
            Self::Drafted => t!("drafted"),
            Self::Committed(_) => t!("committed"),
            Self::Edited => t!("edited"),
            Self::Rejected => t!("rejected"),
            Self::Remasked => t!("remasked"),
        }
    }

    /// Whether a token stands there for good, as far as the decoder knows.
    pub fn stands(self) -> bool {
        matches!(self, Self::Committed(_) | Self::Edited)
    }
}

/// A position after some forward.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// What stands there.
    pub state: State,
    /// The token that is shown; none where there is none to show.
    pub token: Option<u32>,
    /// The token that it replaced.
    pub was: Option<u32>,
    /// How sure the decoder was of it.
    pub confidence: f32,
    /// The forward, counted from 1, that decided it; 0 where none has.
    pub forward: usize,
    /// Whether it belongs to the block in work.
    pub is_open: bool,
}

impl Cell {
    /// A position whose block has not begun.
    pub const EMPTY: Self =
        Self { state: State::Waiting, token: None, was: None, confidence: 0.0, forward: 0, is_open: false };
}

impl Cell {
    /// A forward begins: what only the last one showed is a mask again.
    pub(super) fn pass(&mut self, kind: ForwardKind) {
        let is_over = match self.state {
            State::Rejected | State::Remasked => true,
            State::Drafted => kind == ForwardKind::Draft,
            _ => false,
        };
        if is_over {
            *self = Self { state: State::Masked, is_open: self.is_open, ..Self::EMPTY };
        }
    }

    /// Its block begins with this token there.
    pub(super) fn open(&mut self, token: u32, mask: u32) {
        self.is_open = true;
        if !self.state.stands() {
            let (state, token) = if token == mask { (State::Masked, None) } else { (State::Noise, Some(token)) };
            *self = Self { state, token, is_open: true, ..Self::EMPTY };
        }
    }

    /// Something happened to its token.
    pub(super) fn take(&mut self, mark: &Mark, now: usize, mask: u32) {
        let (before, is_open) = (self.token, self.is_open);
        let token = (mark.token != mask).then_some(mark.token);
        let new = Self { token, confidence: mark.confidence, forward: now, is_open, ..Self::EMPTY };
        *self = match mark.action {
            Action::Draft => Self { state: State::Drafted, ..new },
            Action::Commit | Action::Accept => Self { state: State::Committed(0), ..new },
            Action::Reject => Self { state: State::Committed(0), was: before.filter(|_| self.is_drafted()), ..new },
            Action::Edit => Self { state: State::Edited, was: before, ..new },
            Action::Remask if token.is_some() => Self { state: State::Noise, was: before, ..new },
            Action::Remask => Self { state: State::Remasked, was: before, ..new },
        };
    }

    fn is_drafted(&self) -> bool {
        self.state == State::Drafted
    }

    pub(super) fn age(&mut self, now: usize) {
        if let State::Committed(age) = &mut self.state {
            *age = now.saturating_sub(self.forward).min(3) as u8;
        }
    }
}
