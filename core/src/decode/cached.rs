//! A network with a cache of keys and values, on the CPU.

use std::sync::Arc;

use futures::{FutureExt as _, future::LocalBoxFuture};
use tailblazer_kernels::{
    cpu::{Attention, Incremental, Rows},
    model::MaskKind,
};

use super::{DecodeError, Logits, Network, Query, Reuse};
use crate::{
    model::{Transformer, Weights},
    objective::Reading,
    train::TrainError,
};

/// The weights of a checkpoint, read once for all its decodes.
///
/// Whatever device a model trains on, it decodes on the CPU: a forward over one block of a model this small takes less
/// time than a GPU takes to answer, and its tokens are the same everywhere.
#[derive(Clone)]
pub struct Checkpoint {
    weights: Arc<Vec<f32>>,
    transformer: Transformer,
    reading: Reading,
}

/// A network that decodes one sequence and computes the keys and values of committed tokens once.
pub struct Cached {
    checkpoint: Checkpoint,
    incremental: Incremental,
    committed: Vec<u32>,
}

impl Checkpoint {
    /// Reads the weights from their device.
    pub async fn read(transformer: &Transformer, weights: &Weights, reading: Reading) -> Result<Self, TrainError> {
        let weights = weights.clone().into_data_async().await?.iter::<f32>().collect();
        Ok(Self { weights: Arc::new(weights), transformer: transformer.clone(), reading })
    }

    /// A network that has committed nothing.
    pub fn network(&self) -> Cached {
        let incremental = Incremental::new(self.transformer.shape([1, 1], MaskKind::Bits));
        Cached { checkpoint: self.clone(), incremental, committed: Vec::new() }
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

    fn committed(&self) -> &[u32] {
        &self.committed
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
        let computed =
            Rows { tokens: &tokens, positions: &positions, allowed: &allowed, sees, keep, attention };
        let logits = self.incremental.forward(&self.checkpoint.weights, computed);
        if keep > 0 {
            self.committed.truncate(sees);
            self.committed.extend(rows[..keep].iter().map(|row| row.token));
        }
        let vocabulary = self.vocabulary();
        let values = logits[wanted.start * vocabulary..wanted.end * vocabulary].to_vec();
        let is_finite = values.iter().all(|value| value.is_finite());
        let answer = if is_finite { Ok(Logits { values, vocabulary }) } else { Err(DecodeError::NotFinite) };
        std::future::ready(answer).boxed_local()
    }
}
