//! Next-block prediction (Ren et al. 2025, NBP, arXiv:2502.07737).

use futures::future::LocalBoxFuture;

use super::{
    super::{Canvas, DecodeError, Decoder, ForwardKind, Guess, Query, Sampling},
    knobs::{MIN_P, TOP_K, TOP_P},
};
use crate::{
    objective::{Noise, Reading},
    policy::{Description, Settings},
};

const DESCRIPTION: Description = Description {
    id: "next-block",
    name: "Next block",
    summary: "Draws a whole block per forward, each token from the one a block before it.",
    source: "Ren et al. 2025, arXiv:2502.07737",
    knobs: &[TOP_K, TOP_P, MIN_P],
    null: Some(&[]),
};

/// Token `l` of block `t` predicts token `l` of block `t + 1`; tokens of one block are drawn independently. Blocks are
/// those that the checkpoint was trained on; with blocks of one token it is autoregressive decoding.
///
/// No block comes before the first one. Where the prompt does not fill it, it is filled token by token, each from the row
/// of the token before (the paper's hybrid start, which it trains for and a checkpoint here need not be).
pub struct NextBlock;

impl Decoder for NextBlock {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    #[cfg(feature = "engine")]
    fn fill<'a>(
        &'a self,
        _settings: &'a Settings,
        canvas: &'a mut Canvas<'_>,
        sampling: &'a Sampling,
    ) -> LocalBoxFuture<'a, Result<(), DecodeError>> {
        Box::pin(next_blocks(canvas, sampling))
    }

    fn kept_block(&self, _block: usize) -> usize {
        1
    }

    fn fault(&self, settings: &Settings, reading: &Reading) -> Option<(String, String)> {
        let message = "The checkpoint does not predict the next block: choose one trained to.";
        let is_apt = reading.noise == Noise::NextBlock || reading.noise == Noise::None && reading.block == 1;
        DESCRIPTION.fault(settings).or_else(|| (!is_apt).then(|| ("method".to_owned(), message.to_owned())))
    }
}

/// Everything that is left, of a network that predicts the tokens one block further; in blocks of one token that is the
/// next token, and each costs one row.
pub(super) async fn next_blocks(canvas: &mut Canvas<'_>, sampling: &Sampling) -> Result<(), DecodeError> {
    let (block, end) = (canvas.reading.block, canvas.tokens.len());
    let (mut kept, mut at) = (0, canvas.task.prompt.len());
    while at < end {
        let (target, query) = if at < block {
            let rows = canvas.rows(0..at);
            let query = Query::new(ForwardKind::Draft, rows, |query, key| key <= query, 0);
            (at..at + 1, Query { wanted: at - 1..at, ..query })
        } else {
            let start = at / block * block;
            let target = at..(start + block).min(end);
            let allow = |query: usize, key: usize| (kept + key) / block <= (kept + query) / block;
            let query = Query::new(ForwardKind::Draft, canvas.rows(kept..start), allow, kept);
            let wanted = target.start - block - kept..target.end - block - kept;
            (target, Query { keep: start - kept, wanted, ..query })
        };
        canvas.tell_block(target.clone());
        kept += query.keep;
        let logits = canvas.evaluate(query).await?;
        for (row, position) in target.clone().enumerate() {
            let guess = Guess::new(position, logits.row(row), sampling, canvas.uniform(position, 0));
            canvas.commit(&guess, guess.sampled());
        }
        at = target.end;
    }
    Ok(())
}
