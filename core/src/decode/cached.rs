//! A network with a cache of keys and values, on the CPU.

use futures::{FutureExt as _, future::LocalBoxFuture};
use tailblazer_kernels::cpu::{Attention, Incremental, Rows};

use super::{Checkpoint, DecodeError, Logits, Network, Query, Reuse};
use crate::objective::Reading;

/// A network that decodes one sequence and computes the keys and values of committed tokens once.
pub struct Cached {
    checkpoint: Checkpoint,
    incremental: Incremental,
}

impl Cached {
    /// A network that has committed nothing.
    pub(super) fn new(checkpoint: Checkpoint) -> Self {
        Self { incremental: checkpoint.incremental(), checkpoint }
    }
}

impl Network for Cached {
    fn reading(&self) -> &Reading {
        &self.checkpoint.reading
    }

    fn vocabulary(&self) -> usize {
        self.checkpoint.transformer.vocabulary
    }

    fn context(&self) -> usize {
        self.checkpoint.transformer.config.context
    }

    fn forward<'a>(&'a mut self, query: Query) -> LocalBoxFuture<'a, Result<Logits, DecodeError>> {
        let Query { rows, allowed, sees, keep, wanted, reuse, .. } = query;
        let tokens: Vec<i32> = rows.iter().map(|row| row.token as i32).collect();
        let positions: Vec<usize> = rows.iter().map(|row| row.position).collect();
        let attention = match reuse {
            Reuse::Nothing => Attention::Whole,
            Reuse::Remember => Attention::Remember,
            Reuse::BlockExternal => Attention::Reuse,
        };
        let computed = Rows { tokens: &tokens, positions: &positions, allowed: &allowed, sees, keep, attention };
        let logits = self.incremental.forward(&self.checkpoint.weights, computed);
        let vocabulary = self.vocabulary();
        let values = logits[wanted.start * vocabulary..wanted.end * vocabulary].to_vec();
        let is_finite = values.iter().all(|value| value.is_finite());
        let answer = if is_finite { Ok(Logits { values, vocabulary }) } else { Err(DecodeError::NotFinite) };
        std::future::ready(answer).boxed_local()
    }
}
