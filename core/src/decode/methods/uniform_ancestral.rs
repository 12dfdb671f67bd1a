//! Ancestral sampling of uniform-state diffusion (Schiff et al. 2024, UDLM, arXiv:2412.10193; Sahoo et al. 2025, Duo,
//! arXiv:2506.10892).

use futures::future::LocalBoxFuture;

use super::{
    super::{Action, Answers, Block, Canvas, DecodeError, Decoder, Gauge, Sampling, distribution::draw},
    knobs::{MIN_P, STEPS, TOP_K, TOP_P, value},
    selecting::steps,
};
use crate::{
    objective::{Noise, Reading},
    policy::{Description, Settings},
};

const DESCRIPTION: Description = Description {
    id: "uniform-ancestral",
    name: "Uniform ancestral",
    summary: "Turns random tokens into text, all of a block at once, each of them free to change until the end.",
    source: "Schiff et al. 2024, arXiv:2412.10193; Sahoo et al. 2025, arXiv:2506.10892",
    knobs: &[STEPS, TOP_K, TOP_P, MIN_P],
    null: None,
};

/// With `alpha` the share of clean tokens, here `1 - t`: at each step every token is drawn from [`posterior`]. The last
/// step has `alpha_s = 1`: it keeps a token or takes one of the network's.
pub struct UniformAncestral;

/// `q(z_s | z_t = noisy, x ~ clean)` of uniform-state diffusion, with `a = alpha_t / alpha_s` and `N` tokens:
///
/// ```text
/// q_j = ( (alpha_t N p_j + a - alpha_t) [j = z] + (alpha_s - alpha_t) p_j + (1 - a)(1 - alpha_s) / N )
///       / (alpha_t N p_z + 1 - alpha_t)
/// ```
pub fn posterior(clean: &[f64], noisy: usize, alpha_s: f64, alpha_t: f64) -> Vec<f64> {
    let (count, step) = (clean.len() as f64, alpha_t / alpha_s);
    let all = alpha_t * count * clean[noisy] + 1.0 - alpha_t;
    let spread = (1.0 - step) * (1.0 - alpha_s) / count;
    let share = |(token, p): (usize, &f64)| {
        let stays = if token == noisy { alpha_t * count * p + step - alpha_t } else { 0.0 };
        (stays + (alpha_s - alpha_t) * p + spread) / all
    };
    clean.iter().enumerate().map(share).collect()
}

impl Decoder for UniformAncestral {
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
            // Where every forward reads the whole text, all of it is one block.
            let size = if canvas.is_full() { canvas.tokens.len().max(1) } else { size };
            while let Some(mut block) = canvas.begin_block(size, sampling) {
                for step in 0..steps {
                    let answers = canvas.draft(&block).await?;
                    take_step(canvas, &mut block, &answers, sampling, (step, steps));
                }
                canvas.keep(block).await?;
            }
            Ok(())
        })
    }

    fn fault(&self, settings: &Settings, reading: &Reading) -> Option<(String, String)> {
        let message = "The checkpoint was not trained on random tokens: choose one that was.";
        let is_apt = reading.noise == Noise::Uniform;
        DESCRIPTION.fault(settings).or_else(|| (!is_apt).then(|| ("method".to_owned(), message.to_owned())))
    }
}

/// Step `step` of `steps` of a block: draws every token from its posterior, and commits all in the last step.
pub fn take_step(
    canvas: &mut Canvas<'_>,
    block: &mut Block,
    answers: &Answers,
    sampling: &Sampling,
    (step, steps): (usize, usize),
) {
    let alpha = |step: usize| step as f64 / steps as f64;
    let is_last = step + 1 == steps;
    let free: Vec<usize> = canvas.free(block).collect();
    for mut guess in canvas.guesses(block, answers, &free, sampling) {
        let old = canvas.tokens[guess.position];
        let law = posterior(&guess.law, old as usize, alpha(step + 1), alpha(step));
        guess.token = draw(&law, canvas.uniform(guess.position, block.draws - 1)) as u32;
        let confidence = guess.plain();
        if is_last {
            canvas.write(&guess, confidence);
        } else if guess.token != old {
            canvas.mark(Action::Edit, &guess, confidence);
        }
    }
    canvas.gauge(Gauge::Noise, 1.0 - alpha(step + 1));
}
