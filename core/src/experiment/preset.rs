//! Whole experiments with a name, for `?preset=NAME` in a link.

use std::sync::LazyLock;

use super::{Comparison, guided::GUIDED, link};

/// A whole experiment with a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// Name in links, kebab-case.
    pub name: &'static str,
    /// Title: the question that the experiment asks.
    pub title: &'static str,
    /// What leads through it, for an experiment of the lab.
    pub guide: Option<Guide>,
    /// What differs from the default, as the fragment of a link.
    pub(super) settings: &'static str,
}

/// What leads through an experiment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guide {
    /// Where it stands in the lab.
    pub chapter: Chapter,
    /// What is compared, in a sentence or two; it promises no outcome.
    pub text: &'static str,
    /// What to look at, one thing each.
    pub look: &'static [&'static str],
}

/// A chapter of the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chapter {
    /// Learning rates that differ by layer.
    Layers,
    /// Schedules and optimisers.
    Time,
    /// What is predicted, and how it is decoded.
    Blocks,
    /// What a difference is worth.
    Evidence,
}

impl Chapter {
    /// All of them, in the order of the lab.
    pub const ALL: [Self; 4] = [Self::Layers, Self::Time, Self::Blocks, Self::Evidence];

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Layers => "Rates over layers",
            Self::Time => "Rates over time",
            Self::Blocks => "Tokens and blocks",
            Self::Evidence => "Evidence",
        }
    }

    /// What it is about, in a few words.
    pub fn subtitle(self) -> &'static str {
        match self {
            Self::Layers => "heavy tails, shape, width",
            Self::Time => "schedules, warm-up, optimisers",
            Self::Blocks => "diffusion, noise, decoders",
            Self::Evidence => "what a difference is worth",
        }
    }
}

/// Experiments of one arm; the first one is the page's default.
const PLAIN: [Preset; 4] = [
    Preset { name: "gpt-nano", title: "What does a GPT-nano learn in two minutes?", guide: None, settings: "" },
    Preset {
        name: "gpt-micro",
        title: "Does a model eight times as large learn faster?",
        guide: None,
        settings: "model.layers=4&model.heads=4&model.width=128&train.batch=12&schedule.peak=0.002",
    },
    // nanoGPT's README, "I only have a macbook": validation loss 1.88 on Tiny Shakespeare after 2000 steps.
    Preset {
        name: "nanogpt-cpu",
        title: "Does nanoGPT's CPU setting reach its published loss?",
        guide: None,
        settings: "seed=1337&text.corpus=own&model.layers=4&model.heads=4&model.width=128&model.positions=learned\
                   &schedule.peak=0.001&train.batch=12&train.eval_every=250&train.eval_windows=512\
                   &sample.every=500&sample.length=200&sample.prompt=%0A",
    },
    Preset {
        name: "addition",
        title: "Can a GPT-nano learn to add?",
        guide: None,
        settings: "text.corpus=addition&text.task_size=2&model.context=32&train.steps=3000&train.batch=32\
                   &train.eval_every=250&sample.every=250&sample.length=40&sample.temperature=0&sample.prompt=%0A",
    },
];

/// Every preset with its comparison, worked out once.
static ALL: LazyLock<Vec<(Preset, Comparison)>> = LazyLock::new(|| {
    let list = PLAIN.iter().chain(&GUIDED);
    list.map(|preset| (*preset, link::of_fragment(Comparison::default(), preset.settings).0)).collect()
});

impl Preset {
    /// Every preset; the first one is the page's default.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        ALL.iter().map(|(preset, _)| preset)
    }

    /// The preset of a name.
    pub fn find(name: &str) -> Option<&'static Self> {
        Self::all().find(|preset| preset.name == name)
    }

    /// Its comparison.
    pub fn comparison(&self) -> &'static Comparison {
        let found = ALL.iter().find(|(preset, _)| preset.name == self.name);
        &found.expect("a preset is made here alone").1
    }

    /// The guided experiment that a comparison is, or comes from: its arms are the same.
    pub fn guiding(comparison: &Comparison) -> Option<&'static Self> {
        Self::all().find(|preset| preset.guide.is_some() && preset.comparison().arms == comparison.arms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{ARMS, Experiment, comparison_from_link, comparison_to_link};

    #[test]
    fn every_preset_is_valid_and_found_by_its_name() {
        for preset in Preset::all() {
            let (_, errors) = link::of_fragment(Comparison::default(), preset.settings);
            assert_eq!(errors, [], "{}", preset.name);
            assert_eq!(preset.comparison().faults(), [], "{}", preset.name);
            assert_eq!(Preset::find(preset.name).map(|found| found.title), Some(preset.title));
        }
        assert!(Preset::find("no-such-preset").is_none());
    }

    #[test]
    fn the_first_preset_is_the_default() {
        assert_eq!(Preset::all().next().map(Preset::comparison), Some(&Comparison::of(Experiment::default())));
    }

    #[test]
    fn the_link_of_a_preset_is_its_name() {
        for preset in Preset::all() {
            let link = format!("?preset={}", preset.name);
            assert_eq!(comparison_to_link(preset.comparison()), link);
            assert_eq!(comparison_from_link(&link), (preset.comparison().clone(), vec![]));
        }
    }

    #[test]
    fn guided_experiments_ask_compare_and_promise_nothing() {
        for preset in Preset::all().filter(|preset| preset.guide.is_some()) {
            let (guide, comparison) = (preset.guide.expect("filtered"), preset.comparison());
            assert!(preset.title.ends_with('?') && guide.text.ends_with(['.', '?']), "{}", preset.name);
            assert!(!guide.look.is_empty() && guide.look.iter().all(|line| line.ends_with(['.', '?'])));
            assert!((2..=ARMS).contains(&comparison.arms.len()) && comparison.seeds >= 4, "{}", preset.name);
            assert_eq!(Preset::guiding(comparison).map(|found| found.name), Some(preset.name));
            let mut longer = comparison.clone();
            longer.base.train.steps += 100;
            assert_eq!(Preset::guiding(&longer).map(|found| found.name), Some(preset.name));
        }
        assert!(Preset::guiding(&Comparison::default()).is_none());
    }
}
