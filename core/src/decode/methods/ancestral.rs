//! Ancestral sampling of masked diffusion (Sahoo et al. 2024, MDLM, arXiv:2406.07524; Arriola et al. 2025, BD3-LM,
//! arXiv:2503.09573).

use futures::future::LocalBoxFuture;

use super::{
    super::{Block, Canvas, DecodeError, Decoder, Gauge, Guess, Method, Sampling, select},
    knobs::{MIN_P, STEPS, TOP_K, TOP_P, value},
    selecting::{baseline, needs_masks, steps},
};
use crate::{
    objective::Reading,
    policy::{Description, Settings},
};

const DESCRIPTION: Description = Description {
    id: "ancestral",
    name: "Ancestral",
    summary: "Unmasks each token by chance, at the rate of the noise schedule.",
    source: "Sahoo et al. 2024, arXiv:2406.07524; Arriola et al. 2025, arXiv:2503.09573",
    knobs: &[STEPS, TOP_K, TOP_P, MIN_P],
    null: Some(&[("steps", 1.0)]),
};

/// With times `t = 1 - i / T` and the linear schedule: from `t` to `s` each mask becomes a token of `p(x_i)` with
/// probability `(t - s) / t`. A step that changes nothing leaves the network's answer as it was, so that the next one
/// needs no forward.
pub struct Ancestral;

impl Decoder for Ancestral {
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
            let steps = steps(value(self, settings, &STEPS), size);
            while let Some(mut block) = canvas.begin_block(size, sampling) {
                let mut draft = Draft::default();
                for step in 0..steps {
                    draft.unmask(canvas, &mut block, sampling, select::ancestral_share(steps, step)).await?;
                    canvas.gauge(Gauge::Noise, 1.0 - (step + 1) as f64 / steps as f64);
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
        Some(baseline(("static", &[("steps", 1.0)])))
    }
}

/// What the network said of the masks of a block as it stands; it need not say so again before the block changes.
#[derive(Default)]
pub struct Draft(Vec<Guess>);

impl Draft {
    /// Commits each mask of the block by a chance of its own.
    pub async fn unmask(
        &mut self,
        canvas: &mut Canvas<'_>,
        block: &mut Block,
        sampling: &Sampling,
        share: f64,
    ) -> Result<(), DecodeError> {
        let masked = canvas.masked(block);
        if masked.is_empty() {
            return Ok(());
        }
        if self.0.is_empty() {
            let answers = canvas.draft(block).await?;
            self.0 = canvas.guesses(block, &answers, &masked, sampling);
        }
        let flips: Vec<bool> = self.0.iter().map(|_| canvas.choice() < share).collect();
        for (guess, _) in self.0.iter().zip(&flips).filter(|(_, flips)| **flips) {
            canvas.commit(guess, guess.sampled());
        }
        if flips.contains(&true) {
            self.0.clear();
        }
        Ok(())
    }
}
