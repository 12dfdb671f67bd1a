//! Hierarchical decoding in sub-blocks (Wu et al. 2025, Fast-dLLM v2, arXiv:2509.26328).

use futures::future::LocalBoxFuture;

use super::{
    super::{Canvas, DecodeError, Decoder, Method, Sampling},
    knobs::{MIN_P, THRESHOLD, TOP_K, TOP_P, value},
    selecting::{baseline, needs_masks},
    threshold::{STRICT, THRESHOLDED},
};
use crate::{
    objective::Reading,
    policy::{Description, Knob, Settings},
};

const SUB_BLOCK: Knob = Knob {
    id: "sub-block",
    name: "Sub-block",
    unit: "tokens",
    range: 0.0..=4096.0,
    is_whole: true,
    default: 4.0,
    summary: "Decodes so many tokens of a block before the next ones; 0 takes the whole block.",
};

const CACHE: Knob = Knob {
    id: "cache",
    name: "Block cache",
    unit: "",
    range: 0.0..=1.0,
    is_whole: true,
    default: 1.0,
    summary: "At 1, remembers the rest of the block while a sub-block is decoded, although it attends it.",
};

const STRICTLY: Knob = Knob { default: 1.0, ..STRICT };

const DESCRIPTION: Description = Description {
    id: "hierarchical",
    name: "Hierarchical",
    summary: "Decodes a block in sub-blocks from left to right, each by a threshold.",
    source: "Wu et al. 2025, arXiv:2509.26328",
    knobs: &[SUB_BLOCK, CACHE, THRESHOLD, STRICTLY, TOP_K, TOP_P, MIN_P],
    null: Some(&[("sub-block", 0.0), ("cache", 0.0)]),
};

/// The threshold decoder restricted to one sub-block at a time. With the cache, a forward computes the whole block when the
/// block begins and as long as the sub-block's first token is a mask, and the sub-block alone after that.
pub struct Hierarchical;

impl Decoder for Hierarchical {
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
            let sub_block = match value(self, settings, &SUB_BLOCK) as usize {
                0 => size,
                sub_block => sub_block.min(size),
            };
            let has_cache = value(self, settings, &CACHE) == 1.0;
            let mut rule = settings.clone();
            rule.0.entry(STRICT.id.to_owned()).or_insert(STRICTLY.default);
            while let Some(mut block) = canvas.begin_block(size, sampling) {
                let (mut history, mut step) = (Vec::new(), 0);
                for start in block.positions.clone().step_by(sub_block) {
                    let part = start..(start + sub_block).min(block.positions.end);
                    let mut is_filled = false;
                    loop {
                        let masked: Vec<usize> =
                            part.clone().filter(|position| canvas.tokens[*position] == canvas.mask).collect();
                        if masked.is_empty() {
                            break;
                        }
                        let answers = if has_cache {
                            let fill = !is_filled || masked[0] == start;
                            is_filled = true;
                            canvas.draft_inside(canvas.outer(&block), part.clone(), part.clone(), fill).await?
                        } else {
                            canvas.draft(&block).await?
                        };
                        let guesses = canvas.guesses(&mut block, &answers, &masked, sampling);
                        THRESHOLDED.turn(&rule, canvas, &guesses, step, size, &mut history);
                        step += 1;
                    }
                }
                canvas.keep(block).await?;
            }
            Ok(())
        })
    }

    fn fault(&self, settings: &Settings, reading: &Reading) -> Option<(String, String)> {
        needs_masks(&DESCRIPTION, settings, reading)
    }

    fn null_of(&self) -> Option<(Method, Settings)> {
        Some(baseline(("threshold", &[("strict", 1.0)])))
    }
}
