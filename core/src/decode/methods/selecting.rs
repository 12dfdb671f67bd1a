//! What decoders share that fill a block's masks step by step and differ in which of them a step commits.

use futures::future::LocalBoxFuture;

use super::{
    super::{Answers, Block, Canvas, DecodeError, Decoder, Gauge, Guess, Method, Sampling, select},
    knobs::{PLAIN, STEPS, settings as of},
};
use crate::{
    objective::{Noise, Reading},
    policy::{Description, Knob, Settings},
};

/// A decoder of a checkpoint that fills masks: each step drafts all masked tokens of the block and commits some.
pub struct Selecting {
    /// What it is.
    pub description: &'static Description,
    /// The id and the settings of the decoder that it is with its null setting.
    pub null_of: Option<(&'static str, &'static [(&'static str, f64)])>,
    /// How sure a drafted token is, in `0.0..=1.0`.
    pub confidence: fn(&Guess) -> f64,
    /// The drafted tokens to commit, as indices, ascending; at least one.
    pub select: fn(&mut Turn<'_, '_>) -> Vec<usize>,
}

/// A step of a block, as a selection sees it.
pub struct Turn<'a, 'c> {
    /// The decoder's knobs.
    pub knobs: &'a dyn Fn(&Knob) -> f64,
    /// What was drafted for each masked token, by position.
    pub guesses: &'a [Guess],
    /// How sure each of them is.
    pub confidence: &'a [f64],
    /// Steps of this block before this one.
    pub step: usize,
    /// Tokens of a full block.
    pub size: usize,
    /// Confidences that were committed in this block, in order.
    pub history: &'a [f64],
    /// Where random numbers come from and gauges go.
    pub canvas: &'a mut Canvas<'c>,
}

impl Turn<'_, '_> {
    /// Tokens that the schedule of the knob [`STEPS`] commits in this step.
    pub fn scheduled(&self) -> usize {
        select::scheduled(self.size, steps((self.knobs)(&STEPS), self.size), self.step).max(1)
    }

    /// Tokens that this step commits of the masked ones, where each of [`STEPS`] commits the same share.
    pub fn proportional(&self) -> usize {
        select::proportional(self.guesses.len(), steps((self.knobs)(&STEPS), self.size), self.step)
    }

    /// Tells a threshold.
    pub fn threshold(&mut self, value: f64) -> f64 {
        self.canvas.gauge(Gauge::Threshold, value);
        value
    }
}

/// Steps for a block by the knob [`STEPS`].
pub fn steps(value: f64, size: usize) -> usize {
    if value == 0.0 { size } else { value as usize }
}

/// What speaks against a decoder that needs a checkpoint trained on masks.
pub fn needs_masks(description: &Description, settings: &Settings, reading: &Reading) -> Option<(String, String)> {
    let message = || format!("{} fills masks: choose a checkpoint trained on masks.", description.name);
    description.fault(settings).or_else(|| (reading.noise != Noise::Mask).then(|| ("method".to_owned(), message())))
}

/// The decoder of an id with settings.
pub fn baseline((id, values): (&str, &[(&str, f64)])) -> (Method, Settings) {
    (Method::find(id).expect("a member of the family"), of(values))
}

impl Decoder for Selecting {
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
            while let Some(block) = canvas.begin_block(size, sampling) {
                self.block(settings, canvas, block, sampling).await?;
            }
            Ok(())
        })
    }

    fn fault(&self, settings: &Settings, reading: &Reading) -> Option<(String, String)> {
        needs_masks(self.description, settings, reading)
    }

    fn null_of(&self) -> Option<(Method, Settings)> {
        self.null_of.map(baseline)
    }
}

impl Selecting {
    /// Fills a block and keeps it.
    pub async fn block(
        &self,
        settings: &Settings,
        canvas: &mut Canvas<'_>,
        block: Block,
        sampling: &Sampling,
    ) -> Result<(), DecodeError> {
        self.block_by(settings, canvas, block, sampling, async |canvas, block, _| canvas.draft(block).await).await
    }

    /// Fills a block and keeps it, with answers of the network that `draft` asks for in each step, counted from 0.
    pub async fn block_by(
        &self,
        settings: &Settings,
        canvas: &mut Canvas<'_>,
        mut block: Block,
        sampling: &Sampling,
        mut draft: impl AsyncFnMut(&mut Canvas<'_>, &Block, usize) -> Result<Answers, DecodeError>,
    ) -> Result<(), DecodeError> {
        let mut history = Vec::new();
        for step in 0.. {
            let masked = canvas.masked(&block);
            if masked.is_empty() {
                break;
            }
            let answers = draft(canvas, &block, step).await?;
            let guesses = canvas.guesses(&mut block, &answers, &masked, sampling);
            self.turn(settings, canvas, &guesses, step, block.size, &mut history);
        }
        canvas.keep(block).await
    }

    /// Commits what the selection picks of a draft, and adds its confidences to the block's history.
    pub fn turn(
        &self,
        settings: &Settings,
        canvas: &mut Canvas<'_>,
        guesses: &[Guess],
        step: usize,
        size: usize,
        history: &mut Vec<f64>,
    ) {
        let knobs = |knob: &Knob| self.description.value(settings, knob.id);
        let is_plain = self.description.knobs.iter().any(|knob| knob.id == PLAIN.id) && knobs(&PLAIN) == 1.0;
        let of = if is_plain { Guess::plain } else { self.confidence };
        let confidence: Vec<f64> = guesses.iter().map(of).collect();
        let turn = &mut Turn {
            knobs: &knobs,
            guesses,
            confidence: &confidence,
            step,
            size,
            history: history.as_slice(),
            canvas,
        };
        let picks = (self.select)(turn);
        debug_assert!(!picks.is_empty());
        for pick in picks {
            canvas.commit(&guesses[pick], confidence[pick]);
            history.push(confidence[pick]);
        }
    }
}
