//! What a decode cost, from its trace alone.

use serde::{Deserialize, Serialize};

use super::{Action, ForwardKind, TraceEvent};

/// Counts of a decode.
///
/// Papers count forwards differently: BD3-LM leaves out those that keep keys and values, S2D2 counts all. So both
/// quotients are here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meter {
    /// Tokens that stand, without those that were taken back.
    pub tokens: usize,
    /// Forwards that predicted tokens.
    pub drafts: usize,
    /// Forwards that judged drafted tokens.
    pub verifications: usize,
    /// Forwards that only kept keys and values.
    pub commits: usize,
    /// Tokens that were replaced by other ones.
    pub edits: usize,
    /// Tokens that were taken back to a mask or to noise.
    pub remasks: usize,
    /// Rows that were computed.
    pub rows: usize,
    /// Cached keys that attention read: one for each computed row and cached token.
    pub keys_read: usize,
    /// Cached keys that it did not read, because their part was taken over from a forward before.
    pub keys_reused: usize,
}

impl std::iter::Sum for Meter {
    fn sum<I: Iterator<Item = Self>>(meters: I) -> Self {
        meters.fold(Self::default(), |a, b| Self {
            tokens: a.tokens + b.tokens,
            drafts: a.drafts + b.drafts,
            verifications: a.verifications + b.verifications,
            commits: a.commits + b.commits,
            edits: a.edits + b.edits,
            remasks: a.remasks + b.remasks,
            rows: a.rows + b.rows,
            keys_read: a.keys_read + b.keys_read,
            keys_reused: a.keys_reused + b.keys_reused,
        })
    }
}

impl Meter {
    /// The counts of a trace.
    pub fn of<'a>(trace: impl IntoIterator<Item = &'a TraceEvent>) -> Self {
        let mut meter = Self::default();
        trace.into_iter().for_each(|event| meter.add(event));
        meter
    }

    /// Counts one more event.
    pub fn add(&mut self, event: &TraceEvent) {
        match event {
            TraceEvent::Forward(forward) => {
                *match forward.kind {
                    ForwardKind::Draft => &mut self.drafts,
                    ForwardKind::Verify => &mut self.verifications,
                    ForwardKind::Commit => &mut self.commits,
                } += 1;
                self.rows += forward.rows;
                self.keys_read += forward.rows * (forward.cached - forward.reused);
                self.keys_reused += forward.rows * forward.reused;
            }
            TraceEvent::Token(mark) => match mark.action {
                Action::Commit | Action::Accept | Action::Reject => self.tokens += 1,
                Action::Edit => self.edits += 1,
                Action::Remask => {
                    self.tokens = self.tokens.saturating_sub(1);
                    self.remasks += 1;
                }
                Action::Draft => {}
            },
            TraceEvent::Block { .. } | TraceEvent::Gauge { .. } | TraceEvent::End(_) => {}
        }
    }

    /// Forwards of every kind.
    pub fn forwards(&self) -> usize {
        self.drafts + self.verifications + self.commits
    }

    /// Tokens per forward that predicted or judged; none where there was none, as in blocks of one token of a network whose
    /// every token follows from the row that kept the one before.
    pub fn tokens_per_forward(&self) -> Option<f64> {
        quotient(self.tokens, self.drafts + self.verifications)
    }

    /// Tokens per forward of every kind; none before the first one.
    pub fn tokens_per_any_forward(&self) -> Option<f64> {
        quotient(self.tokens, self.forwards())
    }
}

fn quotient(tokens: usize, forwards: usize) -> Option<f64> {
    (forwards > 0).then(|| tokens as f64 / forwards as f64)
}
