//! Autoregressive decoding: one token per forward, from left to right.

use futures::future::LocalBoxFuture;

use super::{
    super::{Canvas, DecodeError, Decoder, Sampling},
    knobs::{MIN_P, TOP_K, TOP_P},
    next_block::next_blocks,
};
use crate::{
    objective::{Noise, Reading},
    policy::{Description, Settings},
};

const DESCRIPTION: Description = Description {
    id: "autoregressive",
    name: "Autoregressive",
    summary: "Decodes one token per forward from left to right.",
    source: "Holtzman et al. 2020, arXiv:1904.09751, for top p; Nguyen et al. 2024, arXiv:2407.01082, for min p",
    knobs: &[TOP_K, TOP_P, MIN_P],
    null: Some(&[]),
};

/// Draws `x_i` from `p(x_i | x_<i)`.
///
/// A network that predicts the next token computes one row for each token and keeps it. One that fills masks is asked
/// for a block of one mask, and then once more to keep the token.
pub struct Autoregressive;

impl Decoder for Autoregressive {
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
        Box::pin(async move {
            if canvas.reading.noise.has_mask() {
                one_by_one(canvas, sampling).await
            } else {
                next_blocks(canvas, sampling).await
            }
        })
    }

    fn kept_block(&self, _block: usize) -> usize {
        1
    }

    fn fault(&self, settings: &Settings, reading: &Reading) -> Option<(String, String)> {
        let message = "The checkpoint predicts a whole block at once: decode it with next-block.";
        let is_apt = reading.noise != Noise::NextBlock || reading.block == 1;
        DESCRIPTION.fault(settings).or_else(|| (!is_apt).then(|| ("method".to_owned(), message.to_owned())))
    }
}

/// Everything that is left, in blocks of one token, of a network that fills masks.
pub(super) async fn one_by_one(canvas: &mut Canvas<'_>, sampling: &Sampling) -> Result<(), DecodeError> {
    while let Some(mut block) = canvas.begin_block(1, sampling) {
        let masked = canvas.masked(&block);
        if !masked.is_empty() {
            let answers = canvas.draft(&block).await?;
            let guess = &canvas.guesses(&mut block, &answers, &masked, sampling)[0];
            canvas.commit(guess, guess.sampled());
        }
        canvas.keep(block).await?;
    }
    Ok(())
}
