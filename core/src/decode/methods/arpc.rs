//! Predictor-corrector sampling with autoregressive information (BlockGen 2026, arXiv:2606.02241).

use futures::future::LocalBoxFuture;

use super::{
    super::{
        Block, Canvas, DecodeError, Decoder, Gauge, Guess, Method, Sampling,
        distribution::{descending, draw, entropy},
        select,
    },
    ancestral::Draft,
    knobs::{MIN_P, STEPS, TOP_K, TOP_P, value},
    selecting::{baseline, steps},
    uniform_ancestral::{posterior, take_step},
};
use crate::{
    objective::{Noise, Reading},
    policy::{Description, Knob, Settings},
};

const SCORE: Knob = Knob {
    id: "score",
    name: "Score",
    unit: "",
    range: 0.0..=9.0,
    is_whole: true,
    default: 7.0,
    summary: "Which tokens are taken back first: by chance, by how far the draft is from the autoregressive law, by doubts \
              of the draft, or by doubts of the autoregressive law.",
};

const WARM_UP: Knob = Knob {
    id: "warm-up",
    name: "Warm-up",
    unit: "steps",
    range: 0.0..=4096.0,
    is_whole: true,
    default: 0.0,
    summary: "Ancestral steps of a block before the first correction.",
};

const EVERY: Knob = Knob {
    id: "every",
    name: "Interval",
    unit: "steps",
    range: 1.0..=4096.0,
    is_whole: true,
    default: 1.0,
    summary: "Steps between two corrections.",
};

const DESCRIPTION: Description = Description {
    id: "arpc",
    name: "Predictor-corrector",
    summary: "Fills a whole block, and takes back the tokens that an autoregressive look finds least likely.",
    source: "BlockGen 2026, arXiv:2606.02241",
    knobs: &[SCORE, STEPS, WARM_UP, EVERY, TOP_K, TOP_P, MIN_P],
    null: Some(&[("warm-up", 4096.0)]),
};

/// A corrected step draws every token of the block, scores them, and takes the `max(1, round((1 - alpha_s) n))` of `n`
/// tokens with the largest scores back to noise. All other steps, and the last one, are ancestral.
pub struct Arpc;

/// Tokens that step `step` of `steps` takes back, of so many.
pub fn taken_back(count: usize, steps: usize, step: usize) -> usize {
    let noise = 1.0 - (step + 1) as f64 / steps as f64;
    ((noise * count as f64).round() as usize).max(1)
}

/// Whether a score needs a look at the autoregressive law.
fn looks(score: usize) -> bool {
    !matches!(score, 0 | 4..=6)
}

impl Decoder for Arpc {
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
            let (warm_up, every) = (value(self, settings, &WARM_UP) as usize, value(self, settings, &EVERY) as usize);
            let score = value(self, settings, &SCORE) as usize;
            let is_uniform = canvas.reading.noise == Noise::Uniform;
            let size = if is_uniform && canvas.is_full() { canvas.tokens.len().max(1) } else { size };
            while let Some(mut block) = canvas.begin_block(size, sampling) {
                let mut draft = Draft::default();
                for step in 0..steps {
                    let is_corrected = step >= warm_up && (step - warm_up) % every == 0 && step + 1 < steps;
                    if is_corrected && !canvas.free(&block).is_empty() {
                        correct(canvas, &mut block, sampling, score, (step, steps)).await?;
                        draft = Draft::default();
                    } else if is_uniform {
                        let answers = canvas.draft(&block).await?;
                        take_step(canvas, &mut block, &answers, sampling, (step, steps));
                        continue;
                    } else {
                        draft.unmask(canvas, &mut block, sampling, select::ancestral_share(steps, step)).await?;
                    }
                    canvas.gauge(Gauge::Noise, 1.0 - (step + 1) as f64 / steps as f64);
                }
                canvas.keep(block).await?;
            }
            Ok(())
        })
    }

    fn fault(&self, settings: &Settings, reading: &Reading) -> Option<(String, String)> {
        let message = "The checkpoint was trained on no noise: choose one trained on masks or random tokens.";
        let is_apt = reading.noise.has_mask();
        DESCRIPTION.fault(settings).or_else(|| (!is_apt).then(|| ("method".to_owned(), message.to_owned())))
    }

    fn names(&self, knob: &str) -> &'static [&'static str] {
        match knob {
            "score" => &[
                "Random",
                "KL(autoregressive || draft)",
                "KL(draft || autoregressive)",
                "Total variation",
                "Draft entropy",
                "Draft probability",
                "Draft margin",
                "Autoregressive surprise",
                "Autoregressive gap to the likeliest",
                "Autoregressive entropy",
            ],
            _ => &[],
        }
    }

    fn null_of(&self) -> Option<(Method, Settings)> {
        Some(baseline(("ancestral", &[])))
    }
}

/// Draws the whole block, and takes its worst tokens back to noise.
async fn correct(
    canvas: &mut Canvas<'_>,
    block: &mut Block,
    sampling: &Sampling,
    score: usize,
    (step, steps): (usize, usize),
) -> Result<(), DecodeError> {
    let free: Vec<usize> = canvas.free(block).collect();
    let is_uniform = canvas.reading.noise == Noise::Uniform;
    let answers = canvas.draft(block).await?;
    let mut guesses = canvas.guesses(block, &answers, &free, sampling);
    for guess in &mut guesses {
        let old = canvas.tokens[guess.position];
        if is_uniform {
            let law = posterior(&guess.law, old as usize, 1.0, step as f64 / steps as f64);
            guess.token = draw(&law, canvas.uniform(guess.position, block.draws - 1)) as u32;
        } else if old != canvas.mask {
            guess.token = old;
        }
        canvas.write(guess, guess.plain());
    }
    let causal = if looks(score) { Some(canvas.verify(block).await?) } else { None };
    let mut scores = Vec::with_capacity(guesses.len());
    for guess in &guesses {
        let law = causal.as_ref().map(|answers| sampling_free(answers.at(guess.position)));
        scores.push(match law {
            None if score == 0 => canvas.choice(),
            law => rate(score, guess, law.as_deref().unwrap_or_default()),
        });
    }
    for worst in descending(&scores).into_iter().take(taken_back(free.len(), steps, step)) {
        let token = canvas.noise();
        canvas.remask(guesses[worst].position, token, guesses[worst].plain());
    }
    Ok(())
}

fn sampling_free(logits: &[f32]) -> Vec<f64> {
    Sampling::plain(1.0).law(logits)
}

/// How much a token wants to be corrected: by what drew it, and by the autoregressive law where the score looks at it.
fn rate(score: usize, guess: &Guess, causal: &[f64]) -> f64 {
    let token = guess.token as usize;
    let tiny = f64::MIN_POSITIVE;
    let divergence = |of: &[f64], from: &[f64]| {
        let part = |(p, q): (&f64, &f64)| if *p > 0.0 { p * (p / q.max(tiny)).ln() } else { 0.0 };
        of.iter().zip(from).map(part).sum::<f64>()
    };
    match score {
        1 => divergence(causal, &guess.plain),
        2 => divergence(&guess.plain, causal),
        3 => causal.iter().zip(&guess.plain).map(|(p, q)| (p - q).abs()).sum::<f64>() / 2.0,
        4 => guess.entropy(),
        5 => -guess.plain.iter().copied().fold(0.0, f64::max),
        6 => -guess.margin(),
        7 => -causal[token].max(tiny).ln(),
        8 => causal.iter().copied().fold(0.0, f64::max).max(tiny).ln() - causal[token].max(tiny).ln(),
        _ => entropy(causal),
    }
}
