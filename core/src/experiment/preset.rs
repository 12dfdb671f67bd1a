//! Named starting points: model sizes, and whole experiments that a link can name.

use super::{
    Corpus, Experiment, ModelConfig, OptimiserConfig, Positions, SampleConfig, ScheduleConfig, TextConfig, TrainConfig,
};

/// A named model size of minGPT (Karpathy 2020, `mingpt/model.py`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelPreset {
    /// 3 layers, 3 heads, 48 wide.
    Nano,
    /// 4 layers, 4 heads, 128 wide.
    Micro,
    /// 6 layers, 6 heads, 192 wide.
    Mini,
}

impl ModelPreset {
    /// All sizes, smallest first.
    pub const ALL: [Self; 3] = [Self::Nano, Self::Micro, Self::Mini];

    /// The name that the field uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nano => "gpt-nano",
            Self::Micro => "gpt-micro",
            Self::Mini => "gpt-mini",
        }
    }

    /// Layers, heads and width.
    pub fn size(self) -> (usize, usize, usize) {
        match self {
            Self::Nano => (3, 3, 48),
            Self::Micro => (4, 4, 128),
            Self::Mini => (6, 6, 192),
        }
    }

    /// Sets layers, heads and width; everything else stays.
    pub fn apply(self, model: &mut ModelConfig) {
        (model.layers, model.heads, model.width) = self.size();
    }

    /// The size that a configuration has, if it has a name.
    pub fn matching(model: &ModelConfig) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.size() == (model.layers, model.heads, model.width))
    }
}

/// A whole experiment with a name, for `?preset=NAME` in a link.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Name in links, kebab-case.
    pub name: &'static str,
    /// Title: the question that the experiment asks.
    pub title: &'static str,
    build: fn() -> Experiment,
}

impl Preset {
    /// The preset of a name.
    pub fn find(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// Its experiment.
    pub fn experiment(&self) -> Experiment {
        (self.build)()
    }
}

/// All presets; the first is the page's default.
pub const PRESETS: [Preset; 4] = [
    Preset { name: "gpt-nano", title: "What does a GPT-nano learn in two minutes?", build: Experiment::default },
    Preset { name: "gpt-micro", title: "Does a model eight times as large learn faster?", build: gpt_micro },
    Preset { name: "nanogpt-cpu", title: "Does nanoGPT's CPU setting reach its published loss?", build: nanogpt_cpu },
    Preset { name: "addition", title: "Can a GPT-nano learn to add?", build: addition },
];

fn gpt_micro() -> Experiment {
    let mut experiment = Experiment::default();
    ModelPreset::Micro.apply(&mut experiment.model);
    experiment.train.batch = 12;
    experiment.schedule.peak = 2e-3;
    experiment
}

/// nanoGPT's README, "I only have a macbook": validation loss 1.88 on Tiny Shakespeare after 2000 steps.
fn nanogpt_cpu() -> Experiment {
    Experiment {
        seed: 1337,
        text: TextConfig { corpus: Corpus::Own, ..Default::default() },
        model: ModelConfig {
            layers: 4,
            heads: 4,
            width: 128,
            context: 64,
            positions: Positions::Learned,
            ..Default::default()
        },
        optimiser: OptimiserConfig::default(),
        schedule: ScheduleConfig { peak: 1e-3, floor: 0.1, warmup: 100, ..Default::default() },
        train: TrainConfig { steps: 2000, batch: 12, eval_every: 250, eval_windows: 512, ..Default::default() },
        sample: SampleConfig { every: 500, length: 200, prompt: "\n".into(), ..Default::default() },
        ..Default::default()
    }
}

fn addition() -> Experiment {
    Experiment {
        text: TextConfig { corpus: Corpus::Addition, task_size: 2, ..Default::default() },
        model: ModelConfig { context: 32, ..Default::default() },
        train: TrainConfig { steps: 3000, batch: 32, eval_every: 250, ..Default::default() },
        sample: SampleConfig { every: 250, length: 40, temperature: 0.0, prompt: "\n".into() },
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::validate;

    #[test]
    fn every_preset_is_valid_and_found_by_its_name() {
        for preset in &PRESETS {
            assert_eq!(validate(&preset.experiment()), [], "{}", preset.name);
            assert_eq!(Preset::find(preset.name).map(|found| found.title), Some(preset.title));
        }
        assert!(Preset::find("no-such-preset").is_none());
    }

    #[test]
    fn a_model_size_is_recognised_by_its_numbers() {
        let mut model = ModelConfig::default();
        for preset in ModelPreset::ALL {
            preset.apply(&mut model);
            assert_eq!(ModelPreset::matching(&model), Some(preset));
        }
        model.width += 1;
        assert_eq!(ModelPreset::matching(&model), None);
    }
}
