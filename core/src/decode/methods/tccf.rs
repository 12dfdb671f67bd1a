//! Think coarse, critic fine (TDAR 2026, arXiv:2602.09555).

use futures::future::LocalBoxFuture;

use super::{
    super::{Canvas, DecodeError, Decoder, Method, Sampling},
    bacd::BACD,
    knobs::{MIN_P, TOP_K, TOP_P, value},
    selecting::{baseline, needs_masks},
};
use crate::{
    objective::Reading,
    policy::{Description, Knob, Settings},
};

const FINE: Knob = Knob {
    id: "fine",
    name: "Fine block",
    unit: "tokens",
    range: 1.0..=4096.0,
    is_whole: true,
    default: 1.0,
    summary: "Tokens of a block after the switch; the block size of the decode holds before.",
};

const SHARE: Knob = Knob {
    id: "share",
    name: "Coarse share",
    unit: "",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.5,
    summary: "Switches to fine blocks after this share of the tokens at the latest.",
};

const AT: Knob = Knob {
    id: "token",
    name: "Switch token",
    unit: "",
    range: -1.0..=1_000_000.0,
    is_whole: true,
    default: -1.0,
    summary: "Switches after the block that contains the token of this number; -1 switches by share alone.",
};

const DESCRIPTION: Description = Description {
    id: "tccf",
    name: "Coarse, then fine",
    summary: "Decodes in large blocks first, and in small ones from a switch on.",
    source: "TDAR 2026, arXiv:2602.09555",
    knobs: &[FINE, SHARE, AT, TOP_K, TOP_P, MIN_P],
    null: Some(&[("share", 1.0)]),
};

/// Bounded adaptive decoding in blocks of the decode's size until the switch, then in blocks of [`FINE`] tokens, which at
/// 1 is autoregressive decoding. Both read one cache: it is that of fine blocks alone, whatever the switch, where committed
/// tokens attend only those before them.
pub struct Tccf;

impl Decoder for Tccf {
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
            let coarse = canvas.task.block;
            let (fine, share) = (value(self, settings, &FINE) as usize, value(self, settings, &SHARE));
            let (token, bacd) = (value(self, settings, &AT), Settings::default());
            let switch = canvas.task.prompt.len() + (share * canvas.task.length as f64).ceil() as usize;
            let mut size = coarse;
            loop {
                if canvas.decoded().max(canvas.task.prompt.len()) >= switch {
                    size = fine;
                }
                let Some(block) = canvas.begin_block(size, sampling) else { break };
                let positions = canvas.free(&block);
                BACD.block(&bacd, canvas, block, sampling).await?;
                if canvas.tokens[positions].iter().any(|found| f64::from(*found) == token) {
                    size = fine;
                }
            }
            Ok(())
        })
    }

    fn fault(&self, settings: &Settings, reading: &Reading) -> Option<(String, String)> {
        needs_masks(&DESCRIPTION, settings, reading)
    }

    fn null_of(&self) -> Option<(Method, Settings)> {
        Some(baseline(("bacd", &[])))
    }
}
