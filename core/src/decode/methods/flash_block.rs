//! Reuse of the attention outside a block (FlashBlock 2026).

use futures::future::LocalBoxFuture;

use super::{
    super::{Canvas, DecodeError, Decoder, Method, Network, Reuse, Task, TraceEvent},
    dynamic::DYNAMIC,
    knobs::{MIN_P, STEPS, THRESHOLD, TOP_K, TOP_P, sampling, value},
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

    fn decode<'a>(
        &'a self,
        settings: &'a Settings,
        task: Task,
        network: &'a mut dyn Network,
        trace: &'a mut dyn FnMut(TraceEvent),
    ) -> LocalBoxFuture<'a, Result<Vec<u32>, DecodeError>> {
        Box::pin(async move {
            let (size, sampling) = (task.block, sampling(self, settings, task.temperature));
            let interval = value(self, settings, &INTERVAL) as usize;
            let mut canvas = Canvas::begin(self, settings, task, size, network, trace).await?;
            while let Some(mut block) = canvas.begin_block(size, &sampling) {
                let (mut history, mut dirty) = (Vec::new(), usize::MAX);
                for step in 0.. {
                    let masked = canvas.masked(&block);
                    if masked.is_empty() {
                        break;
                    }
                    let has_outside = canvas.outer(&block).start > 0;
                    let reuse = if has_outside && dirty < interval { Reuse::BlockExternal } else { Reuse::Remember };
                    if reuse == Reuse::Remember {
                        dirty = 0;
                    }
                    let answers = canvas.draft_reusing(&block, reuse).await?;
                    let guesses = canvas.guesses(&mut block, &answers, &masked, &sampling);
                    DYNAMIC.turn(settings, &mut canvas, &guesses, step, size, &mut history);
                    dirty += masked.len() - canvas.masked(&block).len();
                }
                canvas.keep(block).await?;
            }
            canvas.end()
        })
    }

    fn fault(&self, settings: &Settings, reading: &Reading) -> Option<(String, String)> {
        needs_masks(&DESCRIPTION, settings, reading)
    }

    fn null_of(&self) -> Option<(Method, Settings)> {
        Some(baseline(("dynamic", &[])))
    }
}
