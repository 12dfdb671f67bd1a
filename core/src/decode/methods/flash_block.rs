//! Reuse of the attention outside a block (FlashBlock 2026).

use futures::future::LocalBoxFuture;

use super::{
    super::{Block, Canvas, DecodeError, Decoder, Method, Reuse, Sampling},
    dynamic::DYNAMIC,
    knobs::{MIN_P, STEPS, THRESHOLD, TOP_K, TOP_P, value},
    selecting::{baseline, needs_masks},
};
use crate::{
    objective::Reading,
    policy::{Description, Knob, Settings},
};

const INTERVAL: Knob = Knob {
    id: "interval",
    name: "Refresh interval",
    unit: "tokens",
    range: 1.0..=4096.0,
    is_whole: true,
    default: 2.0,
    summary: "Reads the committed tokens again after so many tokens of the block were committed.",
};

const DESCRIPTION: Description = Description {
    id: "flash-block",
    name: "FlashBlock",
    summary: "Decodes dynamically and reads the committed tokens only now and then.",
    source: "FlashBlock 2026, github.com/Caesarhhh/Flash_Block",
    knobs: &[INTERVAL, THRESHOLD, STEPS, TOP_K, TOP_P, MIN_P],
    null: Some(&[("interval", 1.0)]),
};

/// A block's attention has two parts, over committed tokens and inside the block, that are merged by their normalisers
/// ([`merge`](super::super::flash::merge)). The first part is computed in the block's first forward, and again once
/// [`INTERVAL`] tokens were committed since; in between that of earlier queries stands in for it.
pub struct FlashBlock;

impl Decoder for FlashBlock {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
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
            let interval = value(self, settings, &INTERVAL) as usize;
            while let Some(block) = canvas.begin_block(size, sampling) {
                // Masks that were left when the tokens outside were last read.
                let mut left = None;
                let draft = async |canvas: &mut Canvas<'_>, block: &Block, _: usize| {
                    let (masks, has_outside) = (canvas.masked(block).len(), canvas.outer(block).start > 0);
                    if has_outside && left.is_some_and(|left| left - masks < interval) {
                        return canvas.draft_reusing(block, Reuse::BlockExternal).await;
                    }
                    left = Some(masks);
                    canvas.draft_reusing(block, Reuse::Remember).await
                };
                DYNAMIC.block_by(settings, canvas, block, sampling, draft).await?;
            }
            Ok(())
        })
    }

    fn fault(&self, settings: &Settings, reading: &Reading) -> Option<(String, String)> {
        needs_masks(&DESCRIPTION, settings, reading)
    }

    fn null_of(&self) -> Option<(Method, Settings)> {
        Some(baseline(("dynamic", &[])))
    }
}
