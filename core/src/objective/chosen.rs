//! An objective with its settings.

use super::{BlockLoss, Example, Moment, Objective, Probe, Quantity, Reading};
use crate::{policy::Chosen, text::Batch};

/// Steps at which the shape of a batch is looked at.
const SHAPES: usize = 16;

impl Chosen<dyn Objective> {
    /// How a network that was trained on it reads.
    pub fn reading(&self, context: usize) -> Reading {
        self.method().reading(self.settings(), context)
    }

    /// A training batch, see [`Objective::example`].
    pub fn example(&self, windows: &Batch, vocabulary: usize, at: Moment) -> Example {
        self.method().example(self.settings(), windows, vocabulary, at)
    }

    /// A validation batch, see [`Objective::validation`].
    #[cfg(feature = "engine")]
    pub fn validation(&self, windows: &Batch, vocabulary: usize, seed: u32, draw: u64) -> Example {
        self.method().validation(self.settings(), windows, vocabulary, seed, draw)
    }

    /// What a batch says about the steps until the next validation, see [`Objective::probe`].
    #[cfg(feature = "engine")]
    pub fn probe(&self, windows: &Batch, vocabulary: usize, seed: u32, draw: u64) -> Option<Probe> {
        self.method().probe(self.settings(), windows, vocabulary, seed, draw)
    }

    /// The same with what was learned from a probe, see [`Objective::tuned`].
    #[cfg(feature = "engine")]
    pub fn tuned(&self, losses: &[BlockLoss]) -> Self {
        let mut tuned = self.clone();
        for (id, value) in self.method().tuned(self.settings(), losses).0 {
            if let Some(knob) = self.method().knob(&id) {
                tuned.set(knob, value);
            }
        }
        tuned
    }

    /// What its validation loss is.
    pub fn measure(&self, context: usize) -> Quantity {
        self.method().measure(self.settings(), context)
    }

    /// What its training loss is.
    pub fn training_loss(&self, context: usize) -> Quantity {
        self.method().training_loss(self.settings(), context)
    }

    /// Sequences and rows of each that a batch of windows becomes at the most.
    pub fn shape(&self, batch: usize, context: usize, steps: usize) -> [usize; 2] {
        let inputs = vec![0; context];
        let window = Batch { targets: inputs.clone(), inputs, batch: 1, context };
        // Blocks grow in stages and are drawn at random: a look at many steps sees every size that matters.
        let looks = (0..SHAPES).map(|look| look * steps.saturating_sub(1) / (SHAPES - 1));
        let shapes = looks.map(|step| {
            let example = self.example(&window, 1, Moment { seed: 0, step, steps, micro: 0 });
            [example.batch, example.view.time()]
        });
        let [sequences, time] = shapes.max_by_key(|[batch, time]| batch * time).unwrap_or_default();
        [batch * sequences, time]
    }

    /// The first setting that cannot be used, see [`Objective::fault`].
    pub fn fault(&self, context: usize) -> Option<(String, String)> {
        self.method().fault(self.settings(), context)
    }
}
