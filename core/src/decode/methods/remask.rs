//! Remasking sampling of masked diffusion (Wang et al. 2025, ReMDM, arXiv:2503.00307).

use futures::future::LocalBoxFuture;

use super::{
    super::{Canvas, DecodeError, Decoder, Gauge, Method, Sampling},
    ancestral::Draft,
    knobs::{MIN_P, STEPS, TOP_K, TOP_P, value},
    selecting::{baseline, needs_masks, steps},
};
use crate::{
    objective::Reading,
    policy::{Description, Knob, Settings},
};

const SHARE: Knob = Knob {
    id: "share",
    name: "Remasked share",
    unit: "",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.1,
    summary: "The chance at which a step takes a token back to a mask, as far as the noise schedule allows.",
};

const DESCRIPTION: Description = Description {
    id: "remask",
    name: "Remasking",
    summary: "Ancestral sampling that also takes tokens back by chance, so that early ones can be corrected.",
    source: "Wang et al. 2025, arXiv:2503.00307",
    knobs: &[SHARE, STEPS, TOP_K, TOP_P, MIN_P],
    null: Some(&[("share", 0.0)]),
};

/// With `sigma = min(share, (1 - alpha_s) / alpha_t)`: from `t` to `s` a token becomes a mask with probability `sigma`, and
/// a mask a token with probability `(alpha_s - (1 - sigma) alpha_t) / (1 - alpha_t)`. The noise at each time stays that
/// of the schedule.
pub struct Remask;

/// `(sigma, probability that a mask becomes a token)` of a step.
pub fn shares(share: f64, alpha_s: f64, alpha_t: f64) -> (f64, f64) {
    let sigma = if alpha_t > 0.0 { share.min((1.0 - alpha_s) / alpha_t) } else { 0.0 };
    (sigma, (alpha_s - (1.0 - sigma) * alpha_t) / (1.0 - alpha_t))
}

impl Decoder for Remask {
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
            let (steps, share) = (steps(value(self, settings, &STEPS), size), value(self, settings, &SHARE));
            while let Some(mut block) = canvas.begin_block(size, sampling) {
                let mut draft = Draft::default();
                for step in 0..steps {
                    let alpha = |step: usize| step as f64 / steps as f64;
                    let (sigma, unmasked) = shares(share, alpha(step + 1), alpha(step));
                    let standing: Vec<usize> =
                        canvas.free(&block).filter(|position| canvas.tokens[*position] != canvas.mask).collect();
                    draft.unmask(canvas, &mut block, sampling, unmasked).await?;
                    for position in standing {
                        if sigma > 0.0 && canvas.choice() < sigma {
                            canvas.remask(position, canvas.mask, 0.0);
                            draft = Draft::default();
                        }
                    }
                    canvas.gauge(Gauge::Noise, 1.0 - alpha(step + 1));
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
        Some(baseline(("ancestral", &[])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_stays_that_of_the_schedule() {
        for steps in [1, 4, 10] {
            for share in [0.0, 0.1, 1.0] {
                for step in 0..steps {
                    let alpha = |step: usize| step as f64 / steps as f64;
                    let (sigma, unmasked) = shares(share, alpha(step + 1), alpha(step));
                    let clean = alpha(step) * (1.0 - sigma) + (1.0 - alpha(step)) * unmasked;
                    assert!((clean - alpha(step + 1)).abs() < 1e-12);
                    assert!((0.0..=1.0).contains(&sigma) && (0.0..=1.0 + 1e-12).contains(&unmasked));
                }
                assert_eq!(shares(share, 1.0, 0.75), (0.0, 1.0), "the last step leaves no mask");
            }
        }
    }
}
