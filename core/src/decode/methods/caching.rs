//! Approximate caches for networks whose tokens attend all others (Wu et al. 2025, Fast-dLLM, arXiv:2505.22618).

use futures::future::LocalBoxFuture;

use super::{
    super::{Block, Canvas, DecodeError, Decoder, Method, Sampling},
    knobs::{MIN_P, THRESHOLD, TOP_K, TOP_P, value},
    selecting::{baseline, needs_masks},
    threshold::{STRICT, THRESHOLDED},
};
use crate::{
    objective::Reading,
    policy::{Description, Knob, Settings},
};

const REFRESH: Knob = Knob {
    id: "refresh",
    name: "Refresh interval",
    unit: "forwards",
    range: 0.0..=4096.0,
    is_whole: true,
    default: 0.0,
    summary: "Computes everything again after so many forwards of a block; 0 only when a block begins.",
};

const PREFIX_DESCRIPTION: Description = Description {
    id: "prefix-cache",
    name: "Prefix cache",
    summary: "Decodes by a threshold and remembers the tokens before the block, although they attend it.",
    source: "Wu et al. 2025, arXiv:2505.22618",
    knobs: &[THRESHOLD, STRICT, REFRESH, TOP_K, TOP_P, MIN_P],
    null: Some(&[("refresh", 1.0)]),
};

const DUAL_DESCRIPTION: Description = Description {
    id: "dual-cache",
    name: "Dual cache",
    summary: "Decodes by a threshold and remembers all tokens outside the block, although they attend it.",
    ..PREFIX_DESCRIPTION
};

/// Of a network that attends everything, each block's first forward computes the whole text, and the others the block and
/// the masks behind it. Networks whose blocks do not attend later ones have the same cache without an error.
pub const PREFIX_CACHE: Caching = Caching { description: &PREFIX_DESCRIPTION, is_dual: false };

/// The same with the masks behind the block remembered too: all forwards but the first one compute the block alone.
pub const DUAL_CACHE: Caching = Caching { description: &DUAL_DESCRIPTION, is_dual: true };

/// The threshold decoder with an approximate cache.
pub struct Caching {
    description: &'static Description,
    is_dual: bool,
}

impl Decoder for Caching {
    fn description(&self) -> &'static Description {
        self.description
    }

    #[cfg(feature = "engine")]
    fn fill<'a>(
        &'a self,
        settings: &'a Settings,
        canvas: &'a mut Canvas<'_>,
        sampling: &'a Sampling,
    ) -> LocalBoxFuture<'a, Result<(), DecodeError>> {
        Box::pin(async move {
            let size = canvas.task.block;
            let refresh = value(self, settings, &REFRESH) as usize;
            let draft = async |canvas: &mut Canvas<'_>, block: &Block, step: usize| {
                if !canvas.is_full() {
                    return canvas.draft(block).await;
                }
                let (outer, part) = (canvas.outer(block), block.positions.clone());
                let inner = part.start..if self.is_dual { part.end } else { outer.end };
                // Of 0 only 0 is a multiple.
                canvas.draft_inside(outer, inner, part, step.is_multiple_of(refresh)).await
            };
            while let Some(block) = canvas.begin_block(size, sampling) {
                THRESHOLDED.block_by(settings, canvas, block, sampling, &draft).await?;
            }
            Ok(())
        })
    }

    fn fault(&self, settings: &Settings, reading: &Reading) -> Option<(String, String)> {
        needs_masks(self.description, settings, reading)
    }

    fn null_of(&self) -> Option<(Method, Settings)> {
        Some(baseline(("threshold", &[])))
    }
}
