//! What a decoder asks of a network.

use futures::future::LocalBoxFuture;

use super::DecodeError;
use crate::objective::Reading;

/// A network that decodes one sequence, with the committed tokens that it remembers.
///
/// A decoder is an `async` function over it, so that it reads like its paper, works with a device that answers later,
/// and stops wherever its caller stops polling.
pub trait Network {
    /// How the network was trained to read.
    fn reading(&self) -> &Reading;

    /// Real tokens; the mask token is this number.
    fn vocabulary(&self) -> usize;

    /// Longest sequence, in tokens.
    fn context(&self) -> usize;

    /// One network evaluation; its answer is the logits of the rows that were asked for, `[wanted, vocabulary]`.
    fn forward<'a>(&'a mut self, query: Query) -> LocalBoxFuture<'a, Result<Logits, DecodeError>>;
}

/// One network evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// What it is for, which is how it is counted.
    pub kind: ForwardKind,
    /// The tokens that are computed, with their positions.
    pub rows: Vec<Row>,
    /// Which row attends which other row, `[rows, rows]`. How rows attend committed tokens says [`Query::sees`].
    pub allowed: Vec<bool>,
    /// How many committed tokens, counted from the first one, every row attends.
    pub sees: usize,
    /// If not 0, the first so many rows become committed tokens behind the first [`Query::sees`] ones, and take the
    /// place of all that were there: their keys and values are kept. Approximate caches keep masks, and rows in another
    /// order than their positions', and replace them later.
    pub keep: usize,
    /// The rows whose logits are wanted; it may be empty.
    pub wanted: std::ops::Range<usize>,
    /// What approximate caching may reuse for this forward.
    pub reuse: Reuse,
}

/// A token that is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The token.
    pub token: u32,
    /// Its position in the sequence.
    pub position: usize,
}

/// What a forward is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardKind {
    /// To predict tokens.
    Draft,
    /// To judge drafted tokens.
    Verify,
    /// To keep the keys and values of committed tokens. Only of a network that predicts the next token is anything read:
    /// what stands first in the next block.
    Commit,
}

/// What an approximate cache may take over from the forward before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reuse {
    /// Nothing: the forward is exact.
    #[default]
    Nothing,
    /// Nothing, and the attention over committed tokens is remembered for the forwards after this one.
    Remember,
    /// The attention over committed tokens: its outputs and normalisers are those that were remembered last, of rows at
    /// the same positions (FlashBlock).
    BlockExternal,
}

/// Logits of the wanted rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Logits {
    /// The numbers, `[rows, vocabulary]`.
    pub values: Vec<f32>,
    /// Columns.
    pub vocabulary: usize,
}

impl Query {
    /// Rows that attend each other by a rule, all committed tokens, and are all wanted.
    pub fn new(kind: ForwardKind, rows: Vec<Row>, allow: impl Fn(usize, usize) -> bool, sees: usize) -> Self {
        let count = rows.len();
        let allowed = (0..count * count).map(|pair| allow(pair / count, pair % count)).collect();
        Self { kind, rows, allowed, sees, keep: 0, wanted: 0..count, reuse: Reuse::Nothing }
    }
}

impl Logits {
    /// The logits of a row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.vocabulary..][..self.vocabulary]
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.values.len() / self.vocabulary
    }
}
